// SPDX-License-Identifier: Apache-2.0
#include "daemon/metrics_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <optional>
#include <thread>

#include "daemon/listen_address.h"
#include "tests/daemon/wedged_socket.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

namespace asio = boost::asio;
using asio::generic::stream_protocol;
using boost::system::error_code;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// A port nobody has at the moment.
std::string free_port() {
    asio::io_context loop;
    const asio::ip::tcp::acceptor acceptor(loop, {asio::ip::make_address("127.0.0.1"), 0});
    return "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
}

// One that asks, with a loop of its own.
class Client {
  public:
    explicit Client(const std::string& address) { socket_.connect(*parse_listen_address(address)); }
    void say(const std::string& text) {
        error_code closed;
        asio::write(socket_, asio::buffer(text), closed);
    }
    // All that comes until the end.
    std::string rest() {
        std::string text;
        error_code end;
        asio::read(socket_, asio::dynamic_buffer(text), end);
        return text;
    }

  private:
    asio::io_context loop_;
    stream_protocol::socket socket_{loop_};
};

class MetricsServerTest : public testing::Test {
  protected:
    ~MetricsServerTest() override { stop(); }

    void listen(const std::string& address) {
        asio::post(loop_, [this, address] { server_->listen(address); });
        run();
    }
    // The loop's thread; a server is there when it runs.
    void run() {
        if (thread_.joinable()) return;
        thread_ = std::thread([this] {
            const auto work = asio::make_work_guard(loop_);
            loop_.run();
        });
        while (loop_.stopped()) std::this_thread::yield();
    }
    void stop() {
        if (!thread_.joinable()) return;
        loop_.stop();
        thread_.join();
        loop_.restart();
    }
    static std::string ask(const std::string& address, const std::string& request) {
        for (int i = 0; i < 500; ++i) {
            try {
                Client client(address);
                client.say(request);
                return client.rest();
            } catch (const boost::system::system_error&) {
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
        }
        return "nobody there";
    }
    static std::string get(const std::string& address, const std::string& target = "/metrics") {
        return ask(address, "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }

    test::TempDir dir_;
    asio::io_context loop_;
    std::vector<std::string> said_;
    std::atomic<int> made_ = 0;
    std::string content_ = "x 1\n";
    std::optional<MetricsServer> server_{
        std::in_place, loop_,
        [this] {
            ++made_;
            return content_;
        },
        [this](LogLevel, std::string_view text) { said_.emplace_back(text); }};
    std::thread thread_;
};

TEST_F(MetricsServerTest, AnswersOnAPort) {
    const std::string port = free_port();
    listen(port);
    const std::string answer = get(port);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 4\r\n"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\nx 1\n")) << answer;
    EXPECT_THAT(get(port, "/metrics?collect=all"), HasSubstr("x 1\n"));
    EXPECT_THAT(get(port, "/"), HasSubstr("<a href=\"/metrics\">"));
    EXPECT_THAT(get(port, "/etc/passwd"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
    EXPECT_THAT(said_, IsEmpty());
}

TEST_F(MetricsServerTest, TellsTheHeadAlone) {
    const std::string port = free_port();
    listen(port);
    const std::string answer = ask(port, "HEAD /metrics HTTP/1.1\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 4\r\n"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(MetricsServerTest, RefusesWhatItDoesNotDo) {
    const std::string port = free_port();
    listen(port);
    const std::string answer = ask(port, "POST /metrics HTTP/1.1\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
    EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n"));
    EXPECT_EQ(ask(port, "no HTTP at all\r\n\r\n"), "");
    EXPECT_EQ(ask(port, "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x')), "");
    EXPECT_THAT(get(port), HasSubstr("x 1\n"));
}

TEST_F(MetricsServerTest, AnswersOnASocketForItsGroup) {
    const std::string path = dir_ / "metrics.sock";
    const mode_t before = ::umask(0);
    listen(path);
    EXPECT_THAT(get(path), HasSubstr("x 1\n"));
    ::umask(before);
    EXPECT_EQ(test::mode_of(path), 0660U);
    stop();
    server_.reset();
    EXPECT_THAT(test::list(dir_.path()), IsEmpty());
}

TEST_F(MetricsServerTest, TakesThePlaceOfASocketNobodyHas) {
    const std::string path = dir_ / "metrics.sock";
    {
        asio::io_context loop;
        const asio::local::stream_protocol::acceptor left(loop, {path});
    }
    listen(path);
    EXPECT_THAT(get(path), HasSubstr("x 1\n"));
}

TEST_F(MetricsServerTest, LeavesTheSocketOfAnotherAndWhatIsNoSocket) {
    const std::string path = dir_ / "metrics.sock";
    {
        asio::io_context loop;
        const asio::local::stream_protocol::acceptor another(loop, {path});
        server_->listen(path);
        EXPECT_THAT(said_, ElementsAre(HasSubstr("Address already in use")));
        server_->listen("");
        EXPECT_TRUE(std::filesystem::exists(path));
    }
    test::write_file(dir_ / "file", "theirs");
    server_->listen(dir_ / "file");
    server_->listen("");
    EXPECT_EQ(test::read_file(dir_ / "file"), "theirs");
}

TEST_F(MetricsServerTest, LeavesASocketThatCameInThePlaceOfItsOwn) {
    const std::string path = dir_ / "metrics.sock";
    server_->listen(path);
    std::filesystem::remove(path);
    asio::io_context loop;
    const asio::local::stream_protocol::acceptor another(loop, {path});
    server_->listen("");
    EXPECT_TRUE(std::filesystem::exists(path));
}

// Its queue is full: one who asks whether it lives, and waits for the answer, waits for ever.
TEST_F(MetricsServerTest, ASocketWhoseOwnerTakesNobodyInHoldsNothingUp) {
    const std::string path = dir_ / "metrics.sock";
    test::WedgedSocket wedged(path);
    std::atomic<bool> back = false;
    std::thread rescue([&] {
        for (int i = 0; i < 500 && !back; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        EXPECT_TRUE(back);
        wedged.close();
    });
    server_->listen(path);
    back = true;
    rescue.join();
    EXPECT_THAT(said_, ElementsAre(HasSubstr("Address already in use")));
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(MetricsServerTest, APortThatIsTakenIsTriedAgain) {
    const std::string port = free_port();
    {
        asio::io_context loop;
        const asio::ip::tcp::acceptor another(
            loop, {asio::ip::make_address("127.0.0.1"),
                   static_cast<uint16_t>(std::stoi(port.substr(port.find(':') + 1)))});
        server_->listen(port);
        EXPECT_THAT(said_, ElementsAre("no metrics at " + port +
                                       ": Address already in use; it is tried again every 5 s"));
    }
    run();
    std::this_thread::sleep_for(MetricsServer::kAgain);
    EXPECT_THAT(get(port), HasSubstr("x 1\n"));
    stop();
    EXPECT_THAT(said_, ElementsAre(testing::_, "metrics are at " + port));
}

TEST_F(MetricsServerTest, MovesAndStops) {
    const std::string path = dir_ / "a";
    listen(path);
    EXPECT_THAT(get(path), HasSubstr("x 1\n"));
    listen(dir_ / "b");
    EXPECT_THAT(get(dir_ / "b"), HasSubstr("x 1\n"));
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("b"));
    listen("");
    stop();
    loop_.poll();
    EXPECT_THAT(test::list(dir_.path()), IsEmpty());
}

// The oldest of them goes for each that comes; half a request is none.
TEST_F(MetricsServerTest, ManyWhoSayNothingKeepNobodyOut) {
    const std::string path = dir_ / "a";
    listen(path);
    EXPECT_THAT(get(path), HasSubstr("x 1\n"));
    std::vector<std::unique_ptr<Client>> idle;
    for (size_t i = 0; i < 2 * MetricsServer::kMaxConnections; ++i) {
        idle.push_back(std::make_unique<Client>(path));
        if (i % 2 == 0) idle.back()->say("GET /metrics HTTP/1.1\r\n");
    }
    EXPECT_THAT(get(path), HasSubstr("x 1\n"));
    EXPECT_EQ(idle.front()->rest(), "");
    idle.back()->say("GET /metrics HTTP/1.1\r\n\r\n");
    EXPECT_THAT(idle.back()->rest(), HasSubstr("x 1\n"));
}

// Who has asked is not put out of his place by who has not.
TEST_F(MetricsServerTest, WhoWaitsForAnAnswerKeepsItsPlace) {
    content_ = std::string(8 << 20, 'x');
    const std::string path = dir_ / "a";
    listen(path);
    EXPECT_THAT(get(path), Not(IsEmpty()));
    std::vector<std::unique_ptr<Client>> slow;
    for (size_t i = 0; i < MetricsServer::kMaxConnections; ++i) {
        slow.push_back(std::make_unique<Client>(path));
        slow.back()->say("GET /metrics HTTP/1.1\r\n\r\n");
        std::this_thread::sleep_for(2 * MetricsServer::kPause);
    }
    EXPECT_EQ(get(path), "");
    EXPECT_GT(slow.front()->rest().size(), content_.size());
}

TEST_F(MetricsServerTest, TheTextIsMadeOnceASecond) {
    const std::string path = dir_ / "a";
    listen(path);
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) EXPECT_THAT(get(path), HasSubstr("x 1\n"));
    const auto span = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin);
    EXPECT_LE(made_, 1 + span.count());
}

// Its answer waits in the kernel, and what it does not take there is the server's alone.
TEST_F(MetricsServerTest, OneThatDoesNotReadIsInNobodysWay) {
    content_ = std::string(8 << 20, 'x');
    const std::string path = dir_ / "a";
    listen(path);
    EXPECT_THAT(get(path), Not(IsEmpty()));
    Client slow(path);
    slow.say("GET /metrics HTTP/1.1\r\n\r\n");
    EXPECT_GT(get(path).size(), content_.size());
    std::this_thread::sleep_for(MetricsServer::kPatience + std::chrono::milliseconds(200));
    EXPECT_LT(slow.rest().size(), content_.size());
}

}  // namespace
}  // namespace onemarket
