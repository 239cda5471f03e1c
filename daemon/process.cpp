// SPDX-License-Identifier: Apache-2.0
#include "daemon/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <span>

#include "backends/io/umask.h"
#include "backends/io/unique_fd.h"
#include "protocol/credentials.h"

namespace onemarket {

void hold_standard_descriptors(int mode) {
    int fd = 0;
    do fd = ::open("/dev/null", mode);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO) ::close(fd);
}

void forbid_core_dumps() {
    const rlimit none{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
    const UniqueFd filter(::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC));
    if (filter) (void)!::write(filter.get(), "0", 1);
}

void keep_out_others() {
    ::umask(current_umask() | S_IWGRP | S_IRWXO);
}

void hide_credentials(int argc, char** argv) {
    for (int number = 1; number < argc; ++number)
        hide_credentials(std::span(argv[number], std::strlen(argv[number])));
}

void reset_signals() {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGCHLD, SIG_DFL);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace onemarket
