// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/status_view.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "daemon/words.h"
#include "protocol/ascii.h"
#include "protocol/reply.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

using std::chrono::seconds;

constexpr size_t kBarWidth = 20;
constexpr size_t kMostName = 32;     // bytes
constexpr size_t kMostReason = 300;  // bytes

std::string text(const JsonValue& object, std::string_view name) {
    const JsonValue* value = object.find(name);
    return value != nullptr && value->is_scalar() ? one_line(value->text, kMostReason) : "";
}

std::optional<uint64_t> number(const JsonValue& object, std::string_view name) {
    return ascii::parse_number<uint64_t>(text(object, name));
}

// "5 alpine"
std::string named(const JsonValue& object, std::string_view id, std::string_view name) {
    std::string called = text(object, name);
    if (called.size() > kMostName) called = std::string(truncate_utf8(called, kMostName)) + "…";
    const std::string number = text(object, id);
    return number.empty() ? "-" : number + (called.empty() ? "" : " " + called);
}

// The clock's time of a moment today, the day's of another.
std::string short_time(const std::string& iso, const std::string& today) {
    const size_t t = iso.find('T');
    if (t == std::string::npos) return iso;
    return iso.substr(0, t) == today ? iso.substr(t + 1, 8) : iso.substr(0, t);
}

// The characters of it, as a terminal counts most of them.
size_t columns(std::string_view text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

// As much of it as there is room for.
std::string cut(const std::string& text, const Screen& screen) {
    std::string result;
    size_t row = 0, column = 0;
    for (const char c : text) {
        if (row == screen.rows) break;
        if (c != '\n') column += columns({&c, 1});
        if (c == '\n' || column <= screen.columns) result += c;
        if (c != '\n') continue;
        ++row;
        column = 0;
    }
    return result;
}

// Columns as wide as what stands in them; the last one ends where it does.
class Table {
  public:
    using Row = std::vector<std::string>;
    explicit Table(Row head) { add(std::move(head)); }
    void add(Row row) { rows_.push_back(std::move(row)); }
    bool empty() const { return rows_.size() < 2; }
    // In a text, with the blank line before it.
    size_t lines() const { return empty() ? 0 : rows_.size() + 1; }

    // Takes the last row out that is like that; false where there is none.
    bool drop_last(const auto& is_like_that) {
        for (size_t i = rows_.size(); i-- > 1;) {
            if (!is_like_that(rows_[i])) continue;
            rows_.erase(rows_.begin() + static_cast<ptrdiff_t>(i));
            return true;
        }
        return false;
    }

    std::string text() const {
        std::vector<size_t> widths;
        for (const auto& row : rows_)
            for (size_t i = 0; i < row.size(); ++i) {
                if (widths.size() <= i) widths.push_back(0);
                // The last one of a row goes on over what is right of it.
                if (i + 1 < row.size() || row.size() == rows_.front().size())
                    widths[i] = std::max(widths[i], columns(row[i]));
            }
        std::string text;
        for (const auto& row : rows_) {
            std::string line;
            for (size_t i = 0; i < row.size(); ++i) {
                line += row[i];
                if (i + 1 < row.size()) line.append(widths[i] - columns(row[i]) + 2, ' ');
            }
            line.erase(line.find_last_not_of(' ') + 1);
            text += line + "\n";
        }
        return text;
    }

  private:
    std::vector<Row> rows_;
};

const std::vector<JsonMember>& items(const JsonValue& status, std::string_view name) {
    static const std::vector<JsonMember> none;
    const JsonValue* value = status.find(name);
    return value != nullptr && value->is(JsonValue::Kind::array) ? value->members : none;
}

const JsonValue& part(const JsonValue& status, std::string_view name) {
    static const JsonValue none;
    const JsonValue* value = status.find(name);
    return value != nullptr ? *value : none;
}

std::string span(const JsonValue& object, std::string_view name) {
    return span_in_words(seconds(number(object, name).value_or(0)));
}

std::string head(const JsonValue& status) {
    const JsonValue& driver = part(status, "driver");
    const JsonValue& counts = part(status, "counts");
    const JsonValue& journal = part(status, "journal");
    std::string line = "onemarketd " + text(driver, "version") + ", pid " + text(driver, "pid") +
                       ", up " + span(driver, "uptime") + "\n" + text(counts, "running") +
                       " running, " + text(counts, "waiting") + " waiting";
    if (number(counts, "delayed").value_or(0) > 0)
        line += ", " + text(counts, "delayed") + " put off";
    if (number(counts, "retries").value_or(0) > 0)
        line += "; " + text(counts, "retries") + " to be tried again";
    line +=
        "; journal: " + count_in_words(number(journal, "records").value_or(0), "record", "records");
    if (!text(journal, "age").empty()) line += ", the oldest " + span(journal, "age");
    line += "\n";
    if (const std::string problem = text(journal, "problem"); !problem.empty())
        line += "no imports: " + problem + "\n";
    return line;
}

constexpr size_t kState = 3, kDone = 5;  // columns

Table::Row request_row(const JsonValue& request, const std::string& today) {
    std::string state = text(request, "state");
    if (const std::string stage = text(request, "stage"); !stage.empty()) state = stage;
    if (text(request, "cancelled") == "true") state = "cancelled";
    std::string done, rate, left;
    if (const auto moved = number(request, "moved")) {
        const Progress progress{*moved, number(request, "total"), {}};
        done = bar(progress, kBarWidth);
        if (progress.has_end())
            done += " " + std::to_string(static_cast<int>(progress.share() * 100)) + " % of " +
                    size_in_words(*progress.total);
        else
            done = size_in_words(*moved);
        if (const auto speed = number(request, "rate")) rate = size_in_words(*speed) + "/s";
        if (const auto rest = number(request, "left"))
            left = clock_in_words(seconds(static_cast<int64_t>(*rest)));
    }
    Table::Row row{text(request, "action"),
                   named(request, "app", "app_name"),
                   named(request, "market", "market_name"),
                   state,
                   span(request, "age"),
                   done,
                   rate,
                   left};
    if (const std::string next = text(request, "next"); !next.empty()) {
        row.resize(kDone);
        row.push_back("at " + short_time(next, today) + "; " + text(request, "reason"));
    }
    return row;
}

bool has_not_begun(const Table::Row& request) {
    return request[kState] == "waiting" || request[kState] == "queued" ||
           request[kState] == "retry";
}

Table::Row answer_row(const JsonValue& answer, const std::string& today) {
    const bool success = text(answer, "success") == "true";
    std::string result = success ? "SUCCESS" : "FAILURE";
    std::string what = text(answer, "reason");
    if (success && number(answer, "bytes").value_or(0) > 0)
        what = size_in_words(*number(answer, "bytes")) + " in " +
               span_in_words(seconds(static_cast<int64_t>(
                   (number(answer, "milliseconds").value_or(0) + 999) / 1000)));
    return {short_time(text(answer, "time"), today),
            text(answer, "action"),
            result,
            named(answer, "app", "app_name"),
            named(answer, "market", "market_name"),
            what};
}

std::string megabytes(const JsonValue& market, std::string_view name) {
    const auto value = number(market, name);
    return value ? size_in_words(*value << 20) : "-";
}

Table::Row market_row(const JsonValue& market, const std::string& today) {
    const std::string reason = text(market, "reason");
    return {named(market, "market", "market_name"),
            short_time(text(market, "time"), today),
            text(market, "success") == "true" ? "SUCCESS" : "FAILURE",
            megabytes(market, "used_mb"),
            megabytes(market, "free_mb"),
            text(market, "apps") == "0" ? "" : text(market, "apps"),
            reason};
}

}  // namespace

