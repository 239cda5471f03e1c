// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/downloader_wrapper.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "daemon/files.h"
#include "daemon/new_file.h"
#include "daemon/text_file.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr std::string_view kMark =
    "# Written by `onemarketctl downloader install`; `onemarketctl downloader remove` takes it "
    "back.";
constexpr std::string_view kBeforeProgram = "[ -x '";
constexpr const char* kPutItThere = "; put downloader.sh of OpenNebula's package there";

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorKind::bad_request, why);
}

// A host that got the scripts but not the program goes on with the site's own.
std::string wrapper_of(const std::string& program) {
    return "#!/bin/sh\n" + std::string(kMark) +
           "\nhere=$(CDPATH= cd \"$(dirname \"$0\")\" && pwd)\n"
           "export ONEMARKET_STOCK_DOWNLOADER=\"$here/" +
           kStockDownloader + "\"\n" + std::string(kBeforeProgram) + program + "' ] && exec '" +
           program + "' \"$@\"\nexec \"$ONEMARKET_STOCK_DOWNLOADER\" \"$@\"\n";
}

// Whichever program it names.
bool is_unchanged(const std::string& text) {
    const size_t begin = text.find(kBeforeProgram);
    if (begin == std::string::npos) return false;
    const std::string rest = text.substr(begin + kBeforeProgram.size());
    return text == wrapper_of(rest.substr(0, rest.find('\'')));
}

bool is_there(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

// What a kill may leave: the wrapper was taken out of its place, and has the site's own script's
// name.
bool is_left_over(const std::string& stock) {
    return is_there(stock) && is_unchanged(read_text_file(stock));
}

// Two who install or remove at the same time wait for each other.
UniqueFd locked(const std::string& folder) {
    UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) throw system_error(errno, folder);
    (void)::flock(fd.get(), LOCK_EX);  // not every file system can
    return fd;
}

// Who may not write there is told whose folder it is.
template <class Step>
std::string as_whom(const Step& step) {
    try {
        return step();
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::permission) throw;
        throw Error(error.kind(), std::string(error.what()) + "; run this as oneadmin");
    }
}

// Each takes the other's place. False where the file system has no such thing.
bool exchange(const std::string& one, const std::string& other) {
    if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) throw system_error(errno, other);
    return false;
}

}  // namespace

bool is_downloader_wrapper(std::string_view text) {
    return text.find(kMark) != std::string_view::npos;
}

// A file as it was found, whatever has its name by now.
class DownloaderWrapper::Found {
  public:
    explicit Found(const std::string& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) {
        if (!fd_ && errno == ELOOP) refuse(path + " is a link; put the file it leads to there");
        struct stat status {};
        if (!fd_ || ::fstat(fd_.get(), &status) != 0) throw system_error(errno, path);
        if (!S_ISREG(status.st_mode)) refuse(path + ": not a regular file");
        text_ = read_text_file(name());
    }

    const std::string& text() const { return text_; }
    // By which it is to be had while it is open.
    std::string name() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }
    bool is_at(const std::string& path) const { return onemarket::is_at(fd_, path); }

  private:
    UniqueFd fd_;
    std::string text_;
};

DownloaderWrapper::DownloaderWrapper(const std::string& folder, std::string program)
    : folder_(folder),
      script_(folder + "/downloader.sh"),
      stock_(folder + "/" + kStockDownloader),
      program_(std::move(program)) {}

void DownloaderWrapper::check_program() const {
    if (program_.find('\'') != std::string::npos) refuse(program_ + ": a path with a quote in it");
    const std::string where = " (--program PATH says where it is)";
    if (::access(program_.c_str(), X_OK) != 0) refuse(system_error(errno, program_).what() + where);
    if (!std::filesystem::is_regular_file(program_)) refuse(program_ + ": not a program" + where);
    std::error_code none_there;
    for (const std::string& script : {script_, stock_})
        if (std::filesystem::equivalent(program_, script, none_there))
            refuse(program_ + " is the script itself" + where);
    if (is_downloader_wrapper(read_text_file_or_empty(program_)))
        refuse(program_ + " is a wrapper" + where);
}

