// SPDX-License-Identifier: Apache-2.0
#include "daemon/tenure.h"

#include <utility>

#include "protocol/error.h"

namespace onemarket {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookSoon{100}, kLookLater{1000};

}  // namespace

void Tenure::look() {
    if (folder_.lose_if_gone()) {
        outside_.tell(LogLevel::error, folder_.journal() + ": " + folder_.obstacle());
        journal_ = nullptr;
        outside_.lost();
    }
    if (folder_.lock()) {
        outside_.has();
        if (journal_ == nullptr) take_over_journal();
        if (journal_ != nullptr) admit();
    }
    const auto now = std::chrono::steady_clock::now();
    if (!admitted_ && (!folder_.taken() || now >= admit_at_)) {
        outside_.tell(LogLevel::error, "no imports: " + folder_.obstacle());
        admit();
    }
    look_after(admitted_ ? kLookLater : kLookSoon);
}

void Tenure::look_after(milliseconds wait) {
    again_.expires_after(wait);
    again_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        look();
        look_after_journal();
    });
}

void Tenure::end() {
    if (!admitted_) look();
    admit();
    again_.cancel();
}

bool Tenure::admits(const FlightPtr& flight) {
    if (!admitted_) waiting_.push_back(flight);
    return admitted_;
}

void Tenure::admit() {
    admitted_ = true;
    if (!waiting_.empty()) outside_.admit(std::exchange(waiting_, {}));
}

void Tenure::take_over_journal() {
    try {
        auto journal = std::make_unique<Journal>(folder_.journal());
        if (opened_) {
            // The folder was removed under us. What is in this one now is ours, or for the next
            // start.
            journal_ = opened_.get();
            return outside_.journal_is_back();
        }
        Journal::Left left = journal->load();
        opened_ = std::move(journal);
        journal_ = opened_.get();
        outside_.inherit(std::move(left));
    } catch (const Error& error) {
        folder_.unusable(error.what());
    }
}

// Nobody need import something for it to be known that this is possible again.
void Tenure::look_after_journal() {
    Journal* const journal = journal_;
    if (journal != nullptr && journal->recovers())
        outside_.tell(LogLevel::info, folder_.journal() + ": imports can be noted down again");
}

}  // namespace onemarket
