// SPDX-License-Identifier: Apache-2.0
// What oned needs, to run this driver and to send it requests.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <set>

#include "backends/all_backends.h"
#include "daemon/ctl/asker.h"
#include "daemon/ctl/doctor/examined.h"
#include "daemon/ctl/downloader_wrapper.h"
#include "daemon/text_file.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

// What oned is told of a marketplace's type.
std::set<std::string> declared_types(const OnedConf& conf) {
    std::set<std::string> types;
    const Result<Template> parsed = parse_template(conf.text());
    if (!parsed) return types;
    for (const Template::Attribute& attribute : parsed->all("MARKET_MAD_CONF"))
        if (attribute.vector() != nullptr)
            if (const auto name = attribute.vector()->find("NAME");
                name != attribute.vector()->end())
                types.insert(name->second);
    return types;
}

void check_release(const Examined& examined, Context&, Findings& findings) {
    const std::string version(
        ascii::trim(read_text_file_or_empty(examined.layout.remotes + "/VERSION")));
    if (!version.empty()) findings.ok("OpenNebula", version + ", " + examined.layout.var);
}

void check_user(const Examined& examined, Context&, Findings& findings) {
    if (check_asker(examined.owner, "doctor", findings))
        findings.ok("user", user_name(examined.owner) + ", as the driver's");
}

void check_oned_conf(const Examined& examined, Context&, Findings& findings) {
    const std::string& file = examined.oned_conf_file;
    if (examined.oned_conf_fault) {
        const ErrorKind kind = examined.oned_conf_fault->kind();
        findings.problem(file, examined.oned_conf_fault->what(),
                         kind == ErrorKind::permission ? "run this as root, or as oneadmin"
                         : kind == ErrorKind::not_found
                             ? "is this the front-end? ONE_LOCATION says where a self-contained "
                               "OpenNebula is"
                             : "correct it; " + document("migrate.md") + " says what is refused");
    } else if (!examined.runs_onemarketd()) {
        findings.problem(file, "MARKET_MAD runs " + examined.oned_conf->executable(),
                         "sudo onemarketctl oned-conf --apply");
    } else {
        findings.ok(file, "MARKET_MAD runs onemarketd");
    }
}

void check_program(const Examined& examined, Context&, Findings& findings) {
    if (!examined.runs_onemarketd()) return;
    std::string program = examined.oned_conf->executable();
    if (!program.starts_with('/')) program = examined.layout.mads + "/" + program;
    const int error = ::access(program.c_str(), X_OK) == 0 ? 0 : errno;
    if (error == 0 && std::filesystem::is_regular_file(program))
        return findings.ok(program, "where oned looks, and executable");
    findings.problem(program, reason_of(error == 0 ? EISDIR : error),
                     error == EACCES ? "chmod 755 " + program + ": oned does not boot without it"
                                     : "install it there: oned does not boot without it");
}

void check_options(const Examined& examined, Context&, Findings& findings) {
    for (const std::string& problem : examined.options.problems)
        findings.problem(examined.oned_conf_file, "ARGUMENTS of MARKET_MAD: " + problem,
                         "correct them");
}

void check_types(const Examined& examined, Context&, Findings& findings) {
    if (!examined.runs_onemarketd() || !examined.options.markets) return;
    const std::set<std::string> declared = declared_types(*examined.oned_conf);
    const auto& scripts = examined.installation->services()->config.scripts.markets;
    for (const std::string& type : *examined.options.markets) {
        const std::string what = "marketplaces " + type;
        const bool built_in = !scripts.contains(type) && is_built_in(type);
        const std::string folder = examined.layout.remotes + "/market/" + type;
        if (!built_in && ::access((folder + "/monitor").c_str(), X_OK) != 0)
            findings.problem(what, "served by scripts, but " + folder + "/monitor cannot be run",
                             "put the scripts there, or take " + type + " out of -m");
        else if (!declared.contains(type))
            findings.warning(what, "no MARKET_MAD_CONF in oned.conf has this NAME",
                             "add one: oned makes no marketplace of a type it does not know");
        else
            findings.ok(what, built_in ? "served by the driver" : "served by " + folder);
    }
}

// What to do about a line of the configuration's.
std::string remedy_for(const std::string& problem, const Examined& examined) {
    const std::string& file = examined.installation->config_file();
    if (problem.starts_with(file + ": Permission denied"))
        return "let " + user_name(examined.owner) + " read it: chown root:oneadmin " + file +
               "; chmod 640 " + file;
    if (problem.starts_with(examined.layout.remotes + "/VERSION"))
        return "restore that file of OpenNebula's: it names the release, 7.0.0 say";
    return "correct it; onemarketctl check-config";
}

// What `onemarketctl check-config` says.
void check_config(const Examined& examined, Context&, Findings& findings) {
    const std::string& file = examined.installation->config_file();
    for (const std::string& problem : examined.installation->problems())
        findings.problem("configuration", problem, remedy_for(problem, examined));
    if (examined.installation->problems().empty())
        findings.ok(
            file, ::access(file.c_str(), R_OK) == 0 ? "correct" : "not there, the defaults apply");
}

void check_downloader(const Examined& examined, Context&, Findings& findings) {
    const std::string script = examined.layout.remotes + "/datastore/downloader.sh";
    if (::access(script.c_str(), X_OK) != 0)
        return findings.problem(script, reason_of(errno),
                                "put OpenNebula's back: datastores fetch apps with it");
    const std::string stock = examined.layout.remotes + "/datastore/" + kStockDownloader;
    if (is_downloader_wrapper(read_text_file_or_empty(script)))
        findings.ok(script, "runs onemarket-downloader");
    else if (::access(stock.c_str(), F_OK) == 0)
        findings.warning(script,
                         "the site's own, although " + stock +
                             " is there: an upgrade of OpenNebula has replaced the wrapper",
                         "onemarketctl downloader install --force keeps the new one and wraps it; "
                         "or remove " +
                             stock);
    else
        findings.ok(script, "there, the site's own, for what datastores fetch");
}

constexpr std::array<Check, 8> kChecks{check_release, check_user,      check_oned_conf,
                                       check_program, check_options,   check_types,
                                       check_config,  check_downloader};

}  // namespace

std::span<const Check> checks_of_oned() {
    return kChecks;
}

}  // namespace onemarket
