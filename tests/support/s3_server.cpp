// SPDX-License-Identifier: Apache-2.0
#include "tests/support/s3_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/support/s3_store.h"
#include "tests/support/support.h"

namespace onemarket::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Socket = tcp::socket;
using TlsStream = beast::ssl_stream<Socket>;

namespace {

constexpr uint64_t kMaxBody = uint64_t{1} << 31;

std::string http_date(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return text;
}

// Closed so, the other end is told of a reset.
void reset(Socket& socket) {
    boost::system::error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

}  // namespace

struct S3Server::Impl {
    explicit Impl(Options given) : options(std::move(given)), store(options.page) {
        if (options.tls) make_certificate();
        const auto address =
            options.ipv6 ? asio::ip::make_address("::1") : asio::ip::make_address("127.0.0.1");
        acceptor.open(options.ipv6 ? tcp::v6() : tcp::v4());
        acceptor.bind({address, 0});
        acceptor.listen();
        port = acceptor.local_endpoint().port();
        listener = std::thread([this] { listen(); });
    }

    ~Impl() {
        stopping = true;
        listener.join();
        {
            const std::lock_guard lock(mutex);
            for (const int fd : open) ::shutdown(fd, SHUT_RDWR);
        }
        for (std::thread& thread : connections) thread.join();
    }

    void make_certificate() {
        const std::string command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
            "-subj /CN=test -addext 'subjectAltName=DNS:" +
            options.certified + ",DNS:images." + options.certified + ",IP:::1' -keyout '" +
            dir / "key" + "' -out '" + dir / "crt" + "' 2>/dev/null";
        if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl req");
        tls.use_certificate_chain_file(dir / "crt");
        tls.use_private_key_file(dir / "key", asio::ssl::context::pem);
    }

    void listen() {
        while (!stopping) {
            pollfd waiting{acceptor.native_handle(), POLLIN, 0};
            if (::poll(&waiting, 1, 20) <= 0) continue;
            boost::system::error_code error;
            Socket socket = acceptor.accept(error);
            if (error) continue;
            connections.emplace_back([this](Socket taken) { connection(std::move(taken)); },
                                     std::move(socket));
        }
    }

    void connection(Socket socket) {
        const int fd = socket.native_handle();
        {
            const std::lock_guard lock(mutex);
            open.insert(fd);
        }
        try {
            if (options.tls) {
                TlsStream stream(std::move(socket), tls);
                stream.handshake(asio::ssl::stream_base::server);
                serve(stream, stream.next_layer());
                finish(stream.next_layer());
            } else {
                serve(socket, socket);
                finish(socket);
            }
        } catch (const std::exception&) {  // the client went away
            const std::lock_guard lock(mutex);
            open.erase(fd);
        }
    }

    // The descriptor's number may be another's as soon as it is closed.
    void finish(Socket& socket) {
        const std::lock_guard lock(mutex);
        if (socket.is_open()) open.erase(socket.native_handle());
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    void forget_descriptor(Socket& socket) {
        const std::lock_guard lock(mutex);
        open.erase(socket.native_handle());
    }

    void wait_for_the_end() const {
        while (!stopping) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }

    template <class Stream>
    void serve(Stream& stream, Socket& socket) {
        beast::flat_buffer buffer;
        while (!stopping) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(kMaxBody);
            http::read_header(stream, buffer, parser);
            WireRequest request;
            request.method = std::string(parser.get().method_string());
            request.target = std::string(parser.get().target());
            for (const auto& field : parser.get().base())
                request.headers[lower(std::string(field.name_string()))] =
                    std::string(field.value());
            const S3Call call = understand(request, options.base_path);
            const size_t number = remember(call, request);
            const std::optional<Fault> fault = take_fault(call.operation);
            const auto is = [&fault](Fault::Kind kind) { return fault && fault->kind == kind; };

            if (is(Fault::reset_midway) || is(Fault::stop_reading)) {
                while (parser.get().body().size() < static_cast<size_t>(fault->number) &&
                       !parser.is_done())
                    http::read_some(stream, buffer, parser);
                if (is(Fault::stop_reading)) wait_for_the_end();
            } else {
                http::read(stream, buffer, parser);
            }
            if (is(Fault::stall)) wait_for_the_end();
            if (is(Fault::reset) || is(Fault::reset_midway)) {
                forget_descriptor(socket);
                return reset(socket);
            }
            request.body = std::move(parser.get().body());
            if (is(Fault::call)) fault->action();
            WireResponse answer = respond(call, request, fault);
            if (is(Fault::lost_answer)) {
                forget_descriptor(socket);
                return reset(socket);
            }
            {
                const std::lock_guard lock(mutex);
                log[number].status = answer.status;
            }
            if (!send(stream, parser.keep_alive(), request.method == "HEAD", answer, fault)) return;
        }
    }

