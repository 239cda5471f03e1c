// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/control_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "backends/io/unique_fd.h"
#include "daemon/control.h"
#include "daemon/control_socket.h"
#include "protocol/error.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* kNoAnswer = "the driver does not answer";
constexpr size_t kMostAnswer = size_t{64} << 20;  // bytes

Error no_driver(const std::string& path, int error_number) {
    if (error_number == ENOENT || error_number == ECONNREFUSED || error_number == ENOTDIR)
        return Error(ErrorKind::not_found, "no driver answers at " + path);
    if (error_number == EAGAIN) return Error(ErrorKind::timeout, kNoAnswer);
    return system_error(error_number, path);
}

UniqueFd connect_to(const std::string& folder, milliseconds patience) {
    const std::string path = folder + "/" + kControlName;
    const UniqueFd at(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!at) throw no_driver(path, errno);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) throw system_error(errno, "socket");
    // Of connect(), too, where nobody is taken in.
    const timeval limit{patience.count() / 1000, patience.count() % 1000 * 1000};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string short_one = short_path(at, kControlName);
    std::memcpy(address.sun_path, short_one.c_str(), short_one.size() + 1);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw no_driver(path, errno);
    return fd;
}

// False where nothing comes until then.
bool has_more(const UniqueFd& fd, Clock::time_point end) {
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now()).count();
    pollfd poll{fd.get(), POLLIN, 0};
    return left > 0 && ::poll(&poll, 1, static_cast<int>(left)) != 0;
}

std::string exchange(const UniqueFd& fd, const std::string& line, Clock::time_point end) {
    if (::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(line.size()))
        throw system_error(errno, "the driver does not listen");
    std::string answer;
    std::array<char, 65'536> buffer;
    while (!answer.ends_with('\n')) {
        if (!has_more(fd, end)) throw Error(ErrorKind::timeout, kNoAnswer);
        const ssize_t got = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) throw Error(ErrorKind::unavailable, "the driver has closed the connection");
        answer.append(buffer.data(), static_cast<size_t>(got));
        if (answer.size() > kMostAnswer) throw Error(ErrorKind::limit, "too long an answer");
    }
    answer.pop_back();
    return answer;
}

}  // namespace

JsonObject control_request(std::string_view what) {
    JsonObject request;
    request.add("version", kControlVersion).add("do", what);
    return request;
}

std::string ask_driver(const std::string& folder, const JsonObject& request,
                       milliseconds patience) {
    const auto end = Clock::now() + patience;
    return exchange(connect_to(folder, patience), request.text() + "\n", end);
}

JsonValue ask_driver_for(const std::string& folder, const JsonObject& request) {
    Result<JsonValue> answer = parse_json(ask_driver(folder, request));
    if (!answer) throw Error(ErrorKind::corrupt, "the driver's answer is " + answer.reason());
    const JsonValue* ok = answer->find("ok");
    if (ok != nullptr && ok->text == "true") return std::move(*answer);
    const JsonValue* error = answer->find("error");
    throw Error(ErrorKind::bad_request,
                error != nullptr ? one_line(error->text) : "no answer at all");
}

}  // namespace onemarket
