// SPDX-License-Identifier: Apache-2.0
#include "daemon/metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <initializer_list>
#include <utility>

#include "daemon/version.h"
#include "protocol/ascii.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

constexpr uint64_t kMegabyte = uint64_t{1} << 20;
// oned looks at a marketplace every few minutes: one it does not look at any more is gone.
constexpr std::chrono::hours kForgotten{24};

constexpr std::array kActions{Action::import, Action::remove, Action::monitor};

struct Source {
    const Status& status;
    const ProcessUsage& usage;
};

std::string number(std::integral auto value) {
    return std::to_string(value);
}

std::string number(double value) {
    std::array<char, 32> text;
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

double seconds(WallTime time) {
    const auto since =
        std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
    return static_cast<double>(since.count()) / 1000;
}

// Between the quotes of a label.
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : repair_utf8(value)) {
        if (c == '\\' || c == '"') text += '\\';
        if (c == '\n')
            text += "\\n";
        else
            text += c;
    }
    return text;
}

using Label = std::pair<std::string_view, std::string>;

// The lines of one metric.
class Samples {
  public:
    Samples(std::string& text, std::string_view name) : text_(text), name_(name) {}

    void add(auto value, std::initializer_list<Label> labels = {}) { line("", labels, value); }
    template <class Value>
    void add(const std::optional<Value>& value, std::initializer_list<Label> labels = {}) {
        if (value) line("", labels, *value);
    }
    // Of a histogram: "_bucket", "_sum" or "_count".
    void part(std::string_view suffix, auto value, std::initializer_list<Label> labels) {
        line(suffix, labels, value);
    }

  private:
    void line(std::string_view suffix, std::initializer_list<Label> labels, auto value) {
        text_.append(name_).append(suffix);
        char before = '{';
        for (const auto& [name, label] : labels) {
            text_.append(1, before).append(name).append("=\"").append(escaped(label)).append("\"");
            before = ',';
        }
        if (labels.size() > 0) text_ += '}';
        text_.append(" ").append(number(value)).append("\n");
    }

    std::string& text_;
    std::string_view name_;
};

// --- What there is of each action, and of each marketplace ---

std::string label(Action action) {
    return ascii::to_lower(to_string(action));
}

void each_action(const Source& source, auto&& take) {
    static const ActionTotals kNone;
    for (const Action action : kActions) {
        const auto known = source.status.totals.actions.find(action);
        take(label(action), known == source.status.totals.actions.end() ? kNone : known->second);
    }
}

void in_state(const Source& source, Samples& samples, size_t StateCounts::*state) {
    for (const Action action : kActions) {
        const auto known = source.status.counts.actions.find(action);
        const bool any = known != source.status.counts.actions.end();
        samples.add(any ? known->second.*state : 0, {{"action", label(action)}});
    }
}

void requests(const Source& source, Samples& samples) {
    each_action(source, [&](const std::string& action, const ActionTotals& totals) {
        uint64_t failures = 0;
        for (const auto& [kind, count] : totals.failures) failures += count;
        samples.add(totals.successes, {{"action", action}, {"result", "success"}});
        samples.add(failures, {{"action", action}, {"result", "failure"}});
    });
}

void failures(const Source& source, Samples& samples) {
    each_action(source, [&](const std::string& action, const ActionTotals& totals) {
        for (const ErrorKind kind : kErrorKinds) {
            const auto known = totals.failures.find(kind);
            samples.add(known == totals.failures.end() ? 0 : known->second,
                        {{"action", action}, {"kind", std::string(to_string(kind))}});
        }
    });
}

void spans(const Source& source, Samples& samples) {
    each_action(source, [&](const std::string& action, const ActionTotals& totals) {
        uint64_t count = 0;
        for (size_t i = 0; i < totals.spans.size(); ++i) {
            count += totals.spans[i];
            const std::string bound = i < kSpanBounds.size() ? number(kSpanBounds[i]) : "+Inf";
            samples.part("_bucket", count, {{"action", action}, {"le", bound}});
        }
        samples.part("_sum", totals.seconds, {{"action", action}});
        samples.part("_count", count, {{"action", action}});
    });
}

double journal_age(const Status& status) {
    if (!status.journal_oldest) return 0;
    return std::max(0.0, seconds(status.now) - seconds(*status.journal_oldest));
}

// `value` may say nothing of a marketplace.
void each_market(const Source& source, Samples& samples, auto&& value) {
    for (const auto& [id, market] : source.status.totals.markets)
        if (source.status.now - market.at < kForgotten)
            samples.add(value(market), {{"market", std::to_string(id)}, {"name", market.name}});
}

void bytes(const Source& source, Samples& samples, std::optional<uint64_t> MarketUsage::*size) {
    each_market(source, samples, [&](const MarketState& market) {
        std::optional<uint64_t> value;
        if (market.usage && (*market.usage).*size) value = *((*market.usage).*size) * kMegabyte;
        return value;
    });
}

// A folder's or a bucket's MONITOR names no apps.
std::optional<size_t> apps(const MarketState& market) {
    if (!market.usage || market.usage->apps == 0) return std::nullopt;
    return market.usage->apps;
}

// --- The metrics there are ---

struct Metric {
    std::string_view name, type, help;
    void (*write)(const Source& source, Samples& samples);
};

