// SPDX-License-Identifier: Apache-2.0
// The last good list of each discovered marketplace, so that an unchanged catalogue costs a
// question and no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "backends/discovery/fetch.h"

namespace onemarket {

// A list as oned was told of it. Immutable.
struct KnownList {
    Validators validators;
    std::string text;  // template text of a MONITOR
};

// Thread-safe. Bounded: the lists used longest ago give way.
class ListCache {
  public:
    static constexpr size_t kMaxBytes = size_t{256} << 20;  // of all lists, their keys with them

    explicit ListCache(size_t max_bytes = kMaxBytes) : max_bytes_(max_bytes) {}

    // `key` tells all a list depends on but its catalogue. Null when there is none.
    std::shared_ptr<const KnownList> find(const std::string& key);
    // A list that alone is larger than the bound, or cannot be asked about, is not kept.
    void store(const std::string& key, KnownList list);

  private:
    struct Entry {
        std::shared_ptr<const KnownList> list;
        size_t bytes = 0;
        uint64_t used = 0;
    };
    void drop(std::map<std::string, Entry>::iterator entry);

    const size_t max_bytes_;
    std::mutex mutex_;
    std::map<std::string, Entry> entries_;
    size_t bytes_ = 0;
    uint64_t clock_ = 0;  // counts uses
};

}  // namespace onemarket
