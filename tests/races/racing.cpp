// SPDX-License-Identifier: Apache-2.0
// Two threads at one number: what the thread sanitizer is to report, where it is one to report at all.
#include <thread>

namespace {

int number = 0;

} // namespace

int main()
{
    std::thread other([] { ++number; });
    ++number;
    other.join();
    return 0;
}
