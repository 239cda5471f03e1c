// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/container.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "backends/discovery/endpoint.h"
#include "backends/discovery/entry_fields.h"
#include "backends/io/digest.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/hex.h"
#include "protocol/template.h"

namespace onemarket {
namespace {

using Kind = JsonValue::Kind;
using Outcome = Result<std::optional<DiscoveredApp>>;

constexpr std::string_view kItem = "root.tar.xz";
constexpr uint64_t kMaxSizeMegabytes = uint64_t{1} << 30;
constexpr size_t kMaxWord = 32;  // characters of a file system or format

constexpr std::array<std::string_view, 10> kTested = {
    "almalinux", "alpine",   "amazonlinux", "debian",     "devuan",
    "fedora",    "opensuse", "oracle",      "rockylinux", "ubuntu"};

[[noreturn]] void refuse(std::string_view attribute, const std::string& value,
                         const std::string& expected) {
    throw Error(ErrorKind::bad_request,
                std::string(attribute) + " '" + value + "' is no " + expected);
}

uint64_t whole_number(const DriverMessage& message, std::string_view attribute, uint64_t standard,
                      const std::string& unit) {
    const std::optional<std::string> text = message.market(attribute);
    if (!text) return standard;
    const auto value = ascii::parse_number<uint64_t>(*text);
    if (!value || *value == 0 || *value > kMaxSizeMegabytes)
        refuse(attribute, *text, "whole number" + unit);
    return *value;
}

// Digits, with a fraction or without.
std::string decimal(const DriverMessage& message, std::string_view attribute,
                    const std::string& standard) {
    std::string text = message.market(attribute).value_or(standard);
    const size_t point = std::min(text.find('.'), text.size());
    const std::string_view fraction = std::string_view(text).substr(point);
    const bool whole = ascii::parse_number<uint64_t>(text.substr(0, point)).has_value();
    const bool rest = fraction.empty() || ascii::parse_number<uint64_t>(fraction.substr(1));
    if (!whole || !rest) refuse(attribute, text, "number");
    return text;
}

// What becomes part of an address that the site's downloader takes apart.
std::string word(const DriverMessage& message, std::string_view attribute,
                 const std::string& standard) {
    std::string text = message.market(attribute).value_or(standard);
    if (text.size() > kMaxWord || !std::all_of(text.begin(), text.end(), [](char c) {
            return ascii::is_alnum(c) || c == '-' || c == '_';
        }))
        refuse(attribute, text, "name of letters and digits");
    return text;
}

bool flag(const DriverMessage& message, std::string_view attribute, bool standard) {
    const std::optional<std::string> text = message.market(attribute);
    if (!text) return standard;
    if (const std::optional<bool> flag = ascii::parse_flag(*text)) return *flag;
    refuse(attribute, *text, "YES or NO");
}

// The seconds since 1970 of YYYYMMDD_HH:MM in UTC; nothing when it is none.
std::optional<int64_t> time_of(std::string_view version) {
    using namespace std::chrono;
    if (version.size() != 14 || version[8] != '_' || version[11] != ':') return std::nullopt;
    const auto number = [version](size_t begin, size_t size) {
        return ascii::parse_number<int>(version.substr(begin, size)).value_or(-1);
    };
    const int y = number(0, 4), m = number(4, 2), d = number(6, 2);
    const int hour = number(9, 2), minute = number(12, 2);
    if (y < 1970 || m < 1 || d < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return std::nullopt;
    const year_month_day date{year(y), month(static_cast<unsigned>(m)),
                              day(static_cast<unsigned>(d))};
    if (!date.ok()) return std::nullopt;
    return duration_cast<seconds>(sys_days(date).time_since_epoch() + hours(hour) + minutes(minute))
        .count();
}

// A path below the server that may become part of a SOURCE.
bool is_path(std::string_view path) {
    return !path.empty() && path.front() != '/' && is_plain(path);
}

// The version of a product that is offered.
struct Version {
    std::string name, path;
    int64_t time = 0;
};

// The newest one with a root file system; empty where there is none.
std::optional<Version> newest(const JsonValue& product, std::string& fault) {
    std::optional<Version> best;
    const JsonValue* versions = EntryFields(&product, fault).container("versions", Kind::object);
    if (versions == nullptr) return best;
    std::string wrong;  // counts only where there is nothing else
    for (const JsonMember& version : versions->members) {
        const JsonValue* items =
            EntryFields(&version.value, fault).container("items", Kind::object);
        const JsonValue* item = EntryFields(items, fault).container(kItem, Kind::object);
        if (item == nullptr) continue;
        const JsonValue* path = item->find("path");
        const std::optional<int64_t> time = time_of(version.name);
        if (!time)
            wrong = "a version is no date of the form YYYYMMDD_HH:MM";
        else if (path == nullptr || !path->is(Kind::string) || !is_path(path->text))
            wrong = "the path of a " + std::string(kItem) + " is missing or no path";
        else if (!best || best->time < *time)
            best = {version.name, path->text, *time};
    }
    if (!best && fault.empty()) fault = wrong;
    return best;
}

std::string vm_template(const ContainerOptions& options, const std::string& architecture) {
    TemplateWriter text;
    text.add("SCHED_REQUIREMENTS", "HYPERVISOR=lxc & ARCH=" + architecture);
    text.add("CPU", options.cpu);
    text.add("VCPU", std::to_string(options.vcpu));
    text.add("MEMORY", std::to_string(options.memory_mb));
    text.add("LXC_UNPRIVILEGED", options.privileged ? "false" : "true");
    text.add_vector("GRAPHICS", {{"LISTEN", "0.0.0.0"}, {"TYPE", "vnc"}});
    text.add_vector("CONTEXT", {{"NETWORK", "YES"},
                                {"SSH_PUBLIC_KEY", "$USER[SSH_PUBLIC_KEY]"},
                                {"SET_HOSTNAME", "$NAME"}});
    text.add_vector("RAW", {{"DATA", "lxc.apparmor.profile=unconfined"}, {"TYPE", "lxc"}});
    return text.take();
}

// Stands for bytes that do not exist yet: it changes when the image that would be made does.
std::string fingerprint(std::string_view product, const Version& version,
                        const ContainerOptions& options) {
    const std::string text = std::string(product) + "\n" + version.name + "\n" +
                             std::to_string(options.size_mb) + "\n" + options.filesystem + "\n" +
                             options.format + "\n";
    return to_hex(md5(text));
}

}  // namespace

std::string ContainerOptions::text() const {
    return std::to_string(size_mb) + " " + filesystem + " " + format + " " + cpu + " " +
           std::to_string(vcpu) + " " + std::to_string(memory_mb) +
           (privileged ? " privileged" : "") + (skip_untested ? " tested" : "");
}

ContainerOptions container_options(const DriverMessage& message) {
    ContainerOptions options;
    options.size_mb = whole_number(message, "IMAGE_SIZE_MB", options.size_mb, " of MB");
    options.filesystem = word(message, "FILESYSTEM", options.filesystem);
    options.format = word(message, "FORMAT", options.format);
    options.cpu = decimal(message, "CPU", options.cpu);
    options.vcpu = whole_number(message, "VCPU", options.vcpu, "");
    options.memory_mb = whole_number(message, "MEMORY", options.memory_mb, " of MB");
    options.privileged = flag(message, "PRIVILEGED", options.privileged);
    options.skip_untested = ascii::iequals(message.market("SKIP_UNTESTED").value_or("yes"), "yes");
    return options;
}

Outcome read_product(const std::string& endpoint, const ContainerOptions& options,
                     std::string_view product, const JsonValue& entry) {
    const std::optional<DiscoveredApp> none;
    const std::vector<std::string_view> parts = ascii::split(product, ":");
    if (parts.size() != 4 || parts[3] != "default") return none;
    if (parts[2] != "amd64" && parts[2] != "arm64") return none;
    if (options.skip_untested &&
        std::find(kTested.begin(), kTested.end(), parts[0]) == kTested.end())
        return none;
    if (!entry.is(Kind::object)) return Outcome::failure("it is no object");
    std::string fault;
    const std::optional<Version> version = newest(entry, fault);
    if (!fault.empty()) return Outcome::failure(fault);
    if (!version) return none;

    const bool arm = parts[2] == "arm64";
    const std::string architecture = arm ? "aarch64" : "x86_64";
    const std::string size = std::to_string(options.size_mb);
    const std::string link = endpoint + "/" + version->path;
    TemplateWriter text;
    text.add("SOURCE", "lxd://" + link + "?size=" + size + "&filesystem=" + options.filesystem +
                           "&format=" + options.format);
    text.add("IMPORT_ID", "-1");
    text.add("ORIGIN_ID", "-1");
    text.add("TYPE", "IMAGE");
    text.add("PUBLISHER", endpoint);
    text.add("FORMAT", options.format);
    text.add("DESCRIPTION", "Downloaded from " + endpoint);
    text.add("VERSION", "1.0");
    text.add("REGTIME", std::to_string(version->time));
    text.add("LINK", link);
    text.add("ARCHITECTURE", architecture);
    text.add("HYPERVISOR", "lxc");
    text.add("SIZE", size);
    text.add("MD5", fingerprint(product, *version, options));
    text.add("APPTEMPLATE64", base64_encode("DRIVER=\"raw\"\n"));
    text.add("VMTEMPLATE64", base64_encode(vm_template(options, architecture)));

    DiscoveredApp app;
    app.name = std::string(parts[0]) + "_" + std::string(parts[1]) + (arm ? " (aarch64)" : "");
    app.id = product;
    app.head = text.take();
    return std::optional(std::move(app));
}

}  // namespace onemarket
