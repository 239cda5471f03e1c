// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_client.h"

#include <curl/curl.h>

#include <array>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <stop_token>
#include <utility>

#include "backends/io/http_trust.h"
#include "backends/io/http_words.h"
#include "backends/io/libcurl.h"
#include "backends/io/url.h"
#include "protocol/ascii.h"
#include "protocol/credentials.h"

namespace onemarket {
namespace {

// Slower than this for the stall limit is as good as nothing.
constexpr long kStallBytesPerSecond = 256;
constexpr long kUploadBuffer = 1L << 20;
constexpr long kDownloadBuffer = 256L << 10;
// What is packed may grow a thousandfold, and libcurl holds no more than 64 MB that nobody takes.
constexpr long kPackedBuffer = 8L << 10;
constexpr size_t kWindow = size_t{1} << 20;  // bytes that came and were not read: then no more come
constexpr std::chrono::milliseconds kLongestPoll{1000};
// For the answer to a request that was sent, when nobody may wait for it any more.
constexpr std::chrono::milliseconds kAnswerGrace{400};
constexpr int kGracePoll = 20;      // ms
constexpr size_t kStatusWidth = 4;  // of a status line: a blank and three digits
constexpr int kFinalStatus = 200;   // what comes before is no answer yet
// OpenSSL's words for bytes that are no TLS at all. libcurl has one code for every handshake that
// fails, be it for a connection that broke.
constexpr std::string_view kNoTls = "wrong version number";
constexpr const char* kProxys = " (that is the proxy's)";

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    if (curl_easy_setopt(easy, option, value) != CURLE_OK)
        throw Error(ErrorKind::internal, "libcurl refuses option " + std::to_string(option));
}

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

void append(List& list, const std::string& text) {
    curl_slist* longer = curl_slist_append(list.get(), text.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)list.release();
    list.reset(longer);
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
    for (const auto& [known, value] : headers)
        if (known == name) return value;
    return {};
}

// The easy one is a request, the multi one waits for it and keeps connections.
struct HttpHandles {
    CURLM* multi = curl_multi_init();
    CURL* easy = curl_easy_init();
    ~HttpHandles() {
        curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
    }
};

// One request on its way.
class HttpTransfer {
  public:
    HttpTransfer(HttpHandles& handles, const HttpSettings& settings, const HttpRequest& request,
                 Context& context)
        : handles_(handles), request_(request), context_(context) {
        if (handles_.easy == nullptr) throw std::bad_alloc();
        prepare(settings);
        if (curl_multi_add_handle(handles.multi, handles.easy) != CURLM_OK)
            throw Error(ErrorKind::internal, "libcurl takes no request");
    }
    // Ends the request; a connection that is in the middle of one is closed.
    ~HttpTransfer() {
        curl_multi_remove_handle(handles_.multi, handles_.easy);
        if (ended_.value_or(CURLE_OK) == CURLE_OK) return;
        // One that never had a connection keeps its buffer, and takes no other size of it then.
        curl_easy_cleanup(handles_.easy);
        handles_.easy = curl_easy_init();
    }
    HttpTransfer(const HttpTransfer&) = delete;
    HttpTransfer& operator=(const HttpTransfer&) = delete;

    void await_head() {
        work_until([this] { return has_head_; });
        response_.status = status();
    }
    const HttpResponse& head() const { return response_; }

    size_t read(std::span<std::byte> buffer) {
        if (window_.size() == taken_) {
            window_.clear();
            taken_ = 0;
            if (std::exchange(paused_, false)) curl_easy_pause(handles_.easy, CURLPAUSE_CONT);
            work_until([this] { return !window_.empty(); });
        }
        const size_t size = std::min(buffer.size(), window_.size() - taken_);
        std::memcpy(buffer.data(), window_.data() + taken_, size);
        taken_ += size;
        return size;
    }

    HttpResponse whole() {
        std::array<std::byte, size_t{16} << 10> piece;
        while (const size_t size = read(piece)) {
            if (response_.body.size() + size > kMaxHttpAnswer)
                throw HttpFault(ErrorKind::limit, origin(), "the answer is too large", false);
            response_.body.append(reinterpret_cast<const char*>(piece.data()), size);
        }
        return std::move(response_);
    }