std::string status_view(const JsonValue& status, const Screen& screen) {
    const std::string now = text(part(status, "driver"), "now");
    const std::string today = now.substr(0, now.find('T'));
    Table requests({"REQUEST", "APP", "MARKETPLACE", "STATE", "AGE", "DONE", "RATE", "LEFT"});
    for (const JsonMember& item : items(status, "requests"))
        requests.add(request_row(item.value, today));
    Table last({"ANSWERED", "REQUEST", "", "APP", "MARKETPLACE", ""});
    for (const JsonMember& item : items(status, "last")) last.add(answer_row(item.value, today));
    Table markets({"MARKETPLACE", "MONITOR", "", "USED", "FREE", "APPS", ""});
    for (const JsonMember& item : items(status, "markets"))
        markets.add(market_row(item.value, today));
    std::string text = head(status);
    const auto fits = [&, above = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'))] {
        return above + requests.lines() + last.lines() + markets.lines() <= screen.rows;
    };
    while (!fits() && last.drop_last([](const Table::Row&) { return true; })) {
    }
    while (!fits() && requests.drop_last(has_not_begun)) {
    }
    for (const Table* table : {&requests, &last, &markets})
        if (!table->empty()) text += "\n" + table->text();
    return cut(text, screen);
}

}  // namespace onemarket
