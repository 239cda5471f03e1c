// SPDX-License-Identifier: Apache-2.0
// What the driver needs to speak to others: certificates, ssh, bridges, a clock.
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "backends/io/bridge.h"
#include "daemon/certificates.h"
#include "daemon/ctl/asker.h"
#include "daemon/ctl/doctor/examined.h"
#include "daemon/files.h"
#include "daemon/state_folder.h"
#include "daemon/text_file.h"
#include "daemon/words.h"
#include "protocol/ascii.h"
#include "protocol/iso_time.h"
#include "protocol/moment.h"

namespace onemarket {
namespace {

// Where systems keep the certificates they trust: Debian's, RHEL's, SUSE's.
constexpr std::array<const char*, 3> kStores{"/etc/ssl/certs/ca-certificates.crt",
                                             "/etc/pki/tls/certs/ca-bundle.crt",
                                             "/etc/ssl/ca-bundle.pem"};

void check_certificates(const Examined& examined, Context& context, Findings& findings) {
    const Config& config = examined.installation->services()->config;
    if (!config.tls_verify)
        return findings.warning("TLS", "certificates are not verified: TLS_VERIFY = \"no\"",
                                "CA_FILE in onemarketd.conf, with the certificates to be trusted");
    std::string file = config.ca_file;
    for (const char* store : kStores)
        if (file.empty() && ::access(store, F_OK) == 0) file = store;
    if (file.empty())
        return findings.warning("TLS", "no store of trusted certificates was found",
                                "install ca-certificates, or set CA_FILE in onemarketd.conf");
    findings.attempt(
        "TLS", "install ca-certificates, or correct CA_FILE in onemarketd.conf", context, [&] {
            const size_t count = certificates_in(file);
            if (count == 0) throw Error(ErrorKind::corrupt, file + ": no certificate in it");
            findings.ok(
                "TLS",
                count_in_words(count, "trusted certificate", "trusted certificates") + ", " + file);
        });
    for (const std::string& host : config.tls_unverified_hosts)
        findings.warning("TLS", "the certificate of " + host + " is not verified",
                         "CA_FILE in the place of TLS_UNVERIFIED_HOSTS");
}

bool is_in_path(const std::string& program, const std::string& path) {
    const auto folders = ascii::split(path, ":");
    return std::any_of(folders.begin(), folders.end(), [&program](std::string_view folder) {
        return ::access((std::string(folder) + "/" + program).c_str(), X_OK) == 0;
    });
}

// Those the driver itself starts on this host.
void check_programs(const Examined& examined, Context&, Findings& findings) {
    const std::string where = "PATH has " + examined.path;
    if (is_in_path("ssh", examined.path))
        findings.ok("ssh", "there");
    else if (!examined.bridges().empty())
        findings.problem("ssh", "not found, and a marketplace has a BRIDGE_LIST; " + where,
                         "install openssh-client");
    if (::access("/etc/ceph", F_OK) == 0 && !is_in_path("rbd", examined.path))
        findings.warning("rbd", "not found, but /etc/ceph is there; " + where,
                         "install ceph-common, where ceph datastores have no BRIDGE_LIST");
}

void check_markets(const Examined& examined, Context&, Findings& findings) {
    if (examined.markets_fault)
        findings.warning("marketplaces", examined.markets_fault->what(),
                         "run this as " + user_name(examined.owner));
}

std::string home_of(uid_t user) {
    const passwd* entry = ::getpwuid(user);
    return entry == nullptr ? "" : entry->pw_dir;
}

void check_ssh_files(const Examined& examined, Context&, Findings& findings) {
    if (examined.bridges().empty()) return;
    const std::string folder = home_of(examined.owner) + "/.ssh";
    try {
        const auto names = names_in(folder);
        const auto has = [&names](auto&& is) {
            return std::any_of(names.begin(), names.end(), is);
        };
        const bool key = has([](const std::string& name) {
            return name.starts_with("id_") && !name.ends_with(".pub");
        });
        const bool known = has([](const std::string& name) { return name == "known_hosts"; }) ||
                           ::access("/etc/ssh/ssh_known_hosts", F_OK) == 0;
        if (!key)
            findings.warning(folder, "no key, id_…: another is used, or none",
                             "ssh-keygen, and the public half to the hosts of BRIDGE_LISTs");
        if (!known)
            findings.warning(
                folder, "no known_hosts: ssh would ask, and nobody answers",
                "ssh-keyscan HOST >> " + folder + "/known_hosts, when what it says is true");
        if (key && known) findings.ok(folder, "a key, and known hosts");
    } catch (const Error& error) {
        findings.warning(folder, error.what(), "run this as " + user_name(examined.owner));
    }
}

void check_bridges(const Examined& examined, Context& context, Findings& findings) {
    const auto hosts = examined.bridges();
    if (hosts.empty()) return;
    if (!examined.hosts)
        return findings.ok("bridges",
                           std::to_string(hosts.size()) + ", not connected to: --hosts does");
    for (const std::string& host : hosts) {
        const std::string what = "bridge " + host;
        findings.attempt(what,
                         "ssh " + host + " must work for " + user_name(examined.owner) +
                             " without a question: its key there, the host in its known_hosts",
                         context, [&] {
                             if (!is_bridge_host(host))
                                 throw Error(ErrorKind::bad_request, "no name of a host");
                             const Bridge bridge(
                                 ssh_settings(examined.installation->services()->site), host,
                                 context);
                             findings.ok(what, "can be worked with");
                         });
    }
}

Examined::Time newest_in(const std::string& folder) {
    Examined::Time newest{};
    for (const std::string& name : names_in(folder)) {
        struct stat status {};
        if (::stat((folder + "/" + name).c_str(), &status) == 0)
            newest = std::max(newest, moment_of(status.st_mtim.tv_sec));
    }
    return newest;
}

// What is older than what tells orphans, and answers to signed requests.
void check_clock(const Examined& examined, Context&, Findings& findings) {
    constexpr const char* remedy =
        "set it: orphans are told by their age, and S3 refuses a wrong time";
    constexpr std::chrono::minutes doubt{2};
    // This was written later than that.
    const auto earliest = std::chrono::system_clock::from_time_t(1'763'000'000);
    if (examined.now < earliest)
        return findings.problem("clock", to_iso_time(examined.now) + " is long past", remedy);
    Examined::Time newest{};
    try {
        for (const std::string& folder :
             {StateFolder(examined.layout.state()).journal(), examined.layout.state() + "/markets"})
            newest = std::max(newest, newest_in(folder));
    } catch (const Error&) {
        // Said elsewhere.
    }
    if (newest > examined.now + doubt)
        return findings.problem(
            "clock",
            to_iso_time(examined.now) + ", but the driver has written at " + to_iso_time(newest),
            remedy);
    findings.ok("clock", to_iso_time(examined.now));
}

constexpr std::array<Check, 6> kChecks{check_certificates, check_programs, check_markets,
                                       check_ssh_files,    check_bridges,  check_clock};

}  // namespace

std::span<const Check> checks_of_network() {
    return kChecks;
}

}  // namespace onemarket
