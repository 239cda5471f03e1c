// SPDX-License-Identifier: Apache-2.0
#include "daemon/metrics_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <optional>

#include "backends/io/unique_fd.h"
#include "daemon/listen_address.h"
#include "daemon/metrics.h"
#include "daemon/version.h"

namespace onemarket {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Answer = http::response<http::string_body>;

constexpr mode_t kSocketMode = 0660;

constexpr const char* kFrontPage =
    "<!DOCTYPE html>\n<title>onemarketd</title>\n<h1>onemarketd</h1>\n"
    "<p><a href=\"/metrics\">Metrics</a></p>\n";

Answer answer_with(http::status status, const char* type, std::string body) {
    Answer answer(status, 11, std::move(body));
    answer.set(http::field::content_type, type);
    answer.set(http::field::server, std::string("onemarketd/") + kVersion);
    answer.keep_alive(false);
    answer.prepare_payload();
    return answer;
}

Answer answer_to(http::verb verb, std::string_view target, const MetricsServer::Text& text) {
    if (verb != http::verb::get && verb != http::verb::head) {
        Answer answer =
            answer_with(http::status::method_not_allowed, "text/plain", "only GET and HEAD\n");
        answer.set(http::field::allow, "GET, HEAD");
        return answer;
    }
    target = target.substr(0, target.find('?'));
    if (target == "/metrics") return answer_with(http::status::ok, kMetricsType, text());
    if (target == "/") return answer_with(http::status::ok, "text/html", kFrontPage);
    return answer_with(http::status::not_found, "text/plain", "there is only /metrics\n");
}

// A socket that a driver has left which was killed is in nobody's way. Who takes nobody in lives
// all the same, and is not waited for.
void remove_if_abandoned(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
    const asio::local::stream_protocol::endpoint address(path);
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), address.data(), static_cast<socklen_t>(address.size())) != 0 &&
        errno == ECONNREFUSED)
        ::unlink(path.c_str());
}

}  // namespace

// One that asks, once. One that neither asks nor reads goes.
class MetricsServer::Connection : public Listener::Connection {
  public:
    Connection(Listener::Protocol::socket socket, Text text)
        : Listener::Connection(std::move(socket)), text_(std::move(text)) {
        parser_.header_limit(kMaxHeader);
    }

    void start() override {
        watch(kPatience);
        http::async_read_header(socket_, input_, parser_,
                                [self = self()](const error_code& error, size_t) {
                                    if (error) return self->close();
                                    self->note_question();
                                    self->answer();
                                });
    }

  private:
    std::shared_ptr<Connection> self() {
        return std::static_pointer_cast<Connection>(shared_from_this());
    }

    void answer() {
        const auto& request = parser_.get();
        const std::string target(request.target().data(), request.target().size());
        answer_ = answer_to(request.method(), target, text_);
        const auto done = [self = self()](const error_code&, size_t) { self->close(); };
        writer_.emplace(answer_);
        if (request.method() == http::verb::head)
            http::async_write_header(socket_, *writer_, done);
        else
            http::async_write(socket_, *writer_, done);
    }

    Text text_;
    boost::beast::flat_buffer input_{2 * kMaxHeader};
    http::request_parser<http::empty_body> parser_;
    Answer answer_;
    std::optional<http::response_serializer<http::string_body>> writer_;
};

MetricsServer::MetricsServer(asio::io_context& loop, Text text, Say say)
    : make_text_(std::move(text)),
      say_(std::move(say)),
      again_(loop),
      listener_(loop, kMaxConnections, kPause, [this](Listener::Protocol::socket socket) {
          return std::make_shared<Connection>(std::move(socket), [this] { return this->text(); });
      }) {}

void MetricsServer::listen(const std::string& address) {
    if (address == address_) return;
    again_.cancel();
    listener_.close();
    address_ = address;
    problem_.clear();
    if (!address_.empty()) try_open();
}

// Another driver that is about to end may still have the address.
void MetricsServer::try_open() {
    try {
        open();
    } catch (const boost::system::system_error& error) {
        const std::string problem = error.code().message();
        if (problem != problem_)
            say_(LogLevel::warning, "no metrics at " + address_ + ": " + problem +
                                        "; it is tried again every " +
                                        std::to_string(kAgain.count()) + " s");
        problem_ = problem;
        again_.expires_after(kAgain);
        again_.async_wait([this](const error_code& stopped) {
            if (!stopped) try_open();
        });
    }
}

void MetricsServer::open() {
    const auto endpoint = parse_listen_address(address_);
    if (!endpoint) throw boost::system::system_error(asio::error::invalid_argument);
    const std::string path(socket_path(address_));
    if (!path.empty()) remove_if_abandoned(path);
    listener_.open(*endpoint, path, kSocketMode);
    if (!problem_.empty()) say_(LogLevel::info, "metrics are at " + address_);
    problem_.clear();
}

const std::string& MetricsServer::text() {
    const auto now = std::chrono::steady_clock::now();
    if (text_.empty() || now - text_time_ >= kFresh) {
        text_ = make_text_();
        text_time_ = now;
    }
    return text_;
}

}  // namespace onemarket
