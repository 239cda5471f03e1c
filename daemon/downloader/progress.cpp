// SPDX-License-Identifier: Apache-2.0
#include "daemon/downloader/progress.h"

namespace onemarket {
namespace {

constexpr std::chrono::milliseconds kRedraw{200};
constexpr size_t kBarWidth = 30;

}  // namespace

ShownProgress::ShownProgress(Print print, bool terminal, std::string name)
    : print_(std::move(print)), terminal_(terminal), name_(std::move(name)) {}

void ShownProgress::begin(std::optional<uint64_t> length, Clock::time_point now) {
    progress_ = {0, length, {}};
    pace_ = ProgressPace(now);
    began_ = drawn_ = now;
}

void ShownProgress::moved(uint64_t bytes, Clock::time_point now) {
    progress_.done += bytes;
    progress_.span = now - began_;
    if (terminal_)
        draw(now);
    else if (pace_.due(progress_, now))
        print_("INFO: " + name_ + ": " + in_words(progress_) + "\n");
}

void ShownProgress::draw(Clock::time_point now) {
    if (now < drawn_ + kRedraw) return;
    const std::string drawing = bar(progress_, kBarWidth);
    print_("\r\033[K" + drawing + (drawing.empty() ? "" : " ") + in_words(progress_));
    shown_ = true;
    drawn_ = now;
}

void ShownProgress::end() {
    if (shown_) print_("\r\033[K");
    shown_ = false;
}

}  // namespace onemarket
