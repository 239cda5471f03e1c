// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "protocol/ascii.h"

namespace onemarket::test {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

std::string hex(size_t number) {
    std::ostringstream text;
    text << std::hex << number;
    return text.str();
}

constexpr const char* kEtag = "\"1\"";

bool is_open_ended(const std::string& range) {
    return range.ends_with('-');
}

bool reaches_end(const HttpGiven& given, const std::string& content) {
    const size_t size = content.size();
    const auto range = given.headers.find("Content-Range");
    return range == given.headers.end() ||
           range->second.ends_with("-" + std::to_string(size - 1) + "/" + std::to_string(size));
}

}  // namespace

HttpGiven give_file(const HttpAsked& asked, const std::string& content, const std::string& etag) {
    const auto header = [&asked](const char* name) {
        const auto found = asked.headers.find(name);
        return found == asked.headers.end() ? std::string() : found->second;
    };
    const std::string wanted = header("if-match"), range = header("range");
    if (!wanted.empty() && wanted != etag) return {"412 Precondition Failed", {}, {}};
    HttpGiven given{"200 OK", {{"ETag", etag}}, content};
    if (range.empty()) return given;
    const size_t first = std::stoul(range.substr(range.find('=') + 1));
    if (first >= content.size()) return {"416 Range Not Satisfiable", {}, {}};
    const size_t last =
        is_open_ended(range)
            ? content.size() - 1
            : std::min<size_t>(std::stoul(range.substr(range.find('-') + 1)), content.size() - 1);
    given.status = "206 Partial Content";
    given.headers["Content-Range"] = "bytes " + std::to_string(first) + "-" + std::to_string(last) +
                                     "/" + std::to_string(content.size());
    given.body = content.substr(first, last - first + 1);
    return given;
}

HttpGiven give_broken_file(const HttpAsked& asked, const std::string& content) {
    const auto range = asked.headers.find("range");
    if (range != asked.headers.end() && is_open_ended(range->second))
        return {"404 Not Found", {}, {}};
    HttpGiven given = give_file(asked, content, kEtag);
    given.cut = reaches_end(given, content);
    return given;
}

HttpGiven give_stalling_file(const HttpAsked& asked, const std::string& content) {
    HttpGiven given = give_file(asked, content, kEtag);
    given.stall = reaches_end(given, content);
    return given;
}

struct HttpServer::Impl {
    explicit Impl(Answer given) : answer(std::move(given)) {
        listener = std::thread([this] { listen(); });
    }

    ~Impl() {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
            changed.notify_all();
        }
        listener.join();
        for (std::thread& thread : connections) thread.join();
    }

    void listen() {
        while (!stopping) {
            pollfd waiting{acceptor.native_handle(), POLLIN, 0};
            if (::poll(&waiting, 1, 20) <= 0) continue;
            connections.emplace_back([this](tcp::socket socket) { serve(std::move(socket)); },
                                     acceptor.accept());
        }
    }

    void serve(tcp::socket socket) {
        try {
            const HttpAsked request = read(socket);
            {
                const std::lock_guard lock(mutex);
                asked.push_back(request);
            }
            const HttpGiven given = answer(request);
            std::string text = "HTTP/1.1 " + given.status + "\r\nConnection: close\r\n";
            for (const auto& [name, value] : given.headers) text += name + ": " + value + "\r\n";
            const std::string size = std::to_string(given.body.size());
            const bool half = given.cut || given.stall;
            const std::string body =
                given.body.substr(0, half ? given.body.size() / 2 : given.body.size());
            if (given.framing == HttpGiven::length) text += "Content-Length: " + size + "\r\n";
            if (given.framing == HttpGiven::chunked) text += "Transfer-Encoding: chunked\r\n";
            text += "\r\n";
            if (given.framing == HttpGiven::chunked && !body.empty())
                text += hex(body.size()) + "\r\n" + body + "\r\n";
            else
                text += body;
            if (given.framing == HttpGiven::chunked && !half) {
                text += "0\r\n";
                for (const auto& [name, value] : given.trailers)
                    text += name + ": " + value + "\r\n";
                text += "\r\n";
            }
            asio::write(socket, asio::buffer(text));
            std::unique_lock lock(mutex);
            if (given.stall) changed.wait(lock, [this] { return stopping.load(); });
        } catch (const std::exception&) {  // the client went away
        }
    }

    static HttpAsked read(tcp::socket& socket) {
        std::string text(1, '\0');
        asio::read(socket, asio::buffer(text));
        constexpr char tls_handshake = 22;
        if (text[0] == tls_handshake) {
            asio::write(socket, asio::buffer(std::string("HTTP/1.1 400 Bad Request\r\n\r\n")));
            throw std::runtime_error("no HTTP");
        }
        asio::read_until(socket, asio::dynamic_buffer(text), "\r\n\r\n");
        std::istringstream lines(text);
        HttpAsked request;
        std::string line;
        lines >> line >> request.target;
        std::getline(lines, line);
        while (std::getline(lines, line)) {
            const size_t colon = line.find(':');
            if (colon != std::string::npos)
                request.headers[ascii::to_lower(line.substr(0, colon))] =
                    ascii::trim(std::string_view(line).substr(colon + 1));
        }
        return request;
    }

    const Answer answer;
    asio::io_context io;
    tcp::acceptor acceptor{io, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)};
    std::atomic<bool> stopping = false;
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::vector<HttpAsked> asked;
    std::vector<std::thread> connections;
    std::thread listener;
};

HttpServer::HttpServer(Answer answer) : impl_(std::make_unique<Impl>(std::move(answer))) {}
HttpServer::~HttpServer() = default;

std::string HttpServer::url() const {
    return "http://127.0.0.1:" + std::to_string(impl_->acceptor.local_endpoint().port());
}

std::vector<HttpAsked> HttpServer::asked() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->asked;
}

}  // namespace onemarket::test
