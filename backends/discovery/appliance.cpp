// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/appliance.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "backends/discovery/endpoint.h"
#include "backends/discovery/entry_fields.h"
#include "backends/discovery/vm_template.h"
#include "backends/io/digest.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/hex.h"
#include "protocol/template.h"

namespace onemarket {
namespace {

using Kind = JsonValue::Kind;

constexpr double kMegabyte = 1 << 20;
constexpr double kMaxBytes = 1e18;  // of an image; nobody has so large a one
constexpr size_t kMaxId = 64;       // an id is part of addresses and names
constexpr size_t kDiskNameDigits = 10;

void add_some(TemplateWriter& text, std::string_view key, const std::string& value) {
    if (!value.empty()) text.add(key, value);
}

bool is_id(const std::string& id) {
    return !id.empty() && id.size() <= kMaxId && id.front() != '.' &&
           std::all_of(id.begin(), id.end(), [](char c) {
               return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.';
           });
}

std::string architecture_of(const std::string& arch) {
    if (arch.empty()) return "all";
    if (arch == "amd64") return "x86_64";
    return arch == "arm64" ? "aarch64" : arch;
}

std::string hypervisor_of(const std::string& hypervisor) {
    return hypervisor.empty() || hypervisor == "ALL" ? "kvm" : ascii::to_lower(hypervisor);
}

// One appliance on its way to an app.
class Appliance {
  public:
    Appliance(const std::string& endpoint, const JsonValue& entry)
        : endpoint_(endpoint), fields_(&entry, fault_) {}

    Result<std::optional<DiscoveredApp>> read() {
        using Outcome = Result<std::optional<DiscoveredApp>>;
        app_.id = EntryFields(fields_.container("_id", Kind::object), fault_).text("$oid");
        if (!is_id(app_.id)) fields_.complain("_id/$oid is missing or no id");
        app_.name = fields_.text("name");
        if (ascii::trim(app_.name).empty()) fields_.complain("it has no name");
        type_ = fields_.text("type");
        if (type_.empty()) type_ = "IMAGE";
        if (fault_.empty() && type_ != "IMAGE" && type_ != "VMTEMPLATE" &&
            type_ != "SERVICE_TEMPLATE")
            return std::optional<DiscoveredApp>();

        add_common();
        if (type_ == "IMAGE")
            add_image();
        else if (type_ == "VMTEMPLATE")
            add_vm_template();
        else
            add_service();
        if (!fault_.empty()) return Outcome::failure(fault_);
        app_.head = head_.take();
        if (app_.references.empty())
            app_.head += tail_.text();
        else
            app_.tail = tail_.take();
        return std::optional(std::move(app_));
    }

  private:
    void add_common() {
        const std::string link = endpoint_ + "/appliance/" + app_.id;
        architecture_ = architecture_of(fields_.text("os-arch"));
        hypervisor_ = hypervisor_of(fields_.text("hypervisor"));
        head_.add("SOURCE", link + "/download/0");
        head_.add("IMPORT_ID", app_.id);
        head_.add("ORIGIN_ID", "-1");
        head_.add("TYPE", type_);
        add_some(head_, "PUBLISHER", fields_.text("publisher"));
        add_some(head_, "FORMAT", format());
        add_some(head_, "DESCRIPTION", fields_.text("short_description"));
        add_some(head_, "VERSION", fields_.text("version"));
        add_some(head_, "TAGS", tags());
        add_some(head_, "REGTIME", fields_.text("creation_time"));
        head_.add("LINK", link);
        head_.add("ARCHITECTURE", architecture_);
        head_.add("HYPERVISOR", hypervisor_);
    }

    std::string tags() const {
        const JsonValue* list = fields_.find("tags");
        if (list == nullptr || list->is_scalar()) return list == nullptr ? "" : list->text;
        std::string joined;
        for (const std::string& tag : names(fields_.container("tags", Kind::array), "tags"))
            joined += (joined.empty() ? "" : ", ") + tag;
        return joined;
    }

    // The elements of a list of names, or the values of an object of them, empty ones left out.
    std::vector<std::string> names(const JsonValue* list, const char* what) const {
        std::vector<std::string> result;
        if (list == nullptr) return result;
        for (const JsonMember& member : list->members) {
            if (member.value.is_empty()) continue;
            if (!member.value.is_scalar())
                fields_.complain(std::string(what) + " holds more than names");
            result.push_back(member.value.text);
        }
        return result;
    }

