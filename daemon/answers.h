// SPDX-License-Identifier: Apache-2.0
// Answers to requests that are kept on disk: noted there, told to oned, and then forgotten.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "daemon/journal.h"
#include "daemon/reply_writer.h"
#include "daemon/retries.h"
#include "protocol/reply.h"

namespace onemarket {

// An answer that cannot be noted is not told, as long as its record is there to give another one at
// the next start. give(), give_removal() and forget() are for any thread, the rest for the loop's.
class Answers {
  public:
    struct Outside {
        boost::asio::io_context& loop;
        ReplyWriter& writer;
        Retries& retries;
        std::function<void(LogLevel, std::string_view)> tell;  // oned, and the driver's log
    };
    explicit Answers(Outside outside) : outside_(std::move(outside)) {}

    // To an IMPORT that is on disk.
    void give(const FlightPtr& flight, const Reply& reply);

    // What an earlier life has noted.
    void repeat(const RecordPtr& record);

    // To a DELETE: it is tried again where it failed for now.
    void give_removal(const Flight& flight, const Reply& reply, std::optional<ErrorKind> failure);

    // The app is deleted: what is not told yet need not be, and is not to be gone on with.
    void drop(ObjectId app);

    // Another app has its id now: it is told nothing of this one, and what oned was not told of is
    // cleared away. All that waits here; an import that has just ended; one of an earlier life,
    // which may have told its answer.
    void supersede(ObjectId app);
    void supersede(const RecordPtr& record, const Reply& reply);
    void supersede(const RecordPtr& record);

    // Removes a record; where that fails it is said.
    void forget(JournalRecord& record) const;

  private:
    struct Withheld {
        std::optional<Reply> reply;  // nothing: its record is to be removed, no more
        FlightPtr flight;
        std::shared_ptr<boost::asio::steady_timer> timer;
    };
    bool settled(const RecordPtr& record, const Withheld& answer);
    void withhold(const RecordPtr& record, Withheld answer, unsigned tries);
    void note(const RecordPtr& record, const Reply& reply) const;
    void tell(const FlightPtr& flight, const Reply& reply);
    void clear_up_behind(const RecordPtr& record, bool told) const;

    Outside outside_;
    std::map<RecordPtr, Withheld> withheld_;
};

}  // namespace onemarket
