// SPDX-License-Identifier: Apache-2.0
// Linked into the driver alone: every block is overwritten before the allocator has it again,
// whoever had it. So no text that was ever a message, a key, or made of one, outlives its owner, be
// it a string here or in a library. Not with sanitizers, which have these operators themselves.
#include <openssl/crypto.h>

#include <cstdlib>
#include <new>

#include "backends/io/cleared_memory.h"

// The standard library's operator new takes its blocks from malloc(3) and aligned_alloc(3); its
// other forms of delete end in these.
void operator delete(void* block) noexcept {
    onemarket::free_cleared(block);
}
void operator delete(void* block, std::size_t) noexcept {
    onemarket::free_cleared(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
    onemarket::free_cleared(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    onemarket::free_cleared(block);
}

namespace onemarket {
namespace {

// OpenSSL has these of no other, once it has allocated anything: before main(), therefore.
void* allocate(size_t size, const char*, int) {
    return size == 0 ? nullptr : std::malloc(size);
}
void* resize(void* block, size_t size, const char*, int) {
    return resize_cleared(block, size);
}
void release(void* block, const char*, int) {
    free_cleared(block);
}
[[maybe_unused]] const int kOpenssl = CRYPTO_set_mem_functions(allocate, resize, release);

}  // namespace
}  // namespace onemarket
