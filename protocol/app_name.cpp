// SPDX-License-Identifier: Apache-2.0
#include "protocol/app_name.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_set>

#include "protocol/ascii.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

constexpr std::string_view kRefused = R"(&|:\";/'#{}$<>)";
constexpr size_t kMaxId = 64;  // bytes of an id behind a name, which leaves room for the name

std::string with_suffix(const std::string& name, const std::string& suffix) {
    return std::string(truncate_utf8(name, kMaxAppName - suffix.size())) + suffix;
}

}  // namespace

std::string app_name(std::string_view text, size_t max_bytes) {
    std::string name = repair_utf8(text);
    for (char& c : name)
        if (ascii::is_control(c) || kRefused.find(c) != std::string_view::npos) c = '_';
    name.resize(truncate_utf8(name, max_bytes).size());
    return name;
}

size_t AppNames::add(std::string_view wanted, std::string_view id) {
    apps_.push_back({std::string(wanted), std::string(id), app_name(wanted)});
    return apps_.size() - 1;
}

// Of two with the same name: whether it is a's.
bool AppNames::before(const App& a, const App& b) const {
    const bool a_changed = a.wanted != a.name;
    const bool b_changed = b.wanted != b.name;
    return std::tie(a_changed, a.id) < std::tie(b_changed, b.id);
}

void AppNames::settle() {
    std::vector<size_t> order(apps_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [this](size_t a, size_t b) {
        const int names = apps_[a].name.compare(apps_[b].name);
        return names != 0 ? names < 0 : before(apps_[a], apps_[b]);
    });

    std::unordered_set<std::string> taken;
    taken.reserve(order.size());
    std::vector<size_t> losers;
    std::unordered_map<std::string, int> numbered;
    for (const size_t number : order)
        if (!taken.insert(apps_[number].name).second) losers.push_back(number);
    for (const size_t number : losers) {
        App& app = apps_[number];
        const std::string base = app.name;
        const std::string id = app_name(app.id, kMaxId);
        app.name = with_suffix(base, " (" + id + ")");
        // Where ids are equal as far as they are shown, a search goes on where the last one ended.
        int& last = numbered.try_emplace(app.name, 1).first->second;
        while (!taken.insert(app.name).second)
            app.name = with_suffix(base, " (" + id + " " + std::to_string(++last) + ")");
    }
    // In this order the first of a name is the one that kept it.
    by_wanted_.reserve(order.size());
    for (const size_t number : order) by_wanted_.try_emplace(apps_[number].wanted, number);
}

std::string AppNames::referred(std::string_view wanted) const {
    const auto found = by_wanted_.find(wanted);
    return found == by_wanted_.end() ? app_name(wanted) : apps_[found->second].name;
}

}  // namespace onemarket
