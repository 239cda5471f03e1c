// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/market.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>

#include "daemon/ctl/actions.h"
#include "daemon/redact.h"
#include "daemon/text_file.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/iso_time.h"
#include "protocol/moment.h"

namespace onemarket {
namespace {

// Without a list nobody could be told from an orphan.
std::set<ObjectId> listed_apps(const DriverMessage& message) {
    const Result<std::vector<ObjectId>> apps = message.market_apps();
    if (!apps) throw Error(ErrorKind::bad_request, "no MONITOR message: " + apps.reason());
    return {apps->begin(), apps->end()};
}

KnownMarket given_market(const std::string& text, KnownMarket::Time since) {
    const Given given = parse_given(Action::monitor, text);
    Result<DriverMessage> message = DriverMessage::decode(given.payload);
    if (!message) throw Error(ErrorKind::bad_request, message.reason());
    std::set<ObjectId> apps = listed_apps(*message);
    return {message->market_id().value_or(given.id),
            std::move(*message),
            since,
            false,
            std::move(apps),
            {}};
}

KnownMarket kept_market(ObjectId id, const MarketMessages& messages) {
    MarketMessages::Kept kept = kept_message(id, messages);
    std::set<ObjectId> apps = listed_apps(kept.message);
    return {id, std::move(kept.message), kept.since, true, std::move(apps), {}};
}

KnownMarket::Time modified(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) throw system_error(errno, path);
    return moment_of(status.st_mtim.tv_sec);
}

}  // namespace

MarketMessages::Kept kept_message(ObjectId id, const MarketMessages& messages) {
    try {
        return messages.read(id);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) throw;
        throw Error(ErrorKind::not_found, std::string(error.what()) +
                                              ": the driver has seen no MONITOR of marketplace " +
                                              std::to_string(id));
    }
}

KnownMarket known_market(const std::string& market, const MarketMessages& messages,
                         const std::function<std::string()>& read_stdin, KnownMarket::Time now) {
    KnownMarket known = [&] {
        if (const auto id = ascii::parse_number<ObjectId>(market))
            return kept_market(*id, messages);
        if (market == "-") return given_market(read_stdin(), now);
        const auto since = modified(market);
        return given_market(read_text_file(market, MarketMessages::kMaxBytes), since);
    }();
    // Beside it every image would look old.
    if (known.since > now)
        throw Error(ErrorKind::bad_request,
                    "the list of apps of marketplace " + std::to_string(known.id) + " is of " +
                        to_iso_time(known.since) +
                        ", which is yet to come: a clock is wrong, or was; nobody can tell what is "
                        "older");
    for (const MarketMessages::Kept& kept : messages.read_all())
        if (kept.market != known.id) known.elsewhere.merge(listed_apps(kept.message));
    return known;
}

void ToolLog::log(LogLevel level, std::string_view text) {
    if (level != LogLevel::debug) std::cerr << safe(text) << "\n";
}

std::string ToolLog::safe(std::string_view text) const {
    return one_line(redact(text, secrets_));
}

std::optional<std::chrono::seconds> parse_span(std::string_view text) {
    constexpr int64_t most = int64_t{10'000} * 86'400;
    constexpr std::array<std::pair<char, int64_t>, 4> units{
        {{'s', 1}, {'m', 60}, {'h', 3'600}, {'d', 86'400}}};
    for (const auto& [letter, length] : units) {
        if (!text.ends_with(letter)) continue;
        const auto number = ascii::parse_number(text.substr(0, text.size() - 1));
        if (!number || *number > most / length) return std::nullopt;
        return std::chrono::seconds(*number * length);
    }
    return std::nullopt;
}

}  // namespace onemarket