    static std::string lower(std::string text) {
        for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        return text;
    }

    size_t remember(const S3Call& call, const WireRequest& request) {
        const std::lock_guard lock(mutex);
        log.push_back({call.operation, request, 0});
        return log.size() - 1;
    }

    std::optional<Fault> take_fault(const std::string& operation) {
        const std::lock_guard lock(mutex);
        for (Fault& fault : faults) {
            if (fault.times == 0 || (!fault.operation.empty() && fault.operation != operation))
                continue;
            if (fault.skip-- > 0) continue;
            if (fault.times > 0) --fault.times;
            return fault;
        }
        return std::nullopt;
    }

    WireResponse respond(const S3Call& call, const WireRequest& request,
                         const std::optional<Fault>& fault) {
        const std::time_t now = std::time(nullptr);
        const std::string wrong = signature_fault(request, options.account, now);
        if (wrong == "AuthorizationHeaderMalformed")
            return s3_error(400, wrong, "<Region>" + options.account.region + "</Region>");
        if (wrong == "XAmzContentSHA256Mismatch") return s3_error(400, wrong);
        if (!wrong.empty()) return s3_error(403, wrong);
        if (call.operation.empty()) return s3_error(501, "NotImplemented");
        if (fault) {
            switch (fault->kind) {
                case Fault::status: {
                    WireResponse error = s3_error(fault->number, fault->text);
                    if (fault->retry_after > 0)
                        error.headers["retry-after"] = fault->as_date
                                                           ? http_date(now + fault->retry_after)
                                                           : std::to_string(fault->retry_after);
                    return error;
                }
                case Fault::bare_status:
                    return {fault->number};
                case Fault::ok_with_error: {
                    WireResponse error = s3_error(200, fault->text);
                    return error;
                }
                case Fault::body:
                    return {fault->number, {}, fault->text};
                case Fault::html:
                    return {200, {{"content-type", "text/html"}}, "<html><p>Welcome!</html>"};
                case Fault::redirect: {
                    const std::string& region = fault->region_in_body;
                    WireResponse answer =
                        s3_error(fault->number, "PermanentRedirect",
                                 region.empty() ? "" : "<Region>" + region + "</Region>");
                    if (!fault->text.empty()) answer.headers["location"] = fault->text;
                    if (!fault->region.empty())
                        answer.headers["x-amz-bucket-region"] = fault->region;
                    return answer;
                }
                case Fault::skewed: {
                    WireResponse answer = s3_error(403, "RequestTimeTooSkewed");
                    answer.headers["date"] = http_date(now + fault->number);
                    return answer;
                }
                default:
                    break;
            }
        }
        S3Call changed = call;
        if (fault && fault->kind == Fault::same_page) changed.query.erase("continuation-token");
        const std::lock_guard lock(mutex);
        WireResponse answer =
            store.handle(changed, request, fault && fault->kind == Fault::drop_part);
        if (fault) spoil(answer, *fault);
        return answer;
    }

    static void replace(std::string& text, const std::string& begin, const std::string& end,
                        const std::string& with) {
        const size_t from = text.find(begin);
        if (from == std::string::npos) return;
        const size_t to = text.find(end, from);
        text.replace(from, to + end.size() - from, with);
    }

    // An answer that is not what was done.
    static void spoil(WireResponse& answer, const Fault& fault) {
        switch (fault.kind) {
            case Fault::no_etag:
                answer.headers.erase("etag");
                replace(answer.body, "<ETag>", "</ETag>", "<ETag></ETag>");
                break;
            case Fault::wrong_etag: {
                std::string& etag = answer.headers["etag"];
                etag = "\"" + md5_hex("something else") +
                       (etag.find('-') == std::string::npos ? "\"" : etag.substr(etag.find('-')));
                break;
            }
            case Fault::wrong_length:
                answer.body += "x";
                break;
            case Fault::cut_xml:
                answer.body.resize(answer.body.size() / 2);
                break;
            case Fault::done_but:
                answer = s3_error(fault.number, fault.text);
                break;
            case Fault::done_but_bare:
                answer = {fault.number};
                break;
            case Fault::lost_object:
                replace(answer.body, "<Contents>", "</Contents>", "");
                break;
            case Fault::no_token:
                replace(answer.body, "<IsTruncated>", "</IsTruncated>",
                        "<IsTruncated>true</IsTruncated>");
                replace(answer.body, "<NextContinuationToken>", "</NextContinuationToken>", "");
                break;
            default:
                break;
        }
    }

