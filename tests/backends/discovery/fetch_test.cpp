// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "backends/io/digest.h"
#include "tests/backends/helpers.h"
#include "tests/support/http_server.h"

namespace onemarket {
namespace {

using test::HttpAsked;
using test::HttpGiven;
using test::HttpServer;

// Writes down what it is given.
class Recorder : public CatalogueReader {
  public:
    void begin(const std::string& url) override { text += "<" + url.substr(url.rfind('/')) + ">"; }
    void write(std::string_view piece) override { text += piece; }
    void end() override { text += "<end>"; }

    std::string text;
};

class FetchTest : public testing::Test {
  protected:
    // `/x` leads to `/y?token=hunter2`, which has the catalogue.
    HttpGiven answer(const HttpAsked& asked) const {
        if (asked.target == "/x") return {"302 Found", {{"Location", "y?token=hunter2"}}, {}};
        if (asked.target != "/y?token=hunter2") return {"404 Not Found", {}, {}};
        if (asked.headers.contains("if-none-match")) return {"304 Not Modified", {}, {}};
        return {"200 OK", {{"ETag", "\"7\""}}, body_};
    }
    CatalogueAnswer fetch(const std::string& path, const Validators* known = nullptr) {
        return fetch_catalogue(http_, {server_.url() + path, "agent", known}, reader_, context_);
    }

    test::Ignored pipe_signal_{SIGPIPE};
    HttpSettings http_;
    test::TestContext context_;
    std::string body_ = "bytes";
    Recorder reader_;
    HttpServer server_{[this](const HttpAsked& asked) { return answer(asked); }};
};

TEST_F(FetchTest, TheReaderIsToldWhereItIsAndWhenAllHasCome) {
    const CatalogueAnswer answer = fetch("/x");
    EXPECT_FALSE(answer.unchanged);
    EXPECT_EQ(reader_.text, "</y?token=hunter2>bytes<end>");
    EXPECT_EQ(answer.validators.place, sha256(server_.url() + "/y?token=hunter2"));
    EXPECT_EQ(answer.validators.etag, "\"7\"");
    EXPECT_EQ(answer.validators.last_modified, "");
}

TEST_F(FetchTest, AnEmptyBodyIsOneToo) {
    body_ = "";
    fetch("/x");
    EXPECT_EQ(reader_.text, "</y?token=hunter2><end>");
}

TEST_F(FetchTest, ValidatorsGoOnlyWhereTheyCameFrom) {
    const Validators known{sha256(server_.url() + "/y?token=hunter2"), "\"7\"", ""};
    EXPECT_TRUE(fetch("/x", &known).unchanged);
    EXPECT_EQ(reader_.text, "");
    EXPECT_EQ(server_.asked().at(0).headers.count("if-none-match"), 0U);
    EXPECT_EQ(server_.asked().at(1).headers.at("if-none-match"), "\"7\"");

    const Validators elsewhere{sha256(server_.url() + "/z"), "\"7\"", ""};
    EXPECT_FALSE(fetch("/x", &elsewhere).unchanged);
}

TEST_F(FetchTest, NothingIsTriedAgain) {
    const Error error = test::error_of([&] { fetch("/other"); });
    EXPECT_EQ(server_.url() + "/other: HTTP 404 Not Found", error.what());
    EXPECT_EQ(server_.asked().size(), 1U);
}

TEST_F(FetchTest, WhatTheReaderThrowsNamesTheUrlWithoutItsQuery) {
    class Critic : public Recorder {
        void end() override { throw Error(ErrorKind::corrupt, "not to my taste"); }
    } critic;
    const Error error = test::error_of([&] {
        fetch_catalogue(http_, {server_.url() + "/x", "agent", nullptr}, critic, context_);
    });
    EXPECT_EQ(server_.url() + "/y: HTTP 200: not to my taste", error.what());
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
}

TEST_F(FetchTest, ItAsksAsAClientOfCatalogues) {
    fetch("/x");
    for (const HttpAsked& asked : server_.asked()) {
        EXPECT_EQ(asked.headers.at("user-agent"), "agent");
        EXPECT_EQ(asked.headers.at("accept-encoding"), "gzip");
    }
}

}  // namespace
}  // namespace onemarket
