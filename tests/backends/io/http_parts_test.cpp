// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>

#include "backends/sources/http.h"
#include "tests/backends/helpers.h"
#include "tests/support/http_server.h"

namespace onemarket {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::error_of;
using test::eventually;
using test::HttpAsked;
using test::HttpGiven;
using test::HttpServer;
using test::Stopwatch;
using testing::HasSubstr;

constexpr size_t kPart = HttpParts::kPartBytes;
constexpr size_t kConnections = 4;
constexpr const char* kTag = "\"1\"";

// No part of it is like another.
const std::string& content_of(size_t size) {
    static const std::string all = test::noise(13 * kPart);
    static std::string content;
    content = all.substr(0, size);
    return content;
}

std::string range_of(size_t first, size_t end) {
    return "bytes=" + std::to_string(first) + "-" + std::to_string(end - 1);
}

// Of a request for a part; -1 for another, as that for the first byte.
int64_t part_of(const HttpAsked& asked) {
    const auto range = asked.headers.find("range");
    if (range == asked.headers.end() || range->second == range_of(0, 1)) return -1;
    return static_cast<int64_t>(std::stoul(range->second.substr(6)) / kPart);
}

// As give_file(), where the range has an end.
HttpGiven give_range(const HttpAsked& asked, const std::string& content,
                     const std::string& tag = kTag) {
    HttpGiven given = test::give_file(asked, content, tag);
    if (given.status != "206 Partial Content") return given;
    const std::string& range = asked.headers.at("range");
    const size_t first = std::stoul(range.substr(6));
    const std::string end = range.substr(range.find('-') + 1);
    const size_t last =
        std::min(end.empty() ? content.size() : std::stoul(end), content.size() - 1);
    given.body = content.substr(first, last - first + 1);
    given.headers["Content-Range"] = "bytes " + std::to_string(first) + "-" + std::to_string(last) +
                                     "/" + std::to_string(content.size());
    return given;
}

class HttpPartsTest : public testing::Test {
  protected:
    HttpPartsTest() {
        site_.retries = {4, milliseconds(1), milliseconds(2)};
        site_.source_connections = kConnections;
    }
    void serve(HttpServer::Answer answer) { server_ = std::make_unique<HttpServer>(answer); }
    void serve(const std::string& content) {
        serve([&content](const HttpAsked& asked) { return give_range(asked, content); });
    }
    std::unique_ptr<Reader> open(Context& context) {
        ImageFacts facts;
        facts.location = server_->url() + "/image";
        return HttpSource(facts, site_).open(context);
    }
    std::string read() { return test::read_all(*open(context_), context_, 100'000); }
    Error error() {
        return error_of([&] { read(); });
    }
    // Ranges that were asked for, sorted; "-" where none was.
    std::vector<std::string> ranges() const {
        std::vector<std::string> found;
        for (const HttpAsked& asked : server_->asked()) {
            const auto range = asked.headers.find("range");
            found.push_back(range == asked.headers.end() ? "-" : range->second);
        }
        std::sort(found.begin(), found.end());
        return found;
    }

    test::Ignored pipe_signal_{SIGPIPE};
    Site site_;
    test::TestContext context_;
    std::atomic<int> answers_ = 0;
    std::unique_ptr<HttpServer> server_;
};

// The first part comes when those behind it are there.
TEST_F(HttpPartsTest, OrderIsThatOfTheBytes) {
    const std::string& content = content_of(5 * kPart + 123);
    std::mutex mutex;
    std::condition_variable changed;
    size_t asked_for = 0;
    serve([&](const HttpAsked& asked) {
        const int64_t part = part_of(asked);
        std::unique_lock lock(mutex);
        if (part >= 0) ++asked_for;
        changed.notify_all();
        const auto others = [&] { return asked_for >= kConnections; };
        if (part == 0) {
            EXPECT_TRUE(changed.wait_for(lock, seconds(20), others));
        }
        return give_range(asked, content);
    });
    EXPECT_TRUE(read() == content);
}

TEST_F(HttpPartsTest, EachPartIsOneRequestForThatVersion) {
    const std::string& content = content_of(5 * kPart + 123);
    serve(content);
    EXPECT_EQ(open(context_)->length(), content.size());
    serve(content);
    EXPECT_TRUE(read() == content);
    std::vector<std::string> expected = {range_of(0, 1)};
    for (size_t first = 0; first < content.size(); first += kPart)
        expected.push_back(range_of(first, std::min(first + kPart, content.size())));
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(ranges(), expected);
    for (const HttpAsked& asked : server_->asked()) {
        if (part_of(asked) >= 0) {
            EXPECT_EQ(asked.headers.at("if-match"), kTag);
        }
    }
}

TEST_F(HttpPartsTest, SizesAroundAPart) {
    for (const size_t size : {size_t{1}, kPart - 1, kPart, kPart + 1, 2 * kPart - 1, 2 * kPart,
                              2 * kPart + 1, 4 * kPart, 8 * kPart, 8 * kPart + 1}) {
        const std::string& content = content_of(size);
        serve(content);
        EXPECT_TRUE(read() == content) << size;
        // What is not longer than a part comes at once.
        const size_t requests = size <= kPart ? 1 : (size + kPart - 1) / kPart;
        EXPECT_EQ(server_->asked().size(), 1 + requests) << size;
    }
}

TEST_F(HttpPartsTest, EmptyDocument) {
    serve(content_of(0));
    EXPECT_EQ(read(), "");
    EXPECT_EQ(ranges(), (std::vector<std::string>{"-", range_of(0, 1)}));
}

TEST_F(HttpPartsTest, OneConnectionAsksOnce) {
    const std::string& content = content_of(2 * kPart);
    for (const size_t connections : {0U, 1U}) {
        site_.source_connections = connections;
        serve(content);
        EXPECT_TRUE(read() == content);
        EXPECT_EQ(ranges(), std::vector<std::string>{"-"});
    }
}

TEST_F(HttpPartsTest, MoreConnectionsThanParts) {
    const std::string& content = content_of(2 * kPart);
    site_.source_connections = 32;
    serve(content);
    EXPECT_TRUE(read() == content);
    EXPECT_EQ(server_->asked().size(), 3U);
}

TEST_F(HttpPartsTest, AServerWithoutRangesIsAskedOnce) {
    const std::string& content = content_of(3 * kPart);
    serve([&](const HttpAsked&) { return HttpGiven{"200 OK", {{"ETag", kTag}}, content}; });
    EXPECT_TRUE(read() == content);
    EXPECT_EQ(server_->asked().size(), 1U);
}

TEST_F(HttpPartsTest, AServerThatForgetsRangesGivesAllAgain) {
    const std::string& content = content_of(2 * kPart + 5);
    serve([&](HttpAsked asked) {
        if (part_of(asked) > 0) asked.headers.erase("range");
        return give_range(asked, content);
    });
    EXPECT_TRUE(read() == content);
}

// It would send the square of the length.
TEST_F(HttpPartsTest, AServerThatKnowsButTheFirstByteIsNotAskedForEachPart) {
    const std::string& content = content_of(12 * kPart + 5);
    serve([&](HttpAsked asked) {
        if (part_of(asked) >= 0) asked.headers.erase("range");
        return give_range(asked, content);
    });
    EXPECT_TRUE(read() == content);
    EXPECT_LE(server_->asked().size(), 2 + kConnections + kConnections);
}

// Sums with it would not fit, and no file has it.
TEST_F(HttpPartsTest, SizesNearTheEndOfNumbers) {
    for (const char* size : {"18446744073709551615", "18446744073709551614", "18446744073705357313",
                             "9223372036854775808"}) {
        serve([&](const HttpAsked& asked) {
            HttpGiven given = give_range(asked, "whole");
            if (asked.headers.contains("range"))
                given.headers["Content-Range"] = "bytes 0-0/" + std::string(size);
            return given;
        });
        EXPECT_EQ(read(), "whole") << size;
    }
}

// It may have changed twice within a second, and its clock be another server's.
TEST_F(HttpPartsTest, ADateOfJustNowTellsNoVersion) {
    const std::string& content = content_of(3 * kPart);
    const std::string changed = "Wed, 21 Oct 2015 07:28:00 GMT";
    const auto requests_at = [&](const std::string& date) {
        serve([&, date](const HttpAsked& asked) {
            HttpGiven given = give_range(asked, content, "");
            given.headers["Last-Modified"] = changed;
            if (!date.empty()) given.headers["Date"] = date;
            return given;
        });
        EXPECT_TRUE(read() == content);
        return server_->asked().size();
    };
    EXPECT_EQ(requests_at(changed), 2U);
    EXPECT_EQ(requests_at("Wed, 21 Oct 2015 07:28:59 GMT"), 2U);
    EXPECT_EQ(requests_at("Wed, 21 Oct 2015 07:29:00 GMT"), 4U);
    EXPECT_EQ(requests_at("nonsense"), 4U);  // as if it came now
    EXPECT_EQ(requests_at(""), 4U);
}

TEST_F(HttpPartsTest, WithoutAVersionItComesOverOne) {
    const std::string& content = content_of(3 * kPart);
    for (const char* tag : {"", "W/\"1\""}) {
        serve([&](const HttpAsked& asked) { return give_range(asked, content, tag); });
        EXPECT_TRUE(read() == content);
        EXPECT_EQ(ranges(), (std::vector<std::string>{"-", range_of(0, 1)})) << tag;
    }
}

TEST_F(HttpPartsTest, ADateTellsTheVersionToo) {
    const std::string date = "Wed, 21 Oct 2015 07:28:00 GMT";
    const std::string& content = content_of(2 * kPart);
    serve([&](const HttpAsked& asked) {
        HttpGiven given = give_range(asked, content, "");
        given.headers["Last-Modified"] = date;
        return given;
    });
    EXPECT_TRUE(read() == content);
    EXPECT_EQ(server_->asked().size(), 3U);
    EXPECT_EQ(server_->asked().at(1).headers.at("if-unmodified-since"), date);
}

TEST_F(HttpPartsTest, APartThatBreaksIsTakenUpAgain) {
    const std::string& content = content_of(4 * kPart + 7);
    std::array<std::atomic<int>, 5> breaks{};
    serve([&](const HttpAsked& asked) {
        HttpGiven given = give_range(asked, content);
        const int64_t part = part_of(asked);
        given.cut = part >= 0 && breaks.at(static_cast<size_t>(part))++ < 2;
        return given;
    });
    EXPECT_TRUE(read() == content);
    EXPECT_EQ(server_->asked().size(), 1U + 3 * 5);
    // Of the first connection. One that was added leaves its part to that.
    EXPECT_THAT(ranges(), testing::Contains(range_of(kPart / 2, kPart)));
    EXPECT_THAT(ranges(), testing::Contains(range_of(kPart * 3 / 4, kPart)));
}

TEST_F(HttpPartsTest, TheFirstAnswerMayBreakToo) {
    const std::string& content = content_of(2 * kPart);
    serve([&](const HttpAsked& asked) {
        HttpGiven given = give_range(asked, content);
        given.cut = part_of(asked) < 0;
        return given;
    });
    EXPECT_TRUE(read() == content);
}

// It is no use for parts; but there is nothing wrong with one connection.
TEST_F(HttpPartsTest, AServerThatKnowsNoEndOfARange) {
    const std::string& content = content_of(4 * kPart);
    serve([&](HttpAsked asked) {
        if (asked.headers.contains("range")) asked.headers["range"] = "bytes=0-";
        return test::give_file(asked, content, kTag);
    });
    EXPECT_TRUE(read() == content);
    EXPECT_EQ(ranges(), (std::vector<std::string>{"-", range_of(0, 1)}));
}

TEST_F(HttpPartsTest, AServerThatRefusesRanges) {
    const std::string& content = content_of(2 * kPart);
    for (const char* status : {"400 Bad Request", "403 Forbidden", "405 Method Not Allowed",
                               "416 Range Not Satisfiable", "501 Not Implemented"}) {
        serve([&](const HttpAsked& asked) {
            if (asked.headers.contains("range")) return HttpGiven{status, {}, {}};
            return test::give_file(asked, content, kTag);
        });
        EXPECT_TRUE(read() == content) << status;
    }
}

TEST_F(HttpPartsTest, AServerThatRefusesPartsIsAskedForAllOfIt) {
    const std::string& content = content_of(3 * kPart + 5);
    for (const char* status : {"403 Forbidden", "405 Method Not Allowed",
                               "416 Range Not Satisfiable", "501 Not Implemented"}) {
        for (const int64_t first : {0, 2}) {
            serve([&, status](const HttpAsked& asked) {
                if (part_of(asked) >= first) return HttpGiven{status, {}, {}};
                return give_range(asked, content);
            });
            EXPECT_TRUE(read() == content) << status << " from " << first;
            // Another version is none of it.
            answers_ = 0;
            serve([&, status](HttpAsked asked) {
                if (part_of(asked) >= first) return HttpGiven{status, {}, {}};
                return give_range(asked, content,
                                  part_of(asked) < 0 && answers_++ ? "\"2\"" : kTag);
            });
            EXPECT_EQ(error().kind(), ErrorKind::corrupt) << status << " from " << first;
        }
    }
}

TEST_F(HttpPartsTest, AServerThatTakesFewerConnections) {
    const std::string& content = content_of(5 * kPart + 5);
    for (const int most : {1, 2, 3}) {
        for (const int attempts : {1, 4}) {
            site_.retries.attempts = attempts;
            std::atomic<int> now = 0;
            serve([&](const HttpAsked& asked) {
                HttpGiven given{"503 Busy", {}, {}};
                if (++now <= most) {
                    given = give_range(asked, content);
                    std::this_thread::sleep_for(milliseconds(20));
                }
                --now;
                return given;
            });
            EXPECT_TRUE(read() == content) << most << " " << attempts;
        }
    }
}

TEST_F(HttpPartsTest, PassingFailuresAreTriedAgain) {
    const std::string& content = content_of(2 * kPart);
    serve([&](const HttpAsked& asked) {
        if (answers_++ % 2 == 0) return HttpGiven{"503 Busy", {{"Retry-After", "0"}}, "page"};
        return give_range(asked, content);
    });
    EXPECT_TRUE(read() == content);
}

TEST_F(HttpPartsTest, AnotherVersionIsNotMixedIn) {
    const std::string& content = content_of(4 * kPart);
    // It says so itself, or gives the other one.
    for (const bool honest : {true, false}) {
        serve([&, honest](HttpAsked asked) {
            if (!honest) asked.headers.erase("if-match");
            return give_range(asked, content, part_of(asked) == 2 ? "\"2\"" : kTag);
        });
        const Error failure = error();
        EXPECT_EQ(failure.kind(), ErrorKind::corrupt);
        EXPECT_THAT(failure.what(), HasSubstr("/image: it changed while it was read"));
    }
}

TEST_F(HttpPartsTest, WhatIsNotThePartIsRefused) {
    const std::string& content = content_of(2 * kPart);
    const std::string part = content.substr(kPart);
    const auto refused = [&](const std::string& range, const std::string& body) {
        serve([&](const HttpAsked& asked) {
            HttpGiven given = give_range(asked, content);
            if (part_of(asked) != 1) return given;
            given.headers["Content-Range"] = range;
            given.body = body;
            return given;
        });
        EXPECT_EQ(error().kind(), ErrorKind::corrupt) << range << " " << body.size();
    };
    refused("bytes 0-4194303/8388608", part);
    refused("bytes 4194304-8388606/8388608", part);
    refused("bytes 4194304-8388607/8388609", part);
    refused("bytes 4194304-8388608/8388609", part);
    refused("nonsense", part);
    refused("", part);
    refused("bytes 4194304-8388607/8388608", part + "x");
    refused("bytes 4194304-8388607/8388608", part.substr(1));
}

TEST_F(HttpPartsTest, OneThatFailsEndsAll) {
    const size_t threads = test::list("/proc/self/task").size();
    const std::string& content = content_of(8 * kPart);
    serve([&](const HttpAsked& asked) {
        HttpGiven given = give_range(asked, content);
        given.stall = part_of(asked) >= 0;
        if (part_of(asked) == 2) return HttpGiven{"404 Not Found", {}, {}};
        return given;
    });
    const Stopwatch watch;
    const Error failure = error();
    EXPECT_EQ(failure.kind(), ErrorKind::not_found);
    EXPECT_THAT(failure.what(), HasSubstr("/image: HTTP 404 Not Found"));
    EXPECT_LT(watch.seconds(), 2);
    server_.reset();
    EXPECT_TRUE(eventually([&] { return test::list("/proc/self/task").size() <= threads; }));
}

TEST_F(HttpPartsTest, AndSoIsSaidAsOftenAsOneAsks) {
    const std::string& content = content_of(8 * kPart);
    serve([&](const HttpAsked& asked) {
        if (part_of(asked) >= 0) return HttpGiven{"404 No", {}, {}};
        return give_range(asked, content);
    });
    const auto reader = open(context_);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(error_of([&] { test::read_all(*reader, context_); }).kind(),
                  ErrorKind::not_found);
}

TEST_F(HttpPartsTest, CancelledWhileNothingComes) {
    const std::string& content = content_of(8 * kPart);
    serve([&](const HttpAsked& asked) {
        HttpGiven given = give_range(asked, content);
        given.stall = part_of(asked) >= 0;
        return given;
    });
    Stopwatch watch;
    std::jthread canceller([&] {
        EXPECT_TRUE(eventually([&] { return server_->asked().size() == 1 + kConnections; }));
        watch = Stopwatch();
        context_.stop.request_stop();
    });
    EXPECT_EQ(error().kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 2);
}

TEST_F(HttpPartsTest, IdleDeadlineOfAServerThatStalls) {
    const std::string& content = content_of(8 * kPart);
    serve([&](const HttpAsked& asked) {
        HttpGiven given = give_range(asked, content);
        given.stall = part_of(asked) >= 0;
        return given;
    });
    test::TestContext context(5, {seconds(1), true});
    const Stopwatch watch;
    const Error error = error_of([&] { test::read_all(*open(context), context); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_NE(std::string(error.what()).find(", waiting for "), std::string::npos) << error.what();
    EXPECT_GE(watch.seconds(), 1);
    EXPECT_LT(watch.seconds(), 10);
}

TEST_F(HttpPartsTest, EndsAtOnceHalfRead) {
    const size_t threads = test::list("/proc/self/task").size();
    const std::string& content = content_of(13 * kPart);
    serve([&](const HttpAsked& asked) {
        HttpGiven given = give_range(asked, content);
        given.stall = part_of(asked) > 0;
        if (part_of(asked) == 0) {
            EXPECT_TRUE(eventually([&] { return server_->asked().size() == 1 + kConnections; }));
        }
        return given;
    });
    auto reader = open(context_);
    std::vector<std::byte> buffer(1000);
    EXPECT_EQ(reader->read(buffer, context_).size, buffer.size());
    EXPECT_TRUE(eventually([&] { return server_->asked().size() == 2 + kConnections; }));
    const Stopwatch watch;
    reader.reset();
    EXPECT_LT(watch.seconds(), 2);
    server_.reset();
    EXPECT_TRUE(eventually([&] { return test::list("/proc/self/task").size() <= threads; }));
}

// And when nobody has read anything yet, or all there is to fetch has been.
TEST_F(HttpPartsTest, EndsAtOnceWhateverTheConnectionsDo) {
    const std::string& content = content_of(12 * kPart);
    serve(content);
    const Stopwatch watch;
    open(context_).reset();
    auto reader = open(context_);
    EXPECT_TRUE(eventually([&] { return server_->asked().size() >= 4 + kConnections; }));
    reader.reset();
    EXPECT_LT(watch.seconds(), 20);
}

// Of a reader that stands still not more than two parts a connection are fetched.
TEST_F(HttpPartsTest, NotFarAheadOfItsReader) {
    site_.source_connections = 2;
    constexpr int64_t ahead = 4;
    const std::string& content = content_of(12 * kPart);
    std::atomic<int64_t> reading = 0;
    serve([&](const HttpAsked& asked) {
        EXPECT_LT(part_of(asked), reading + ahead);
        return give_range(asked, content);
    });
    const auto reader = open(context_);
    std::vector<std::byte> buffer(kPart / 4);
    std::string text;
    for (size_t part = 0; part < 12; ++part) {
        const size_t most = std::min<size_t>(12, part + ahead);
        EXPECT_TRUE(eventually([&] { return server_->asked().size() == 1 + most; })) << part;
        // What must not come would come now.
        if (part == 0) std::this_thread::sleep_for(milliseconds(200));
        reading = static_cast<int64_t>(part) + 1;
        while (text.size() < (part + 1) * kPart) {
            const size_t got = reader->read(buffer, context_).size;
            text.append(reinterpret_cast<const char*>(buffer.data()), got);
        }
    }
    EXPECT_TRUE(text == content);
    EXPECT_EQ(reader->read(buffer, context_).size, 0U);
}

// One that is added gives its part back at once: it is what the reader will wait for.
TEST_F(HttpPartsTest, AServerThatAsksAnotherConnectionToWaitIsNotWaitedFor) {
    const std::string& content = content_of(5 * kPart);
    site_.retries.longest = seconds(30);
    serve([&](const HttpAsked& asked) {
        if (part_of(asked) == 0) {
            EXPECT_TRUE(eventually([&] { return answers_ > 0; }));
        }
        if (part_of(asked) == 1 && answers_++ == 0)
            return HttpGiven{"503 Busy", {{"Retry-After", "30"}}, {}};
        return give_range(asked, content);
    });
    const Stopwatch watch;
    EXPECT_TRUE(read() == content);
    EXPECT_LT(watch.seconds(), 20);
}

// Counts the connections that stay, beside that which asked for the first byte.
class HttpPartsConnectionsTest : public HttpPartsTest {
  protected:
    std::unique_ptr<Reader> open_counted() {
        const auto connect = [this](const RetryPolicy& policy) -> HttpReader::Open {
            if (policy.attempts == site_.retries.attempts) ++connections_;
            if (policy.attempts == 1 && !there_is_memory_) throw std::bad_alloc();
            return [this, client = std::make_shared<HttpClient>(site_.http)](
                       const HttpHeaders& headers, Context& context) {
                HttpRequest request;
                request.method = "GET";
                request.url = server_->url() + "/image";
                request.headers = headers;
                return client->open(request, context);
            };
        };
        auto reader = open_http("image", connect, site_.retries, kConnections, context_);
        --connections_;
        return reader;
    }
    // Of a server whose parts take longer than the reader does.
    void read_slowly() {
        const std::string& content = content_of(13 * kPart);
        serve([&](const HttpAsked& asked) {
            if (part_of(asked) >= 0) std::this_thread::sleep_for(milliseconds(120));
            return give_range(asked, content);
        });
        EXPECT_TRUE(test::read_all(*open_counted(), context_) == content);
    }
    std::atomic<size_t> connections_ = 0;
    bool there_is_memory_ = true;
};

TEST_F(HttpPartsConnectionsTest, OneWhereTheReaderDoesNotWait) {
    constexpr size_t ring = kConnections + 2;
    const std::string& content = content_of((ring - 1) * kPart + 1);
    serve(content);
    const auto reader = open_counted();
    EXPECT_TRUE(eventually([&] { return server_->asked().size() == 1 + ring; }));
    EXPECT_TRUE(test::read_all(*reader, context_) == content);
    EXPECT_EQ(connections_, 1U);
}

TEST_F(HttpPartsConnectionsTest, AllWhereItDoes) {
    read_slowly();
    EXPECT_EQ(connections_, kConnections);
}

TEST_F(HttpPartsConnectionsTest, WithoutMemoryForAnotherItComesOverOne) {
    there_is_memory_ = false;
    read_slowly();
    EXPECT_EQ(connections_, 1U);
}

}  // namespace
}  // namespace onemarket
