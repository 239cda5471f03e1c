// SPDX-License-Identifier: Apache-2.0
// The time in which this process has the state folder, and since when it serves requests.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/in_flight.h"
#include "daemon/journal.h"
#include "daemon/state_folder.h"

namespace onemarket {

// The one live driver of the folder is the one that has its lock. Until that is us requests wait,
// for a while; from then on it is looked after: somebody may remove it. For the loop's thread, but
// for journal().
class Tenure {
  public:
    struct Outside {
        boost::asio::io_context& loop;
        // The folder is ours, said at each look; or it is not any more.
        std::function<void()> has, lost;
        // What earlier lives have left in its journal, once; and that a journal that was lost is
        // back.
        std::function<void(Journal::Left)> inherit;
        std::function<void()> journal_is_back;
        // Those that waited begin.
        std::function<void(std::vector<FlightPtr>)> admit;
        std::function<void(LogLevel, std::string_view)> tell;
    };
    // `folder`: <VAR>/onemarketd.
    Tenure(std::string folder, Outside outside)
        : outside_(std::move(outside)), folder_(std::move(folder)), again_(outside_.loop) {}

    // Looks whether the folder can be taken, or is lost, and does so again by itself: once a
    // second.
    void look();
    void look_after(std::chrono::milliseconds wait);
    // Nothing waits any more, and it is not looked again.
    void end();

    // False: the request waits to be admitted.
    bool admits(const FlightPtr& flight);

    const StateFolder& folder() const { return folder_; }
    // Null: folder().obstacle() says why. From any thread.
    const std::atomic<Journal*>& journal() const { return journal_; }
    // There was one.
    bool had_journal() const { return opened_ != nullptr; }

  private:
    void take_over_journal();
    void look_after_journal();
    void admit();

    Outside outside_;
    StateFolder folder_;
    boost::asio::steady_timer again_;
    std::unique_ptr<Journal> opened_;
    std::atomic<Journal*> journal_ = nullptr;  // the same, where it may be used
    bool admitted_ = false;
    std::vector<FlightPtr> waiting_;
    std::chrono::steady_clock::time_point admit_at_ = std::chrono::steady_clock::now() + kPatience;
    // How long requests wait for another driver to leave the folder.
    static constexpr std::chrono::seconds kPatience{15};
};

}  // namespace onemarket
