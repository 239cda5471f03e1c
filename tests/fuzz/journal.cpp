// SPDX-License-Identifier: Apache-2.0
// Records of the journal: what is noted is there in the next life; a damaged one costs itself
// alone. Parts of an input: a record's name, and its lines. Those that begin with `!` stand there
// as they are, the others with the check that makes them count.
#include "daemon/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include "backends/io/digest.h"
#include "daemon/files.h"
#include "protocol/hex.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

// A file's name that stays in its folder.
std::string file_name(std::string_view name) {
    std::string file(name.substr(0, 200));
    for (char& c : file)
        if (c == '/' || c == '\0') c = '_';
    return file.empty() || file == "." || file == ".." ? "import-5-0123456789abcdef" : file;
}

std::string file_text(const std::vector<std::string_view>& parts) {
    std::string text;
    for (size_t i = 1; i < parts.size(); ++i) {
        if (parts[i].starts_with('!'))
            text += parts[i].substr(1);
        else
            text += to_hex(sha256(parts[i])).substr(0, 16) + " " + std::string(parts[i]) + "\n";
    }
    return text;
}

// One that somebody else has written.
void check_read(const std::vector<std::string_view>& parts, const MemoryDir& dir) {
    const std::string path = dir / file_name(parts[0]);
    replace_file(path, path + ".new", file_text(parts), 0600);
    const Journal::Left seen = Journal::look(dir.path());
    const Journal::Left left = Journal(dir.path()).load();
    must(seen.records.size() == left.records.size() && seen.damaged.size() == left.damaged.size(),
         "to look at it is to see what will be done");
    must(left.records.size() + left.damaged.size() <= 1, "a file is one record");
    must(!left.records.empty() || path.substr(dir.path().size() + 1).starts_with('.') ||
             !left.problems.empty(),
         "what is no record is told");
    for (const RecordPtr& record : left.records) {
        must(record->request().action == Action::import ||
                 record->request().action == Action::remove,
             "a record is of an import or a DELETE");
        must(record->request().id >= 0 && record->mark().size() == 16, "a record has id and mark");
        // It is gone on with as before.
        record->begin();
        record->note("place", "5");
        const Journal::Left again = Journal::look(dir.path());
        must(again.records.size() == 1 && again.records[0]->noted("place") == "5" &&
                 again.records[0]->attempts() == record->attempts(),
             "what is added to a record is there in the next life");
        must(record->retire(), "a record can be retired");
    }
    ::unlink(path.c_str());
}

// One of this life.
void check_written(const std::vector<std::string_view>& parts, const MemoryDir& dir) {
    Journal journal(dir.path());
    std::string payload(parts[0]);
    std::erase_if(payload, [](char c) { return c == ' ' || c == '\n'; });
    const RecordPtr record = journal.open({Action::import, 7, payload});
    std::map<std::string, std::string> noted;
    for (size_t i = 1; i < parts.size(); ++i) {
        record->begin();
        if (parts[i].size() % 2 == 0) record->end();
        const std::string name = "note" + std::to_string(i % 3);
        record->note(name, parts[i]);
        noted[name] = parts[i];
    }
    if (parts.size() > 2) record->set_answer({Action::import, true, 7, std::string(parts[2])});
    const Journal::Left left = journal.load();
    must(left.records.size() == 1 && left.damaged.empty() && left.problems.empty(),
         "what is written can be read");
    const JournalRecord& read = *left.records[0];
    must(read.request().payload == payload && read.request().id == 7, "a request stays");
    must(read.mark() == record->mark() && read.attempts() == record->attempts(),
         "a mark and the attempts stay");
    for (const auto& [name, value] : noted) must(read.noted(name) == value, "a note stays");
    must(read.answer().has_value() == record->answer().has_value(), "an answer stays");
    must(!read.answer() || (read.answer()->info == parts[2] && read.answer()->success),
         "an answer stays as it was");
    must(record->retire(), "a record can be retired");
}

}  // namespace

void one_input(std::string_view input) {
    static const MemoryDir dir;
    const auto parts = parts_of(input);
    check_written(parts, dir);
    check_read(parts, dir);
}

}  // namespace onemarket::fuzz