  private:
    // Until there is what is waited for, or the end. Throws where the end is a fault.
    template <class Condition>
    void work_until(const Condition& condition) {
        const std::stop_callback wake(context_.stop_token(),
                                      [this] { curl_multi_wakeup(handles_.multi); });
        while (true) {
            if (error_) std::rethrow_exception(error_);
            if (condition()) return;
            if (ended_) {
                if (*ended_ != CURLE_OK) throw fault(*ended_);
                return;
            }
            int running = 0;
            curl_multi_perform(handles_.multi, &running);
            int left = 0;
            if (const CURLMsg* message = curl_multi_info_read(handles_.multi, &left);
                message != nullptr && message->msg == CURLMSG_DONE) {
                ended_ = message->data.result;
                continue;
            }
            if (error_ || condition()) continue;
            check();
            curl_multi_poll(handles_.multi, nullptr, 0, poll_milliseconds(), nullptr);
        }
    }

    void check() {
        try {
            context_.check(origin());
        } catch (const Error&) {
            if (request_.repeatable || !is_sent()) throw;
            if (!grace_end_) grace_end_ = Context::Clock::now() + kAnswerGrace;
            if (Context::Clock::now() >= *grace_end_) throw;
        }
    }

    bool anything_sent() const {
        long header_bytes = 0;
        curl_easy_getinfo(handles_.easy, CURLINFO_REQUEST_SIZE, &header_bytes);
        return header_bytes > 0;
    }
    bool is_sent() const { return anything_sent() && sent_ == request_.body.size; }

    void prepare(const HttpSettings& settings) {
        CURL* easy = handles_.easy;
        curl_easy_reset(easy);
        set(easy, CURLOPT_URL, request_.url.c_str());
        set(easy, CURLOPT_PATH_AS_IS, 1L);
        set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(easy, CURLOPT_NOSIGNAL, 1L);
        set(easy, CURLOPT_FOLLOWLOCATION, 0L);
        set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
        set(easy, CURLOPT_USERAGENT, settings.user_agent.c_str());
        set(easy, CURLOPT_ERRORBUFFER, reason_.data());
#if LIBCURL_VERSION_NUM >= 0x075500
        set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
        set(easy, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
        set(easy, CURLOPT_QUICK_EXIT, 1L);  // a cancel does not wait for a name server
#endif
        const auto stall =
            request_.stall_limit.count() > 0 ? request_.stall_limit : settings.stall_limit;
        set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(settings.connect_limit.count()));
        set(easy, CURLOPT_LOW_SPEED_LIMIT, kStallBytesPerSecond);
        set(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall.count()));
        set_proxy_and_trust(settings);
        set_callbacks();
        set_method();
        if (request_.method == "GET") set(easy, CURLOPT_BUFFERSIZE, kDownloadBuffer);
        if (request_.accept_gzip) {
            set(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
            set(easy, CURLOPT_BUFFERSIZE, kPackedBuffer);
        }
        for (const auto& [name, value] : request_.headers) {
            if (std::any_of(value.begin(), value.end(), ascii::is_control))
                throw Error(ErrorKind::bad_request, "header " + name + " has a control character");
            append(headers_, value.empty() ? name + ";" : name + ": " + value);
        }
        append(headers_, "Expect:");  // the answer to it costs a round trip
        set(easy, CURLOPT_HTTPHEADER, headers_.get());
    }

