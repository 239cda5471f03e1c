// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/control_client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "backends/io/unique_fd.h"
#include "daemon/control.h"
#include "daemon/control_socket.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr timeval kPatience{10, 0};
constexpr size_t kMostAnswer = size_t{64} << 20;  // bytes

Error no_driver(const std::string& path, int error_number) {
    if (error_number == ENOENT || error_number == ECONNREFUSED || error_number == ENOTDIR)
        return Error(ErrorKind::not_found, "no driver answers at " + path);
    return system_error(error_number, path);
}

UniqueFd connect_to(const std::string& folder) {
    const std::string path = folder + "/" + kControlName;
    const UniqueFd at(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!at) throw no_driver(path, errno);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) throw system_error(errno, "socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string short_one = short_path(at, kControlName);
    std::memcpy(address.sun_path, short_one.c_str(), short_one.size() + 1);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw no_driver(path, errno);
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
        ::setsockopt(fd.get(), SOL_SOCKET, option, &kPatience, sizeof kPatience);
    return fd;
}

std::string exchange(const UniqueFd& fd, const std::string& line) {
    if (::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(line.size()))
        throw system_error(errno, "the driver does not listen");
    std::string answer;
    std::array<char, 65'536> buffer;
    while (!answer.ends_with('\n')) {
        const ssize_t got = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN)
            throw Error(ErrorKind::timeout, "the driver does not answer");
        if (got <= 0) throw Error(ErrorKind::unavailable, "the driver has closed the connection");
        answer.append(buffer.data(), static_cast<size_t>(got));
        if (answer.size() > kMostAnswer) throw Error(ErrorKind::limit, "too long an answer");
    }
    answer.pop_back();
    return answer;
}

}  // namespace

std::string ask_driver(const std::string& folder, const JsonObject& request) {
    return exchange(connect_to(folder), request.text() + "\n");
}

JsonValue ask_driver_for(const std::string& folder, const JsonObject& request) {
    Result<JsonValue> answer = parse_json(ask_driver(folder, request));
    if (!answer) throw Error(ErrorKind::corrupt, "the driver's answer is " + answer.reason());
    const JsonValue* ok = answer->find("ok");
    if (ok != nullptr && ok->text == "true") return std::move(*answer);
    const JsonValue* error = answer->find("error");
    throw Error(ErrorKind::bad_request, error != nullptr ? error->text : "no answer at all");
}

}  // namespace onemarket