    // False when the connection is at its end.
    template <class Stream>
    bool send(Stream& stream, bool keep_alive, bool head, const WireResponse& answer,
              const std::optional<Fault>& fault) {
        std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Said\r\n";
        for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
        if (answer.headers.count("date") == 0)
            text += "date: " + http_date(std::time(nullptr)) + "\r\n";
        if (answer.status != 204)
            text += "content-length: " + std::to_string(answer.body.size()) + "\r\n";
        if (!keep_alive) text += "connection: close\r\n";
        text += "\r\n";
        if (!head) text += answer.body;
        if (fault && fault->kind == Fault::garbage) text = "what is this?\r\n\r\n";
        if (fault && fault->kind == Fault::cut_answer) {
            text.resize(text.size() - std::max<size_t>(1, answer.body.size() / 2));
            asio::write(stream, asio::buffer(text));
            return false;
        }
        if (fault && fault->kind == Fault::slow) {
            for (const char byte : text) {
                for (int i = 0; i < 200 && !stopping; ++i)
                    std::this_thread::sleep_for(std::chrono::milliseconds(5));
                if (stopping) return false;
                asio::write(stream, asio::buffer(&byte, 1));
            }
            return keep_alive;
        }
        asio::write(stream, asio::buffer(text));
        return keep_alive;
    }

    Options options;
    TempDir dir;
    asio::io_context context;
    asio::ssl::context tls{asio::ssl::context::tls_server};
    tcp::acceptor acceptor{context};
    unsigned port = 0;
    std::atomic<bool> stopping = false;
    std::thread listener;
    std::vector<std::thread> connections;  // the listener's, until it has ended

    mutable std::mutex mutex;  // guards what follows
    std::set<int> open;        // descriptors of connections
    S3Store store;
    std::vector<Fault> faults;
    std::vector<Seen> log;
};

S3Server::S3Server(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
S3Server::~S3Server() = default;

std::string S3Server::host() const {
    return (impl_->options.ipv6 ? "[::1]:" : "localhost:") + std::to_string(impl_->port);
}

std::string S3Server::endpoint() const {
    return (impl_->options.tls ? "https://" : "http://") + host() + impl_->options.base_path;
}

std::string S3Server::ca_file() const {
    return impl_->dir / "crt";
}

void S3Server::fault(Fault fault) {
    const std::lock_guard lock(impl_->mutex);
    impl_->faults.push_back(std::move(fault));
}

void S3Server::clear_faults() {
    const std::lock_guard lock(impl_->mutex);
    impl_->faults.clear();
}

std::vector<S3Server::Seen> S3Server::seen() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->log;
}

size_t S3Server::count(const std::string& operation) const {
    size_t count = 0;
    for (const Seen& one : seen()) count += one.operation == operation ? 1 : 0;
    return count;
}

std::string S3Server::summary() const {
    std::map<std::string, size_t> counts;
    for (const Seen& one : seen()) ++counts[one.operation];
    std::string text;
    for (const auto& [operation, count] : counts)
        text += (text.empty() ? "" : ", ") + operation + " " + std::to_string(count);
    return text;
}

void S3Server::forget() {
    const std::lock_guard lock(impl_->mutex);
    impl_->log.clear();
}

void S3Server::make_bucket(const std::string& bucket) {
    const std::lock_guard lock(impl_->mutex);
    impl_->store.buckets[bucket];
}

bool S3Server::has_bucket(const std::string& bucket) const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->store.buckets.count(bucket) > 0;
}

void S3Server::put(const std::string& bucket, const std::string& key, const std::string& bytes) {
    const std::lock_guard lock(impl_->mutex);
    impl_->store.buckets[bucket].objects[key] = {bytes, md5_hex(bytes), {}};
}

std::unique_ptr<S3Server::Object> S3Server::object(const std::string& bucket,
                                                   const std::string& key) const {
    const std::lock_guard lock(impl_->mutex);
    const auto& objects = impl_->store.buckets[bucket].objects;
    const auto found = objects.find(key);
    return found == objects.end() ? nullptr : std::make_unique<Object>(found->second);
}

std::vector<std::string> S3Server::names(const std::string& bucket) const {
    const std::lock_guard lock(impl_->mutex);
    std::vector<std::string> names;
    const auto found = impl_->store.buckets.find(bucket);
    if (found == impl_->store.buckets.end()) return names;
    for (const auto& [key, object] : found->second.objects) names.push_back(key);
    for (const auto& [id, upload] : found->second.uploads) names.push_back(upload.key + "?" + id);
    return names;
}

}  // namespace onemarket::test
