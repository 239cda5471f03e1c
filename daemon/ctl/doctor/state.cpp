// SPDX-License-Identifier: Apache-2.0
// The driver's folders, whether it lives, and what it keeps.
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <set>

#include "daemon/ctl/asker.h"
#include "daemon/ctl/control_client.h"
#include "daemon/ctl/doctor/examined.h"
#include "daemon/ctl/market.h"
#include "daemon/files.h"
#include "daemon/journal.h"
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

// What the folder's rights do not tell: a full disk, a quota, rights of the journal itself.
void check_journal_folder(const Examined& examined, Context&, Findings& findings) {
    const std::string folder = StateFolder(examined.layout.state()).journal();
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0) return;  // the driver's next start makes it
    try {
        try_folder(folder);
    } catch (const Error& error) {
        const bool rights = error.kind() == ErrorKind::permission;
        findings.problem(folder, "nothing can be noted down: " + std::string(error.what()),
                         rights ? "chown -R " + user_name(examined.owner) + " " +
                                      examined.layout.state() + "; chmod 700 " + folder
                                : "mend that: without its journal the driver takes no import");
    }
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

// An upgrade has put another in its place since.
bool is_of_old(const std::string& pid) {
    std::error_code error;
    const std::string program = std::filesystem::read_symlink("/proc/" + pid + "/exe", error);
    return program.ends_with(" (deleted)");
}

void check_answers(const std::string& pid, const Examined& examined, Findings& findings) {
    try {
        const JsonValue answer = ask_driver_for(examined.layout.state(), control_request("status"));
        findings.ok("driver", "runs, pid " + pid);
        const JsonValue* status = answer.find("status");
        const JsonValue* metrics = status == nullptr ? nullptr : status->find("metrics");
        const JsonValue* problem = metrics == nullptr ? nullptr : metrics->find("problem");
        if (problem != nullptr)
            findings.warning("metrics", problem->text,
                             "METRICS_LISTEN, METRICS_FILE in onemarketd.conf; " +
                                 document("troubleshooting.md"));
    } catch (const Error& error) {
        findings.warning(
            "driver", "runs, pid " + pid + ", but cannot be asked: " + error.what(),
            document("troubleshooting.md") + " has these texts, below \"The control socket\"");
    }
    if (is_of_old(pid))
        findings.warning("driver", "its program was replaced since it started: the old one runs",
                         "restart OpenNebula when it suits (systemctl restart opennebula)");
}

void check_driver(const Examined& examined, Context&, Findings& findings) {
    const std::string lock = examined.layout.state() + "/lock";
    if (const int error = ::access(lock.c_str(), R_OK) == 0 ? 0 : errno; error == EACCES)
        return findings.warning(
            "driver", "cannot be seen: " + lock + ": " + reason_of(error),
            "run this as " + user_name(examined.owner) + "; that folder is its");
    const std::string pid(ascii::trim(read_text_file_or_empty(lock)));
    const std::string stock = examined.runs_onemarketd() ? stock_driver() : "";
    if (ascii::parse_number<int>(pid) && runs(pid, "onemarketd"))
        check_answers(pid, examined, findings);
    else if (examined.runs_onemarketd() && stock.empty())
        findings.problem(
            "driver", "does not run, as far as can be seen",
            "start OpenNebula (systemctl start opennebula); oned.log says why it ended");
    if (!stock.empty())
        findings.warning("stock driver", "still runs, pid " + stock,
                         "restart oned: it reads oned.conf at its start alone");
}

// DELETEs are there only when they failed, or wait for an import's end.
std::string counts_of(const std::vector<RecordPtr>& records) {
    const auto imports = std::count_if(records.begin(), records.end(), [](const auto& record) {
        return record->request().action == Action::import;
    });
    const auto kept = static_cast<ptrdiff_t>(records.size()) - imports;
    std::string text = imports > 0 ? std::to_string(imports) + " under way" : "";
    if (kept > 0) text += (text.empty() ? "" : ", ") + std::to_string(kept) + " kept to be deleted";
    return text;
}

void check_journal(const Examined& examined, Context&, Findings& findings) {
    const std::string folder = StateFolder(examined.layout.state()).journal();
    try {
        const Journal::Left left = Journal::look(folder);
        for (const std::string& problem : left.problems)
            findings.warning("journal", problem,
                             document("durability.md") + " says what becomes of it");
        if (left.records.empty()) return findings.ok("journal", "empty: nothing is under way");
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(
            examined.now - left.records.front()->accepted());
        const std::string text = counts_of(left.records) + ", the oldest for " + span_in_words(age);
        if (age > kLong)
            findings.warning("journal", text, "onemarketctl status says what they wait for");
        else
            findings.ok("journal", text);
    } catch (const Error& error) {
        findings.problem("journal", error.what(), "run this as " + user_name(examined.owner));
    }
}

// The state folder may be a disk of its own.
void check_space(const Examined& examined, Context&, Findings& findings) {
    std::set<dev_t> disks;
    for (const std::string& folder :
         {examined.layout.var, examined.layout.log, examined.layout.state()}) {
        struct stat there {};
        struct statvfs status {};
        if (::stat(folder.c_str(), &there) != 0 || !disks.insert(there.st_dev).second ||
            ::statvfs(folder.c_str(), &status) != 0)
            continue;
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

constexpr std::array<Check, 6> kChecks{check_folders, check_state_folder, check_journal_folder,
                                       check_driver,  check_journal,      check_space};

}  // namespace

std::span<const Check> checks_of_state() {
    return kChecks;
}

}  // namespace onemarket
