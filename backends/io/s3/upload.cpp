// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/upload.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>

#include "backends/io/cleared_memory.h"
#include "backends/io/s3/etag.h"
#include "protocol/ascii.h"
#include "protocol/hex.h"
#include "protocol/step.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

// The upload's id, and the size of its first part.
constexpr std::string_view kUploadNote = "upload";

constexpr size_t kHeadBytes = size_t{64} << 10;    // what image_format looks at
constexpr size_t kMaxFormatBytes = 40;             // in the metadata, as kS3MaxNameBytes
constexpr uint64_t kHoleStep = uint64_t{4} << 20;  // so that a cancel does not wait for zeros

// What taking back may last: after a failure, and where somebody waits for the request to end.
constexpr std::chrono::milliseconds kTakeBackLimit{15'000};
constexpr std::chrono::milliseconds kHurriedLimit{500};
// An object that may come yet is looked for again so often.
constexpr int kLooks = 4;
constexpr std::chrono::milliseconds kLookAgain{100};
// What may be spent on something nobody depends on.
constexpr std::chrono::milliseconds kTagLimit{10'000};

}  // namespace

S3Upload::S3Upload(S3Bucket& bucket, const HttpSettings& http, S3UploadPlan plan, Context& context)
    : bucket_(bucket),
      http_(http),
      plan_(std::move(plan)),
      context_(context),
      parts_(plan_.bytes != nullptr ? plan_.bytes->size() : plan_.expected_bytes, plan_.part_bytes),
      import_(context.record().mark()),
      chain_(context.stop_token(), [this] { stop_.request_stop(); }),
      share_(context, stop_.get_token()) {
    free_buffers_.reserve(plan_.parallel);
    workers_.reserve(plan_.parallel);  // one that has begun must have its place
}

S3Upload::~S3Upload() {
    end_workers();
    const ImportRecord& record = context_.record();
    const bool kept = (record.suspended() || kept_) && record.noted(kUploadNote);
    if (!published_ && !kept) take_back();
}

void S3Upload::take_up() {
    const std::string note = context_.record().noted(kUploadNote).value_or("");
    const auto words = ascii::split(note, " ");
    const std::string known = words.size() == 2 ? std::string(words[0]) : "";
    const bool fits = !known.empty() && words[1] == std::to_string(parts_.size_of(1));
    for (const std::string& upload : bucket_.uploads_of(plan_.key, context_))
        if (upload != known || !fits) bucket_.abort_upload(plan_.key, upload, context_);
    if (!fits) return;
    const auto parts = bucket_.parts_of(plan_.key, known, context_);
    if (!parts) return;
    upload_ = known;
    known_parts_.set(*parts);
    context_.log().log(LogLevel::debug,
                       place() + ": " + std::to_string(parts->size()) + " parts are there already");
}

// --- What is written becomes parts ---

void S3Upload::write(std::span<const std::byte> bytes) {
    if (head_.size() < kHeadBytes) {
        const auto more = bytes.first(std::min(bytes.size(), kHeadBytes - head_.size()));
        head_.insert(head_.end(), more.begin(), more.end());
    }
    add(bytes.data(), bytes.size());
}

// S3 knows no holes: zeros they are.
void S3Upload::skip(uint64_t count) {
    if (head_.size() < kHeadBytes)
        head_.resize(head_.size() + std::min<uint64_t>(count, kHeadBytes - head_.size()));
    add(nullptr, count);
}

// `bytes` null: zeros.
void S3Upload::add(const std::byte* bytes, uint64_t count) {
    while (count > 0) {
        // A full part is sent when more comes, so that an image of one part stays one object.
        if (part_.number > 0 && part_.size == parts_.size_of(part_.number)) close_part();
        if (part_.number == 0 || part_.size == 0) open_part();
        const auto room = parts_.size_of(part_.number) - part_.size;
        auto size = static_cast<size_t>(std::min(count, room));
        if (bytes == nullptr) {
            size = std::min<size_t>(size, kHoleStep);
            context_.check();
            context_.progress();
            part_sha256_.update_zeros(size);
            known_parts_.update_zeros(size);
            if (part_.buffer) std::memset(part_.buffer.get() + part_.size, 0, size);
        } else {
            part_sha256_.update({bytes, size});
            known_parts_.update({bytes, size});
            if (part_.buffer) std::memcpy(part_.buffer.get() + part_.size, bytes, size);
            bytes += size;
        }
        part_.size += size;
        written_ += size;
        count -= size;
    }
}

void S3Upload::open_part() {
    if (part_.number == 0) part_.number = 1;
    if (part_.number > kS3MaxParts || written_ >= kS3MaxObject)
        throw Error(ErrorKind::limit, "the image is larger than S3 takes (5 TiB)");
    known_parts_.begin(part_.number);
    if (plan_.bytes != nullptr || part_.buffer) return;
    const uint64_t size = parts_.size_of(part_.number);
    wait_for([this] { return !free_buffers_.empty() || buffers_ < plan_.parallel; });
    const std::lock_guard lock(mutex_);
    if (free_buffers_.empty()) {
        ++buffers_;
    } else {
        part_.buffer = std::move(free_buffers_.back());
        free_buffers_.pop_back();
        if (size == parts_.size_of(1)) return;
        part_.buffer.reset();  // too small
    }
    part_.buffer = std::make_unique_for_overwrite<std::byte[]>(size);
}

// Hands the part to the workers; waits while they have enough to do.
void S3Upload::close_part() {
    if (upload_.empty()) begin_upload();
    const std::string sha256 = part_sha256_.finish_bytes();
    part_sha256_.begin();
    sha256s_ += sha256;
    part_.sha256 = to_hex(sha256);
    // One more than are on their way, so that a worker need not wait for its hash.
    const Part next{part_.number + 1, part_.offset + part_.size, 0, "", nullptr};
    if (sent_before()) {
        const std::lock_guard lock(mutex_);
        if (part_.buffer) free_buffers_.push_back(std::move(part_.buffer));
    } else {
        wait_for([this] { return outstanding_ <= plan_.parallel; });
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(part_));
        ++outstanding_;
        if (workers_.size() < std::min(plan_.parallel, outstanding_)) add_worker();
        changed_.notify_all();
    }
    part_ = Part{next.number, next.offset, 0, "", nullptr};
}

