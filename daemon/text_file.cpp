// SPDX-License-Identifier: Apache-2.0
#include "daemon/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "backends/io/unique_fd.h"

namespace onemarket {

std::string read_text_file(const std::string& path, size_t most) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) throw system_error(errno, path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) throw system_error(errno, path);
    if (S_ISDIR(status.st_mode)) throw system_error(EISDIR, path);
    if (S_ISFIFO(status.st_mode)) throw Error(ErrorKind::bad_request, path + ": a FIFO");
    std::string text;
    std::vector<char> buffer(65536);  // not on the stack, which nobody clears
    while (true) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw system_error(errno, path);
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<size_t>(got));
        if (text.size() > most)
            throw Error(ErrorKind::limit, path + ": more than " + std::to_string(most) + " bytes");
    }
}

std::string read_text_file_or_empty(const std::string& path) {
    try {
        return read_text_file(path);
    } catch (const Error&) {
        return "";
    }
}

}  // namespace onemarket
