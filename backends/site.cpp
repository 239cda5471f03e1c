// SPDX-License-Identifier: Apache-2.0
#include "backends/site.h"

#include <algorithm>
#include <array>

#include "protocol/ascii.h"

namespace onemarket {

Release parse_release(std::string_view text) {
    const std::string_view trimmed = ascii::trim(text);
    if (trimmed.empty()) return {};
    std::array<int, 3> numbers{0, 0, 0};
    size_t index = 0;
    for (const std::string_view part : ascii::split(trimmed, ".")) {
        if (index == numbers.size()) break;
        const size_t digits = std::min(part.find_first_not_of("0123456789"), part.size());
        numbers[index++] = ascii::parse_number<int>(part.substr(0, digits)).value_or(0);
    }
    return {numbers[0], numbers[1], numbers[2]};
}

std::string catalogue_agent(std::string_view version, std::string_view edition) {
    // The texts become part of a header.
    const auto words = [](std::string_view text) {
        std::string kept;
        for (const char c : ascii::trim(text))
            if (c >= ' ' && c <= '~') kept += c;
        return kept;
    };
    std::string agent = "OpenNebula ";
    const std::string release = words(version);
    const Release standard;
    agent += !release.empty()
                 ? release
                 : std::to_string(standard.major) + "." + std::to_string(standard.minor) + "." +
                       std::to_string(standard.patch);
    if (const std::string name = words(edition); !name.empty()) agent += " " + name;
    return agent + " (Market Driver)";
}

ExportCalling export_calling(Release release, bool stdin_flag) {
    if (release >= Release{6, 8, 0}) return ExportCalling::id_only_then_stdin;
    const bool knows_flag =
        release >= Release{6, 6, 2} || (release >= Release{6, 4, 4} && release < Release{6, 5, 0});
    return knows_flag && stdin_flag ? ExportCalling::dash_then_stdin : ExportCalling::argument;
}

SshSettings ssh_settings(const Site& site) {
    return {site.ssh, site.environment, site.work_dir};
}

bool is_driver_name(std::string_view name) {
    return !name.empty() && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.';
           });
}

}  // namespace onemarket
