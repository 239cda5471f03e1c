// SPDX-License-Identifier: Apache-2.0
#include "daemon/downloader/progress.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace onemarket {
namespace {

using std::chrono::seconds;

constexpr std::chrono::milliseconds kRedraw{200};
constexpr seconds kBetweenLines{10};
constexpr seconds kBetweenLinesOfNoEnd{60};
constexpr uint64_t kLines = 10;  // of a whole download
constexpr size_t kBarWidth = 30;

double elapsed(Progress::Clock::duration span) {
    return std::max(0.001, std::chrono::duration<double>(span).count());
}

std::string text_of(const char* format, auto... values) {
    std::array<char, 160> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, values...);
    return buffer.data();
}

}  // namespace

std::string in_units(uint64_t bytes) {
    constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto number = static_cast<double>(bytes);
    size_t unit = 0;
    for (; number >= 1000 && unit + 1 < units.size(); ++unit) number /= 1024;
    return text_of(unit > 0 && number < 10 ? "%.1f %s" : "%.0f %s", number, units[unit]);
}

Progress::Progress(Print print, bool terminal, std::string name)
    : print_(std::move(print)), terminal_(terminal), name_(std::move(name)) {}

void Progress::begin(std::optional<uint64_t> length, Clock::time_point now) {
    if (length && *length > 0) length_ = length;
    began_ = last_ = now;
}

void Progress::moved(uint64_t bytes, Clock::time_point now) {
    done_ += bytes;
    if (terminal_) {
        if (now < last_ + kRedraw) return;
        print_("\r\033[K" + bar(now));
        shown_ = true;
        last_ = now;
        return;
    }
    if (now < last_ + (length_ ? kBetweenLines : kBetweenLinesOfNoEnd)) return;
    if (length_ && done_ - told_ < *length_ / kLines) return;
    told_ = done_;
    last_ = now;
    print_(line(now));
}

void Progress::end() {
    if (shown_) print_("\r\033[K");
    shown_ = false;
}

std::string Progress::rate_and_rest(Clock::time_point now) const {
    const double rate = static_cast<double>(done_) / elapsed(now - began_);
    std::string text = in_units(static_cast<uint64_t>(rate)) + "/s";
    if (length_ && done_ > 0 && done_ <= *length_) {
        const auto left = static_cast<uint64_t>(static_cast<double>(*length_ - done_) / rate);
        text += text_of(", %llu:%02llu left", static_cast<unsigned long long>(left / 60),
                        static_cast<unsigned long long>(left % 60));
    }
    return text;
}

std::string Progress::bar(Clock::time_point now) const {
    if (!length_) return in_units(done_) + ", " + rate_and_rest(now);
    const double part = std::min(1.0, share());
    const auto full = static_cast<size_t>(part * kBarWidth);
    return text_of("%3.0f %% [", part * 100) + std::string(full, '=') +
           std::string(kBarWidth - full, ' ') + "] " + in_units(done_) + " of " +
           in_units(*length_) + ", " + rate_and_rest(now);
}

std::string Progress::line(Clock::time_point now) const {
    return "INFO: " + name_ + ": " + in_units(done_) +
           (length_ ? " of " + in_units(*length_) + text_of(" (%.0f %%)", share() * 100)
                    : std::string()) +
           ", " + rate_and_rest(now) + "\n";
}

}  // namespace onemarket
