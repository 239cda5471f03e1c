// SPDX-License-Identifier: Apache-2.0
// Moves an image from its source to its destination and hashes it on the way: one pass.
#pragma once

#include <cstdint>

#include "backends/io/digest.h"
#include "backends/io/stream.h"

namespace onemarket {

// Reads `from` to its end, gives every byte to `to` and to `digest`, and returns their number.
// Reading and writing go on in the calling thread, hashing in a second one, through a few buffers
// of a fixed size. `beside` is a second digest, or null: for one that is quicker than `digest`,
// since the calling thread computes it. Throws what reader or sink throw, and Error (cancelled,
// timeout) from the context; the digests are complete only on return.
uint64_t pump(Reader& from, Sink& to, Digest& digest, Context& context, Digest* beside = nullptr);

// The same without a hash.
uint64_t copy(Reader& from, Sink& to, Context& context);

// Throws Error (corrupt) where what was read has been written to meanwhile, as far as can be told.
// `name`: what errors call it.
void check_unchanged(const Reader& from, const std::string& name);

// The MD5, in lower-case hex, of all there is to read.
std::string md5_of(Reader& from, Context& context);

}  // namespace onemarket
