// SPDX-License-Identifier: Apache-2.0
#include "backends/script.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "backends/all_backends.h"
#include "backends/io/pump.h"
#include "backends/site_script.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

// The MD5 the import script is to pass on: what the datastore promised, else of the bytes.
std::string md5_of(ImageSource& image, Context& context) {
    if (!image.facts().md5.empty()) return image.facts().md5;
    return md5_of(*image.open(context), context);
}

// The script's four attributes; without one of them oned would put the app in ERROR with a vaguer
// text.
PublishedApp parse_answer(const std::string& script, const std::string& output) {
    const Result<PublishedApp> app = parse_published_app(output);
    if (!app) throw Error(ErrorKind::corrupt, script + ": the answer " + app.reason());
    if (!ascii::parse_number(app->size_mb))
        throw Error(ErrorKind::corrupt,
                    script + ": the answer's SIZE '" + app->size_mb + "' is no whole number of MB");
    return *app;
}

}  // namespace

std::string ScriptBackend::run(const std::string& script, const XmlDocument& document,
                               Context& context) const {
    ScriptArgument argument = script_argument(document);
    if (argument.lists_left_out)
        context.log().log(
            LogLevel::info,
            "lists of ids left out of the script's document: too long for an argument");
    return run_script(site_, script, {std::move(argument.base64), std::to_string(context.id())}, "",
                      context);
}

PublishedApp ScriptBackend::import(const DriverMessage& message, ImageSource& image,
                                   Context& context) const {
    const std::string script = folder_ + "/import";
    const ImageFacts& facts = image.facts();
    // The driver disposes of the image itself; a script told to would do it a second time.
    const XmlDocument document = message.with({{"IMPORT_SOURCE", facts.location},
                                               {"MD5", md5_of(image, context)},
                                               {"SIZE", facts.size_mb},
                                               {"FORMAT", facts.format},
                                               {"DISPOSE", "NO"},
                                               {"DISPOSE_CMD", ""}});
    const std::string output = run(script, document, context);
    if (ascii::trim(output).empty()) throw Error(ErrorKind::corrupt, script + ": empty answer");
    return parse_answer(script, output);
}

void ScriptBackend::remove(const DriverMessage& message, const std::string& source,
                           Context& context) const {
    XmlDocument document = message.with({});
    document.set("MARKETPLACEAPP", "SOURCE", source);
    run(folder_ + "/delete", document, context);
}

std::unique_ptr<Reader> ScriptBackend::open(const DriverMessage&, const std::string& source,
                                            Context&) const {
    throw Error(ErrorKind::unsupported,
                source + ": what a script has stored the driver cannot read");
}

std::unique_ptr<Inventory> ScriptBackend::inventory(const DriverMessage&, Context&) const {
    throw Error(ErrorKind::unsupported,
                folder_ + ": what a marketplace of scripts holds the driver cannot see");
}

void ScriptBackend::check(const DriverMessage&, Context& context, Findings& findings) const {
    if (::access(folder_.c_str(), F_OK) != 0) {
        std::string types;
        for (const BackendEntry& entry : all_backends())
            types += (types.empty() ? "" : ", ") + std::string(entry.type);
        return findings.problem(folder_, system_error(errno, folder_).what(),
                                "is MARKET_MAD mistyped? Built in are " + types +
                                    "; the scripts of another type belong there");
    }
    for (const char* action : {"import", "delete", "monitor"}) {
        const std::string script = folder_ + "/" + action;
        const auto remedy = [](const Error& error) {
            return error.kind() == ErrorKind::permission
                       ? "chmod +x"
                       : "put it there, or take the type out of -m in oned.conf";
        };
        findings.attempt(script, remedy, context, [&] {
            struct stat status {};
            if (::stat(script.c_str(), &status) != 0) throw system_error(errno, script);
            if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::bad_request, "no file");
            if (::access(script.c_str(), X_OK) != 0) throw system_error(errno, script);
            findings.ok(script, "there, and executable");
        });
    }
}

std::string ScriptBackend::monitor(const DriverMessage& message, Context& context) const {
    const std::string script = folder_ + "/monitor";
    std::string output = run(script, message.with({}), context);
    if (ascii::trim(output).empty()) throw Error(ErrorKind::corrupt, script + ": empty answer");
    return output;
}

}  // namespace onemarket
