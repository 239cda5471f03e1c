// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/settings.h"

#include <algorithm>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr std::string_view kMarketplace = "MARKETPLACE";
constexpr uint64_t kMegabyte = uint64_t{1} << 20;
constexpr uint64_t kDefaultPartMegabytes = 32;
constexpr uint64_t kSmallestPartMegabytes = 5;    // S3's limit
constexpr uint64_t kLargestPartMegabytes = 1024;  // a part is what is sent again, and may be in RAM
constexpr uint64_t kDefaultTotalMegabytes = 1 << 20;
constexpr size_t kMaxPrefix = 200;  // a key has 1024 bytes
constexpr std::string_view kProbe = "check-";

[[noreturn]] void refuse(std::string_view attribute, const std::string& reason) {
    throw Error(ErrorKind::bad_request, std::string(attribute) + " " + reason);
}

bool all_of(std::string_view text, auto&& test) {
    return std::all_of(text.begin(), text.end(), test);
}

// A template in the message, where the service is described.
struct Attributes {
    const DriverMessage& message;
    std::string_view owner;  // element below the root

    std::optional<std::string> get(std::string_view attribute) const {
        return message.text(std::string(owner) + "/TEMPLATE/" + std::string(attribute));
    }
    std::string required(std::string_view attribute) const {
        if (std::optional<std::string> value = get(attribute)) return *value;
        refuse(attribute, "is missing in the " + ascii::to_lower(owner) + "'s template");
    }
};

bool is_graphic(char c) {
    return c > ' ' && c < '\x7f';
}

// For what becomes part of a header.
std::string graphic(const Attributes& attributes, std::string_view attribute) {
    std::string value = attributes.required(attribute);
    if (!all_of(value, is_graphic)) refuse(attribute, "has characters no such value has");
    return value;
}

bool flag(const Attributes& attributes, std::string_view attribute, bool standard) {
    const std::optional<std::string> value = attributes.get(attribute);
    if (!value) return standard;
    if (const std::optional<bool> flag = ascii::parse_flag(*value)) return *flag;
    refuse(attribute, "'" + *value + "' is neither YES nor NO");
}

uint64_t number(const Attributes& attributes, std::string_view attribute, uint64_t standard,
                uint64_t low, uint64_t high) {
    const std::optional<std::string> text = attributes.get(attribute);
    if (!text) return standard;
    const auto value = ascii::parse_number<uint64_t>(*text);
    if (!value || *value < low || *value > high)
        refuse(attribute, "'" + *text + "' is no whole number of MB from " + std::to_string(low) +
                              " to " + std::to_string(high));
    return *value;
}

std::string region_name(const Attributes& attributes) {
    std::string name = attributes.required("REGION");
    if (!is_region_name(name)) refuse("REGION", "'" + name + "' is no name of a region");
    return name;
}

// A slash would make the site's downloader ask for another key.
std::string prefix(const Attributes& attributes) {
    std::string value = attributes.get("APP_PREFIX").value_or("marketapp");
    const bool characters = all_of(
        value, [](char c) { return ascii::is_alnum(c) || c == '.' || c == '-' || c == '_'; });
    if (!characters || value.find("..") != std::string::npos || value.size() > kMaxPrefix)
        refuse("APP_PREFIX", "'" + value + "' is not of letters, digits, - _ and single dots");
    return value;
}

// All are served by version 4 of the signature: docs/markets/s3.md says why.
void check_signature_version(const Attributes& attributes) {
    const std::string version = attributes.get("SIGNATURE_VERSION").value_or("v4");
    for (const std::string_view known : {"s3", "v4", "s3v4"})
        if (ascii::iequals(version, known)) return;
    refuse("SIGNATURE_VERSION", "'" + version + "' is neither s3 nor v4");
}

