// SPDX-License-Identifier: Apache-2.0
// Where a server listens, as an administrator writes it.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <optional>
#include <string_view>

namespace onemarket {

using StreamEndpoint = boost::asio::generic::stream_protocol::endpoint;

// "127.0.0.1:9911", "[::1]:9911", or the path of a Unix socket from the root. Nothing where it is
// neither: names are not looked up, since that can take long and give another address tomorrow.
std::optional<StreamEndpoint> parse_listen_address(std::string_view text);

// The path of a Unix socket; empty where the address is none.
std::string_view socket_path(std::string_view address);

}  // namespace onemarket
