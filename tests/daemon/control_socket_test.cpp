// SPDX-License-Identifier: Apache-2.0
#include "daemon/control_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <thread>

#include "backends/io/json.h"
#include "daemon/control.h"
#include "daemon/ctl/control_client.h"
#include "tests/backends/helpers.h"
#include "tests/daemon/wedged_socket.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

using Protocol = boost::asio::local::stream_protocol;
using boost::system::error_code;

// For what another thread does.
void eventually(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
        ASSERT_LT(std::chrono::steady_clock::now(), end);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

// A server whose answers are its questions, on a thread of its own.
class ControlSocketTest : public testing::Test {
  protected:
    void SetUp() override { start(dir_.path().string()); }
    void TearDown() override { stop(); }

    void start(const std::string& folder) {
        folder_ = folder;
        std::filesystem::create_directories(folder);
        socket_.emplace(loop_, [this](std::string_view line) {
            ++asked_;
            return answer_.empty() ? std::string(line) : answer_;
        });
        socket_->open(folder, kControlName);
        thread_ = std::thread([this] {
            const auto work = boost::asio::make_work_guard(loop_);
            loop_.run();
        });
    }
    void stop() {
        if (!thread_.joinable()) return;
        boost::asio::post(loop_, [this] { socket_->close(); });
        boost::asio::post(loop_, [this] { loop_.stop(); });
        thread_.join();
    }
    std::string path() const { return folder_ + "/" + kControlName; }

    Protocol::socket client() {
        Protocol::socket socket(own_);
        socket.connect(Protocol::endpoint(path()));
        return socket;
    }
    static std::string ask(Protocol::socket& socket, const std::string& line) {
        boost::asio::write(socket, boost::asio::buffer(line));
        std::string answer;
        boost::asio::read_until(socket, boost::asio::dynamic_buffer(answer), '\n');
        return answer;
    }
    // Reads to the end; true where the server closed it.
    static bool is_closed(Protocol::socket& socket) {
        error_code error;
        std::array<char, 4096> buffer;
        while (!error) socket.read_some(boost::asio::buffer(buffer), error);
        return true;
    }

    test::TempDir dir_;
    std::string folder_;
    std::string answer_;  // empty: what was asked
    std::atomic<int> asked_ = 0;
    boost::asio::io_context loop_, own_;
    std::optional<ControlSocket> socket_;
    std::thread thread_;
};

TEST_F(ControlSocketTest, ForItsOwnerAlone) {
    EXPECT_EQ(test::mode_of(path()), 0600U);
}

TEST_F(ControlSocketTest, LineAfterLine) {
    auto socket = client();
    EXPECT_EQ(ask(socket, "one\n"), "one\n");
    EXPECT_EQ(ask(socket, "two\nthr"), "two\n");
    EXPECT_EQ(ask(socket, "ee\n"), "three\n");
}

TEST_F(ControlSocketTest, ALineThatIsTooLongIsTheEnd) {
    auto socket = client();
    error_code error;
    boost::asio::write(socket, boost::asio::buffer(std::string(100'000, 'x')), error);
    EXPECT_TRUE(is_closed(socket));
    auto next = client();
    EXPECT_EQ(ask(next, "still there\n"), "still there\n");
}

TEST_F(ControlSocketTest, NoMoreConnectionsThanItsLimit) {
    std::vector<Protocol::socket> sockets;
    for (size_t i = 0; i < ControlSocket::kMaxConnections; ++i) {
        sockets.push_back(client());
        EXPECT_EQ(ask(sockets.back(), "x\n"), "x\n");
    }
    auto more = client();
    EXPECT_TRUE(is_closed(more));
    sockets.clear();
    // As soon as the server knows that they have gone.
    eventually([&] {
        try {
            auto again = client();
            return ask(again, "y\n") == "y\n";
        } catch (const boost::system::system_error&) {
            return false;
        }
    });
}

// One after the other, as a script asks: each has its place back before the next one comes.
TEST_F(ControlSocketTest, WhoHasGoneTakesNoPlace) {
    for (size_t i = 0; i < 10 * ControlSocket::kMaxConnections; ++i) {
        auto socket = client();
        ASSERT_EQ(ask(socket, "x\n"), "x\n") << i;
    }
}

// A flood costs a pause for every line, and nobody else anything.
TEST_F(ControlSocketTest, AFloodIsSlow) {
    auto flooder = client();
    error_code error;
    std::string flood;
    for (int i = 0; i < 20'000; ++i) flood += "x\n";
    std::thread writer([&] { boost::asio::write(flooder, boost::asio::buffer(flood), error); });
    const auto begin = std::chrono::steady_clock::now();
    auto other = client();
    constexpr int answers = 20;
    for (int i = 0; i < answers; ++i) EXPECT_EQ(ask(other, "me\n"), "me\n");
    const int flooded = asked_ - answers;
    const auto span = std::chrono::steady_clock::now() - begin;
    EXPECT_LE(flooded, span / ControlSocket::kPause + 10);
    stop();
    writer.join();
}

// One that asks and does not read keeps its answer in the server's memory, and no more than that.
TEST_F(ControlSocketTest, WhoDoesNotReadIsNotAnsweredAgain) {
    answer_ = std::string(8'000'000, 'a');
    auto lazy = client();
    boost::asio::write(lazy, boost::asio::buffer(std::string("1\n2\n3\n")));
    eventually([&] { return asked_ == 1; });
    auto other = client();
    EXPECT_EQ(ask(other, "me\n").size(), answer_.size() + 1);
    EXPECT_EQ(asked_, 2);
}

TEST_F(ControlSocketTest, GoesWithItsEndAndComesInThePlaceOfAnother) {
    stop();
    EXPECT_FALSE(std::filesystem::exists(path()));
    test::write_file(path(), "left by somebody");
    boost::asio::io_context loop;
    ControlSocket next(loop, [](std::string_view line) { return std::string(line); });
    next.open(folder_, kControlName);
    EXPECT_TRUE(std::filesystem::is_socket(path()));
    next.open(folder_, kControlName);  // once more
    EXPECT_TRUE(std::filesystem::is_socket(path()));
    EXPECT_THROW(next.open(folder_ + "/missing", kControlName), Error);
}

// An address holds 107 bytes.
TEST_F(ControlSocketTest, LongPaths) {
    stop();
    loop_.restart();
    start(dir_.path().string() + "/" + std::string(200, 'd'));
    JsonObject request;
    request.add("ok", true);
    EXPECT_EQ(ask_driver(folder_, request), request.text());
}

// One that takes nobody in, and one whose answer comes to no end.
TEST_F(ControlSocketTest, ClientWaitsNoLongerThanItSays) {
    stop();
    const auto fault = [&] {
        return std::string(test::error_of([&] {
                               ask_driver(folder_, JsonObject(), std::chrono::milliseconds(300));
                           }).what());
    };
    {
        const test::WedgedSocket wedged(path());
        EXPECT_EQ(fault(), "the driver does not answer");
    }
    std::filesystem::remove(path());
    Protocol::acceptor slow(own_, Protocol::endpoint(path()));
    std::thread drips([&] {
        Protocol::socket client = slow.accept();
        error_code gone;
        for (int i = 0; i < 500 && !gone; ++i) {
            client.send(boost::asio::buffer("x", 1), 0, gone);
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        EXPECT_TRUE(gone);
    });
    EXPECT_EQ(fault(), "the driver does not answer");
    drips.join();
}

TEST_F(ControlSocketTest, ClientSaysWhatIsWrong) {
    const auto fault = [&](const std::string& folder) {
        return test::error_of([&] { ask_driver_for(folder, JsonObject()); });
    };
    answer_ = R"({"ok": false, "error": "no import of app 5"})";
    EXPECT_EQ(std::string(fault(folder_).what()), "no import of app 5");
    answer_ = R"({"ok": false, "error": "\u001b]0;x\u0007a\u202eb\nc"})";
    EXPECT_EQ(std::string(fault(folder_).what()), "]0;x a b c");
    answer_ = "no JSON";
    EXPECT_EQ(fault(folder_).kind(), ErrorKind::corrupt);
    stop();
    EXPECT_THAT(fault(folder_).what(), testing::HasSubstr("no driver answers at"));
    EXPECT_THAT(fault(folder_ + "/missing").what(), testing::HasSubstr("no driver answers at"));
}

}  // namespace
}  // namespace onemarket
