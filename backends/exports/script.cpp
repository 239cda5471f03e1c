// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/script.h"

#include "backends/io/digest.h"
#include "backends/site_script.h"
#include "backends/sources/all_sources.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/import_info.h"

namespace onemarket {
namespace {

std::string run_export(const Site& site, const std::string& script, const XmlDocument& document,
                       Context& context) {
    const std::string id = std::to_string(context.id());
    switch (export_calling(site.release, site.export_stdin)) {
        case ExportCalling::id_only_then_stdin:
            return run_script(site, script, {id}, base64_encode(document.to_string()), context);
        case ExportCalling::dash_then_stdin:
            return run_script(site, script, {"-", id}, base64_encode(document.to_string()),
                              context);
        case ExportCalling::argument:
            break;
    }
    ScriptArgument argument = script_argument(document);
    if (argument.lists_left_out)
        context.log().log(LogLevel::info,
                          "lists of ids left out of the export script's document: too long for an "
                          "argument");
    return run_script(site, script, {std::move(argument.base64), id}, "", context);
}

// DISPOSE_CMD is words for exec, not a line for a shell.
std::vector<std::string> words(std::string_view command) {
    std::vector<std::string> result;
    for (const std::string_view word : ascii::split(command, " \t\r\n")) result.emplace_back(word);
    return result;
}

}  // namespace

std::unique_ptr<ImageSource> ScriptExporter::export_image(const DriverMessage& message,
                                                          Context& context) const {
    if (!is_driver_name(type_))
        throw Error(ErrorKind::unsupported, "Datastore driver '" + type_ + "' not available");
    const std::string script = site_.remotes + "/datastore/" + type_ + "/export";
    const std::string output = run_export(site_, script, message.datastore_document(), context);
    Result<ImportInfo> info = parse_import_info(output);
    if (!info) throw Error(ErrorKind::corrupt, script + ": " + info.reason());

    ImageFacts facts;
    facts.location = info->source;
    facts.size_mb = info->size_mb;
    facts.format = info->format;
    if (is_md5(info->md5)) facts.md5 = ascii::to_lower(info->md5);
    if (info->dispose) facts.dispose_command = words(info->dispose_command);
    return make_source(std::move(facts), message, site_);
}

}  // namespace onemarket
