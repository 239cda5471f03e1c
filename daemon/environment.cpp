// SPDX-License-Identifier: Apache-2.0
#include "daemon/environment.h"

#include <unistd.h>

#include <algorithm>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

std::string_view unquoted(std::string_view value) {
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front())
        return value.substr(1, value.size() - 2);
    return value;
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
        std::string_view value = line.substr(equals + 1);
        if (const size_t comment = value.find(" #"); comment != std::string_view::npos)
            value = value.substr(0, comment);
        variables.insert_or_assign(std::string(line.substr(0, equals)),
                                   std::string(unquoted(ascii::trim(value))));
    }
    return variables;
}

Environment script_environment(Environment base, const Environment& rc, const std::string& proxy) {
    for (const auto& [name, value] : rc) base.insert_or_assign(name, value);
    base.emplace("PRIORITY", "19");
    if (!proxy.empty()) base.insert_or_assign("http_proxy", proxy);
    return base;
}

std::vector<std::string> to_list(const Environment& environment) {
    std::vector<std::string> list;
    for (const auto& [name, value] : environment) list.push_back(name + "=" + value);
    return list;
}

}  // namespace onemarket
