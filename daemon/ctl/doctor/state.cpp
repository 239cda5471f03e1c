// SPDX-License-Identifier: Apache-2.0
// The driver's folders, whether it lives, and what it keeps.
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "daemon/ctl/asker.h"
#include "daemon/ctl/control_client.h"
#include "daemon/ctl/doctor/examined.h"
#include "daemon/ctl/market.h"
#include "daemon/journal.h"
#include "daemon/state_files.h"
#include "daemon/state_folder.h"
#include "daemon/text_file.h"
#include "daemon/words.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr uint64_t kMegabyte = uint64_t{1} << 20;
constexpr uint64_t kNone = 50, kLittle = 500;  // MB
constexpr std::chrono::hours kLong{24};

void check_folder(const std::string& folder, int rights, const std::string& why,
                  const Examined& examined, Findings& findings) {
    if (::access(folder.c_str(), rights) == 0) return findings.ok(folder, why);
    const int error = errno;
    findings.problem(folder, reason_of(error),
                     error == ENOENT  ? "create it, for " + user_name(examined.owner)
                     : error == EROFS ? "it is mounted read-only"
                                      : "let " + user_name(examined.owner) + " use it");
}

void check_folders(const Examined& examined, Context&, Findings& findings) {
    const Layout& layout = examined.layout;
    check_folder(layout.etc, R_OK | X_OK, "can be read", examined, findings);
    check_folder(layout.var, W_OK | X_OK, "can be written to", examined, findings);
    const std::string log = layout.log + "/onemarketd.log";
    if (::access(log.c_str(), F_OK) == 0)
        check_folder(log, W_OK, "can be written to", examined, findings);
    if (layout.log != layout.var)
        check_folder(layout.log, W_OK | X_OK, "can be written to", examined, findings);
}

// The driver makes it; somebody else may have made it before, or something in it.
void check_state_folder(const Examined& examined, Context&, Findings& findings) {
    const std::string folder = examined.layout.state();
    const std::string owner = user_name(examined.owner);
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0) {
        if (errno == ENOENT)
            return findings.ok(folder, "not there; the driver's first start makes it");
        return findings.problem(folder, reason_of(errno), "let " + owner + " use it");
    }
    if (!S_ISDIR(status.st_mode))
        return findings.problem(folder, "no folder",
                                "move it away: the driver keeps its journal there");
    for (const std::string& name :
         {folder, folder + "/journal", folder + "/markets", folder + "/lock"}) {
        if (::lstat(name.c_str(), &status) != 0 || status.st_uid == examined.owner) continue;
        return findings.problem(
            name, "belongs to " + user_name(status.st_uid) + ": the driver cannot write to it",
            "chown -R " + owner + " " + folder);
    }
    (void)::lstat(folder.c_str(), &status);
    if ((status.st_mode & 077) != 0)
        return findings.warning(folder, "others may look into it: messages in it have secrets",
                                "chmod 700 " + folder);
    check_folder(folder, W_OK | X_OK, "can be written to", examined, findings);
}

// The first word of a process's command line.
std::string program_of(const std::string& pid) {
    const std::string text = read_text_file_or_empty("/proc/" + pid + "/cmdline");
    return text.substr(0, text.find('\0'));
}

bool runs(const std::string& pid, std::string_view program) {
    const std::string found = program_of(pid);
    return std::string_view(found).substr(found.rfind('/') + 1) == program;
}

// That of the stock driver: a script, so its interpreter comes first.
bool is_stock_driver(const std::string& pid) {
    const std::string text = read_text_file_or_empty("/proc/" + pid + "/cmdline");
    return text.find("/one_market.rb") != std::string::npos;
}

std::string stock_driver() {
    for (const std::string& name : names_in("/proc"))
        if (ascii::parse_number<int>(name) && is_stock_driver(name)) return name;
    return "";
}

void check_answers(const std::string& pid, const Examined& examined, Findings& findings) {
    try {
        (void)ask_driver_for(examined.layout.state(), control_request("status"));
        findings.ok("driver", "runs, pid " + pid);
    } catch (const Error& error) {
        findings.warning("driver", "runs, pid " + pid + ", but cannot be asked: " + error.what(),
                         "docs/troubleshooting.md has these texts, below \"The control socket\"");
    }
}

void check_driver(const Examined& examined, Context&, Findings& findings) {
    const std::string lock = examined.layout.state() + "/lock";
    const std::string pid(ascii::trim(read_text_file_or_empty(lock)));
    if (ascii::parse_number<int>(pid) && runs(pid, "onemarketd"))
        check_answers(pid, examined, findings);
    else if (examined.runs_onemarketd())
        findings.warning(
            "driver", "does not run, as far as can be seen",
            "start OpenNebula (systemctl start opennebula); oned.log says why it ended");
    if (const std::string stock = examined.runs_onemarketd() ? stock_driver() : ""; !stock.empty())
        findings.warning("stock driver", "still runs, pid " + stock,
                         "restart oned: it reads oned.conf at its start alone");
}

void check_journal(const Examined& examined, Context&, Findings& findings) {
    const std::string folder = StateFolder(examined.layout.state()).journal();
    try {
        const Journal::Left left = Journal::look(folder);
        for (const std::string& problem : left.problems)
            findings.warning("journal", problem, "docs/durability.md says what becomes of it");
        if (left.records.empty()) return findings.ok("journal", "empty: nothing is under way");
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(
            examined.now - left.records.front()->accepted());
        const std::string text = std::to_string(left.records.size()) +
                                 " under way, the oldest for " + span_in_words(age);
        if (age > kLong)
            findings.warning("journal", text, "onemarketd.log says what they wait for");
        else
            findings.ok("journal", text);
    } catch (const Error& error) {
        findings.problem("journal", error.what(), "run this as " + user_name(examined.owner));
    }
}

void check_space(const Examined& examined, Context&, Findings& findings) {
    std::string last;
    for (const std::string& folder : {examined.layout.var, examined.layout.log}) {
        struct statvfs status {};
        if (folder == last || ::statvfs(folder.c_str(), &status) != 0) continue;
        last = folder;
        const uint64_t free = uint64_t{status.f_bavail} * status.f_frsize / kMegabyte;
        const std::string text = std::to_string(free) + " MB free";
        if (free < kNone || (status.f_files > 0 && status.f_favail == 0))
            findings.problem(folder, free < kNone ? text : "no inode is free",
                             "make room: without its journal the driver takes no import");
        else if (free < kLittle)
            findings.warning(folder, text, "make room");
        else
            findings.ok(folder, text);
    }
}

constexpr std::array<Check, 5> kChecks{check_folders, check_state_folder, check_driver,
                                       check_journal, check_space};

}  // namespace

std::span<const Check> checks_of_state() {
    return kChecks;
}

}  // namespace onemarket
