// SPDX-License-Identifier: Apache-2.0
#include "daemon/listen_address.h"

#include <sys/un.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <string>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

namespace asio = boost::asio;

std::optional<StreamEndpoint> parse_path(std::string_view path) {
    // What an address has room for, with its NUL.
    if (path.size() >= sizeof(sockaddr_un::sun_path)) return std::nullopt;
    return asio::local::stream_protocol::endpoint(std::string(path));
}

}  // namespace

std::optional<StreamEndpoint> parse_listen_address(std::string_view text) {
    if (!socket_path(text).empty()) return parse_path(text);
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const auto port = ascii::parse_number<uint16_t>(text.substr(colon + 1));
    if (!port || *port == 0) return std::nullopt;
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    const auto address = asio::ip::make_address(std::string(host), error);
    // Without its brackets an address of IPv6 may end in what looks like a port.
    if (error || address.is_v6() != bracketed) return std::nullopt;
    return asio::ip::tcp::endpoint(address, *port);
}

std::string_view socket_path(std::string_view address) {
    return address.starts_with('/') ? address : std::string_view();
}

}  // namespace onemarket
