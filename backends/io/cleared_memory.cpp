// SPDX-License-Identifier: Apache-2.0
#include "backends/io/cleared_memory.h"

#include <malloc.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace onemarket {
namespace {

// Deeper than what reads a script's stderr, 64 KiB, and who calls that.
constexpr size_t kStackBytes = size_t{128} << 10;

}  // namespace

void free_cleared(void* block) noexcept {
    if (block == nullptr) return;
    ::explicit_bzero(block, ::malloc_usable_size(block));
    std::free(block);
}

// realloc(3) itself would leave the bytes where they were.
void* resize_cleared(void* block, size_t size) noexcept {
    if (block == nullptr) return std::malloc(size);
    if (size == 0) {
        free_cleared(block);
        return nullptr;
    }
    const size_t had = ::malloc_usable_size(block);
    if (size <= had) return block;
    void* larger = std::malloc(size);
    if (larger == nullptr) return nullptr;
    std::memcpy(larger, block, had);
    free_cleared(block);
    return larger;
}

void clear(std::span<char> bytes) noexcept {
    if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

[[gnu::noinline]] void clear_stack() noexcept {
    std::array<char, kStackBytes> left;
    ::explicit_bzero(left.data(), left.size());
}

std::jthread cleared_thread(std::function<void()> work) {
    return std::jthread([work = std::move(work)] {
        work();
        clear_stack();
    });
}

}  // namespace onemarket
