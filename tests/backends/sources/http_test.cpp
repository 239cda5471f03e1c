// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/backends/helpers.h"
#include "tests/support/http_server.h"

namespace onemarket {
namespace {

using test::give_file;
using test::HttpAsked;
using test::HttpGiven;
using test::HttpServer;
using testing::HasSubstr;

// Made where it is wanted, not at the start of each of the program's tests.
const std::string& content() {
    static const std::string bytes = test::noise(3'000'001);
    return bytes;
}
constexpr const char* kTag = "\"1\"";

class HttpSourceTest : public testing::Test {
  protected:
    HttpSourceTest() {
        site_.retries = {4, std::chrono::milliseconds(1), std::chrono::milliseconds(2)};
    }
    void serve(HttpServer::Answer answer) { server_ = std::make_unique<HttpServer>(answer); }
    // The first `breaks` answers end at half.
    void serve_breaking(int breaks, const std::string& tag = kTag) {
        serve([this, breaks, tag](const HttpAsked& asked) {
            HttpGiven given = give_file(asked, content(), tag);
            given.cut = answers_++ < breaks;
            return given;
        });
    }
    std::string read(const std::string& location) {
        ImageFacts facts;
        facts.location = location;
        HttpSource source(facts, site_);
        return test::read_all(*source.open(context_), context_);
    }
    std::string read() { return read(server_->url() + "/dir/image?token=hunter2"); }
    Error error() {
        return test::error_of([&] { read(); });
    }
    std::string name() const { return server_->url() + "/dir/image: "; }

