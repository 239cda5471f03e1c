// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/discovery_suite.h"

#include <gmock/gmock.h>

#include <set>
#include <sstream>
#include <thread>

#include "backends/discovery/app_list.h"
#include "backends/io/json.h"
#include "protocol/app_name.h"
#include "protocol/base64.h"
#include "protocol/template.h"

namespace onemarket::test {
namespace {

using testing::HasSubstr;

// The apps of a list, each as oned's parser reads it.
std::vector<Template> apps_of(const std::string& list) {
    const Result<Template> parsed = parse_template(list);
    if (!parsed) throw std::runtime_error(parsed.reason());
    std::vector<Template> apps;
    for (const std::string_view app : parsed->values("APP")) {
        Result<Template> text = parse_template(*base64_decode(app));
        if (!text) throw std::runtime_error(text.reason());
        apps.push_back(std::move(*text));
    }
    return apps;
}

TEST_P(DiscoverySuite, ListsAreComplete) {
    for (const size_t count : {1U, 2U, 1001U}) {
        const std::vector<Template> apps = apps_of(list(market_->catalogue(count)));
        EXPECT_EQ(apps.size(), count);
    }
}

TEST_P(DiscoverySuite, AnEmptyCatalogueIsAListWithoutApps) {
    EXPECT_EQ(list(market_->catalogue(0)), "USED_MB=0\nFREE_MB=0\nTOTAL_MB=0\n");
}

TEST_P(DiscoverySuite, EveryAppHasWhatOnedNeeds) {
    std::set<std::string> names;
    for (const Template& app : apps_of(list(market_->catalogue(100)))) {
        for (const char* key : {"NAME", "SOURCE", "IMPORT_ID", "ORIGIN_ID", "TYPE", "LINK",
                                "ARCHITECTURE", "HYPERVISOR"})
            EXPECT_EQ(app.values(key).size(), 1U) << key;
        ASSERT_NE(app.find("NAME"), nullptr);
        EXPECT_EQ(*app.find("NAME"), app_name(*app.find("NAME")));
        EXPECT_TRUE(names.insert(*app.find("NAME")).second) << "twice: " << *app.find("NAME");
        EXPECT_EQ(*app.find("ORIGIN_ID"), "-1");
    }
}

TEST_P(DiscoverySuite, TheSameCatalogueGivesTheSameBytes) {
    site_.site.lists = nullptr;
    const std::string catalogue = market_->catalogue(50);
    const std::string first = list(catalogue);
    EXPECT_EQ(list(catalogue), first);
    TestSite other;
    TestContext context(100);
    EXPECT_EQ(
        market_->backend(other.site)->monitor(market_->monitor_message(server_.url()), context),
        first);
}

TEST_P(DiscoverySuite, ASlashBehindTheEndpointDoesNotMatter) {
    const std::string first = list(market_->catalogue(5));
    EXPECT_EQ(monitor(server_.url() + "/", context_), first);
    EXPECT_EQ(server_.asked().back().target, market_->path());
}

TEST_P(DiscoverySuite, TheServerIsToldWhoAsks) {
    site_.site.user_agent = catalogue_agent("6.10.1\n", "EE\n");
    list(market_->catalogue(1));
    EXPECT_EQ(server_.asked().at(0).headers.at("user-agent"),
              "OpenNebula 6.10.1 EE (Market Driver)");
}

TEST_P(DiscoverySuite, AnUnchangedCatalogueCostsAQuestion) {
    give({"200 OK",
          {{"ETag", "\"one\""}, {"Last-Modified", "Sat, 22 Nov 2025 05:24:00 GMT"}},
          market_->catalogue(20, 1)});
    const std::string first = monitor(server_.url(), context_);
    const size_t warnings = context_.log.lines().size();
    give({"304 Not Modified", {}, {}});
    EXPECT_EQ(monitor(server_.url(), context_), first);
    const HttpAsked asked = server_.asked().back();
    EXPECT_EQ(asked.headers.at("if-none-match"), "\"one\"");
    EXPECT_EQ(asked.headers.at("if-modified-since"), "Sat, 22 Nov 2025 05:24:00 GMT");
    EXPECT_EQ(context_.log.lines().size(), warnings);
}

TEST_P(DiscoverySuite, WhatHasNoMarkIsReadAnew) {
    list(market_->catalogue(1));
    EXPECT_EQ(apps_of(list(market_->catalogue(2))).size(), 2U);
    EXPECT_EQ(server_.asked().back().headers.count("if-none-match"), 0U);
}

TEST_P(DiscoverySuite, AFailureDoesNotCostTheKnownList) {
    give({"200 OK", {{"ETag", "\"one\""}}, market_->catalogue(3)});
    const std::string first = monitor(server_.url(), context_);
    failure({"500 Oops", {}, {}});
    give({"304 Not Modified", {}, {}});
    EXPECT_EQ(monitor(server_.url(), context_), first);
}

TEST_P(DiscoverySuite, A304NobodyAskedForIsAFailure) {
    EXPECT_THAT(failure({"304 Not Modified", {}, {}}).what(), HasSubstr("HTTP 304 Not Modified"));
}

TEST_P(DiscoverySuite, AnotherStatusIsAFailure) {
    const std::string body = market_->catalogue(3);
    EXPECT_EQ(failure({"401 Who", {}, body}).kind(), ErrorKind::permission);
    EXPECT_THAT(failure({"407 Who", {}, body}).what(),
                HasSubstr("HTTP 407 Who (that is the proxy's)"));
    EXPECT_EQ(failure({"404 Not Here", {}, body}).kind(), ErrorKind::not_found);
    EXPECT_EQ(failure({"503 Later", {}, body}).kind(), ErrorKind::unavailable);
    EXPECT_EQ(failure({"201 Created", {}, body}).kind(), ErrorKind::unavailable);
    EXPECT_THAT(failure({"418 " + std::string(500, 'x'), {}, body}).what(),
                HasSubstr("HTTP 418 xxx"));
}

TEST_P(DiscoverySuite, WhatIsNoWholeCatalogueIsAFailure) {
    const std::string whole = market_->catalogue(20);
    for (const std::string& body :
         {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
          std::string("null"), whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 2),
          whole + "x", whole + whole})
        EXPECT_EQ(failure({"200 OK", {}, body}).kind(), ErrorKind::corrupt) << body.substr(0, 99);
    EXPECT_EQ(failure({"200 OK", {}, whole, true}).kind(), ErrorKind::unavailable);
    EXPECT_TRUE(apps_of(list(whole)).size() == 20);
}

TEST_P(DiscoverySuite, RedirectionsEnd) {
    const HttpGiven round{"302 Found", {{"Location", market_->path()}}, {}};
    EXPECT_THAT(failure(round).what(), HasSubstr("more than 5 redirections"));
    EXPECT_EQ(server_.asked().size(), 6U);
    EXPECT_THAT(failure({"302 Found", {}, {}}).what(), HasSubstr("without a location"));
    for (const char* nowhere :
         {"ftp://127.0.0.1/x", "http://a:b@127.0.0.1/x", "file:///etc/passwd"})
        EXPECT_THAT(failure({"302 Found", {{"Location", nowhere}}, {}}).what(),
                    HasSubstr("HTTP 302 Found: its location "));
}

TEST_P(DiscoverySuite, ATenthMayBeMalformed) {
    EXPECT_EQ(apps_of(list(market_->catalogue(18, 2))).size(), 18U);
    EXPECT_EQ(context_.log.lines().size(), 2U);
    const Error error = failure({"200 OK", {}, market_->catalogue(17, 2)});
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_THAT(error.what(),
                HasSubstr("HTTP 200: 2 of 19 entries are malformed; the first: entry 18"));
}

TEST_P(DiscoverySuite, AnEndpointThatAShellWouldReadIsRefused) {
    for (const char* below : {"/x$(id)", "/`id`", "/a;b", "/a'b", "/a%20b", "/a/../b"}) {
        const Error error = error_of([&] { monitor(server_.url() + below, context_); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request) << below;
        EXPECT_THAT(error.what(), testing::StartsWith("ENDPOINT may hold letters, digits and "));
    }
    EXPECT_TRUE(server_.asked().empty());
}

// Wherever a server leads to: nothing of it becomes part of an app that a shell would read.
TEST_P(DiscoverySuite, ARedirectionPutsNothingIntoASource) {
    for (const char* to : {"/x$(touch${IFS}/tmp/y)/", "/`id`/", "/a;id/", "/a'b/", "/a?b=$(id)&c=/",
                           "/a?b=/", "/a%24(id)/"}) {
        HttpServer server([&](const HttpAsked& asked) {
            if (asked.target == market_->path())
                return HttpGiven{"302 Found", {{"Location", to + market_->path().substr(1)}}, {}};
            return HttpGiven{"200 OK", {}, market_->catalogue(3)};
        });
        try {
            for (const Template& app : apps_of(monitor(server.url(), context_)))
                for (const char* key : {"SOURCE", "LINK"})
                    EXPECT_EQ(app.find(key)->find_first_of("$`;'%()"), std::string::npos)
                        << to << ": " << *app.find(key);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::corrupt);
            EXPECT_THAT(error.what(), HasSubstr(": HTTP 200: its address "));
        }
    }
}

TEST_P(DiscoverySuite, AServerThatTakesNoQuestionIsAskedWithout) {
    for (const char* status : {"412 Precondition Failed", "400 Bad Request", "431 Too Large"}) {
        HttpServer server([&](const HttpAsked& asked) {
            if (asked.headers.contains("if-none-match")) return HttpGiven{status, {}, {}};
            return HttpGiven{"200 OK", {{"ETag", "\"one\""}}, market_->catalogue(3)};
        });
        const std::string first = monitor(server.url(), context_);
        EXPECT_EQ(monitor(server.url(), context_), first) << status;
        EXPECT_EQ(server.asked().size(), 3U);
    }
    EXPECT_THAT(failure({"412 Precondition Failed", {}, {}}).what(), HasSubstr("HTTP 412"));
}

TEST_P(DiscoverySuite, ATagThatCannotBeSentBackIsNone) {
    for (const std::string& tag : {std::string(kMaxValidator + 1, 'e'), std::string("a\x01z")}) {
        give({"200 OK", {{"ETag", tag}}, market_->catalogue(3)});
        const std::string first = monitor(server_.url(), context_);
        EXPECT_EQ(monitor(server_.url(), context_), first);
        EXPECT_EQ(server_.asked().back().headers.count("if-none-match"), 0U);
    }
}

TEST_P(DiscoverySuite, AnEntryThatIsTooLargeIsMalformed) {
    // Behind the name, or the value itself: what is in it does not matter.
    std::string catalogue = market_->catalogue(20);
    const size_t at = catalogue.rfind('}', catalogue.rfind('}') - 2);
    const std::string large(kMaxJsonTree + 1, 'x');
    const std::string entry =
        catalogue.ends_with("]}") ? "{\"x\":\"" + large + "\"}" : "\"x\":{\"x\":\"" + large + "\"}";
    catalogue.insert(at + 1, "," + entry);
    EXPECT_EQ(apps_of(list(catalogue)).size(), 20U);
    EXPECT_THAT(context_.log.lines().at(0).second, HasSubstr("it is larger than 4 MB; left out"));
}

TEST_P(DiscoverySuite, ReadingEndsWithTheRequest) {
    give({"200 OK", {}, market_->catalogue(20'000)});
    TestContext hurried(100, {std::chrono::milliseconds(1), false});
    EXPECT_EQ(error_of([&] { monitor(server_.url(), hurried); }).kind(), ErrorKind::timeout);
}

TEST_P(DiscoverySuite, WarningsAreCountedWhenThereAreMany) {
    list(market_->catalogue(1000, 60));
    const auto lines = context_.log.lines();
    EXPECT_EQ(lines.size(), kMaxListWarnings + 1);
    EXPECT_EQ(lines.back().second, "10 more warnings of this kind");
}

TEST_P(DiscoverySuite, AnEndpointThatIsNoneIsRefusedWithoutItsSecrets) {
    for (const char* endpoint :
         {"http://tenant:hunter2@127.0.0.1", "127.0.0.1", "ftp://127.0.0.1", "http://h/?a=b"}) {
        const Error error = error_of([&] { monitor(endpoint, context_); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request) << endpoint;
        EXPECT_THAT(error.what(), testing::StartsWith("ENDPOINT "));
        EXPECT_THAT(error.what(), testing::Not(HasSubstr("hunter2")));
    }
}

TEST_P(DiscoverySuite, ATokenInARedirectionIsNotTold) {
    const HttpGiven signed_away{"302 Found", {{"Location", "/x?token=hunter2"}}, {}};
    give(signed_away);
    const Error error = error_of([&] { monitor(server_.url(), context_); });
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("hunter2")));
}

TEST_P(DiscoverySuite, CancelledWhileItStalls) {
    give({"200 OK", {}, market_->catalogue(100), false, true});
    std::thread canceller([&] {
        eventually([&] { return !server_.asked().empty(); });
        context_.stop.request_stop();
    });
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] { monitor(server_.url(), context_); }).kind(), ErrorKind::cancelled);
    canceller.join();
    EXPECT_LT(watch.seconds(), 5);
}

