// SPDX-License-Identifier: Apache-2.0
// What the thread sanitizer does where nobody passes it options: the driver's environment, and that of what it starts, is made by
// the tests. A report is a file in REPORTS, so that none is lost with a process that is killed; races.py looks at them.

// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is the sanitizer's.
extern "C" const char *__tsan_default_options()
{
    return "log_path=" ONEMARKET_REPORTS "/report";
}
