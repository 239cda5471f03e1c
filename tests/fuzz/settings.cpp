// SPDX-License-Identifier: Apache-2.0
// What administrators write into the templates of marketplaces and datastores: what is taken of it
// may stand in an address, a header, a key or a command. Parts of an input: names of attributes and
// their values by turns.
#include <algorithm>

#include "backends/discovery/container.h"
#include "backends/discovery/endpoint.h"
#include "backends/io/bridge.h"
#include "backends/io/s3/part_plan.h"
#include "backends/io/s3/settings.h"
#include "protocol/ascii.h"
#include "protocol/xml.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

bool is_word(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(),
                                        [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

DriverMessage message_of(const std::vector<std::string_view>& parts) {
    XmlDocument document("MARKET_DRIVER_ACTION_DATA");
    for (size_t i = 0; i + 1 < parts.size(); i += 2)
        if (is_word(parts[i])) document.set("MARKETPLACE/TEMPLATE", parts[i], parts[i + 1]);
    auto message = DriverMessage::parse(document.to_string());
    if (!message) throw Error(ErrorKind::bad_request, "no message");
    return std::move(*message);
}

// Whatever it makes of the attribute, it says so.
void attempt(auto&& step) {
    try {
        step();
    } catch (const Error& error) {
        must(error.kind() == ErrorKind::bad_request, "what is wrong is the request");
    }
}

void check_s3(const S3Settings& settings) {
    must(is_bucket_name(settings.target.bucket), "a bucket has a name");
    must(is_region_name(settings.target.region), "a region has a name");
    must(settings.part_bytes >= kS3MinPart && settings.part_bytes <= kS3MaxPart,
         "a part is as large as it may be");
    const std::string key = settings.key_of(5);
    must(key.find('/') == std::string::npos && is_one_line(key) && !settings.is_probe(key),
         "a key is one name");
    must(settings.is_probe(settings.probe_key("x")), "what tries the bucket is known for it");
    must(settings.source_of(key).starts_with("s3://" + settings.target.bucket + "/"),
         "a source is in the bucket");
    for (const std::string& text : {settings.target.host(), settings.target.path(key)})
        must(is_one_line(text) && text.find(' ') == std::string::npos, "an address has no blanks");
    must(is_one_line(settings.target.credentials.access_key), "a header is one line");
}

void check_container(const ContainerOptions& options) {
    for (const std::string& text : {options.filesystem, options.format, options.cpu})
        must(is_plain(text), "an option means nothing to a shell");
    must(options.size_mb > 0 && options.vcpu > 0 && options.memory_mb > 0, "sizes are sizes");
}

}  // namespace

void one_input(std::string_view input) {
    const DriverMessage message = message_of(parts_of(input));
    attempt([&] { check_s3(s3_settings(message)); });
    attempt([&] { check_container(container_options(message)); });
    attempt(
        [&] { must(is_one_line(endpoint_of(message, "https://h")), "an address is one line"); });
    attempt([&] {
        for (const std::string& host : bridge_hosts(message.market("BRIDGE_LIST").value_or("a")))
            must(is_bridge_host(host), "a host is no option");
    });
}

}  // namespace onemarket::fuzz
