// SPDX-License-Identifier: Apache-2.0
// The answer of an `export` script: what is written as one is read so. Parts of an input: its
// values, or any answer.
#include "protocol/import_info.h"

#include "protocol/ascii.h"
#include "protocol/xml.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

void check_same(const ImportInfo& a, const ImportInfo& b) {
    must(a.source == b.source && a.md5 == b.md5 && a.size_mb == b.size_mb && a.format == b.format &&
             a.dispose == b.dispose && a.dispose_command == b.dispose_command,
         "what was read can be written");
}

std::string written(const ImportInfo& info) {
    XmlDocument document("IMPORT_INFO");
    document.set("", "IMPORT_SOURCE", info.source);
    document.set("", "MD5", info.md5);
    document.set("", "SIZE", info.size_mb);
    document.set("", "FORMAT", info.format);
    document.set("", "DISPOSE", info.dispose ? "YES" : "NO");
    document.set("", "DISPOSE_CMD", info.dispose_command);
    return document.to_string();
}

void check(const ImportInfo& info) {
    for (const std::string& value :
         {info.source, info.md5, info.size_mb, info.format, info.dispose_command})
        must(ascii::trim(value) == value, "values are trimmed");
    must(!info.source.empty(), "there is a source");
    // The end of a line is that of XML.
    if (info.source.find('\r') != std::string::npos ||
        info.dispose_command.find('\r') != std::string::npos)
        return;
    const Result<ImportInfo> again = parse_import_info(written(info) + "\nwhat a script adds\n");
    must(static_cast<bool>(again), "what was read can be written");
    check_same(info, *again);
}

}  // namespace

void one_input(std::string_view input) {
    const Result<ImportInfo> info = parse_import_info(input);
    if (info)
        check(*info);
    else
        must(is_one_line(info.reason()), "a reason is one line");

    const auto parts = parts_of(input, 2);
    const std::string source(ascii::trim(parts[0])), command(ascii::trim(parts[1]));
    if (source.empty() ||
        (source + command).find_first_of(std::string_view("\0\r", 2)) != std::string::npos)
        return;
    check({source, "-", "1024", "raw", true, command});
}

}  // namespace onemarket::fuzz
