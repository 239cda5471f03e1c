// SPDX-License-Identifier: Apache-2.0
#include "backends/examination.h"

#include <optional>

#include "backends/io/digest.h"
#include "backends/io/pump.h"
#include "protocol/ascii.h"
#include "protocol/hex.h"

namespace onemarket {
namespace {

// Counts bytes, and hashes them part by part where there are parts.
class PartsSink : public Sink {
  public:
    PartsSink(uint64_t part_bytes, const std::function<void(uint64_t)>& progress)
        : part_bytes_(part_bytes), progress_(progress) {}

    void write(std::span<const std::byte> bytes) override {
        add(bytes.size(),
            [&](uint64_t from, uint64_t count) { part_.update(bytes.subspan(from, count)); });
    }
    void skip(uint64_t count) override {
        add(count, [&](uint64_t, uint64_t zeros) { part_.update_zeros(zeros); });
    }

    // As S3Upload composes it.
    std::string finish() {
        if (filled_ > 0 || parts_ == 0) close_part();
        return to_hex(sha256(hashes_)) + "-" + std::to_string(parts_);
    }

  private:
    void add(uint64_t count, auto&& hash) {
        for (uint64_t from = 0; part_bytes_ > 0 && from < count;) {
            const uint64_t step = std::min(count - from, part_bytes_ - filled_);
            hash(from, step);
            from += step;
            filled_ += step;
            if (filled_ == part_bytes_) close_part();
        }
        bytes_ += count;
        if (progress_) progress_(bytes_);
    }
    void close_part() {
        hashes_ += part_.finish_bytes();
        part_.begin();
        ++parts_;
        filled_ = 0;
    }

    uint64_t part_bytes_;
    const std::function<void(uint64_t)>& progress_;
    Digest part_{"SHA256"};
    std::string hashes_;
    uint64_t bytes_ = 0, filled_ = 0, parts_ = 0;
};

std::string number_of_parts(std::string_view hash) {
    return std::string(hash.substr(std::min(hash.find('-'), hash.size())));
}

}  // namespace

std::string differences(const Manifest& manifest, Reader& image,
                        const std::function<void(uint64_t)>& progress, Context& context) {
    Digest md5("MD5");
    std::optional<Digest> sha256;
    if (!manifest.sha256.empty()) sha256.emplace("SHA256");
    PartsSink parts(manifest.sha256_of_parts.empty() ? 0 : manifest.part_bytes, progress);
    const uint64_t bytes = pump(image, parts, md5, context, sha256 ? &*sha256 : nullptr);

    std::string text;
    const auto compare = [&text](const std::string& what, const std::string& is,
                                 const std::string& noted) {
        if (noted.empty() || is == noted) return;
        text += (text.empty() ? "" : "; ") + what + " is " + is + ", noted is " + noted;
    };
    compare("size", std::to_string(bytes),
            manifest.bytes ? std::to_string(*manifest.bytes) : std::string());
    compare("MD5", md5.finish(), manifest.md5);
    if (sha256) compare("SHA-256", sha256->finish(), manifest.sha256);
    if (!manifest.sha256_of_parts.empty()) {
        const std::string is = parts.finish();
        // Parts of a stream that was longer than promised grow: theirs cannot be told again.
        if (number_of_parts(is) == number_of_parts(manifest.sha256_of_parts) || !text.empty())
            compare("SHA-256 of the parts", is, manifest.sha256_of_parts);
    }
    return text;
}

}  // namespace onemarket
