// SPDX-License-Identifier: Apache-2.0
#include "daemon/transfer_slots.h"

namespace onemarket {

TransferSlots::Slot TransferSlots::acquire(Context& context) {
    std::unique_lock lock(mutex_);
    const uint64_t ticket = next_ticket_++;
    waiting_.insert(ticket);
    const bool mine = changed_.wait(lock, context.stop_token(),
                                    [&] { return free_ > 0 && *waiting_.begin() == ticket; });
    waiting_.erase(ticket);
    changed_.notify_all();  // somebody else is first now
    if (!mine) throw Error(ErrorKind::cancelled, "cancelled");
    --free_;
    context.restart_clock();
    return Slot(*this);
}

void TransferSlots::set(size_t slots) {
    const std::lock_guard lock(mutex_);
    free_ += static_cast<ptrdiff_t>(slots) - static_cast<ptrdiff_t>(slots_);
    slots_ = slots;
    changed_.notify_all();
}

void TransferSlots::release() {
    const std::lock_guard lock(mutex_);
    ++free_;
    changed_.notify_all();
}

}  // namespace onemarket