void S3Upload::begin_upload() {
    upload_ = bucket_.begin_upload(plan_.key, metadata(), unknown_upload_, context_);
    step("upload begun");
    context_.record().note(kUploadNote, upload_ + " " + std::to_string(parts_.size_of(1)));
}

// True for a part the service has, in these bytes, from an earlier life.
bool S3Upload::sent_before() {
    std::optional<std::string> etag = known_parts_.match(part_.size);
    if (!etag) return false;
    const std::lock_guard lock(mutex_);
    etags_[part_.number] = std::move(*etag);
    return true;
}

// With fewer than wanted it takes longer; with none it does not work.
void S3Upload::add_worker() {
    try {
        workers_.push_back(cleared_thread([this] { work(); }));
    } catch (const std::system_error& error) {
        if (workers_.empty()) throw system_error(error.code().value(), "a thread for a part");
    }
}

// Waits for the workers, `condition` being about what the mutex guards. Throws what one of them
// threw.
void S3Upload::wait_for(auto&& condition) {
    std::unique_lock lock(mutex_);
    while (!error_ && !condition()) {
        changed_.wait_for(lock, stop_.get_token(), std::chrono::milliseconds(500),
                          [&] { return error_ || condition(); });
        if (error_) break;
        lock.unlock();
        context_.check(bucket_.target().host());
        lock.lock();
    }
    if (error_) std::rethrow_exception(error_);
}

// --- Workers ---

// Whatever is thrown here, for want of memory too, ends this upload and no other.
void S3Upload::work() {
    try {
        S3Bucket bucket(bucket_.target(), http_, bucket_.policy());
        while (std::optional<Part> part = take()) {
            std::string etag = send(bucket, *part);
            step("part sent");
            sent(std::move(*part), std::move(etag));
        }
    } catch (...) {
        fail();
    }
}

// The next part; nothing at the end.
std::optional<S3Upload::Part> S3Upload::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !queue_.empty() || closed_; });
    if (queue_.empty()) return std::nullopt;
    Part part = std::move(queue_.front());
    queue_.pop_front();
    return part;
}

void S3Upload::sent(Part part, std::string etag) {
    const std::lock_guard lock(mutex_);
    etags_[part.number] = std::move(etag);
    if (part.buffer) free_buffers_.push_back(std::move(part.buffer));
    --outstanding_;
    changed_.notify_all();
}

// In a handler.
void S3Upload::fail() {
    {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
        changed_.notify_all();
    }
    stop_.request_stop();  // the others' work is in vain
}

