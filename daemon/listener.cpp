// SPDX-License-Identifier: Apache-2.0
#include "daemon/listener.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace onemarket {
namespace {

using boost::system::error_code;

// Before the next try where the system has no descriptor to give.
constexpr std::chrono::seconds kAcceptAgain{1};

}  // namespace

void Listener::Connection::close() {
    error_code ignored;
    timer_.cancel();
    socket_.shutdown(Protocol::socket::shutdown_both, ignored);
    socket_.close(ignored);
}

void Listener::Connection::watch(std::chrono::seconds patience) {
    timer_.expires_after(patience);
    timer_.async_wait([weak = weak_from_this()](const error_code& error) {
        const auto self = weak.lock();
        if (!error && self) self->close();
    });
}

Listener::Listener(boost::asio::io_context& loop, size_t most, std::chrono::milliseconds pause,
                   Connect connect)
    : most_(most), pause_(pause), connect_(std::move(connect)), acceptor_(loop), again_(loop) {}

Listener::~Listener() {
    close();
}

void Listener::open(const Protocol::endpoint& address, const std::string& path, mode_t mode) {
    close();
    try {
        acceptor_.open(address.protocol());
        acceptor_.set_option(boost::asio::socket_base::reuse_address(true));
        acceptor_.bind(address);
        path_ = path;
        if (!path_.empty() &&
            (::lstat(path_.c_str(), &made_) != 0 || ::chmod(path_.c_str(), mode) != 0))
            throw boost::system::system_error(errno, boost::system::system_category());
        acceptor_.listen();
    } catch (const boost::system::system_error&) {
        close();
        throw;
    }
    accept();
}

void Listener::close() {
    error_code ignored;
    again_.cancel();
    if (is_there()) ::unlink(path_.c_str());
    path_.clear();
    acceptor_.close(ignored);
    for (const auto& connection : connections_)
        if (const auto there = connection.lock()) there->close();
    connections_.clear();
}

bool Listener::is_there() const {
    struct stat now {};
    return !path_.empty() && ::lstat(path_.c_str(), &now) == 0 && now.st_dev == made_.st_dev &&
           now.st_ino == made_.st_ino;
}

void Listener::accept() {
    acceptor_.async_accept([this](const error_code& error, Protocol::socket socket) {
        if (error == boost::asio::error::operation_aborted || !acceptor_.is_open()) return;
        if (error) return accept_after(kAcceptAgain);
        connections_.remove_if([](const auto& connection) { return connection.expired(); });
        if (connections_.size() < most_) {
            const auto connection = connect_(std::move(socket));
            connections_.push_back(connection);
            connection->start();
        }
        accept_after(pause_);
    });
}

void Listener::accept_after(std::chrono::milliseconds pause) {
    again_.expires_after(pause);
    again_.async_wait([this](const error_code& stopped) {
        if (!stopped) accept();
    });
}

}  // namespace onemarket
