// SPDX-License-Identifier: Apache-2.0
// Whoever connects at one address, taken in and kept in bounds: for the servers on the loop that
// serves oned.
#pragma once

#include <sys/types.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "backends/io/unique_fd.h"

namespace onemarket {

// Used by the loop's thread.
class Listener {
  public:
    using Protocol = boost::asio::generic::stream_protocol;

    // One that has connected. It lives as long as something is under way.
    class Connection : public std::enable_shared_from_this<Connection> {
      public:
        explicit Connection(Protocol::socket socket)
            : socket_(std::move(socket)), timer_(socket_.get_executor()) {}
        virtual ~Connection() = default;
        virtual void start() = 0;
        void close();
        bool has_asked() const { return asked_; }

      protected:
        // One that does nothing for so long, from now on, is closed.
        void watch(std::chrono::seconds patience);
        // It wants an answer: nobody else gets its place before it has that.
        void note_question() { asked_ = true; }

        Protocol::socket socket_;
        boost::asio::steady_timer timer_;

      private:
        bool asked_ = false;
    };
    using Connect = std::function<std::shared_ptr<Connection>(Protocol::socket)>;

    // There are `most` at a time. One more takes the place of the oldest that has not asked yet,
    // and is closed at once where all have; the next is taken in after `pause`.
    Listener(boost::asio::io_context& loop, size_t most, std::chrono::milliseconds pause,
             Connect connect);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // `path`: of a Unix socket, by which it gets its mode and is removed in the end; else empty.
    // Throws boost::system::system_error, and listens nowhere then.
    void open(const Protocol::endpoint& address, const std::string& path, mode_t mode);
    // Ends what is connected, too. A socket that another has put in the place of ours stays.
    void close();
    // Whether the Unix socket is ours that is found at its path.
    bool is_there() const;

  private:
    void own(const std::string& path, mode_t mode);
    bool make_room();
    void accept();
    void accept_after(std::chrono::milliseconds pause);

    size_t most_;
    std::chrono::milliseconds pause_;
    Connect connect_;
    boost::asio::basic_socket_acceptor<Protocol> acceptor_;
    boost::asio::steady_timer again_;
    std::string path_;  // of the Unix socket that is ours; empty: there is none
    UniqueFd made_;     // what was made there
    std::list<std::weak_ptr<Connection>> connections_;  // the oldest first
};

}  // namespace onemarket