std::string S3Upload::send(S3Bucket& bucket, const Part& part) {
    if (!part.buffer)
        return bucket.upload_part(plan_.key, upload_, part.number,
                                  {plan_.bytes, part.offset, part.size}, part.sha256, share_);
    const MemoryBytes bytes(std::span<const std::byte>(part.buffer.get(), part.size));
    return bucket.upload_part(plan_.key, upload_, part.number, {&bytes, 0, part.size}, part.sha256,
                              share_);
}

void S3Upload::end_workers() {
    stop_.request_stop();
    {
        const std::lock_guard lock(mutex_);
        queue_.clear();
        closed_ = true;
    }
    changed_.notify_all();
    workers_.clear();  // waits for them
}

// --- The object ---

// S3 takes a second object under a name without a word. True when the one that is there is what an
// earlier life of this import has made, and whole.
bool S3Upload::made_before() {
    if (!bucket_.contains(plan_.key, context_)) return false;
    if (!context_.record().resumed() || !fault_of(bucket_.head(plan_.key, context_)).empty())
        refuse_key();
    if (!upload_.empty())
        clear_away([this] { bucket_.abort_upload(plan_.key, upload_, context_); });
    published_ = true;
    return true;
}

void S3Upload::refuse_key() const {
    throw Error(ErrorKind::bad_request,
                "BUCKET " + bucket_.target().bucket + " has an object " + plan_.key + " already");
}

HttpHeaders S3Upload::metadata() const {
    HttpHeaders headers{{"content-type", "application/octet-stream"}, {kS3ImportHeader, import_}};
    const auto add = [&headers](const char* name, std::string_view value, size_t most) {
        if (!value.empty()) headers.emplace_back(name, percent_encode(truncate_utf8(value, most)));
    };
    add("x-amz-meta-app", plan_.app_name, kS3MaxNameBytes);
    add("x-amz-meta-format", plan_.format, kMaxFormatBytes);
    if (plan_.bytes != nullptr)
        headers.emplace_back("x-amz-meta-size", std::to_string(plan_.bytes->size()));
    return headers;
}

void S3Upload::publish(const std::string& md5) {
    const bool one_part = upload_.empty();
    if (!one_part) {
        if (part_.size > 0) close_part();
        wait_for([this] { return outstanding_ == 0; });
    }
    expected_etag_ = one_part ? md5 : etag_of_parts(etags_);
    if (made_before()) {
        if (!one_part) tag(md5);
        return;
    }
    if (one_part)
        put_object(md5);
    else
        complete_upload();
    const std::string fault = fault_of(bucket_.head(plan_.key, context_));
    if (!fault.empty()) throw Error(ErrorKind::corrupt, place() + ": " + fault);
    published_ = true;
    if (!one_part) tag(md5);
    if (unknown_upload_) clear_away([this] { abort_unknown(context_); });
}

void S3Upload::put_object(const std::string& md5) {
    const std::string sha256 = part_sha256_.finish();
    HttpHeaders headers = metadata();
    headers.emplace_back("x-amz-meta-md5", md5);
    headers.emplace_back("x-amz-meta-sha256", sha256);
    if (plan_.bytes == nullptr) headers.emplace_back("x-amz-meta-size", std::to_string(written_));
    const MemoryBytes memory(std::span<const std::byte>(part_.buffer.get(), part_.size));
    const RandomAccess* bytes = plan_.bytes != nullptr ? plan_.bytes : &memory;
    make([&] { bucket_.put(plan_.key, headers, {bytes, 0, written_}, sha256, context_); });
}

void S3Upload::complete_upload() {
    std::vector<std::string> etags;
    for (const auto& [number, etag] : etags_) etags.push_back(etag);
    make([&] { bucket_.complete_upload(plan_.key, upload_, etags, context_); });
}

// Tries what makes the object until it is there. Where an answer is lost, the object itself says
// whether the service has done it.
void S3Upload::make(const std::function<void()>& attempt) {
    Backoff backoff(bucket_.policy());
    bool lost = false;
    while (true) {
        made_ = Made::perhaps;
        try {
            attempt();
            step("object made");
            made_ = Made::yes;
            return;
        } catch (const S3Error& error) {
            // Done by an attempt whose answer was lost, an upload is not known any more.
            const bool gone = lost && error.code() == "NoSuchUpload";
            lost = lost || error.uncertain();
            made_ = lost ? Made::perhaps : Made::no;
            if (lost && is_there()) return;
            if (gone || !error.transient() || !pause_before_repeating(error, backoff, context_))
                throw;
        }
    }
}

