// SPDX-License-Identifier: Apache-2.0
// libcurl, before anything of it is used.
#pragma once

namespace onemarket {

// Once in a process; later calls do nothing. Whatever libcurl gives back from then on is
// overwritten first. That goes for addresses too, which it reads without having been made ready,
// in memory that nobody clears. Any thread. Throws Error (internal) where it does not start; the
// next call tries again.
void make_libcurl_ready();

}  // namespace onemarket
