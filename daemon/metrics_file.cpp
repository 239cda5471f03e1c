// SPDX-License-Identifier: Apache-2.0
#include "daemon/metrics_file.h"

#include <unistd.h>

#include "backends/io/random.h"
#include "daemon/files.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr mode_t kMode = 0644;  // the collector is another user

}  // namespace

MetricsFile::MetricsFile(boost::asio::io_context& loop, Text text, Say say)
    : text_(std::move(text)), say_(std::move(say)), next_(loop) {}

MetricsFile::~MetricsFile() {
    remove();
}

void MetricsFile::write_to(const std::string& path) {
    if (path == path_) return;
    remove();
    path_ = path;
    problem_.clear();
    if (path_.empty())
        next_.cancel();
    else
        write_now();
}

void MetricsFile::write_now() {
    try {
        write();
        if (!problem_.empty()) say_(LogLevel::info, "metrics are in " + path_ + " again");
        problem_.clear();
    } catch (const Error& error) {
        if (problem_ != error.what())
            say_(LogLevel::warning, std::string("no metrics: ") + error.what() +
                                        "; it is tried again every " +
                                        std::to_string(kEvery.count()) + " s");
        problem_ = error.what();
    }
    next_.expires_after(kEvery);
    next_.async_wait([this](const boost::system::error_code& stopped) {
        if (!stopped) write_now();
    });
}

// Nothing is waited for until it is on the disk: after a crash it is of no use to anybody.
void MetricsFile::write() {
    // The collector reads names that end in .prom alone.
    written_ = replace_file(path_, path_ + "." + random_hex(), text_(), kMode);
}

void MetricsFile::remove() {
    if (is_at(written_, path_)) ::unlink(path_.c_str());
    written_.reset();
}

}  // namespace onemarket
