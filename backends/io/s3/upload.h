// SPDX-License-Identifier: Apache-2.0
// Writes one object of a bucket, from begin to end, in parts that travel side by side. Nobody sees
// it before publish(); what is not published is taken back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "backends/io/digest.h"
#include "backends/io/s3/bucket.h"
#include "backends/io/s3/known_parts.h"
#include "backends/io/s3/part_plan.h"

namespace onemarket {

// Of an app's name in an object's metadata; encoded three times that, of 2 KB in all.
inline constexpr size_t kS3MaxNameBytes = 170;

struct S3UploadPlan {
    std::string key;
    std::string format, app_name;  // go into the object's metadata
    uint64_t expected_bytes = 0;   // about; a stream does not tell
    uint64_t part_bytes = 0;
    size_t parallel = 4;  // parts at one time
    // The image by its place, where it has one: then parts are read again as they are sent. Where
    // it is null they are kept in memory, `parallel` of them. Must outlive the upload.
    const RandomAccess* bytes = nullptr;
};

// Written by one thread; has others to send the parts. Every part is proven by the service, which
// compares it with the SHA-256 it was signed with.
class S3Upload : public Sink {
  public:
    // `bucket`, `http` and `context` must outlive it. Nothing is sent yet.
    S3Upload(S3Bucket& bucket, const HttpSettings& http, S3UploadPlan plan, Context& context);

    // What is not published is gone afterwards: parts on the service, a half-known object. What
    // cannot be removed is named in the request's log.
    ~S3Upload() override;

    // For an import that an earlier life of the driver began: goes on with its upload. Parts the
    // service has already are not sent again, if they are those of this image; other uploads of
    // this key are aborted. To be called before anything is written.
    void take_up();

    // What is not published stays on the service, for an import that is tried again.
    void keep() { kept_ = true; }

    void write(std::span<const std::byte> bytes) override;
    void skip(uint64_t count) override;

    // The first bytes that were written, as many as tell an image's format.
    std::span<const std::byte> head() const { return head_; }

    // Makes the object of all that was written, and sees it whole. `md5` of it in hex. Throws Error
    // when the key is taken meanwhile, and when the object is not what was written.
    void publish(const std::string& md5);

  private:
    using Buffer = std::unique_ptr<std::byte[]>;
    struct Part {
        uint64_t number = 0;  // from 1
        uint64_t offset = 0;  // in the image
        uint64_t size = 0;
        std::string sha256;
        Buffer buffer;  // null where the image is read by its place
    };

    void open_part();
    void begin_upload();
    void close_part();
    void add(const std::byte* bytes, uint64_t count);
    void wait_for(auto&& condition);

    void work();
    std::optional<Part> take();
    std::string send(S3Bucket& bucket, const Part& part);
    void sent(Part part, std::string etag);
    void fail();

    void add_worker();

    bool sent_before();
    bool made_before();
    [[noreturn]] void refuse_key() const;
    HttpHeaders metadata() const;
    void put_object(const std::string& md5);
    void complete_upload();
    void make(const std::function<void()>& attempt);
    bool is_there();
    std::string place() const;
    std::string fault_of(const std::optional<S3Bucket::Head>& head) const;
    void tag(const std::string& md5);

    void end_workers();
    void take_back();
    void abort_unknown(Context& context);
    void remove_object(std::chrono::milliseconds limit, Context& context);
    void clear_away(auto&& step);

    S3Bucket& bucket_;
    const HttpSettings& http_;
    S3UploadPlan plan_;
    Context& context_;

    PartPlan parts_;
    std::vector<std::byte> head_;
    Digest part_sha256_{"SHA256"};
    std::string sha256s_;  // of all parts before it, as bytes
    Part part_;            // the one being filled
    KnownParts known_parts_;
    uint64_t written_ = 0;

    std::string import_;           // in the object's metadata: which import made it
    std::string upload_;           // id of the multipart upload; empty: none was begun
    bool unknown_upload_ = false;  // there may be one whose id was lost
    enum class Made { no, perhaps, yes } made_ = Made::no;  // the object
    std::string expected_etag_;                             // empty where the service's is no MD5
    bool kept_ = false;
    bool published_ = false;  // and seen whole

    // Ends the workers: with the request, and when one of them has failed.
    std::stop_source stop_;
    std::stop_callback<std::function<void()>> chain_;
    Context share_;

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Part> queue_;
    size_t outstanding_ = 0;            // parts queued or on their way
    std::vector<Buffer> free_buffers_;  // has room for all
    size_t buffers_ = 0;                // that there are
    std::map<uint64_t, std::string> etags_;
    std::exception_ptr error_;  // the first
    bool closed_ = false;
    std::vector<std::jthread> workers_;
};

}  // namespace onemarket
