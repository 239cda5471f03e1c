// SPDX-License-Identifier: Apache-2.0
// Requests that outlive the process: a file for each, written before any work and removed when its
// answer is with oned. docs/durability.md describes the files.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/import_record.h"
#include "protocol/reply.h"
#include "protocol/request.h"

namespace onemarket {

// A note of an import: something is left of it, and to be cleared away (ImportRecord::left).
inline constexpr std::string_view kLeftNote = "left";

// One request. Used by one thread at a time, but for suspend() and suspended().
class JournalRecord : public ImportRecord {
  public:
    using Time = std::chrono::system_clock::time_point;

    const Request& request() const { return request_; }
    // True of a DELETE that oned never sent: what the import of this mark has left, and nothing
    // else, is to be cleared away.
    bool clears() const { return clears_; }
    Time accepted() const { return accepted_; }

    const std::string& mark() const override { return mark_; }
    std::optional<std::string> noted(std::string_view name) const override;
    void note(std::string_view name, std::string_view value) override;

    // How often it was begun without coming to an end that was meant.
    unsigned attempts() const { return attempts_; }
    // Not synced: a power failure is not what a limit on attempts is for.
    void begin() override;
    // A DELETE's record may have the mark of an import, which is to be cleared away.
    bool resumed() const override {
        return request_.action == Action::remove || begun_ > (running_ ? 1U : 0U);
    }

    // The driver is ending; what runs is to be gone on with by the next.
    void suspend() { suspended_ = true; }
    bool suspended() const override { return suspended_; }
    // The work that was begun last has ended as it should, and does not count as an attempt.
    void end();

    // What oned is told, before it is told: from then on it is told nothing else.
    void set_answer(const Reply& reply);
    const std::optional<Reply>& answer() const { return answer_; }
    // It was not told, and never will be.
    void withdraw_answer();

    // Nobody needs it any more. From any thread, as the last thing that is done with it, unless it
    // is still there: false.
    bool retire() noexcept;
    // False when somebody else has removed it.
    bool is_there() const noexcept;
    const std::string& path() const { return path_; }

  private:
    friend class Journal;
    JournalRecord(std::string path, std::string mark, Request request, bool clears, Time accepted)
        : path_(std::move(path)),
          mark_(std::move(mark)),
          request_(std::move(request)),
          clears_(clears),
          accepted_(accepted) {}
    bool apply(std::string_view line);
    void append(const std::string& line, bool sync);

    std::string path_, mark_;
    Request request_;
    bool clears_;
    Time accepted_;
    std::map<std::string, std::string, std::less<>> notes_;
    unsigned attempts_ = 0, begun_ = 0;
    bool running_ = false;  // begun by this life, and not ended
    std::optional<Reply> answer_;
    std::atomic<bool> suspended_ = false;
};
using RecordPtr = std::shared_ptr<JournalRecord>;

// The folder of records. load() is for one thread, the rest is thread-safe.
class Journal {
  public:
    // Makes the folder. Throws Error.
    explicit Journal(std::string folder);

    // On return the request is on disk, synced. Throws Error, and leaves nothing. `mark`: of the
    // import it is about, where there is one; null when it is there already.
    RecordPtr open(const Request& request, const std::string& mark = random_hex());
    // The same for what this import has left: the one way to a record that clears. Null where the
    // import's answer is a SUCCESS, too: oned may have been told of what it has published.
    RecordPtr open_clearing(const JournalRecord& import);

    // Why the last request could not be noted down; empty where it could.
    std::string fault() const;
    // Tries once more where it could not: true where that has gone well.
    bool recovers();

    // What other lives left.
    struct Left {
        std::vector<RecordPtr> records;  // in the order they were accepted
        // Records that cannot be read; their names tell whose they were.
        struct Damaged {
            Action action;
            ObjectId id;
            std::string path;
            // False: it is still there.
            bool forget() const noexcept;
        };
        std::vector<Damaged> damaged;
        std::vector<std::string> problems;  // what an administrator should know, a line each
    };
    Left load() const;
    // The same without touching anything: a driver may be at work in this folder. One that is not
    // there has nothing. Throws Error.
    static Left look(const std::string& folder);

  private:
    RecordPtr open(const Request& request, const std::string& mark, bool clears);
    RecordPtr make(const Request& request, const std::string& mark, bool clears) const;
    // Does it, and keeps why it did not go.
    template <class Act>
    auto noting_faults(const Act& act);
    void set_fault(std::string fault);
    static void read(const std::string& path, std::string_view file, Left& left);
    static void spare_what_was_told(Left& left);

    std::string folder_;
    mutable std::mutex mutex_;
    std::string fault_;
};

// How many records there are in a journal's folder; none where it cannot be read.
size_t records_in(const std::string& folder) noexcept;

// The apps a journal in this folder has a record of; one that is not there has none. Throws Error.
std::set<ObjectId> journalled_apps(const std::string& folder);

}  // namespace onemarket