    // An image without a file is one whose file is not there yet.
    void add_image() {
        const JsonValue* files = fields_.container("files", Kind::array);
        if (files == nullptr || files->members.front().value.is(Kind::null)) return;
        const JsonValue& first = files->members.front().value;
        if (!first.is(Kind::object)) return fields_.complain("files/0 is no object");
        const EntryFields file(&first, fault_);
        const EntryFields checksum(file.container("checksum", Kind::object), fault_);

        tail_.add("SIZE", megabytes(file.text("size")));
        const std::string md5 = file.text("md5");
        add_checksum("MD5", md5.empty() ? checksum.text("md5") : md5, is_md5);
        add_checksum("SHA256", checksum.text("sha256"), is_sha256);
        TemplateWriter image;
        add_some(image, "DEV_PREFIX", file.text("dev_prefix"));
        add_some(image, "TYPE", file.text("type"));
        add_some(tail_, "APPTEMPLATE64", base64_encode(image.text()));
        add_template("VMTEMPLATE64");
    }

    // Scripts of datastores hand it to a shell.
    void add_checksum(const char* key, const std::string& value, bool (*is_one)(std::string_view)) {
        if (value.empty() || is_one(value)) return add_some(tail_, key, value);
        app_.warnings.push_back("its " + std::string(key) + " is none; offered without one");
    }

    std::string format() {
        const std::string format = fields_.text("format");
        if (is_plain(format)) return format;
        app_.warnings.push_back("its format is no word; offered without one");
        return "";
    }

    std::string megabytes(const std::string& bytes) const {
        double size = 0;
        const char* end = bytes.data() + bytes.size();
        const auto [stop, error] = std::from_chars(bytes.data(), end, size);
        if (!bytes.empty() &&
            (error != std::errc{} || stop != end || !(size >= 0 && size <= kMaxBytes))) {
            fields_.complain("files/0/size is no number of bytes");
            return "";
        }
        return std::to_string(static_cast<uint64_t>(std::ceil(size / kMegabyte)));
    }

    void add_vm_template() {
        head_.add("SIZE", "0");
        size_t number = 0;
        for (const std::string& disk : names(fields_.container("disks", Kind::array), "disks"))
            app_.references.push_back({"DISK", disk_name(number++, disk), disk});
        add_template("APPTEMPLATE64");
    }

    // Derived from what it names, so that the same catalogue always gives the same text.
    std::string disk_name(size_t number, const std::string& disk) const {
        const std::string text = app_.id + "\n" + std::to_string(number) + "\n" + disk;
        return to_hex(md5(text)).substr(0, kDiskNameDigits);
    }

    void add_service() {
        head_.add("SIZE", "0");
        const JsonValue* roles = fields_.container("roles", Kind::object);
        names(roles, "roles");
        if (roles != nullptr)
            for (const JsonMember& role : roles->members)
                if (!role.value.is_empty())
                    app_.references.push_back({"ROLE", role.name, role.value.text});
        add_some(tail_, "APPTEMPLATE64", base64_encode(fields_.text("opennebula_template")));
    }

    // A VM template is worth nothing without its text; an image can be had without one.
    void add_template(std::string_view key) {
        const JsonValue* given = fields_.find("opennebula_template");
        if (given == nullptr || given->is_empty()) return;
        if (given->is(Kind::object)) return add_rendered(key, *given);
        const Result<JsonValue> parsed = parse_json(given->text);
        if (parsed && parsed->is(Kind::object)) return add_rendered(key, *parsed);
        const std::string reason = "opennebula_template is no JSON object" +
                                   (parsed ? std::string() : ": " + parsed.reason());
        if (type_ == "IMAGE")
            app_.warnings.push_back(reason + "; offered without one");
        else
            fields_.complain(reason);
    }

    void add_rendered(std::string_view key, const JsonValue& document) {
        VmTemplate rendered = render_vm_template(document, architecture_, hypervisor_);
        for (const std::string& refused : rendered.refused)
            app_.warnings.push_back(refused + "; left out");
        tail_.add(key, base64_encode(rendered.text));
    }

    const std::string& endpoint_;
    std::string fault_;
    EntryFields fields_;
    std::string type_, architecture_, hypervisor_;
    DiscoveredApp app_;
    TemplateWriter head_, tail_;
};

}  // namespace

Result<std::optional<DiscoveredApp>> read_appliance(const std::string& endpoint,
                                                    const JsonValue& entry) {
    if (!entry.is(Kind::object))
        return Result<std::optional<DiscoveredApp>>::failure("it is no object");
    return Appliance(endpoint, entry).read();
}

}  // namespace onemarket
