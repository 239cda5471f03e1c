// SPDX-License-Identifier: Apache-2.0
// What earlier lives of the driver have left in the journal, taken up by this one.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "daemon/answers.h"
#include "daemon/in_flight.h"
#include "daemon/journal.h"
#include "daemon/reply_writer.h"
#include "daemon/retries.h"

namespace onemarket {

// For the loop's thread alone.
class Inheritance {
  public:
    struct Outside {
        InFlight& in_flight;
        ReplyWriter& writer;
        Retries& retries;
        Answers& answers;
        std::function<void(const FlightPtr&)> start;
        std::function<void(LogLevel, std::string_view)> tell;  // oned, and the driver's log
    };
    explicit Inheritance(Outside outside) : outside_(std::move(outside)) {}

    // An app was deleted while the journal was another driver's, which may have left a record of
    // it. So many are remembered.
    static constexpr size_t kMostUnseen = 1000;
    void deleted_unseen(const Request& removal);

    void take_up(Journal::Left left);

  private:
    void answer(const Journal::Left::Damaged& damaged) const;
    void deleted(const RecordPtr& record) const;
    void take_up_removal(const RecordPtr& record) const;
    void take_up_import(const RecordPtr& record, const std::set<std::string>& removed) const;

    Outside outside_;
    std::map<ObjectId, Request> deleted_;
};

}  // namespace onemarket
