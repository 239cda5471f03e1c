// SPDX-License-Identifier: Apache-2.0
#include "backends/io/location.h"

#include <array>
#include <utility>

#include "backends/io/bridge.h"
#include "backends/io/url.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr std::string_view kSsh = "ssh://";
constexpr std::string_view kRbd = "rbd://";

std::string encode(std::string_view text) {
    return percent_encode(text, "/-._~:@,");
}

// Up to the mark, and what is behind it.
std::pair<std::string_view, std::string_view> cut(std::string_view text, char mark) {
    const size_t at = text.find(mark);
    if (at == std::string_view::npos) return {text, {}};
    return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace

Result<SshLocation> parse_ssh_location(std::string_view text) {
    if (!text.starts_with(kSsh)) return Result<SshLocation>::failure("does not begin with ssh://");
    text.remove_prefix(kSsh.size());
    // An IPv6 address stands in brackets and has colons of its own.
    const size_t bracket = text.substr(0, text.find('/')).find(']');
    const size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon == std::string_view::npos || colon + 1 == text.size())
        return Result<SshLocation>::failure("has no path behind a colon");
    if (!is_bridge_host(text.substr(0, colon)))
        return Result<SshLocation>::failure("has no name of a host");
    return SshLocation{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string RbdLocation::text() const {
    std::string location = std::string(kRbd) + host + "/" + encode(image);
    char mark = '?';
    const std::array<std::pair<std::string_view, const std::string*>, 3> parameters{
        {{"CEPH_USER", &user}, {"CEPH_KEY", &keyfile}, {"CEPH_CONF", &conf}}};
    for (const auto& [name, value] : parameters) {
        if (value->empty()) continue;
        location += std::exchange(mark, '&') + std::string(name) + "=" + encode(*value);
    }
    return location;
}

Result<RbdLocation> parse_rbd_location(std::string_view text) {
    if (!text.starts_with(kRbd)) return Result<RbdLocation>::failure("does not begin with rbd://");
    text.remove_prefix(kRbd.size());
    const auto [address, query] = cut(text, '?');
    const auto [host, image] = cut(address, '/');
    if (!is_bridge_host(host)) return Result<RbdLocation>::failure("has no name of a host");
    if (image.empty()) return Result<RbdLocation>::failure("has no image");

    RbdLocation location{std::string(host), percent_decode(image), "", "", ""};
    for (const std::string_view parameter : ascii::split(query, "&")) {
        const auto [name, value] = cut(parameter, '=');
        if (name == "CEPH_USER") location.user = percent_decode(value);
        if (name == "CEPH_KEY") location.keyfile = percent_decode(value);
        if (name == "CEPH_CONF") location.conf = percent_decode(value);
    }
    return location;
}

}  // namespace onemarket
