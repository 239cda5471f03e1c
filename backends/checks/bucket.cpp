// SPDX-License-Identifier: Apache-2.0
#include "backends/checks/bucket.h"

#include <algorithm>

#include "backends/io/digest.h"
#include "backends/io/http_status.h"
#include "backends/io/http_trust.h"
#include "backends/io/http_words.h"
#include "backends/io/random.h"
#include "backends/io/s3/bucket.h"
#include "protocol/hex.h"

namespace onemarket {
namespace {

constexpr TimeLimit kTakeBackLimit{std::chrono::seconds(10), false};
constexpr RetryPolicy kPolicy{2, std::chrono::milliseconds(200), std::chrono::seconds(2)};
constexpr int64_t kSkew = 60;  // seconds; S3 takes 15 minutes

// What an administrator does about a refusal; `right` is the one the step needs.
class Remedies {
  public:
    explicit Remedies(const S3Target& target) : target_(target) {}

    auto operator()(const char* right) const {
        return [this, right](const Error& error) { return remedy(error, right); };
    }

  private:
    std::string remedy(const Error& error, const std::string& right) const {
        const auto* refusal = dynamic_cast<const S3Error*>(&error);
        const std::string code = refusal == nullptr ? "" : refusal->code();
        if (code == "NoSuchBucket")
            return "create it; the first import would, where it has the right s3:CreateBucket";
        if (code == "RequestTimeTooSkewed") return "set the clock";
        if (code == "AuthorizationHeaderMalformed") return "correct REGION";
        if (code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch")
            return "correct ACCESS_KEY_ID and SECRET_ACCESS_KEY";
        if (const std::string trust = remedy_for_trust(error.what()); !trust.empty()) return trust;
        if (error.kind() == ErrorKind::permission) return "give ACCESS_KEY_ID the right " + right;
        if (is_unreachable(error.kind())) return "correct ENDPOINT, or start the service" + hint();
        return "the service's documents and log say what it means by that";
    }
    std::string hint() const {
        if (target_.aws || target_.path_style) return "";
        return "; where the name " + target_.host() + " does not exist: FORCE_PATH_STYLE = \"YES\"";
    }

    const S3Target& target_;
};

// What is tried in the bucket, and goes with this.
class Probe {
  public:
    Probe(const S3Settings& settings, const Site& site, const Context& context)
        : bucket_(settings.target, site.http, kPolicy),
          settings_(settings),
          site_(site),
          context_(context) {}
    ~Probe() {
        if (!object_ && !upload_) return;
        Context own(context_.id(), {}, kTakeBackLimit, context_.log());
        try {
            S3Bucket bucket(settings_.target, site_.http, kPolicy);
            if (object_) bucket.remove(key_, own);
            if (upload_) abort(bucket, own);
        } catch (const Error& error) {
            own.log().log(LogLevel::warning, key_ + " stays: " + error.what());
        }
    }
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    S3Bucket& bucket() { return bucket_; }
    const std::string& key() const { return key_; }

    void put(Context& context) {
        const MemoryBytes bytes{std::string_view(content_)};
        object_ = true;
        bucket_.put(key_, {}, {&bytes, 0, content_.size()}, to_hex(sha256(content_)), context);
    }
    // The answer's head; its bytes are those that were put.
    HttpResponse get(Context& context) {
        const std::unique_ptr<HttpStream> stream = bucket_.get(key_, {}, context);
        HttpResponse response = stream->whole();
        if (response.body != content_)
            throw Error(ErrorKind::corrupt, "other bytes come than were sent");
        return response;
    }
    void begin_upload(Context& context) {
        upload_ = true;
        id_ = bucket_.begin_upload(key_, {}, unknown_, context);
    }
    void abort_upload(Context& context) {
        abort(bucket_, context);
        upload_ = false;
    }
    void remove(Context& context) {
        bucket_.remove(key_, context);
        object_ = false;
    }
    // Where it was refused nothing came of it; where nobody answered something may have.
    void forget_upload() { upload_ = unknown_; }

