// SPDX-License-Identifier: Apache-2.0
// What a program cannot take for granted of whoever starts it. For the beginning of main(), while
// there is one thread.
#pragma once

namespace onemarket {

// Opens /dev/null in the place of those of the descriptors 0 to 2 that are closed: the next file
// opened would have that number, and stray words, or an image, would land in it. `mode`: O_RDWR, or
// O_RDONLY where writing to what nobody holds is to be an error.
void hold_standard_descriptors(int mode);

// A core would hold credentials. Neither this process nor a child of it leaves one; a program that
// the system pipes cores to, for which no limit counts, gets one without memory.
void forbid_core_dumps();

// Files are made for the owner, and to be read by his group, unless they are given another mode.
// Children have the umask of who started us (io/child_process).
void keep_out_others();

// Everybody reads the arguments of a process: these lose what hide_credentials() hides in a text.
// For when they have been parsed.
void hide_credentials(int argc, char** argv);

// oned blocks signals in its threads, and what they start inherits that; a shell may ignore
// SIGCHLD. A reader that goes away, and a file over the limit, are from now on errors of write(2).
void reset_signals();

}  // namespace onemarket
