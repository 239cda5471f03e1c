// SPDX-License-Identifier: Apache-2.0
#include "daemon/listener.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "daemon/files.h"

namespace onemarket {
namespace {

using boost::system::error_code;

// Before the next try where the system has no descriptor to give.
constexpr std::chrono::seconds kAcceptAgain{1};

[[noreturn]] void fail(int error) {
    throw boost::system::system_error(error, boost::system::system_category());
}

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
        if (!path.empty()) own(path, mode);
        acceptor_.listen();
    } catch (const boost::system::system_error&) {
        close();
        throw;
    }
    accept();
}

// The mode goes to what was found there, by its descriptor: the name may be somebody's link by now.
void Listener::own(const std::string& path, mode_t mode) {
    UniqueFd found(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!found || ::fstat(found.get(), &status) != 0) fail(errno);
    if (!S_ISSOCK(status.st_mode)) fail(ENOTSOCK);
    if (::chmod(("/proc/self/fd/" + std::to_string(found.get())).c_str(), mode) != 0) fail(errno);
    path_ = path;
    made_ = std::move(found);
}

void Listener::close() {
    error_code ignored;
    again_.cancel();
    if (is_there()) ::unlink(path_.c_str());
    path_.clear();
    made_.reset();
    acceptor_.close(ignored);
    for (const auto& connection : connections_)
        if (const auto there = connection.lock()) there->close();
    connections_.clear();
}

bool Listener::is_there() const {
    return is_at(made_, path_);
}

// For one more. Who connects and says nothing keeps nobody out that way; one who asks at once has
// done so before it is his turn.
bool Listener::make_room() {
    connections_.remove_if([](const auto& connection) { return connection.expired(); });
    if (connections_.size() < most_) return true;
    const auto silent = std::ranges::find_if(connections_, [](const auto& connection) {
        const auto there = connection.lock();
        return there && !there->has_asked();
    });
    if (silent == connections_.end()) return false;
    if (const auto there = silent->lock()) there->close();
    connections_.erase(silent);
    return true;
}

void Listener::accept() {
    acceptor_.async_accept([this](const error_code& error, Protocol::socket socket) {
        if (error == boost::asio::error::operation_aborted || !acceptor_.is_open()) return;
        if (error) return accept_after(kAcceptAgain);
        if (make_room()) {
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
