// SPDX-License-Identifier: Apache-2.0
// The signals by which whoever started a command takes it back.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <stop_token>
#include <thread>

namespace onemarket {

// While it lives the first INT, TERM or HUP requests a stop, and the second has its usual effect.
// Those that were ignored (nohup) stay so. One at a time for the process.
class Interrupts {
  public:
    // `at_once`: the first has its usual effect too, but for the programs that were started: they
    // are gone before.
    explicit Interrupts(bool at_once = false);
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    std::stop_token stop_token() const { return stop_.get_token(); }

  private:
    std::stop_source stop_;
    boost::asio::io_context loop_;
    boost::asio::signal_set signals_;
    std::thread thread_;
};

}  // namespace onemarket
