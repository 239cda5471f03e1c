// SPDX-License-Identifier: Apache-2.0
// The apps of a catalogue, as oned is told of them: complete, or an Error.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "backends/context.h"
#include "protocol/app_name.h"

namespace onemarket {

// How many apps a MONITOR's text lists.
size_t count_apps(std::string_view monitor_text);

// One app, but for the names: these are known when all of its catalogue is.
struct DiscoveredApp {
    // DISK=[NAME="…",APP="…"] or ROLE=[…]: another app of the catalogue, by the name it has there.
    struct Reference {
        std::string key, name, app;
    };

    std::string name;  // as the catalogue has it
    std::string id;    // its own in the catalogue
    std::string head;  // template text behind NAME
    std::vector<Reference> references;
    std::string tail;                   // template text behind the references
    std::vector<std::string> warnings;  // what had to be left out of it
};

// Collects the entries of one catalogue, in its order. Malformed ones are left out, each with a
// LOG W, as long as they are no more than a tenth. Not thread-safe.
class AppList {
  public:
    // `log` must outlive it.
    explicit AppList(RequestLog& log) : log_(log) {}

    // One whose id is known already is malformed. Throws Error (limit) past kMaxApps and
    // kMaxListBytes.
    void add(DiscoveredApp app);
    void add_malformed(std::string_view entry, std::string_view reason);
    void add_other() { ++entries_; }  // an entry that is no app for OpenNebula

    // Throws Error (corrupt) when too many were malformed.
    void check() const;

    // A line APP="<base64>" each; what was added is given up on the way. A reference to an app that
    // is not there stays, with a LOG W.
    std::string take_text(const Context& context);

  private:
    void warn(const std::string& text);
    void end_warnings() const;  // says how many the log did not get
    void check_references();

    RequestLog& log_;
    size_t entries_ = 0;
    size_t malformed_ = 0;
    size_t warnings_ = 0;
    size_t bytes_ = 0;  // of the text that will be
    std::string first_malformed_;
    std::deque<DiscoveredApp> apps_;
    std::unordered_set<std::string> ids_;
    AppNames names_;
};

// Nobody has so many; oned would keep a row for each.
inline constexpr size_t kMaxApps = 250'000;

// Of a list's text: what 100,000 appliances take. The reply to oned is a third larger.
inline constexpr size_t kMaxListBytes = size_t{256} << 20;

// More warnings of one list than these are only counted.
inline constexpr size_t kMaxListWarnings = 50;

}  // namespace onemarket