constexpr std::array kMetrics{
    Metric{"onemarketd_build_info", "gauge", "Always 1; the label has the driver's version.",
           [](const Source&, Samples& out) {
               out.add(1, {{"version", kVersion}});
           }},
    Metric{"onemarketd_start_time_seconds", "gauge", "When the driver started, since 1970.",
           [](const Source& s, Samples& out) { out.add(seconds(s.status.started)); }},

    Metric{"onemarketd_requests_total", "counter", "Requests of oned that were answered.",
           requests},
    Metric{"onemarketd_failures_total", "counter",
           "Requests answered FAILURE, by the reason's kind.", failures},
    Metric{"onemarketd_request_duration_seconds", "histogram",
           "From a request to its answer, with what it waited.", spans},
    Metric{"onemarketd_image_bytes_total", "counter", "Bytes of images that were moved.",
           [](const Source& s, Samples& out) { out.add(s.status.moved); }},

    Metric{"onemarketd_requests_waiting", "gauge", "Requests that wait for a worker.",
           [](const Source& s, Samples& out) { in_state(s, out, &StateCounts::waiting); }},
    Metric{"onemarketd_requests_running", "gauge", "Requests that a worker has.",
           [](const Source& s, Samples& out) { in_state(s, out, &StateCounts::running); }},
    Metric{"onemarketd_requests_delayed", "gauge",
           "Requests that were put off until their marketplace can be reached.",
           [](const Source& s, Samples& out) { in_state(s, out, &StateCounts::delayed); }},
    Metric{"onemarketd_retries_total", "counter",
           "Tries of what had failed for a passing reason, after oned was answered.",
           [](const Source& s, Samples& out) {
               each_action(s, [&](const std::string& action, const ActionTotals& totals) {
                   out.add(totals.retries, {{"action", action}});
               });
           }},
    Metric{"onemarketd_retries_waiting", "gauge", "What is to be tried again.",
           [](const Source& s, Samples& out) { out.add(s.status.retries_waiting); }},

    Metric{"onemarketd_journal_records", "gauge", "Records of the journal: imports and the like.",
           [](const Source& s, Samples& out) { out.add(s.status.journal_records); }},
    Metric{"onemarketd_journal_oldest_age_seconds", "gauge",
           "Age of the oldest request that is in the journal and not done; 0 without one.",
           [](const Source& s, Samples& out) { out.add(journal_age(s.status)); }},
    Metric{"onemarketd_journal_usable", "gauge",
           "Whether imports can be noted down (1); without that they fail (0).",
           [](const Source& s, Samples& out) { out.add(int{s.status.journal_problem.empty()}); }},

    Metric{"onemarketd_market_used_bytes", "gauge", "What the images of a marketplace take.",
           [](const Source& s, Samples& out) { bytes(s, out, &MarketUsage::used); }},
    Metric{"onemarketd_market_free_bytes", "gauge", "What a marketplace has room for.",
           [](const Source& s, Samples& out) { bytes(s, out, &MarketUsage::free); }},
    Metric{"onemarketd_market_total_bytes", "gauge", "The size of a marketplace.",
           [](const Source& s, Samples& out) { bytes(s, out, &MarketUsage::total); }},
    Metric{"onemarketd_market_apps", "gauge", "Apps a marketplace offers that has a catalogue.",
           [](const Source& s, Samples& out) { each_market(s, out, apps); }},
    Metric{"onemarketd_market_monitor_success", "gauge",
           "Whether the last MONITOR of a marketplace succeeded (1) or failed (0).",
           [](const Source& s, Samples& out) {
               each_market(s, out, [](const MarketState& market) { return int{market.success}; });
           }},
    Metric{"onemarketd_market_monitor_timestamp_seconds", "gauge",
           "When the last MONITOR of a marketplace was answered, since 1970.",
           [](const Source& s, Samples& out) {
               each_market(s, out, [](const MarketState& market) { return seconds(market.at); });
           }},

    Metric{"process_cpu_seconds_total", "counter",
           "Processor time of the driver, without that of scripts.",
           [](const Source& s, Samples& out) { out.add(s.usage.cpu_seconds); }},
    Metric{"process_resident_memory_bytes", "gauge", "Memory the driver has.",
           [](const Source& s, Samples& out) { out.add(s.usage.resident_bytes); }},
    Metric{"process_virtual_memory_bytes", "gauge", "Addresses the driver has.",
           [](const Source& s, Samples& out) { out.add(s.usage.virtual_bytes); }},
    Metric{"process_open_fds", "gauge", "Descriptors the driver has open.",
           [](const Source& s, Samples& out) { out.add(s.usage.open_files); }},
    Metric{"process_max_fds", "gauge", "Descriptors it may have open.",
           [](const Source& s, Samples& out) { out.add(s.usage.most_files); }},
    Metric{"process_threads", "gauge", "Threads the driver has.",
           [](const Source& s, Samples& out) { out.add(s.usage.threads); }},
};

}  // namespace

std::string to_prometheus(const Status& status, const ProcessUsage& usage) {
    const Source source{status, usage};
    std::string text, lines;
    for (const Metric& metric : kMetrics) {
        lines.clear();
        Samples samples(lines, metric.name);
        metric.write(source, samples);
        if (lines.empty()) continue;
        text.append("# HELP ").append(metric.name).append(" ").append(metric.help).append("\n");
        text.append("# TYPE ").append(metric.name).append(" ").append(metric.type).append("\n");
        text.append(lines);
    }
    return text;
}

}  // namespace onemarket
