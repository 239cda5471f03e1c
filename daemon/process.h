// SPDX-License-Identifier: Apache-2.0
// What a program cannot take for granted of whoever starts it. For the beginning of main(), while
// there is one thread.
#pragma once

namespace onemarket {

// Opens /dev/null in the place of those of the descriptors 0 to 2 that are closed: the next file
// opened would have that number, and stray words, or an image, would land in it. `mode`: O_RDWR, or
// O_RDONLY where writing to what nobody holds is to be an error.
void hold_standard_descriptors(int mode);

// A core would hold credentials. Neither this process nor a child of it leaves one.
void forbid_core_dumps();

// oned blocks signals in its threads, and what they start inherits that; a shell may ignore
// SIGCHLD. A reader that goes away, and a file over the limit, are from now on errors of write(2).
void reset_signals();

}  // namespace onemarket
