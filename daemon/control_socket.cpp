// SPDX-License-Identifier: Apache-2.0
#include "daemon/control_socket.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "protocol/error.h"

namespace onemarket {
namespace {

using boost::system::error_code;
using Protocol = boost::asio::local::stream_protocol;

// Before the next try where the system has no descriptor to give.
constexpr std::chrono::seconds kAcceptAgain{1};

UniqueFd open_folder(const std::string& folder) {
    UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) throw system_error(errno, folder);
    return fd;
}

}  // namespace

std::string short_path(const UniqueFd& folder, const std::string& name) {
    return "/proc/self/fd/" + std::to_string(folder.get()) + "/" + name;
}

// One that asks, line after line; it lives as long as something is under way.
class ControlSocket::Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Protocol::socket socket, const Answer& answer)
        : socket_(std::move(socket)), timer_(socket_.get_executor()), answer_(answer) {}

    void read() {
        watch();
        const auto self = shared_from_this();
        socket_.async_read_some(boost::asio::buffer(input_),
                                [self](const error_code& error, size_t size) {
                                    if (error) return self->close();
                                    self->line_.append(self->input_.data(), size);
                                    self->answer_next();
                                });
    }

    void close() {
        error_code ignored;
        timer_.cancel();
        socket_.close(ignored);
    }

  private:
    void answer_next() {
        const size_t end = line_.find('\n');
        if (end == std::string::npos && line_.size() < kMaxLine) return read();
        if (end == std::string::npos || end > kMaxLine) return close();
        output_ = answer_(std::string_view(line_).substr(0, end)) + "\n";
        line_.erase(0, end + 1);
        watch();
        const auto self = shared_from_this();
        boost::asio::async_write(socket_, boost::asio::buffer(output_),
                                 [self](const error_code& error, size_t) {
                                     if (error) return self->close();
                                     self->rest();
                                 });
    }

    void rest() {
        output_ = {};
        const auto self = shared_from_this();
        timer_.expires_after(kPause);
        timer_.async_wait([self](const error_code& error) {
            if (!error) self->answer_next();
        });
    }

    // One who neither asks nor reads goes.
    void watch() {
        timer_.expires_after(kPatience);
        timer_.async_wait([weak = weak_from_this()](const error_code& error) {
            const auto self = weak.lock();
            if (!error && self) self->close();
        });
    }

    Protocol::socket socket_;
    boost::asio::steady_timer timer_;
    const Answer& answer_;
    std::array<char, kMaxLine> input_{};
    std::string line_, output_;
};

ControlSocket::ControlSocket(boost::asio::io_context& loop, Answer answer)
    : loop_(loop), answer_(std::move(answer)), acceptor_(loop), again_(loop) {}

ControlSocket::~ControlSocket() {
    close();
}

void ControlSocket::open(const std::string& folder, const std::string& name) {
    close();
    const UniqueFd at = open_folder(folder);
    const std::string path = short_path(at, name);
    try {
        ::unlink(path.c_str());
        acceptor_.open();
        acceptor_.bind(Protocol::endpoint(path));
        if (::chmod(path.c_str(), 0600) != 0) throw system_error(errno, folder + "/" + name);
        acceptor_.listen();
    } catch (const boost::system::system_error& error) {
        error_code ignored;
        acceptor_.close(ignored);
        throw Error(ErrorKind::unavailable, folder + "/" + name + ": " + error.code().message());
    }
    path_ = folder + "/" + name;
    accept();
}

void ControlSocket::close() {
    error_code ignored;
    again_.cancel();
    acceptor_.close(ignored);
    for (const auto& connection : connections_)
        if (const auto there = connection.lock()) there->close();
    connections_.clear();
    if (!path_.empty()) ::unlink(path_.c_str());
    path_.clear();
}

void ControlSocket::accept() {
    acceptor_.async_accept([this](const error_code& error, Protocol::socket socket) {
        if (error == boost::asio::error::operation_aborted || !acceptor_.is_open()) return;
        if (error) {
            again_.expires_after(kAcceptAgain);
            again_.async_wait([this](const error_code& stopped) {
                if (!stopped) accept();
            });
            return;
        }
        connections_.remove_if([](const auto& connection) { return connection.expired(); });
        if (connections_.size() < kMaxConnections) {
            const auto connection = std::make_shared<Connection>(std::move(socket), answer_);
            connections_.push_back(connection);
            connection->read();
        }
        accept();
    });
}

}  // namespace onemarket
