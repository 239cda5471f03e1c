// SPDX-License-Identifier: Apache-2.0
#include "daemon/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>

#include "tests/support/support.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;

class ListenerTest : public testing::Test {
  protected:
    void open(const std::string& address, const std::string& found_at) {
        listener_.open(boost::asio::local::stream_protocol::endpoint(address), found_at, 0660);
    }

    test::TempDir dir_;
    boost::asio::io_context loop_;
    Listener listener_{loop_, 1, std::chrono::milliseconds(0),
                       [](Listener::Protocol::socket) { return nullptr; }};
};

TEST_F(ListenerTest, ItsSocketHasTheModeWhateverTheUmask) {
    const std::string path = dir_ / "socket";
    for (const mode_t mask : {0U, 0027U, 0777U}) {
        const mode_t before = ::umask(mask);
        open(path, path);
        ::umask(before);
        EXPECT_EQ(test::mode_of(path), 0660U) << mask;
        EXPECT_TRUE(listener_.is_there());
        listener_.close();
        EXPECT_FALSE(fs::exists(path));
    }
}

// Somebody who may write in the folder was quicker.
TEST_F(ListenerTest, NothingBehindALinkGetsItsMode) {
    test::write_file(dir_ / "theirs", "theirs");
    fs::permissions(dir_ / "theirs", fs::perms(0600));
    fs::create_symlink("theirs", dir_ / "planted");
    EXPECT_THROW(open(dir_ / "socket", dir_ / "planted"), boost::system::system_error);
    EXPECT_EQ(test::mode_of(dir_ / "theirs"), 0600U);
    EXPECT_THROW(open(dir_ / "another", dir_ / "theirs"), boost::system::system_error);
    EXPECT_EQ(test::mode_of(dir_ / "theirs"), 0600U);
    EXPECT_FALSE(listener_.is_there());
    listener_.close();
    EXPECT_TRUE(fs::is_symlink(dir_ / "planted"));
}

}  // namespace
}  // namespace onemarket
