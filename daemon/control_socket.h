// SPDX-License-Identifier: Apache-2.0
// A Unix socket that answers lines with lines.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "backends/io/unique_fd.h"
#include "daemon/listener.h"

namespace onemarket {

// For the owner of the folder alone. Whoever connects can do no more than cost a little time: there
// are few connections, short lines, a pause between two of them, and one that does not read what it
// has asked for is closed. Used by the loop's thread.
class ControlSocket {
  public:
    static constexpr size_t kMaxLine = 4096;       // bytes
    static constexpr size_t kMaxConnections = 16;  // one more takes a silent one's place
    static constexpr std::chrono::milliseconds kPause{20};
    static constexpr std::chrono::seconds kPatience{30};  // for the next line, and for its answer

    using Answer = std::function<std::string(std::string_view line)>;
    ControlSocket(boost::asio::io_context& loop, Answer answer);

    // Makes `name` in `folder`, in the place of one that is left there; a path longer than an
    // address has room for is no obstacle. Throws Error. Can be called again.
    void open(const std::string& folder, const std::string& name);
    // Removes it, and ends what is connected.
    void close() { listener_.close(); }
    // Whether it is still where it was made.
    bool is_there() const { return listener_.is_there(); }

  private:
    class Connection;

    Answer answer_;
    Listener listener_;
};

// A path to `name` in `folder` that is short enough for an address, while `folder` is open.
std::string short_path(const UniqueFd& folder, const std::string& name);

}  // namespace onemarket
