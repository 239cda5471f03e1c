// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/all_sources.h"

#include <array>
#include <utility>

#include "backends/sources/downloader.h"
#include "backends/sources/file.h"
#include "backends/sources/http.h"
#include "backends/sources/rbd.h"
#include "backends/sources/s3.h"
#include "backends/sources/ssh.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr std::string_view kS3 = "s3://";

// Null where nobody says how to get at it.
std::unique_ptr<ImageSource> make_s3_source(ImageFacts& facts, const DriverMessage& message,
                                            const Site& site, S3Owners owners) {
    const std::string_view place = std::string_view(facts.location).substr(kS3.size());
    const size_t slash = std::min(place.find('/'), place.size());
    const std::string bucket(place.substr(0, slash));
    const std::string key(place.substr(std::min(slash + 1, place.size())));
    std::array<std::string_view, 2> order{"DATASTORE", "MARKETPLACE"};
    if (owners == S3Owners::marketplace_first) std::swap(order[0], order[1]);
    for (const std::string_view owner : order) {
        if (!describes_s3(message, owner)) continue;
        if (!is_bucket_name(bucket) || key.empty())
            throw Error(ErrorKind::bad_request,
                        "source " + facts.location + " is not s3://bucket/key");
        return std::make_unique<S3Source>(std::move(facts), s3_target(message, owner, bucket), key,
                                          site);
    }
    return nullptr;
}

}  // namespace

std::unique_ptr<ImageSource> make_source(ImageFacts facts, const DriverMessage& message,
                                         const Site& site, S3Owners owners) {
    const auto begins_with = [start = ascii::to_lower(facts.location.substr(0, 8))](
                                 std::string_view with) { return start.starts_with(with); };
    if (begins_with("/")) return std::make_unique<FileSource>(std::move(facts));
    if (begins_with("http://") || begins_with("https://"))
        return std::make_unique<HttpSource>(std::move(facts), site);
    if (begins_with("rbd://")) return std::make_unique<RbdSource>(std::move(facts), site);
    if (begins_with("ssh://")) return std::make_unique<SshSource>(std::move(facts), site);
    if (begins_with(kS3))
        if (auto source = make_s3_source(facts, message, site, owners)) return source;
    return std::make_unique<DownloaderSource>(std::move(facts), site);
}

}  // namespace onemarket