TEST_P(DiscoverySuite, PastItsDeadlineTheUrlIsNamed) {
    give({"200 OK", {}, market_->catalogue(100), false, true});
    TestContext hurried(100, {std::chrono::milliseconds(200), false});
    const Error error = error_of([&] { monitor(server_.url(), hurried); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_THAT(error.what(), HasSubstr(server_.url() + market_->path() + ": "));
}

TEST_P(DiscoverySuite, CheckReadsTheCatalogue) {
    std::vector<Finding> found;
    Findings findings([&found](const Finding& finding) { found.push_back(finding); });
    const auto check = [&](const HttpGiven& given) {
        give(given);
        backend_->check(market_->monitor_message(server_.url()), context_, findings);
        return found.back();
    };
    const Finding good = check({"200 OK", {}, market_->catalogue(3)});
    EXPECT_EQ(good.state, Finding::State::ok);
    EXPECT_EQ(good.what, server_.url() + market_->path());
    EXPECT_EQ(good.text, "3 apps");
    const Finding bad = check({"200 OK", {}, "<html>"});
    EXPECT_EQ(bad.state, Finding::State::problem);
    EXPECT_THAT(bad.text, HasSubstr("no JSON"));
    EXPECT_THAT(bad.remedy, HasSubstr("ENDPOINT"));
}

TEST_P(DiscoverySuite, TakesNoApps) {
    const DriverMessage message = market_->monitor_message(server_.url());
    const std::string import = "Cannot import app into " + market_->name() + " marketplace";
    const std::string remove = "Cannot delete app from " + market_->name() + " marketplace";
    EXPECT_EQ(backend_->refusal(Action::import), import);
    EXPECT_EQ(backend_->refusal(Action::remove), remove);
    TextSource image({"/an/image", "1", "raw", "", {}}, "bytes");
    EXPECT_STREQ(error_of([&] { backend_->import(message, image, context_); }).what(),
                 import.c_str());
    EXPECT_STREQ(error_of([&] { backend_->remove(message, "x", context_); }).what(),
                 remove.c_str());
    EXPECT_STREQ(error_of([&] { backend_->discard(message, context_); }).what(), remove.c_str());
    EXPECT_TRUE(server_.asked().empty());
}

}  // namespace
}  // namespace onemarket::test
