// SPDX-License-Identifier: Apache-2.0
// What held keys of marketplaces is overwritten before it is left: blocks of the heap before they
// are given back, what stays with its owner, and the part of a stack that nobody is in any more.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <thread>

namespace onemarket {

// realloc(3) and free(3) for libraries that take such functions: each block is overwritten before
// the allocator has it again.
void free_cleared(void* block) noexcept;
void* resize_cleared(void* block, size_t size) noexcept;

void clear(std::span<char> bytes) noexcept;

// What functions that have returned have left on this thread's stack, 128 KiB deep. Some
// microseconds: for a thread that is about to wait.
void clear_stack() noexcept;
// A thread that does so when its work is done: the C library keeps its stack for the next one.
std::jthread cleared_thread(std::function<void()> work);

}  // namespace onemarket
