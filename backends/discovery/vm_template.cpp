// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/vm_template.h"

#include <algorithm>

#include "protocol/ascii.h"
#include "protocol/template.h"

namespace onemarket {
namespace {

using Pairs = std::vector<TemplateWriter::Pair>;

constexpr std::string_view kAarch64 = "aarch64";

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return result;
}

bool is_key(std::string_view key) {
    return !key.empty() && std::all_of(key.begin(), key.end(),
                                       [](char c) { return ascii::is_alnum(c) || c == '_'; });
}

// What an aarch64 machine needs from its OS attribute to boot.
const Pairs& aarch64_os() {
    static const Pairs pairs = {{"ARCH", std::string(kAarch64)},
                                {"FIRMWARE", "/usr/share/AAVMF/AAVMF_CODE.fd"},
                                {"FIRMWARE_SECURE", "no"},
                                {"MACHINE", "virt"}};
    return pairs;
}

class Renderer {
  public:
    Renderer(std::string_view architecture, std::string_view hypervisor)
        : architecture_(architecture), hypervisor_(hypervisor) {}

    VmTemplate render(const JsonValue& document) {
        for (const JsonMember& member : document.members) {
            const std::string key = upper(member.name);
            if (member.value.is_empty()) continue;
            if (!is_key(key)) {
                refuse(member.name, "is no name of an attribute");
            } else if (key == "SCHED_REQUIREMENTS" && member.value.is_scalar()) {
                requirements_ = member.value.text;
            } else if (key != "HYPERVISOR") {
                add(key, member.value);
            }
        }
        finish();
        return {text_.take(), std::move(refused_)};
    }

  private:
    void add(const std::string& key, const JsonValue& value) {
        if (value.is_scalar()) {
            text_.add(key, value.text);
        } else if (value.is(JsonValue::Kind::object)) {
            add_vector(key, value);
        } else {
            for (const JsonMember& element : value.members) {
                if (element.value.is(JsonValue::Kind::array))
                    refuse(key, "has a list in a list");
                else if (!element.value.is_empty())
                    add(key, element.value);
            }
        }
    }

    void add_vector(const std::string& key, const JsonValue& value) {
        Pairs pairs;
        const bool os = key == "OS" && architecture_ == kAarch64;
        if (os && !std::exchange(os_written_, true)) pairs = aarch64_os();
        for (const JsonMember& member : value.members) {
            const std::string name = upper(member.name);
            if (member.value.is_empty()) continue;
            if (!is_key(name))
                refuse(key + "/" + member.name, "is no name of an attribute");
            else if (!member.value.is_scalar())
                refuse(key + "/" + member.name, "nests deeper than a template can");
            else if (std::none_of(pairs.begin(), pairs.end(),
                                  [&name](const auto& pair) { return pair.first == name; }))
                pairs.emplace_back(name, member.value.text);
        }
        if (!pairs.empty()) text_.add_vector(key, pairs);
    }

    void finish() {
        if (architecture_ == kAarch64 && !os_written_) text_.add_vector("OS", aarch64_os());
        // What was asked for before may hold an "or", which binds less than the "and".
        if (requirements_.find('|') != std::string::npos) requirements_ = "(" + requirements_ + ")";
        if (!requirements_.empty()) requirements_ += " & ";
        requirements_ += "HYPERVISOR=" + hypervisor_;
        if (architecture_ == kAarch64) requirements_ += " & ARCH=" + architecture_;
        text_.add("SCHED_REQUIREMENTS", requirements_);
        text_.add("HYPERVISOR", hypervisor_);
    }

    void refuse(std::string_view what, const char* reason) {
        refused_.push_back("attribute " + std::string(what) + " of its template " + reason);
    }

    std::string architecture_, hypervisor_;
    std::string requirements_;
    bool os_written_ = false;
    TemplateWriter text_;
    std::vector<std::string> refused_;
};

}  // namespace

VmTemplate render_vm_template(const JsonValue& document, std::string_view architecture,
                              std::string_view hypervisor) {
    return Renderer(architecture, hypervisor).render(document);
}

}  // namespace onemarket
