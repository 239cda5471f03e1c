// SPDX-License-Identifier: Apache-2.0
#include "tests/support/proxy.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace onemarket::test {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

tcp::endpoint loopback(unsigned port) {
    return {asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(port)};
}

unsigned free_port() {
    asio::io_context context;
    return tcp::acceptor(context, loopback(0)).local_endpoint().port();
}

bool answers(unsigned port) {
    asio::io_context context;
    boost::system::error_code error;
    tcp::socket(context).connect(loopback(port), error);
    return !error;
}

}  // namespace

Proxy::Proxy(const std::string& user, const std::string& password) {
    // A port may be another's by the time it is used.
    for (int i = 0; i < 5; ++i)
        if (start(user, password)) return;
    throw std::runtime_error("tinyproxy does not start");
}

bool Proxy::start(const std::string& user, const std::string& password) {
    port_ = free_port();
    write_file(dir_ / "log", "");
    write_file(dir_ / "conf", "Port " + std::to_string(port_) +
                                  "\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\n"
                                  "LogLevel Connect\nLogFile \"" +
                                  dir_ / "log" + "\"\nBasicAuth " + user + " " + password + "\n");
    const std::string conf = dir_ / "conf";
    const char* const words[] = {"tinyproxy", "-d", "-c", conf.c_str(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    for (const int fd : {0, 1, 2})
        ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", fd == 0 ? 0 : 1, 0);
    const int failed = ::posix_spawnp(&pid_, "tinyproxy", &actions, nullptr,
                                      const_cast<char* const*>(words), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return false;
    for (int i = 0; i < 5000; ++i) {
        if (::waitpid(pid_, nullptr, WNOHANG) == pid_) break;
        if (answers(port_)) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    pid_ = -1;
    return false;
}

Proxy::~Proxy() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

std::string Proxy::host() const {
    return "127.0.0.1:" + std::to_string(port_);
}

size_t Proxy::lines_with(const std::string& text) const {
    std::istringstream lines(read_file(dir_ / "log"));
    size_t count = 0;
    for (std::string line; std::getline(lines, line);)
        count += line.find(text) != std::string::npos ? 1 : 0;
    return count;
}

size_t Proxy::carried() const {
    return lines_with("Established connection to host");
}
size_t Proxy::refused() const {
    return lines_with("Failed auth attempt");
}

}  // namespace onemarket::test