bool S3Upload::is_there() {
    const auto head = bucket_.head(plan_.key, context_);
    // Tried again, it would be overwritten.
    if (head && head->import != import_) refuse_key();
    return head && fault_of(head).empty();
}

std::string S3Upload::place() const {
    return "s3://" + bucket_.target().bucket + "/" + plan_.key;
}

// Why the object that a HEAD has found, or not, is not the one that was sent; empty when it is.
std::string S3Upload::fault_of(const std::optional<S3Bucket::Head>& head) const {
    const std::string sent = ", sent were " + std::to_string(written_);
    if (!head) return "the service has nothing" + sent;
    if (head->import != import_) return "another object has come in its place";
    if (head->size != written_)
        return "the service has " + std::to_string(head->size) + " bytes" + sent;
    const bool comparable = !head->opaque_etag && !expected_etag_.empty() &&
                            is_etag_of_md5(head->etag, upload_.empty() ? 0 : etags_.size());
    if (comparable && head->etag != expected_etag_)
        return "the service has ETag " + head->etag + ", that of what was sent is " +
               expected_etag_;
    return "";
}

// Metadata are given before the first part, when no hash is known: these become tags. They are for
// whoever wants to compare; the import does not depend on them. A SHA-256 of the whole would cost
// as much again as that of its parts.
void S3Upload::tag(const std::string& md5) {
    const std::string of_parts = to_hex(sha256(sha256s_)) + "-" + std::to_string(etags_.size());
    auto limit = kTagLimit;
    if (const auto deadline = context_.deadline())
        limit = std::min(limit, std::chrono::duration_cast<std::chrono::milliseconds>(
                                    *deadline - Context::Clock::now()));
    if (limit.count() <= 0) return;
    Context own(context_.id(), context_.stop_token(), {limit, false}, context_.log());
    try {
        bucket_.tag(plan_.key,
                    {{"md5", md5},
                     {"sha256-of-parts", of_parts},
                     {"part-size", std::to_string(parts_.size_of(1))}},
                    own);
    } catch (const Error& error) {
        context_.log().log(LogLevel::debug, std::string("no tags: ") + error.what());
    }
}

// With a time limit of its own: whatever ended the request must not end this.
void S3Upload::take_back() {
    bool hurry = context_.stop_token().stop_requested();
    if (const auto deadline = context_.deadline())
        hurry = hurry || Context::Clock::now() >= *deadline;
    const auto limit = hurry ? kHurriedLimit : kTakeBackLimit;
    Context own(context_.id(), {}, {limit, false}, context_.log());
    // A part that was on its way may have arrived behind the first abort.
    if (!upload_.empty())
        for (int i = 0; i < 2; ++i)
            clear_away([&] { bucket_.abort_upload(plan_.key, upload_, own); });
    if (unknown_upload_) clear_away([&] { abort_unknown(own); });
    if (made_ != Made::no) clear_away([&] { remove_object(limit / 2, own); });
}

// Uploads of this key that were begun without their ids getting here.
void S3Upload::abort_unknown(Context& context) {
    const std::vector<std::string> uploads = bucket_.uploads_of(plan_.key, context);
    for (const std::string& upload : uploads) bucket_.abort_upload(plan_.key, upload, context);
    if (uploads.empty() && upload_.empty() && context_.stop_token().stop_requested())
        throw Error(ErrorKind::unavailable,
                    place() + ": perhaps an upload: its begin was not answered");
}

// Our object, and no other. One whose making was not answered may come yet.
void S3Upload::remove_object(std::chrono::milliseconds limit, Context& context) {
    for (int looks = 1;; ++looks) {
        std::optional<S3Bucket::Head> head;
        try {
            Context look_limit(context.id(), {}, {limit, false}, context.log());
            head = bucket_.head(plan_.key, look_limit);
        } catch (const Error&) {
            // That it was made, under a key that was free, is known from the answer.
            if (made_ != Made::yes) throw;
            return bucket_.remove(plan_.key, context);
        }
        if (head && head->import == import_) return bucket_.remove(plan_.key, context);
        if (head || made_ == Made::yes) return;
        if (looks == kLooks || !pause(kLookAgain, context)) break;
    }
    throw Error(ErrorKind::unavailable, place() + ", perhaps: its making was not answered");
}

// One thing more or less in the bucket must not decide what the request is answered.
void S3Upload::clear_away(auto&& step) {
    try {
        step();
    } catch (const std::exception& error) {
        context_.log().log(LogLevel::warning, std::string("left in the bucket: ") + error.what());
        context_.record().set_left(true);
    }
}

}  // namespace onemarket
