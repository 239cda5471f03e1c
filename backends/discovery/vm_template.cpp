// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/vm_template.h"

#include <algorithm>
#include <unordered_set>

#include "protocol/ascii.h"
#include "protocol/template.h"

namespace onemarket {
namespace {

using Pairs = std::vector<TemplateWriter::Pair>;

constexpr std::string_view kAarch64 = "aarch64";
constexpr std::string_view kRequirements = "SCHED_REQUIREMENTS";
constexpr auto kNowhere = std::string_view::npos;

bool is_key(std::string_view key) {
    return !key.empty() && std::all_of(key.begin(), key.end(),
                                       [](char c) { return ascii::is_alnum(c) || c == '_'; });
}

// A hypervisor as it may stand in a requirement.
bool is_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return ascii::is_alnum(c) || c == '_' || c == '-';
    });
}

// Whether an expression ends where it begins, as oned reads one: no parenthesis closes or stays
// open that is not its own, and no string does. In a string there are no escapes.
bool is_balanced(std::string_view expression) {
    int open = 0;
    bool in_string = false;
    for (const char c : expression) {
        if (c == '"') in_string = !in_string;
        if (in_string) continue;
        if (c == '(') ++open;
        if (c == ')' && --open < 0) return false;
    }
    return open == 0 && !in_string;
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
            const std::string key = ascii::to_upper(member.name);
            if (member.value.is_empty()) continue;
            if (!is_key(key)) {
                refuse(member.name, "is no name of an attribute");
            } else if (key == kRequirements) {
                require(member.value);
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
        std::unordered_set<std::string> names;
        const bool os = key == "OS" && architecture_ == kAarch64;
        if (os && !std::exchange(os_written_, true)) pairs = aarch64_os();
        for (const auto& [name, text] : pairs) names.insert(name);
        for (const JsonMember& member : value.members) {
            const std::string name = ascii::to_upper(member.name);
            if (member.value.is_empty()) continue;
            if (!is_key(name))
                refuse(key + "/" + member.name, "is no name of an attribute");
            else if (!member.value.is_scalar())
                refuse(key + "/" + member.name, "nests deeper than a template can");
            else if (names.insert(name).second)
                pairs.emplace_back(name, member.value.text);
        }
        if (!pairs.empty()) text_.add_vector(key, pairs);
    }

    void require(const JsonValue& value) {
        if (value.is(JsonValue::Kind::array)) {
            for (const JsonMember& element : value.members)
                if (!element.value.is_empty()) require(element.value);
        } else if (!value.is_scalar()) {
            refuse(kRequirements, "is no text");
        } else if (!is_balanced(value.text)) {
            refuse(kRequirements, "has an odd parenthesis or quote");
        } else if (const std::string_view text = ascii::trim(value.text); !text.empty()) {
            requirements_.emplace_back(text);
        }
    }

    void finish() {
        if (architecture_ == kAarch64 && !os_written_) text_.add_vector("OS", aarch64_os());
        std::string all;
        const auto join = [&all](const std::string& requirement) {
            all += (all.empty() ? "" : " & ") + requirement;
        };
        // What was asked for before may hold an "or", which would take in what is joined to it.
        for (const std::string& requirement : requirements_) {
            const bool alone = requirements_.size() == 1 && requirement.find('|') == kNowhere;
            join(alone ? requirement : "(" + requirement + ")");
        }
        if (is_word(hypervisor_))
            join("HYPERVISOR=" + hypervisor_);
        else
            refuse("HYPERVISOR", "is no name that can be required");
        if (architecture_ == kAarch64) join("ARCH=" + architecture_);
        if (!all.empty()) text_.add(kRequirements, all);
        text_.add("HYPERVISOR", hypervisor_);
    }

    void refuse(std::string_view what, const char* reason) {
        refused_.push_back("attribute " + std::string(what) + " of its template " + reason);
    }

    std::string architecture_, hypervisor_;
    std::vector<std::string> requirements_;
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