  private:
    void abort(S3Bucket& bucket, Context& context) {
        if (!id_.empty()) bucket.abort_upload(key_, id_, context);
        if (!unknown_) return;
        for (const std::string& id : bucket.uploads_of(key_, context))
            bucket.abort_upload(key_, id, context);
    }

    S3Bucket bucket_;
    const S3Settings& settings_;
    const Site& site_;
    const Context& context_;
    std::string key_ = settings_.probe_key(random_hex());
    std::string content_ = "onemarketctl check " + random_hex() + "\n";
    std::string id_;                        // of the upload, once it is known
    bool unknown_ = false;                  // there may be one whose id was lost
    bool object_ = false, upload_ = false;  // may be there
};

void check_line(const std::string& what, const S3Target& target, const HttpSettings& http,
                Findings& findings) {
    if (target.endpoint.scheme != "https")
        findings.warning(what, "what goes over the line is not encrypted",
                         "https:// in ENDPOINT, where the service has it");
    else if (!is_verified(http, "https://" + target.host()))
        findings.warning(what, "its certificate is not verified",
                         "CA_FILE in onemarketd.conf, in the place of TLS_VERIFY and "
                         "TLS_UNVERIFIED_HOSTS");
}

void check_clock(const std::string& what, const HttpResponse& response, Findings& findings) {
    const std::optional<int64_t> there = date_in(response, "date");
    if (!there) return;
    const int64_t ahead =
        std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) - *there;
    if (std::abs(ahead) > kSkew)
        findings.warning(what,
                         "this host's clock is " + std::to_string(std::abs(ahead)) + " s " +
                             (ahead > 0 ? "ahead of" : "behind") + " the service's",
                         "set the clock: at 15 minutes nothing works");
}

}  // namespace

void check_bucket(const S3Settings& settings, const Site& site, Context& context,
                  Findings& findings) {
    const S3Target& target = settings.target;
    const std::string endpoint = "ENDPOINT " + target.endpoint.scheme + "://" + target.host();
    const std::string what = "BUCKET " + target.bucket;
    const Remedies remedies(target);
    check_line(endpoint, target, site.http, findings);
    Probe probe(settings, site, context);
    const bool there = findings.attempt(what, remedies("s3:ListBucket"), context, [&] {
        probe.bucket().list(settings.key_prefix(), "", "", 1, context);
        findings.ok(what, "there, and ACCESS_KEY_ID may list it");
    });
    if (!there) return;
    const bool written = findings.attempt(what, remedies("s3:PutObject"), context, [&] {
        probe.put(context);
        findings.ok(what, "an object can be written");
    });
    if (written)
        findings.attempt(what, remedies("s3:GetObject"), context, [&] {
            const HttpResponse response = probe.get(context);
            findings.ok(what, "it reads as it was written");
            check_clock(endpoint, response, findings);
        });
    const bool begun = findings.attempt(what, remedies("s3:PutObject"), context, [&] {
        probe.begin_upload(context);
        findings.ok(what, "an upload in parts can be begun");
    });
    findings.attempt(
        what, remedies("s3:ListBucketMultipartUploads"), context,
        [&] {
            const auto uploads = probe.bucket().uploads(settings.key_prefix(), context);
            const auto others = std::count_if(
                uploads.begin(), uploads.end(),
                [&probe](const S3Bucket::Upload& upload) { return upload.key != probe.key(); });
            findings.ok(what, "pending uploads can be listed: " + std::to_string(others));
        },
        Finding::State::warning);
    if (begun)
        findings.attempt(
            what, remedies("s3:AbortMultipartUpload"), context,
            [&] {
                probe.abort_upload(context);
                findings.ok(what, "and given up");
            },
            Finding::State::warning);
    else
        probe.forget_upload();
    if (written)
        findings.attempt(what, remedies("s3:DeleteObject"), context, [&] {
            probe.remove(context);
            findings.ok(what, "the object can be removed");
        });
}

}  // namespace onemarket
