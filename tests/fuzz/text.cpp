// SPDX-License-Identifier: Apache-2.0
// Texts of others made fit for oned's database, log and names. Parts of an input: a text, and the
// names and secrets to be found in it.
#include <algorithm>
#include <set>

#include "daemon/redact.h"
#include "protocol/app_name.h"
#include "protocol/reply.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

bool is_name(std::string_view name) {
    return name.size() <= kMaxAppName && is_one_line(name) &&
           name.find_first_of("&|:\\\";/'#{}$<>") == std::string_view::npos;
}

void check_utf8(std::string_view text) {
    const std::string repaired = repair_utf8(text);
    must(is_utf8(repaired), "what is repaired is UTF-8");
    must(!is_utf8(text) || repaired == text, "what is right stays as it is");
    must(repair_utf8(repaired) == repaired, "what is repaired stays as it is");
    for (size_t most = 0; most <= std::min<size_t>(text.size() + 1, 20); ++most) {
        const std::string_view cut = truncate_utf8(repaired, most);
        must(cut.size() <= most && repaired.starts_with(cut) && is_utf8(cut),
             "what is cut is a beginning, and no half a character");
        must(truncate_utf8(text, most).size() <= most, "what is cut is short enough");
    }
}

void check_line(std::string_view text) {
    for (const size_t most : {size_t{0}, size_t{10}, size_t{4096}}) {
        const std::string line = one_line(text, most);
        must(is_one_line(line) && line.size() <= most, "one line is one, and short enough");
        must(!line.starts_with(' ') && !line.ends_with(' '), "no blanks are around it");
        must(one_line(line, most) == line, "one line stays as it is");
    }
}

void check_names(const std::vector<std::string_view>& wanted) {
    AppNames names;
    for (size_t i = 0; i < wanted.size(); ++i) names.add(wanted[i], wanted[wanted.size() - 1 - i]);
    names.settle();
    std::set<std::string> seen;
    for (size_t i = 0; i < wanted.size(); ++i) {
        must(is_name(app_name(wanted[i])), "a name is one that oned takes");
        must(app_name(app_name(wanted[i])) == app_name(wanted[i]), "a name stays as it is");
        must(is_name(names.name(i)), "a name of a catalogue is one that oned takes");
        must(seen.insert(names.name(i)).second, "no two apps have one name");
        must(is_name(names.referred(wanted[i])), "a name referred to is one that oned takes");
    }
}

void check_secrets(std::string_view text, const std::vector<std::string_view>& parts) {
    const std::vector<std::string> secrets(parts.begin(), parts.end());
    const std::string redacted = redact(text, secrets);
    for (const std::string& secret : secrets) {
        // What stands for a secret or a payload may itself be one.
        const bool stands_for = secret.find_first_of("*<>") != std::string::npos ||
                                std::string_view("payload").find(secret) != std::string_view::npos;
        must(secret.size() < 4 || stands_for || redacted.find(secret) == std::string::npos,
             "no secret is left");
    }
}

}  // namespace

void one_input(std::string_view input) {
    check_utf8(input);
    check_line(input);
    const auto parts = parts_of(input);
    check_names(parts);
    check_secrets(parts[0], parts);
}

}  // namespace onemarket::fuzz