// It runs that one for what is not built in; itself it would run for ever.
void DownloaderWrapper::check_stock() const {
    if (!is_there(stock_)) refuse(stock_ + ": the site's own script is gone" + kPutItThere);
    if (is_downloader_wrapper(read_text_file(stock_)))
        refuse(stock_ + " is a wrapper, not the site's own script" + kPutItThere);
}

// As the site's own, be its name another's by now.
void DownloaderWrapper::keep(const Found& script) const {
    const std::string temporary = stock_ + ".new";
    ::unlink(temporary.c_str());
    if (::linkat(AT_FDCWD, script.name().c_str(), AT_FDCWD, temporary.c_str(), AT_SYMLINK_FOLLOW) !=
        0) {
        if (errno == ENOENT) changed_meanwhile();
        throw system_error(errno, folder_);
    }
    const int result = ::rename(temporary.c_str(), stock_.c_str());
    const int error = errno;
    ::unlink(temporary.c_str());  // where both were the same file rename() does nothing
    if (result != 0) throw system_error(error, stock_);
}

// Puts `next`, a file beside it, into the script's place, and takes away what was found there:
// nothing else, as what a package has put there meanwhile.
void DownloaderWrapper::replace(const Found& script, const std::string& next) const {
    if (!exchange(next, script_)) {
        if (!script.is_at(script_)) changed_meanwhile();
        if (::rename(next.c_str(), script_.c_str()) != 0) throw system_error(errno, script_);
    } else if (!script.is_at(next)) {
        exchange(next, script_);
        changed_meanwhile();
    } else if (::unlink(next.c_str()) != 0) {
        throw system_error(errno, next);
    }
    sync_folder(folder_);
}

void DownloaderWrapper::changed_meanwhile() const {
    refuse(script_ + " was replaced by another one meanwhile; look, and do this again");
}

std::string DownloaderWrapper::install(bool force) {
    check_program();
    return as_whom([&] {
        const UniqueFd lock = locked(folder_);
        const Found now(script_);
        const std::string text = wrapper_of(program_);
        const bool was_wrapper = is_downloader_wrapper(now.text());
        if (was_wrapper) {
            check_stock();
            if (now.text() == text) return script_ + " is that wrapper already";
            if (!is_unchanged(now.text()) && !force)
                refuse(script_ + " is a wrapper that was changed; --force writes it anew");
        } else {
            if (is_there(stock_) && read_text_file(stock_) != now.text() && !is_left_over(stock_) &&
                !force)
                refuse(script_ + " and " + stock_ +
                       " are two different scripts; --force takes the first for the site's own "
                       "and drops the second");
            keep(now);
        }
        const std::string next = script_ + ".new";
        NewFile file = NewFile::like(now.name(), next);
        file.sink().write(std::as_bytes(std::span(text)));
        file.publish();
        const Found ours(next);
        try {
            replace(now, next);
        } catch (const Error&) {
            if (ours.is_at(next)) ::unlink(next.c_str());
            throw;
        }
        return script_ + " now runs " + program_ + "; the site's own is " + stock_;
    });
}

std::string DownloaderWrapper::remove(bool force) {
    return as_whom([&] {
        const UniqueFd lock = locked(folder_);
        const Found now(script_);
        if (!is_downloader_wrapper(now.text()) && is_left_over(stock_)) {
            if (::unlink(stock_.c_str()) != 0) throw system_error(errno, stock_);
            sync_folder(folder_);
            return script_ + " is the site's own again";
        }
        if (!is_downloader_wrapper(now.text()))
            refuse(script_ + " is not our wrapper but the site's own" +
                   (is_there(stock_) ? "; " + stock_ + " beside it is left of an earlier install"
                                     : std::string()));
        if (!is_unchanged(now.text()) && !force)
            refuse(script_ + " is a wrapper that was changed; --force drops it");
        check_stock();
        replace(now, stock_);
        return script_ + " is the site's own again";
    });
}

}  // namespace onemarket