bool is_aws_host(const std::string& host) {
    return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

Url endpoint(const Attributes& attributes, const std::string& region) {
    const std::optional<std::string> text = attributes.get("ENDPOINT");
    if (!text) {
        if (!flag(attributes, "AWS", true))
            refuse("ENDPOINT", "is missing in the " + ascii::to_lower(attributes.owner) +
                                   "'s template, which says AWS=no");
        return {"https", aws_host(region), "", ""};
    }
    Result<Url> url = parse_url(*text);
    // The text is not repeated: whoever put credentials into it does not want them in a log.
    if (!url) refuse("ENDPOINT", url.reason());
    return *url;
}

// True where `bucket`.host is a name, and one the service's certificate is made out for.
bool fits_into_host(const std::string& bucket, const Url& endpoint) {
    const bool name = all_of(bucket, [](char c) {
        return ascii::is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
    });
    const bool dots = bucket.find('.') != std::string::npos;
    return name && !is_ip_address(endpoint) && !(dots && endpoint.scheme == "https");
}

}  // namespace

std::string aws_host(const std::string& region) {
    return "s3." + region + ".amazonaws.com" + (region.starts_with("cn-") ? ".cn" : "");
}

// Ceph takes more names than AWS does: upper case and underscores too.
bool is_bucket_name(std::string_view text) {
    const bool characters =
        all_of(text, [](char c) { return ascii::is_alnum(c) || c == '.' || c == '-' || c == '_'; });
    return characters && text.size() >= 3 && text.size() <= 63 && ascii::is_alnum(text.front()) &&
           ascii::is_alnum(text.back()) && text.find("..") == std::string_view::npos;
}

bool is_region_name(std::string_view text) {
    return !text.empty() &&
           all_of(text, [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; });
}

std::string S3Target::host() const {
    return path_style ? endpoint.authority() : bucket + "." + endpoint.authority();
}

std::string S3Target::path(const std::string& key) const {
    std::string path = endpoint.path;
    if (path_style) path += "/" + percent_encode(bucket);
    if (!key.empty()) return path + "/" + percent_encode(key, "-._~/");
    return path.empty() ? "/" : path;
}

std::string S3Settings::probe_key(std::string_view mark) const {
    return key_prefix() + std::string(kProbe) + std::string(mark);
}

bool S3Settings::is_probe(std::string_view key) const {
    return key.starts_with(probe_key("")) && key.size() > probe_key("").size();
}

std::string S3Settings::key_of(ObjectId app) const {
    return key_prefix() + std::to_string(app);
}

std::string S3Settings::source_of(const std::string& key) const {
    return "s3://" + target.bucket + "/" + key;
}

bool describes_s3(const DriverMessage& message, std::string_view owner) {
    const Attributes attributes{message, owner};
    return attributes.get("ACCESS_KEY_ID") && attributes.get("SECRET_ACCESS_KEY");
}

S3Target s3_target(const DriverMessage& message, std::string_view owner, std::string bucket) {
    const Attributes attributes{message, owner};
    S3Target target;
    target.credentials.access_key = graphic(attributes, "ACCESS_KEY_ID");
    target.credentials.secret_key = Secret(attributes.required("SECRET_ACCESS_KEY"));
    if (attributes.get("SESSION_TOKEN"))
        target.credentials.session_token = Secret(graphic(attributes, "SESSION_TOKEN"));
    target.bucket = std::move(bucket);
    target.region = region_name(attributes);
    target.endpoint = endpoint(attributes, target.region);
    target.aws = is_aws_host(target.endpoint.host);
    const bool forced = flag(attributes, "FORCE_PATH_STYLE", false);
    target.path_style = forced || !fits_into_host(target.bucket, target.endpoint);
    check_signature_version(attributes);
    return target;
}

S3Settings s3_settings(const DriverMessage& message) {
    const Attributes attributes{message, kMarketplace};
    S3Settings settings;
    const std::string bucket = attributes.required("BUCKET");
    if (!is_bucket_name(bucket)) refuse("BUCKET", "'" + bucket + "' is no name of a bucket");
    settings.target = s3_target(message, kMarketplace, bucket);
    settings.app_prefix = prefix(attributes);
    // What is below S3's limit for a part is raised to it: the attribute once meant reads.
    settings.part_bytes =
        std::max(kSmallestPartMegabytes, number(attributes, "READ_LENGTH", kDefaultPartMegabytes, 1,
                                                kLargestPartMegabytes)) *
        kMegabyte;
    settings.total_mb =
        number(attributes, "TOTAL_MB", kDefaultTotalMegabytes, 1, uint64_t{1} << 50);
    return settings;
}

}  // namespace onemarket