    // An empty proxy keeps libcurl from looking into the environment.
    void set_proxy_and_trust(const HttpSettings& settings) {
        CURL* easy = handles_.easy;
        const bool tls = request_.url.starts_with("https:");
        if (tls && !settings.no_tls.empty())
            throw Error(ErrorKind::unavailable, std::string(kNothingOverHttps) + settings.no_tls);
        const Secret& proxy = tls ? settings.https_proxy : settings.http_proxy;
        proxy_ = proxy.reveal();
        set(easy, CURLOPT_PROXY, proxy_.c_str());
        set(easy, CURLOPT_NOPROXY, settings.no_proxy.c_str());
        set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        const bool verify = is_verified(settings, request_.url);
        set(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
        set(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
        if (settings.ca_file.empty()) return;
        set(easy, CURLOPT_CAINFO, settings.ca_file.c_str());
        set(easy, CURLOPT_PROXY_CAINFO, settings.ca_file.c_str());
    }

    void set_callbacks() {
        CURL* easy = handles_.easy;
        set(easy, CURLOPT_READFUNCTION, &HttpTransfer::give_body);
        set(easy, CURLOPT_READDATA, this);
        set(easy, CURLOPT_SEEKFUNCTION, &HttpTransfer::rewind_body);
        set(easy, CURLOPT_SEEKDATA, this);
        set(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::take_body);
        set(easy, CURLOPT_WRITEDATA, this);
        set(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::take_header);
        set(easy, CURLOPT_HEADERDATA, this);
    }

    void set_method() {
        CURL* easy = handles_.easy;
        if (request_.method == "HEAD") {
            set(easy, CURLOPT_NOBODY, 1L);
        } else if (request_.method == "PUT" || request_.method == "POST") {
            set(easy, CURLOPT_UPLOAD, 1L);
            set(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body.size));
            set(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
            set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
        } else {
            set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
        }
        // A request whose connection was in use before and is closed without an answer libcurl
        // sends again by itself.
        set(easy, CURLOPT_FRESH_CONNECT, request_.repeatable ? 0L : 1L);
    }

    // How long nothing may happen before the context is to be asked again.
    int poll_milliseconds() const {
        auto wait = kLongestPoll;
        if (grace_end_) return kGracePoll;
        if (const auto deadline = context_.deadline())
            wait = std::clamp(
                std::chrono::ceil<std::chrono::milliseconds>(*deadline - Context::Clock::now()),
                std::chrono::milliseconds(0), kLongestPoll);
        return static_cast<int>(wait.count());
    }

    int status() const {
        long status = 0;
        curl_easy_getinfo(handles_.easy, CURLINFO_RESPONSE_CODE, &status);
        return static_cast<int>(status);
    }

    std::string_view origin() const {
        return origin_of(request_.url);
    }

    std::string in_words(CURLcode code) const {
        // What libcurl says of an address that it cannot read may be a part of a password.
        if (code == CURLE_COULDNT_RESOLVE_PROXY)
            return "the proxy's host is not known, or its address is malformed";
        // And it repeats a proxy's that it cannot read, with the credentials in it.
        return without_secret(reason_[0] != '\0' ? reason_.data() : curl_easy_strerror(code),
                              proxy_);
    }

    HttpFault fault(CURLcode code) const {
        const bool sent = anything_sent();
        const std::string text = in_words(code);
        long proxy_status = 0;
        curl_easy_getinfo(handles_.easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
        if (proxy_status >= 400 && proxy_status < 500)
            return {ErrorKind::permission, origin(), text + kProxys, false, sent};
        if (code == CURLE_COULDNT_CONNECT && !proxy_.empty() && !names_server(text, request_.url))
            return {ErrorKind::unavailable, origin(), text + kProxys, true, sent};
        if (code == CURLE_SSL_CONNECT_ERROR && text.find(kNoTls) != std::string::npos)
            return {ErrorKind::unavailable, origin(), text + " (is that an https server?)", false,
                    sent};
        switch (code) {
            case CURLE_PEER_FAILED_VERIFICATION:
            case CURLE_SSL_CACERT_BADFILE:
            case CURLE_SSL_CERTPROBLEM:
            case CURLE_SSL_ISSUER_ERROR:
                return {ErrorKind::permission, origin(), text + std::string(whom_to_trust(text)),
                        false, sent};
            case CURLE_OUT_OF_MEMORY:
                return {ErrorKind::limit, origin(),
                        "a header of more than 100 kB, or out of memory", false, sent};
            case CURLE_URL_MALFORMAT:
                return {ErrorKind::bad_request, origin(), text, false, sent};
            case CURLE_UNSUPPORTED_PROTOCOL:
            case CURLE_WEIRD_SERVER_REPLY:
            case CURLE_BAD_CONTENT_ENCODING:
                return {ErrorKind::unavailable, origin(), text + " (is that an HTTP server?)",
                        false, sent};
            default:
                return {ErrorKind::unavailable, origin(), text, true, sent};
        }
    }

    // libcurl's callbacks: no exception may leave them.

    static size_t give_body(char* buffer, size_t size, size_t count, void* self_pointer) {
        auto& self = *static_cast<HttpTransfer*>(self_pointer);
        try {
            const HttpBody& body = self.request_.body;
            const uint64_t left = body.size - self.sent_;
            const size_t wanted = std::min<uint64_t>(size * count, left);
            if (wanted == 0) return 0;
            const size_t got = body.bytes->read_at(
                body.offset + self.sent_, std::as_writable_bytes(std::span(buffer, wanted)));
            if (got < wanted)
                throw Error(ErrorKind::corrupt, "the image has become shorter while it was read");
            self.sent_ += got;
            self.context_.progress();
            return got;
        } catch (...) {
            self.error_ = std::current_exception();
            return CURL_READFUNC_ABORT;
        }
    }

    static int rewind_body(void* self_pointer, curl_off_t offset, int origin) {
        if (origin != SEEK_SET) return CURL_SEEKFUNC_FAIL;
        static_cast<HttpTransfer*>(self_pointer)->sent_ = static_cast<uint64_t>(offset);
        return CURL_SEEKFUNC_OK;
    }

    static size_t take_body(char* data, size_t size, size_t count, void* self_pointer) {
        auto& self = *static_cast<HttpTransfer*>(self_pointer);
        try {
            if (!self.has_head_)  // behind a 101, which nobody has asked for
                throw HttpFault(ErrorKind::unavailable, self.origin(),
                                "a body without a status (is that an HTTP server?)", false);
            if (!self.window_.empty() && self.window_.size() + size * count > kWindow) {
                self.paused_ = true;  // libcurl keeps these bytes
                return CURL_WRITEFUNC_PAUSE;
            }
            self.window_.append(data, size * count);
            self.context_.progress();
            return size * count;
        } catch (...) {
            self.error_ = std::current_exception();
            return 0;
        }
    }

    static size_t take_header(char* data, size_t size, size_t count, void* self_pointer) {
        auto& self = *static_cast<HttpTransfer*>(self_pointer);
        try {
            const std::string_view line(data, size * count);
            self.head_bytes_ += line.size();
            if (self.head_bytes_ > kMaxHttpHead)
                throw HttpFault(ErrorKind::limit, self.origin(), "its headers have no end", false);
            if (self.has_head_) return line.size();  // a trailer
            if (line.starts_with("HTTP/")) {
                self.response_.headers.clear();  // after a 100
                const std::string_view status = line.substr(std::min(line.find(' '), line.size()));
                self.response_.reason =
                    ascii::trim(status.substr(std::min<size_t>(kStatusWidth, status.size())));
            }
            if (ascii::trim(line).empty()) self.has_head_ = self.status() >= kFinalStatus;
            const size_t colon = line.find(':');
            if (colon != std::string_view::npos)
                self.response_.headers.emplace_back(ascii::to_lower(line.substr(0, colon)),
                                                    ascii::trim(line.substr(colon + 1)));
            return line.size();
        } catch (...) {
            self.error_ = std::current_exception();
            return 0;
        }
    }

    HttpHandles& handles_;
    const HttpRequest request_;
    Context& context_;
    List headers_;
    std::string proxy_;  // of this request
    std::array<char, CURL_ERROR_SIZE> reason_{};
    uint64_t sent_ = 0;
    bool has_head_ = false;
    size_t head_bytes_ = 0;
    std::string window_;  // of the body: what came and was not read
    size_t taken_ = 0;    // of that: what was read
    bool paused_ = false;
    std::optional<CURLcode> ended_;
    std::optional<Context::Clock::time_point> grace_end_;
    std::exception_ptr error_;
    HttpResponse response_;
};

HttpStream::HttpStream(std::unique_ptr<HttpTransfer> transfer) : transfer_(std::move(transfer)) {}
HttpStream::~HttpStream() = default;
const HttpResponse& HttpStream::head() const {
    return transfer_->head();
}
size_t HttpStream::read(std::span<std::byte> buffer) {
    return transfer_->read(buffer);
}
HttpResponse HttpStream::whole() {
    return transfer_->whole();
}

HttpClient::HttpClient(const HttpSettings& settings) : settings_(settings) {
    make_libcurl_ready();
    handles_ = std::make_unique<HttpHandles>();
    if (handles_->multi == nullptr || handles_->easy == nullptr) throw std::bad_alloc();
}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpStream> HttpClient::open(const HttpRequest& request, Context& context) {
    context.check();
    auto transfer = std::make_unique<HttpTransfer>(*handles_, settings_, request, context);
    transfer->await_head();
    return std::unique_ptr<HttpStream>(new HttpStream(std::move(transfer)));
}

}  // namespace onemarket
