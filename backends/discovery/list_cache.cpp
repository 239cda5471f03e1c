// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/list_cache.h"

#include <algorithm>

namespace onemarket {

std::shared_ptr<const KnownList> ListCache::find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    found->second.used = ++clock_;
    return found->second.list;
}

void ListCache::store(const std::string& key, KnownList list) {
    auto kept = std::make_shared<const KnownList>(std::move(list));
    const std::lock_guard lock(mutex_);
    if (const auto old = entries_.find(key); old != entries_.end()) drop(old);
    const Validators& asked = kept->validators;
    const size_t size = key.size() + kept->text.size() + asked.place.size() + asked.etag.size() +
                        asked.last_modified.size();
    if (kept->validators.empty() || size > max_bytes_) return;
    while (bytes_ + size > max_bytes_)
        drop(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
            return a.second.used < b.second.used;
        }));
    bytes_ += size;
    entries_[key] = {std::move(kept), size, ++clock_};
}

void ListCache::drop(std::map<std::string, Entry>::iterator entry) {
    bytes_ -= entry->second.bytes;
    entries_.erase(entry);
}

}  // namespace onemarket
