// SPDX-License-Identifier: Apache-2.0
#include "daemon/words.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace onemarket {
namespace {

using std::chrono::seconds;

constexpr seconds kBetween{10};
constexpr seconds kBetweenOfNoEnd{60};
constexpr uint64_t kSteps = 10;  // of the whole

std::string text_of(const char* format, auto... values) {
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, values...);
    return buffer.data();
}

double elapsed(std::chrono::steady_clock::duration span) {
    return std::max(0.001, std::chrono::duration<double>(span).count());
}

}  // namespace

std::string size_in_words(uint64_t bytes) {
    constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto number = static_cast<double>(bytes);
    size_t unit = 0;
    for (; number >= 1000 && unit + 1 < units.size(); ++unit) number /= 1024;
    return text_of(unit > 0 && number < 10 ? "%.1f %s" : "%.0f %s", number, units[unit]);
}

std::string count_in_words(size_t count, const char* one, const char* more) {
    return std::to_string(count) + " " + (count == 1 ? one : more);
}

std::string span_in_words(seconds span) {
    const int64_t count = std::max<int64_t>(0, span.count());
    constexpr std::array<std::pair<int64_t, const char*>, 3> units{
        {{86'400, " d"}, {3'600, " h"}, {60, " min"}}};
    for (const auto& [length, name] : units)
        if (count >= length) return std::to_string(count / length) + name;
    return std::to_string(count) + " s";
}

std::string clock_in_words(seconds span) {
    return text_of("%lld:%02lld", static_cast<long long>(span.count() / 60),
                   static_cast<long long>(span.count() % 60));
}

double Progress::share() const {
    return std::min(1.0, static_cast<double>(done) / static_cast<double>(total.value_or(done)));
}

uint64_t Progress::rate() const {
    return static_cast<uint64_t>(static_cast<double>(done) / elapsed(span));
}

std::optional<seconds> Progress::left() const {
    if (!has_end() || done == 0 || done > *total) return std::nullopt;
    const double whole = elapsed(span) * static_cast<double>(*total) / static_cast<double>(done);
    constexpr double longest = 1e9;  // seconds
    return seconds(static_cast<int64_t>(std::min(longest, whole - elapsed(span))));
}

std::string rate_in_words(const Progress& progress) {
    return size_in_words(progress.rate()) + "/s";
}

std::string left_in_words(const Progress& progress) {
    const auto left = progress.left();
    return left ? clock_in_words(*left) : "";
}

std::string in_words(const Progress& progress) {
    std::string text = size_in_words(progress.done);
    if (progress.has_end())
        text +=
            " of " + size_in_words(*progress.total) + text_of(" (%.0f %%)", progress.share() * 100);
    text += ", " + rate_in_words(progress);
    if (progress.left()) text += ", " + left_in_words(progress) + " left";
    return text;
}

std::string bar(const Progress& progress, size_t width) {
    if (!progress.has_end()) return "";
    const auto full = static_cast<size_t>(progress.share() * static_cast<double>(width));
    return "[" + std::string(full, '=') + std::string(width - full, ' ') + "]";
}

bool ProgressPace::due(const Progress& progress, Clock::time_point now) {
    if (now < last_ + (progress.has_end() ? kBetween : kBetweenOfNoEnd)) return false;
    if (progress.has_end() && progress.done < told_ + *progress.total / kSteps) return false;
    told_ = progress.done;
    last_ = now;
    return true;
}

}  // namespace onemarket
