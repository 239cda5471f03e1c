// SPDX-License-Identifier: Apache-2.0
#include "daemon/market_messages.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>

#include "backends/io/random.h"
#include "backends/io/unique_fd.h"
#include "daemon/files.h"
#include "daemon/text_file.h"
#include "protocol/ascii.h"
#include "protocol/moment.h"

namespace onemarket {
namespace {

constexpr std::string_view kUnfinished = ".new-";

}  // namespace

void MarketMessages::keep(ObjectId market, std::string_view payload, RequestLog& log) noexcept {
    try {
        const std::lock_guard lock(mutex_);
        const size_t hash = std::hash<std::string_view>{}(payload);
        const auto known = last_.find(market);
        const bool kept = ::access(path_of(market).c_str(), F_OK) == 0;
        made_ = made_ && kept;  // somebody may have removed the folder
        if (kept && known != last_.end() && known->second == hash) return;
        try {
            write(market, payload);
            last_[market] = hash;
        } catch (const Error& error) {
            if (warned_) return;
            warned_ = true;
            log.log(LogLevel::warning,
                    std::string("its list of apps is not kept for onemarketctl: ") + error.what());
        }
    } catch (const std::exception&) {
        // No memory: the MONITOR itself will meet it.
    }
}

void MarketMessages::make_folders() {
    if (made_) return;
    make_state_folder(state_);
    make_state_folder(folder_);
    // What a life left that ended in the middle.
    for (const std::string& name : names_in(folder_))
        if (name.starts_with(kUnfinished)) (void)::unlink((folder_ + "/" + name).c_str());
    made_ = true;
}

void MarketMessages::write(ObjectId market, std::string_view payload) {
    make_folders();
    replace_file(path_of(market), folder_ + "/" + std::string(kUnfinished) + random_hex(), payload,
                 0600);
}

MarketMessages::Kept MarketMessages::read(ObjectId market) const {
    const std::string path = path_of(market);
    // The time first: a message that comes between the two is taken for an older one.
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) throw system_error(errno, path);
    Result<DriverMessage> message = DriverMessage::decode(read_text_file(path, kMaxBytes));
    if (!message) throw Error(ErrorKind::corrupt, path + ": " + message.reason());
    if (message->market_id() != market)
        throw Error(ErrorKind::corrupt, path + ": it is another marketplace's");
    return {market, std::move(*message), moment_of(status.st_mtim.tv_sec)};
}

std::vector<MarketMessages::Kept> MarketMessages::read_all() const {
    std::vector<Kept> all;
    for (const std::string& name : names_in(folder_))
        if (const auto market = ascii::parse_number<ObjectId>(name)) all.push_back(read(*market));
    return all;
}

}  // namespace onemarket
