// SPDX-License-Identifier: Apache-2.0
#include "backends/io/manifest.h"

#include "backends/io/digest.h"
#include "backends/io/json.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr int kVersion = 1;

using Kind = JsonValue::Kind;

// The members of a manifest as they are asked for; the first fault is kept.
class Members {
  public:
    explicit Members(const JsonValue& document) : document_(document) {}

    std::string text(std::string_view name, bool required = true) {
        const JsonValue* value = find(name, Kind::string, "string", required);
        return value == nullptr ? "" : value->text;
    }
    template <class Number>
    std::optional<Number> number(std::string_view name) {
        const JsonValue* value = find(name, Kind::number, "number", true);
        const auto read =
            value == nullptr ? std::nullopt : ascii::parse_number<Number>(value->text);
        if (value != nullptr && !read) fail(name, "is no whole number");
        return read;
    }
    void fail(std::string_view name, std::string_view what) {
        if (fault_.empty()) fault_ = "its " + std::string(name) + " " + std::string(what);
    }
    const std::string& fault() const { return fault_; }

  private:
    const JsonValue* find(std::string_view name, Kind kind, std::string_view what, bool required) {
        const JsonValue* value = document_.find(name);
        if (value == nullptr) {
            if (required) fail(name, "is missing");
            return nullptr;
        }
        if (value->is(kind)) return value;
        fail(name, "is no " + std::string(what));
        return nullptr;
    }

    const JsonValue& document_;
    std::string fault_;
};

}  // namespace

std::string manifest_text(const Manifest& manifest) {
    std::string text = "{\"manifest\": " + std::to_string(kVersion);
    const auto add = [&text](std::string_view name, const std::string& value) {
        text += ", " + to_json(name) + ": " + value;
    };
    add("app", std::to_string(manifest.app.value_or(-1)));
    add("name", to_json(manifest.name));
    add("size", std::to_string(manifest.bytes.value_or(0)));
    add("md5", to_json(manifest.md5));
    if (!manifest.sha256.empty()) add("sha256", to_json(manifest.sha256));
    add("format", to_json(manifest.format));
    add("time", to_json(manifest.time));
    add("driver", to_json(manifest.driver));
    return text + "}";
}

Result<Manifest> parse_manifest(std::string_view text) {
    if (text.size() > kMaxManifestBytes) return Result<Manifest>::failure("it is too long for one");
    const Result<JsonValue> document = parse_json(ascii::trim(text));
    if (!document) return Result<Manifest>::failure("it is no JSON: " + document.reason());
    if (!document->is(Kind::object)) return Result<Manifest>::failure("it is no JSON object");
    if (document->find("manifest") == nullptr)
        return Result<Manifest>::failure("it is no manifest of this driver (no member 'manifest')");
    Members members(*document);
    const auto version = members.number<int>("manifest");
    if (version && *version != kVersion)
        return Result<Manifest>::failure("it is of format " + std::to_string(*version) +
                                         ", known is " + std::to_string(kVersion));
    Manifest manifest;
    manifest.app = members.number<ObjectId>("app");
    manifest.name = members.text("name");
    manifest.bytes = members.number<uint64_t>("size");
    manifest.md5 = ascii::to_lower(members.text("md5"));
    if (!is_md5(manifest.md5)) members.fail("md5", "is no MD5");
    manifest.sha256 = ascii::to_lower(members.text("sha256", false));
    if (!manifest.sha256.empty() && !is_sha256(manifest.sha256))
        members.fail("sha256", "is no SHA-256");
    manifest.format = members.text("format");
    manifest.time = members.text("time");
    manifest.driver = members.text("driver");
    if (!members.fault().empty()) return Result<Manifest>::failure(members.fault());
    return manifest;
}

}  // namespace onemarket
