// SPDX-License-Identifier: Apache-2.0
#include "protocol/line_buffer.h"

namespace onemarket {

void LineBuffer::take(std::string_view& bytes, const OnLine& on_line) {
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, bytes.find('\n'));
        const bool whole = piece.size() < bytes.size();
        if (whole && partial_.empty() && !skipping_ && piece.size() <= max_line_) {
            on_line(piece);  // the common case: no copy
            bytes.remove_prefix(piece.size() + 1);
            continue;
        }
        keep(piece);
        bytes.remove_prefix(piece.size());
        if (!whole) return;
        if (!skipping_) on_line(partial_);
        bytes.remove_prefix(1);
        skipping_ = false;
        give_back();
    }
}

void LineBuffer::finish(const OnLine& on_line) {
    if (!skipping_ && !partial_.empty()) on_line(partial_);
    skipping_ = false;
    give_back();
}

void LineBuffer::keep(std::string_view piece) {
    if (skipping_) return;
    if (partial_.size() + piece.size() > max_line_) {
        skipping_ = true;
        ++overlong_lines_;
        give_back();
        return;
    }
    partial_.append(piece);
}

// Not by an assignment, which would keep the memory for what comes next.
void LineBuffer::give_back() {
    std::string().swap(partial_);
}

}  // namespace onemarket
