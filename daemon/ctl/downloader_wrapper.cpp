// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/downloader_wrapper.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "daemon/downloader/destination.h"
#include "daemon/text_file.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr std::string_view kMark =
    "# Written by `onemarketctl downloader install`; `onemarketctl downloader remove` takes it "
    "back.";

bool is_wrapper(std::string_view text) {
    return text.find(kMark) != std::string_view::npos;
}

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorKind::bad_request, why);
}

}  // namespace

DownloaderWrapper::DownloaderWrapper(const std::string& folder, std::string program)
    : script_(folder + "/downloader.sh"),
      stock_(folder + "/downloader.stock.sh"),
      program_(std::move(program)) {}

// A host that got the scripts but not the program goes on with the site's own.
std::string DownloaderWrapper::wrapper() const {
    return "#!/bin/sh\n" + std::string(kMark) + "\n[ -x '" + program_ + "' ] && exec '" + program_ +
           "' \"$@\"\nexec \"$(dirname \"$0\")/downloader.stock.sh\" \"$@\"\n";
}

std::string DownloaderWrapper::present() const {
    if (std::filesystem::is_symlink(script_)) refuse(script_ + " is a link");
    return read_text_file(script_);
}

std::string DownloaderWrapper::install(bool force) {
    if (program_.find('\'') != std::string::npos) refuse(program_ + ": a path with a quote in it");
    if (::access(program_.c_str(), X_OK) != 0) throw system_error(errno, program_);
    const std::string now = present();
    if (now == wrapper()) return script_ + " is that wrapper already";
    if (is_wrapper(now)) {
        if (!force) refuse(script_ + " is a wrapper that was changed; --force writes it anew");
    } else if (std::filesystem::exists(stock_)) {
        if (read_text_file(stock_) != now) {
            if (!force)
                refuse(script_ + " and " + stock_ +
                       " are two different scripts; --force takes the first for the site's own "
                       "and drops the second");
            std::filesystem::remove(stock_);
            std::filesystem::create_hard_link(script_, stock_);
        }
    } else {
        std::filesystem::create_hard_link(script_, stock_);
    }
    const std::string text = wrapper();
    NewFile file(script_);
    file.sink().write(std::as_bytes(std::span(text)));
    file.publish();
    return script_ + " now runs " + program_ + "; the site's own is " + stock_;
}

std::string DownloaderWrapper::remove(bool force) {
    const std::string now = present();
    if (!is_wrapper(now)) refuse(script_ + " is no wrapper of ours");
    if (now != wrapper() && !force)
        refuse(script_ + " is a wrapper that was changed; --force drops it");
    if (!std::filesystem::exists(stock_)) throw system_error(ENOENT, stock_);
    std::filesystem::rename(stock_, script_);
    return script_ + " is the site's own again";
}

}  // namespace onemarket
