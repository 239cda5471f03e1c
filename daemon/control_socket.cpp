// SPDX-License-Identifier: Apache-2.0
#include "daemon/control_socket.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "protocol/error.h"

namespace onemarket {
namespace {

using boost::system::error_code;
using Clock = boost::asio::steady_timer::clock_type;
constexpr mode_t kMode = 0600;

UniqueFd open_folder(const std::string& folder) {
    UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) throw system_error(errno, folder);
    return fd;
}

}  // namespace

std::string short_path(const UniqueFd& folder, const std::string& name) {
    return "/proc/self/fd/" + std::to_string(folder.get()) + "/" + name;
}

// One that asks, line after line. One who neither asks nor reads goes.
class ControlSocket::Connection : public Listener::Connection {
  public:
    Connection(Listener::Protocol::socket socket, const Answer& answer)
        : Listener::Connection(std::move(socket)), answer_(answer) {}

    void start() override { read(); }

  private:
    std::shared_ptr<Connection> self() {
        return std::static_pointer_cast<Connection>(shared_from_this());
    }

    void read() {
        watch(kPatience);
        socket_.async_read_some(boost::asio::buffer(input_),
                                [self = self()](const error_code& error, size_t size) {
                                    if (error) return self->close();
                                    self->line_.append(self->input_.data(), size);
                                    self->answer_next();
                                });
    }

    // What it asks next waits for the pause; that it has gone is noticed at once.
    void answer_next() {
        const size_t end = line_.find('\n');
        if (end == std::string::npos && line_.size() < kMaxLine) return read();
        if (end == std::string::npos || end > kMaxLine) return close();
        note_question();
        timer_.expires_at(rested_);
        timer_.async_wait([self = self(), end](const error_code& error) {
            if (!error) self->answer(end);
        });
    }

    void answer(size_t end) {
        output_ = answer_(std::string_view(line_).substr(0, end)) + "\n";
        line_.erase(0, end + 1);
        watch(kPatience);
        boost::asio::async_write(socket_, boost::asio::buffer(output_),
                                 [self = self()](const error_code& error, size_t) {
                                     if (error) return self->close();
                                     self->output_ = {};
                                     self->rested_ = Clock::now() + kPause;
                                     self->answer_next();
                                 });
    }

    const Answer& answer_;
    std::array<char, kMaxLine> input_{};
    std::string line_, output_;
    Clock::time_point rested_;  // when the next line may be answered
};

ControlSocket::ControlSocket(boost::asio::io_context& loop, Answer answer)
    : answer_(std::move(answer)),
      listener_(loop, kMaxConnections, std::chrono::milliseconds(0),
                [this](Listener::Protocol::socket socket) {
                    return std::make_shared<Connection>(std::move(socket), answer_);
                }) {}

void ControlSocket::open(const std::string& folder, const std::string& name) {
    close();
    const UniqueFd at = open_folder(folder);
    const std::string path = short_path(at, name);
    ::unlink(path.c_str());
    try {
        listener_.open(boost::asio::local::stream_protocol::endpoint(path), folder + "/" + name,
                       kMode);
    } catch (const boost::system::system_error& error) {
        throw Error(ErrorKind::unavailable, folder + "/" + name + ": " + error.code().message());
    }
}

}  // namespace onemarket