    test::Ignored pipe_signal_{SIGPIPE};
    Site site_;
    test::TestContext context_;
    std::atomic<int> answers_ = 0;
    std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpSourceTest, GoesOnWhereItBroke) {
    serve_breaking(3);
    EXPECT_TRUE(read() == content());
    const auto asked = server_->asked();
    ASSERT_EQ(asked.size(), 4U);
    EXPECT_FALSE(asked[0].headers.contains("range"));
    EXPECT_EQ(asked[0].headers.at("accept-encoding"), "identity");
    EXPECT_EQ(asked[1].headers.at("range"), "bytes=1500000-");
    EXPECT_EQ(asked[1].headers.at("if-match"), kTag);
    EXPECT_EQ(asked[1].target, "/dir/image?token=hunter2");
}

// As often as it takes, as long as it gets on.
TEST_F(HttpSourceTest, BreaksThatGetNoFurtherAreCounted) {
    serve([](const HttpAsked& asked) {
        HttpGiven given = give_file(asked, content(), kTag);
        if (asked.headers.contains("range")) given.body.resize(100);
        given.cut = true;
        given.framing = HttpGiven::chunked;
        if (!asked.headers.contains("range")) given.framing = HttpGiven::length;
        return given;
    });
    const Error failure = error();
    EXPECT_EQ(failure.kind(), ErrorKind::unavailable);
    EXPECT_THAT(failure.what(), HasSubstr(name()));
    EXPECT_THAT(failure.what(), HasSubstr("of 3000001 bytes"));
    EXPECT_EQ(server_->asked().size(), 4U);  // a whole one, three to take it up again
}

TEST_F(HttpSourceTest, ADateTellsTheVersionToo) {
    const std::string date = "Wed, 21 Oct 2015 07:28:00 GMT";
    serve([&](const HttpAsked& asked) {
        HttpGiven given = give_file(asked, content(), "");
        given.headers = {{"Last-Modified", date},
                         {"Content-Range", given.headers["Content-Range"]}};
        given.cut = answers_++ == 0;
        return given;
    });
    EXPECT_TRUE(read() == content());
    EXPECT_EQ(server_->asked().at(1).headers.at("if-unmodified-since"), date);
}

TEST_F(HttpSourceTest, WhatIsGoneMeanwhileWasCutOff) {
    serve([](const HttpAsked& asked) {
        if (asked.headers.contains("range")) return HttpGiven{"404 Not Found", {}, {}};
        HttpGiven given = give_file(asked, content(), kTag);
        given.cut = true;
        return given;
    });
    const Error failure = error();
    EXPECT_EQ(failure.kind(), ErrorKind::unavailable);
    EXPECT_THAT(failure.what(),
                HasSubstr("after 1500000 of 3000001 bytes; " + name() + "HTTP 404"));
}

TEST_F(HttpSourceTest, AServerWithoutRangesGivesAllAgain) {
    serve([this](const HttpAsked&) {
        HttpGiven given{"200 OK", {{"ETag", kTag}}, content()};
        given.cut = answers_++ == 0;
        return given;
    });
    EXPECT_TRUE(read() == content());
}

TEST_F(HttpSourceTest, WithoutAVersionNothingIsTakenUp) {
    for (const char* tag : {"", "W/\"1\""}) {
        serve_breaking(1, tag);
        answers_ = 0;
        const Error failure = error();
        EXPECT_EQ(failure.kind(), ErrorKind::unavailable);
        EXPECT_THAT(failure.what(), HasSubstr("does not say for certain which version it is"));
        EXPECT_EQ(server_->asked().size(), 1U);
    }
}

TEST_F(HttpSourceTest, AnotherVersionIsNotMixedIn) {
    // It says so itself, or gives the other one.
    for (const bool honest : {true, false}) {
        serve([this, honest](HttpAsked asked) {
            if (!honest) asked.headers.erase("if-match");
            HttpGiven given = give_file(asked, content(), answers_ == 0 ? kTag : "\"2\"");
            given.cut = answers_++ == 0;
            return given;
        });
        answers_ = 0;
        const Error failure = error();
        EXPECT_EQ(failure.kind(), ErrorKind::corrupt);
        EXPECT_EQ(name() + "it changed while it was read", failure.what());
    }
}

// A date has a grain of a second, in which a file can be replaced; a weak tag tells.
TEST_F(HttpSourceTest, AnotherWeakTagIsAnotherVersion) {
    const auto read_with = [this](const std::string& first, const std::string& second) {
        answers_ = 0;
        serve([=, this](const HttpAsked& asked) {
            HttpGiven given = give_file(asked, content(), "");
            given.headers["ETag"] = answers_ == 0 ? first : second;
            given.headers["Last-Modified"] = "Wed, 21 Oct 2015 07:28:00 GMT";
            given.cut = answers_++ == 0;
            return given;
        });
    };
    read_with("W/\"a\"", "W/\"a\"");
    EXPECT_TRUE(read() == content());
    read_with("W/\"a\"", "\"a\"");
    EXPECT_TRUE(read() == content());
    for (const char* second : {"W/\"b\"", "\"b\""}) {
        read_with("W/\"a\"", second);
        EXPECT_EQ(error().kind(), ErrorKind::corrupt) << second;
    }
}

// A server that ignores the condition, and says nothing of what it gives, gives anything.
TEST_F(HttpSourceTest, WhatDoesNotSayItsVersionAnyMoreIsNotMixedIn) {
    for (const bool ranges : {true, false}) {
        for (const bool tagged : {true, false}) {
            answers_ = 0;
            serve([=, this](HttpAsked asked) {
                asked.headers.erase("if-match");
                if (!ranges) asked.headers.erase("range");
                HttpGiven given = give_file(asked, content(), kTag);
                if (!tagged || answers_ > 0) given.headers.erase("ETag");
                if (answers_ == 0) given.headers["Last-Modified"] = "Wed, 21 Oct 2015 07:28:00 GMT";
                given.cut = answers_++ == 0;
                return given;
            });
            EXPECT_EQ(name() + "it changed while it was read", error().what()) << ranges << tagged;
        }
    }
}

TEST_F(HttpSourceTest, AnEmptyRestOfAnEndlessSizeIsNone) {
    serve([this](const HttpAsked& asked) {
        HttpGiven given{"200 OK", {{"ETag", kTag}}, content()};
        given.framing = HttpGiven::chunked;
        given.cut = true;
        if (!asked.headers.contains("range")) return given;
        answers_++;
        const std::string range = "bytes 1500000-18446744073709551615/0";
        return HttpGiven{"206 Partial", {{"ETag", kTag}, {"Content-Range", range}}, {}};
    });
    EXPECT_EQ(error().kind(), ErrorKind::corrupt);
    EXPECT_EQ(answers_, 1);
}

TEST_F(HttpSourceTest, ChunksInAnyLettersButOnce) {
    HttpGiven given{"200 OK", {{"Transfer-Encoding", "Chunked"}}, "3\r\nabc\r\n0\r\n\r\n"};
    given.framing = HttpGiven::none;
    serve([&](const HttpAsked&) { return given; });
    EXPECT_EQ(read(), "abc");
    given.headers["Transfer-Encoding"] = "chunked, chunked";
    EXPECT_EQ(error().kind(), ErrorKind::unsupported);
}

TEST_F(HttpSourceTest, ACodingNobodyAskedForIsSaid) {
    serve([](const HttpAsked&) {
        return HttpGiven{"200 OK", {{"Content-Encoding", "gzip"}}, "not unpacked"};
    });
    EXPECT_EQ(read(), "not unpacked");
    EXPECT_TRUE(context_.log.contains("the server says it is gzip"));
}

// It is no use to it that libcurl keeps a buffer of another size.
TEST_F(HttpSourceTest, AHostThatIsNotKnownIsTriedAgainAndNamed) {
    const Error failure = test::error_of([&] { read("http://no-such-host.invalid/x"); });
    EXPECT_EQ(failure.kind(), ErrorKind::unavailable);
    EXPECT_THAT(failure.what(), HasSubstr("http://no-such-host.invalid/x: "));
    EXPECT_THAT(failure.what(), HasSubstr("resolve host"));
}

TEST_F(HttpSourceTest, WhatIsNotTheRestIsRefused) {
    for (const char* range : {"bytes 0-1499999/3000001", "bytes 1500000-3000000/3000000",
                              "bytes 1500000-2999999/3000001", "bytes 1500000-3000001/3000002",
                              "nonsense", "bytes 1500000-3000000", "bytes */3000001", ""}) {
        serve([this, range](const HttpAsked& asked) {
            HttpGiven given = give_file(asked, content(), kTag);
            if (given.status != "200 OK") given.headers["Content-Range"] = range;
            given.cut = answers_++ == 0;
            return given;
        });
        answers_ = 0;
        EXPECT_EQ(error().kind(), ErrorKind::corrupt) << range;
    }
}

TEST_F(HttpSourceTest, APartInPlaceOfTheWhole) {
    serve([](HttpAsked asked) {
        asked.headers["range"] = "bytes=1-";
        return give_file(asked, content(), kTag);
    });
    EXPECT_EQ(error().kind(), ErrorKind::corrupt);
}

// Chunks tell where the end is; the end of a connection alone does not.
TEST_F(HttpSourceTest, TheEndMustBeTold) {
    HttpGiven given{"200 OK", {}, content()};
    given.framing = HttpGiven::chunked;
    serve([&](const HttpAsked&) { return given; });
    EXPECT_TRUE(read() == content());

    given.cut = true;
    EXPECT_EQ(error().kind(), ErrorKind::unavailable);

    given.cut = false;
    given.framing = HttpGiven::none;
    const Error failure = error();
    EXPECT_EQ(failure.kind(), ErrorKind::unsupported);
    EXPECT_THAT(failure.what(), HasSubstr("neither how long it is nor where it ends"));
}

TEST_F(HttpSourceTest, PassingFailuresAreTriedAgain) {
    serve([this](const HttpAsked& asked) {
        if (answers_++ < 2) return HttpGiven{"503 Busy", {{"Retry-After", "0"}}, "page"};
        return give_file(asked, content(), kTag);
    });
    EXPECT_TRUE(read() == content());

    serve([](const HttpAsked&) { return HttpGiven{"503 Busy", {}, "page"}; });
    EXPECT_EQ(name() + "HTTP 503 Busy", error().what());
    EXPECT_EQ(server_->asked().size(), 4U);
}

TEST_F(HttpSourceTest, OthersAreNot) {
    for (const auto& [status, kind] :
         std::vector<std::pair<std::string, ErrorKind>>{{"404 Not Found", ErrorKind::not_found},
                                                        {"403 No", ErrorKind::permission},
                                                        {"401 Who", ErrorKind::permission},
                                                        {"204 Nothing", ErrorKind::unavailable},
                                                        {"501 Cannot", ErrorKind::unsupported}}) {
        serve([status = status](const HttpAsked&) { return HttpGiven{status, {}, {}}; });
        const Error failure = error();
        EXPECT_EQ(name() + "HTTP " + status, failure.what());
        EXPECT_EQ(failure.kind(), kind);
        EXPECT_EQ(server_->asked().size(), 1U);
    }
}

TEST_F(HttpSourceTest, NobodyThere) {
    serve([](const HttpAsked&) { return HttpGiven(); });
    const std::string url = server_->url() + "/image";
    server_.reset();
    const Error failure = test::error_of([&] { read(url); });
    EXPECT_EQ(failure.kind(), ErrorKind::unavailable);
    EXPECT_THAT(failure.what(), HasSubstr(url + ": "));
}

TEST_F(HttpSourceTest, CredentialsGoToTheirServerAlone) {
    const HttpServer other([](const HttpAsked& asked) { return give_file(asked, "other", kTag); });
    serve([&](const HttpAsked& asked) {
        if (asked.target == "/near") return HttpGiven{"302 Found", {{"Location", "/image"}}, {}};
        if (asked.target == "/far")
            return HttpGiven{"302 Found", {{"Location", other.url() + "/image"}}, {}};
        return give_file(asked, "near", kTag);
    });
    const auto with_password = [&](const std::string& path) {
        std::string url = server_->url() + path;
        return url.insert(url.find("//") + 2, "tenant:hunter2@");
    };
    EXPECT_EQ(read(with_password("/near")), "near");
    for (const HttpAsked& asked : server_->asked())
        EXPECT_EQ(asked.headers.at("authorization"), "Basic dGVuYW50Omh1bnRlcjI=");
    EXPECT_EQ(read(with_password("/far")), "other");
    EXPECT_FALSE(other.asked().at(0).headers.contains("authorization"));

    for (const char* location :
         {"http://tenant:hunter2@127.0.0.1:1/x?hunter2", "http://tenant:hunter2@/"}) {
        const Error failure = test::error_of([&] { read(location); });
        EXPECT_EQ(std::string(failure.what()).find("hunter2"), std::string::npos) << failure.what();
    }
}

TEST_F(HttpSourceTest, ARedirectionThatNeverEnds) {
    serve([](const HttpAsked&) { return HttpGiven{"302 Found", {{"Location", "/x"}}, {}}; });
    EXPECT_EQ(name() + "more than 5 redirections", error().what());
}

TEST_F(HttpSourceTest, ZerosAreHoles) {
    serve([](const HttpAsked& asked) {
        return give_file(asked, std::string(1 << 20, '\0') + "end", kTag);
    });
    ImageFacts facts;
    facts.location = server_->url() + "/image";
    const auto reader = HttpSource(facts, site_).open(context_);
    std::vector<std::byte> buffer(64 << 10);
    EXPECT_TRUE(reader->read(buffer, context_).hole);
}

}  // namespace
}  // namespace onemarket
