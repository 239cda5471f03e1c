// SPDX-License-Identifier: Apache-2.0
#include "daemon/interrupts.h"

#include <signal.h>

#include "backends/io/subprocess.h"

namespace onemarket {
namespace {

bool is_ignored(int number) {
    struct sigaction now {};
    return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

Interrupts::Interrupts(bool at_once) : signals_(loop_) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        if (!is_ignored(number)) signals_.add(number);
    signals_.async_wait([this, at_once](const boost::system::error_code& error, int number) {
        if (error) return;
        signals_.clear();  // before the stop, which may take its time
        if (at_once) {
            kill_all_subprocesses();
            ::raise(number);
        }
        stop_.request_stop();
    });
    thread_ = std::thread([this] { loop_.run(); });
}

Interrupts::~Interrupts() {
    loop_.stop();
    thread_.join();
}

}  // namespace onemarket
