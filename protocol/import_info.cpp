// SPDX-License-Identifier: Apache-2.0
#include "protocol/import_info.h"

#include "protocol/ascii.h"
#include "protocol/xml.h"

namespace onemarket {

Result<ImportInfo> parse_import_info(std::string_view output) {
    constexpr std::string_view root = "IMPORT_INFO";
    constexpr std::string_view end_tag = "</IMPORT_INFO>";
    const size_t end = output.rfind(end_tag);
    if (end == std::string_view::npos)
        return Result<ImportInfo>::failure("the answer holds no IMPORT_INFO");
    const Result<XmlDocument> document =
        XmlDocument::parse(ascii::trim(output.substr(0, end + end_tag.size())), root);
    if (!document)
        return Result<ImportInfo>::failure("the answer is no IMPORT_INFO: " + document.reason());

    const auto text = [&](std::string_view name) {
        return std::string(ascii::trim(document->text(name).value_or("")));
    };
    ImportInfo info;
    info.source = text("IMPORT_SOURCE");
    info.md5 = text("MD5");
    info.size_mb = text("SIZE");
    info.format = text("FORMAT");
    info.dispose = ascii::iequals(text("DISPOSE"), "YES");
    info.dispose_command = text("DISPOSE_CMD");
    if (info.source.empty())
        return Result<ImportInfo>::failure("the answer's IMPORT_INFO has no IMPORT_SOURCE");
    return info;
}

}  // namespace onemarket
