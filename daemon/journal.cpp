// SPDX-License-Identifier: Apache-2.0
#include "daemon/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backends/io/digest.h"
#include "backends/io/random.h"
#include "backends/io/unique_fd.h"
#include "daemon/files.h"
#include "daemon/text_file.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/hex.h"
#include "protocol/step.h"

namespace onemarket {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kFormat = "onemarketd-journal-1";
constexpr std::string_view kClear = "CLEAR";
constexpr size_t kCheckDigits = 16;  // of a SHA-256: enough against accidents
constexpr size_t kMarkDigits = 16;
// 2020 and 2200, in ms since 1970: between them a record may have been accepted.
constexpr int64_t kEarliest = 1'577'836'800'000;
constexpr int64_t kLatest = 7'258'118'400'000;
constexpr size_t kMaxRecord = size_t{64} << 20;  // a request has at most 16 MB

std::string check_of(std::string_view text) {
    return to_hex(sha256(text)).substr(0, kCheckDigits);
}

// <check> <text>\n
std::string to_line(const std::string& text) {
    return check_of(text) + " " + text + "\n";
}

// The text of a line; nothing when it is damaged.
std::optional<std::string_view> text_of(std::string_view line) {
    if (line.size() <= kCheckDigits || line[kCheckDigits] != ' ') return std::nullopt;
    const std::string_view text = line.substr(kCheckDigits + 1);
    if (line.substr(0, kCheckDigits) != check_of(text)) return std::nullopt;
    return text;
}

int64_t to_number(JournalRecord::Time time) {
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

// What a record is of, as its first line says; its name does in lower case.
std::string_view kind_of(Action action, bool clears) {
    return clears ? kClear : to_string(action);
}

// What a record's name tells.
struct Name {
    Action action;
    bool clears;
    ObjectId id;
    std::string mark;
};
std::optional<Name> parse_name(std::string_view name) {
    const auto words = ascii::split(name, "-");
    if (words.size() != 3 || words[2].size() != kMarkDigits) return std::nullopt;
    const auto id = ascii::parse_number<ObjectId>(words[1]);
    if (!id) return std::nullopt;
    for (const auto& [action, clears] :
         {std::pair(Action::import, false), {Action::remove, false}, {Action::remove, true}})
        if (words[0] == ascii::to_lower(kind_of(action, clears)))
            return Name{action, clears, *id, std::string(words[2])};
    return std::nullopt;
}

// The request of a record's first line; nothing when it is not one of that name.
std::optional<std::pair<Request, JournalRecord::Time>> parse_first_line(std::string_view text,
                                                                        const Name& name) {
    const auto words = ascii::split(text, " ");
    const auto time = words.size() >= 4 ? ascii::parse_number<int64_t>(words[3]) : std::nullopt;
    if (!time || *time < kEarliest || *time > kLatest || words[0] != kFormat ||
        words[1] != kind_of(name.action, name.clears) || words[2] != std::to_string(name.id))
        return std::nullopt;
    return std::pair(Request{name.action, name.id, words.size() > 4 ? std::string(words[4]) : ""},
                     JournalRecord::Time(milliseconds(*time)));
}

// The second: what was its folder is a file now.
bool is_missing(int error) {
    return error == ENOENT || error == ENOTDIR;
}

// Removes a record; false when it stays.
bool is_gone(const std::string& path) noexcept {
    return ::unlink(path.c_str()) == 0 || is_missing(errno);
}

}  // namespace

// --- A record ---

std::optional<std::string> JournalRecord::noted(std::string_view name) const {
    const auto found = notes_.find(name);
    return found == notes_.end() ? std::nullopt : std::optional(found->second);
}

void JournalRecord::note(std::string_view name, std::string_view value) {
    step("before a note");
    append("note " + std::string(name) + " " + base64_encode(value), true);
    notes_.insert_or_assign(std::string(name), std::string(value));
    step("after a note");
}

void JournalRecord::begin() {
    append("begin", false);
    ++attempts_;
    ++begun_;
    running_ = true;
    step("begun");
}

void JournalRecord::end() {
    if (!running_) return;
    running_ = false;
    append("end", false);
    --attempts_;
}

void JournalRecord::set_answer(const Reply& reply) {
    append(std::string("answer ") + (reply.success ? "SUCCESS " : "FAILURE ") +
               base64_encode(reply.info),
           true);
    answer_ = reply;
    step("answer kept");
}

void JournalRecord::withdraw_answer() {
    if (answer_) set_answer({request_.action, false, request_.id, "Another app has its ID"});
}

bool JournalRecord::retire() noexcept {
    step("answer written");
    const bool gone = is_gone(path_);
    step("retired");
    return gone;
}

bool JournalRecord::is_there() const noexcept {
    struct stat status {};
    return ::lstat(path_.c_str(), &status) == 0 || !is_missing(errno);
}

// A line of a file that is read; false where it means nothing.
bool JournalRecord::apply(std::string_view line) {
    const auto words = ascii::split(line, " ");
    const auto decoded = [&](size_t index) {
        const Result<std::string> text = base64_decode(index < words.size() ? words[index] : "");
        return text ? std::optional(*text) : std::nullopt;
    };
    if (words.empty()) return false;
    if (words[0] == "begin") {
        ++attempts_;
        ++begun_;
    } else if (words[0] == "end") {
        if (attempts_ > 0) --attempts_;
    } else if (words[0] == "note" && words.size() >= 2 && decoded(2)) {
        notes_.insert_or_assign(std::string(words[1]), *decoded(2));
    } else if (words[0] == "answer" && words.size() >= 2 && decoded(2)) {
        answer_ = Reply{request_.action, words[1] == "SUCCESS", request_.id, *decoded(2)};
    } else {
        return false;
    }
    return true;
}

// A line that does not get there whole is taken back, or ended, so that it does not spoil the next.
void JournalRecord::append(const std::string& line, bool sync) {
    const UniqueFd file(::open(path_.c_str(), O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) throw system_error(errno, path_);
    char last = '\n';
    if (status.st_size > 0 && ::pread(file.get(), &last, 1, status.st_size - 1) < 0)
        throw system_error(errno, path_);
    try {
        write_all(file.get(), (last == '\n' ? "" : "\n") + to_line(line), path_);
        if (sync && ::fdatasync(file.get()) != 0) throw system_error(errno, path_);
    } catch (const Error&) {
        (void)!::ftruncate(file.get(), status.st_size);
        throw;
    }
}

// --- The folder ---

bool Journal::Left::Damaged::forget() const noexcept {
    return is_gone(path);
}

size_t records_in(const std::string& folder) noexcept {
    try {
        const auto names = names_in(folder);
        return static_cast<size_t>(std::count_if(names.begin(), names.end(), [](const auto& name) {
            return parse_name(name).has_value();
        }));
    } catch (const std::exception&) {
        return 0;
    }
}

// More names than load() takes for records: who asks wants to leave alone what may be one.
std::set<ObjectId> journalled_apps(const std::string& folder) {
    std::set<ObjectId> apps;
    for (const std::string& name : names_in(folder)) {
        const auto words = ascii::split(name, "-");
        const auto app = words.size() < 2 ? std::nullopt : ascii::parse_number<ObjectId>(words[1]);
        if (app) apps.insert(*app);
    }
    return apps;
}

Journal::Journal(std::string folder) : folder_(std::move(folder)) {
    make_state_folder(folder_);
}

template <class Act>
auto Journal::noting_faults(const Act& act) {
    try {
        auto result = act();
        set_fault("");
        return result;
    } catch (const Error& error) {
        set_fault(error.what());
        throw;
    }
}

void Journal::set_fault(std::string fault) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
}

RecordPtr Journal::open(const Request& request, const std::string& mark) {
    return open(request, mark, false);
}

RecordPtr Journal::open_clearing(const JournalRecord& import) {
    if (import.answer() && import.answer()->success) return nullptr;
    const Request& request = import.request();
    return open({Action::remove, request.id, request.payload}, import.mark(), true);
}

std::string Journal::fault() const {
    const std::lock_guard lock(mutex_);
    return fault_;
}

bool Journal::recovers() {
    if (fault().empty()) return false;
    try {
        return noting_faults([&] {
            try_folder(folder_);
            return true;
        });
    } catch (const Error&) {
        return false;
    }
}

RecordPtr Journal::open(const Request& request, const std::string& mark, bool clears) {
    return noting_faults([&] { return make(request, mark, clears); });
}

RecordPtr Journal::make(const Request& request, const std::string& mark, bool clears) const {
    const std::string kind(kind_of(request.action, clears)), id = std::to_string(request.id);
    const std::string path = folder_ + "/" + ascii::to_lower(kind) + "-" + id + "-" + mark;
    const auto now = std::chrono::system_clock::now();
    const std::string line = to_line(std::string(kFormat) + " " + kind + " " + id + " " +
                                     std::to_string(to_number(now)) + " " + request.payload);
    const auto make = [&path] {
        return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    };
    UniqueFd file(make());
    if (!file && errno == ENOENT) {  // somebody has removed the folder
        make_state_folder(folder_);
        file.reset(make());
    }
    if (!file && errno == EEXIST) return nullptr;
    if (!file) throw system_error(errno, path);
    step("record made");
    try {
        write_all(file.get(), line, path);
        step("record written");
        if (::fdatasync(file.get()) != 0) throw system_error(errno, path);
        sync_folder(folder_);
    } catch (const Error&) {
        (void)::unlink(path.c_str());
        throw;
    }
    step("record kept");
    return RecordPtr(new JournalRecord(path, mark, request, clears, now));
}

// Drivers have noted so, once: with the import's own message for a DELETE's.
void Journal::spare_what_was_told(Left& left) {
    std::map<std::string, std::string> told;  // payloads of imports that went well, by their marks
    for (const RecordPtr& record : left.records)
        if (record->request().action == Action::import && record->answer() &&
            record->answer()->success)
            told.emplace(record->mark(), record->request().payload);
    std::erase_if(left.records, [&](const RecordPtr& record) {
        if (record->request().action != Action::remove) return false;
        const auto found = told.find(record->mark());
        if (found == told.end() ||
            (!record->clears() && record->request().payload != found->second))
            return false;
        left.problems.push_back(record->path() +
                                ": not done, since the import it would clear away went well" +
                                (record->retire() ? "" : "; it cannot be removed"));
        return true;
    });
}

Journal::Left Journal::load() const {
    Left left = look(folder_);
    spare_what_was_told(left);
    return left;
}

Journal::Left Journal::look(const std::string& folder) {
    Left left;
    for (const std::string& name : names_in(folder))
        if (!name.starts_with('.')) read(folder + "/" + name, name, left);
    std::sort(left.records.begin(), left.records.end(),
              [](const auto& a, const auto& b) { return a->accepted() < b->accepted(); });
    return left;
}

void Journal::read(const std::string& path, std::string_view file, Left& left) {
    const std::optional<Name> name = parse_name(file);
    if (!name) return left.problems.push_back(path + ": not a record of this journal");
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        return left.problems.push_back(path + ": not a record, but something else");
    std::string text, problem;
    try {
        text = read_text_file(path, kMaxRecord);
    } catch (const Error& error) {
        // That it cannot be read just now, or by us, says nothing of what is in it.
        if (error.kind() != ErrorKind::limit)
            return left.problems.push_back(
                path + ": cannot be read, and is left as it is: " + error.what());
        problem = std::string(": ") + error.what();
    }
    const auto lines = ascii::split(text, "\n");
    const auto first = lines.empty() ? std::nullopt : text_of(lines[0]);
    auto request = first ? parse_first_line(*first, *name) : std::nullopt;
    if (!request) {
        if (name->action == Action::remove)
            problem += "; app " + std::to_string(name->id) +
                       ": gave up deleting it, and removed this record: what is left stays";
        left.problems.push_back(path + ": damaged, the request cannot be read" + problem);
        return left.damaged.push_back({name->action, name->id, path});
    }
    const RecordPtr record(new JournalRecord(path, name->mark, std::move(request->first),
                                             name->clears, request->second));
    size_t damaged = 0;
    for (size_t i = 1; i < lines.size(); ++i) {
        const auto line = text_of(lines[i]);
        if (!line || !record->apply(*line)) ++damaged;
    }
    if (damaged > 0)
        left.problems.push_back(path + ": " + std::to_string(damaged) +
                                " damaged lines are ignored");
    left.records.push_back(record);
}

}  // namespace onemarket
