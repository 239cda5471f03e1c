// SPDX-License-Identifier: Apache-2.0
#include "daemon/environment.h"

#include <unistd.h>

#include <algorithm>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

// The value of an assignment: in quotes up to their end, or else up to a comment.
std::string_view rc_value(std::string_view text) {
    if (text.starts_with(" #") || text.starts_with("\t#")) return {};
    text = ascii::trim(text);
    if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
        const size_t end = text.find(text.front(), 1);
        if (end != std::string_view::npos) return text.substr(1, end - 1);
    }
    return ascii::trim(text.substr(0, std::min(text.find(" #"), text.size())));
}

bool is_name(std::string_view name) {
    return !name.empty() && !ascii::is_digit(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return ascii::is_alnum(c) || c == '_'; });
}

}  // namespace

Environment current_environment() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view variable = *entry;
        const size_t equals = variable.find('=');
        if (equals == std::string_view::npos || equals == 0) continue;
        environment.emplace(variable.substr(0, equals), variable.substr(equals + 1));
    }
    return environment;
}

Environment parse_rc(std::string_view text) {
    Environment variables;
    for (std::string_view line : ascii::split(text, "\n")) {
        line = ascii::trim(line);
        if (line.starts_with("export ")) line = ascii::trim(line.substr(7));
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos || !is_name(line.substr(0, equals))) continue;
        variables.insert_or_assign(std::string(line.substr(0, equals)),
                                   std::string(rc_value(line.substr(equals + 1))));
    }
    return variables;
}

Environment script_environment(Environment base, const Environment& rc, const std::string& proxy) {
    for (const auto& [name, value] : rc) base.insert_or_assign(name, value);
    base.emplace("PRIORITY", "19");
    if (!proxy.empty()) base.insert_or_assign("http_proxy", proxy);
    return base;
}

std::string value_of(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? "" : found->second;
}

std::vector<std::string> to_list(const Environment& environment) {
    std::vector<std::string> list;
    for (const auto& [name, value] : environment) list.push_back(name + "=" + value);
    return list;
}

}  // namespace onemarket
