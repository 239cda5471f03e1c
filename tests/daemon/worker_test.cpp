// SPDX-License-Identifier: Apache-2.0
#include "daemon/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "backends/io/digest.h"
#include "protocol/base64.h"
#include "protocol/hex.h"
#include "protocol/template.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using Lines = std::vector<std::string>;
using Types = std::set<std::string, std::less<>>;

// A site in a folder: a public folder for the http market, an image in an fs datastore, and scripts
// for the market `lab` and the datastore `labds`.
class WorkerTest : public testing::Test {
  protected:
    // As the driver does: a script need not read what it is given.
    static void SetUpTestSuite() { ::signal(SIGPIPE, SIG_IGN); }

    WorkerTest() {
        site_.remotes = dir_ / "remotes";
        site_.work_dir = dir_.path().string();
        site_.environment = {"PATH=/usr/bin:/bin"};
        std::filesystem::create_directory(dir_ / "public");
        test::write_file(dir_ / "ds/1/image", "the bytes of an image");
    }

    // The messages of the fixtures, for this site.
    std::string http_import() const {
        return test::message_xml("import-http", {{"BASE_URL", "http://m/"},
                                                 {"PUBLIC_DIR", dir_ / "public"},
                                                 {"SOURCE", dir_ / "ds/1/image"},
                                                 {"FORMAT", "raw"},
                                                 {"DATASTORES", dir_ / "ds"}});
    }
    std::string http_delete(const std::string& source) const {
        return test::message_xml(
            "delete-http",
            {{"BASE_URL", "http://m/"}, {"PUBLIC_DIR", dir_ / "public"}, {"SOURCE", source}});
    }
    std::string http_monitor() const {
        return test::message_xml("monitor-http",
                                 {{"BASE_URL", "http://m/"}, {"PUBLIC_DIR", dir_ / "public"}});
    }
    std::string template_app(const std::string& message, const std::string& type) const {
        return test::message_xml(
            message, {{"BASE_URL", "http://m/"}, {"PUBLIC_DIR", dir_ / "public"}, {"TYPE", type}});
    }
    std::string lab_monitor(const std::string& secret = "s3cret") const {
        return test::message_xml("monitor-script",
                                 {{"MARKET_ID", "100"}, {"MARKET_MAD", "lab"}, {"SECRET", secret}});
    }
    std::string market_script(const std::string& action) const {
        return site_.remotes + "/market/lab/" + action;
    }

    FlightPtr add(Action action, const std::string& payload) {
        return in_flight_.add({action, action == Action::monitor ? 100 : 5, payload});
    }
    FlightPtr add_xml(Action action, const std::string& xml) {
        return add(action, base64_encode(xml));
    }
    // What the request is answered; several lines, or none, would be seen.
    Lines run(Action action, const std::string& payload) {
        const FlightPtr flight = add(action, payload);
        worker_.run(flight);
        in_flight_.finish(flight);
        return take_replies();
    }
    Lines run_xml(Action action, const std::string& xml) { return run(action, base64_encode(xml)); }
    Lines take_replies() {
        const std::lock_guard lock(mutex_);
        return std::exchange(replies_, {});
    }
    Lines oned_log() {
        const std::lock_guard lock(mutex_);
        return oned_log_;
    }
    Lines log_file() {
        const std::lock_guard lock(mutex_);
        return log_file_;
    }
    void expect_nowhere(const std::string& text) {
        for (const Lines& lines : {take_replies(), oned_log(), log_file()})
            for (const std::string& line : lines) EXPECT_THAT(line, Not(HasSubstr(text)));
    }

    // One that an earlier life has begun.
    FlightPtr add_resumed() {
        journal_.open({Action::import, 5, base64_encode(http_import())});
        journal_.load().records.at(0)->begin();
        return in_flight_.take_up(journal_.load().records.at(0), Flight::Origin::earlier_life);
    }

    test::TempDir dir_;
    Journal journal_{dir_ / "journal"};
    Config config_;
    Site site_;
    TransferSlots transfers_{1};
    Services services_{config_, site_, Types{"http", "lab"}, transfers_, {}, {}, {}};
    InFlight in_flight_{{100, size_t{64} << 20}};
    Worker worker_{services_,
                   in_flight_,
                   {[this](const FlightPtr&, const Reply& reply, std::optional<ErrorKind>) {
                        const std::lock_guard lock(mutex_);
                        std::string line = format(reply);
                        line.pop_back();
                        replies_.push_back(std::move(line));
                    },
                    [this](LogLevel level, ObjectId id, std::string_view text) {
                        const std::lock_guard lock(mutex_);
                        oned_log_.push_back(format_log(level, id, text));
                    },
                    [this](LogLevel, std::string_view text) {
                        const std::lock_guard lock(mutex_);
                        log_file_.emplace_back(text);
                    }}};

  private:
    std::mutex mutex_;
    Lines replies_, oned_log_, log_file_;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("not in the message: " + from);
    return text.replace(at, from.size(), to);
}

std::string id_of(Action action) {
    return action == Action::monitor ? "100" : "5";
}

std::string failure(Action action, const std::string& text) {
    return std::string(to_string(action)) + " FAILURE " + id_of(action) + " " + text;
}

constexpr std::array<Action, 3> kActions{Action::import, Action::remove, Action::monitor};

// ---- payloads that are no driver message ----

struct PayloadCase {
    const char* name;
    std::string payload;
};

TEST_F(WorkerTest, WhatCannotBeDecodedIsTheActionsOwnFailure) {
    const std::string root = "<MARKET_DRIVER_ACTION_DATA/>";
    const std::vector<PayloadCase> cases = {
        {"no payload", ""},
        {"a dash", "-"},
        {"no base64", "%%%%"},
        {"XML that is not encoded", root},
        {"base64 without its padding", "QQ"},
        {"two lines that ran into each other", base64_encode(http_import()) + " MONITOR  100 QUJD"},
        {"no XML", base64_encode("hello")},
        {"two roots", base64_encode(root + root)},
        {"DOCTYPE", base64_encode("<!DOCTYPE x [<!ENTITY a \"b\">]>" + root)},
        {"wrong root", base64_encode("<DS_DRIVER_ACTION_DATA/>")},
        {"NUL", base64_encode(root + std::string(1, '\0'))},
        {"over the limit",
         base64_encode("<MARKET_DRIVER_ACTION_DATA>" + std::string(kMaxXmlBytes, 'x') +
                       "</MARKET_DRIVER_ACTION_DATA>")},
    };
    for (const auto& c : cases) {
        for (const Action action : kActions)
            EXPECT_THAT(run(action, c.payload),
                        ElementsAre(failure(action, "Cannot decode driver message")))
                << c.name;
    }
    EXPECT_TRUE(in_flight_.empty());
}

TEST_F(WorkerTest, NoPayloadReachesALog) {
    const std::string payload = base64_encode(test::noise(1000));
    run(Action::import, payload);
    run(Action::import, payload + "!");
    expect_nowhere(payload.substr(0, 100));
}

// ---- messages that lack something, or are for somebody else ----

TEST_F(WorkerTest, WhatIsMissingIsNamed) {
    const auto wrong_format = [](Action action, const std::string& path) {
        return failure(action, "Wrong driver message format: " + path + " is missing");
    };
    const std::string mad = "<MARKET_MAD><![CDATA[http]]></MARKET_MAD>";
    EXPECT_THAT(run_xml(Action::import, replaced(http_import(), mad, "")),
                ElementsAre(wrong_format(Action::import, "MARKETPLACE/MARKET_MAD")));
    EXPECT_THAT(run_xml(Action::remove, replaced(http_delete("http://m/x"), mad, "")),
                ElementsAre(wrong_format(Action::remove, "MARKETPLACE/MARKET_MAD")));
    EXPECT_THAT(run_xml(Action::monitor, replaced(http_monitor(), mad, "")),
                ElementsAre(wrong_format(Action::monitor, "MARKETPLACE/MARKET_MAD")));

    struct Row {
        std::string element, path;
    };
    const std::string import = http_import();
    const size_t datastore = import.find("<DATASTORE><ID>");
    const std::vector<Row> rows = {
        {"<TYPE>1</TYPE>", "MARKETPLACEAPP/TYPE"},
        {"<ORIGIN_ID><![CDATA[3]]></ORIGIN_ID>", "MARKETPLACEAPP/ORIGIN_ID"},
        {"<DS_MAD><![CDATA[fs]]></DS_MAD>", "DATASTORE/DS_MAD"},
        {import.substr(datastore, import.find("</DATASTORE></MARKET") + 12 - datastore),
         "DATASTORE/DS_MAD"},
    };
    for (const Row& row : rows) {
        EXPECT_THAT(run_xml(Action::import, replaced(import, row.element, "")),
                    ElementsAre(wrong_format(Action::import, row.path)));
    }
    for (const Action action : kActions)
        EXPECT_THAT(run_xml(action, "<MARKET_DRIVER_ACTION_DATA/>"),
                    ElementsAre(StartsWith(failure(action, "Wrong driver message format: "))));
    EXPECT_THAT(test::list(dir_ / "public"), IsEmpty());
}

TEST_F(WorkerTest, MarketsThatAreNotServedAreSaidOnce) {
    const std::string mad = "<MARKET_MAD><![CDATA[http]]></MARKET_MAD>";
    for (const std::string name : {"s3", "foo", "../x", "http/../lab", "a'b"}) {
        const std::string other = "<MARKET_MAD><![CDATA[" + name + "]]></MARKET_MAD>";
        const std::string text = "Marketplace driver '" + name + "' not available";
        EXPECT_THAT(run_xml(Action::import, replaced(http_import(), mad, other)),
                    ElementsAre(failure(Action::import, text)));
        EXPECT_THAT(run_xml(Action::remove, replaced(http_delete("http://m/x"), mad, other)),
                    ElementsAre(failure(Action::remove, text)));
        EXPECT_THAT(run_xml(Action::monitor, replaced(http_monitor(), mad, other)),
                    ElementsAre(failure(Action::monitor, text)));
    }
}

TEST_F(WorkerTest, AnEmptyMarketTypeIsNotServed) {
    const std::string xml = replaced(http_monitor(), "<MARKET_MAD><![CDATA[http]]></MARKET_MAD>",
                                     "<MARKET_MAD><![CDATA[]]></MARKET_MAD>");
    EXPECT_THAT(run_xml(Action::monitor, xml),
                ElementsAre(failure(Action::monitor, "Marketplace driver '' not available")));
}

TEST_F(WorkerTest, AMarketThatIsNotServedExportsNothing) {
    test::write_script(site_.remotes + "/datastore/labds/export",
                       "#!/bin/sh\ntouch '" + dir_ / "exported" + "'\nexit 1\n");
    const std::string import =
        test::message_xml("import-http-script-ds", {{"BASE_URL", "http://m/"},
                                                    {"PUBLIC_DIR", dir_ / "public"},
                                                    {"DS_MAD", "labds"},
                                                    {"DATASTORES", dir_ / "ds"}});
    services_.markets = Types{"lab"};
    EXPECT_THAT(run_xml(Action::import, import),
                ElementsAre(failure(Action::import, "Marketplace driver 'http' not available")));
    EXPECT_FALSE(std::filesystem::exists(dir_ / "exported"));
    services_.markets = Types{"http"};
    EXPECT_THAT(run_xml(Action::import, import), ElementsAre(StartsWith("IMPORT FAILURE 5 ")));
    EXPECT_TRUE(std::filesystem::exists(dir_ / "exported"));  // the test sees it if it happens
}

// ---- types of apps ----

TEST_F(WorkerTest, ATemplateIsImportedWithoutAnAnswer) {
    for (const std::string type : {"2", "3"}) {
        EXPECT_THAT(run_xml(Action::import, template_app("import-http-template", type)), IsEmpty());
        EXPECT_THAT(oned_log(), testing::Contains(StartsWith("LOG I 5 app 5: ")));
    }
    services_.markets = Types{};  // nor is its market asked
    EXPECT_THAT(run_xml(Action::import, template_app("import-http-template", "2")), IsEmpty());
    EXPECT_EQ(oned_log().size(), 3U);
    EXPECT_TRUE(in_flight_.empty());
}

TEST_F(WorkerTest, ATemplateIsDeletedWhateverItsMarket) {
    services_.markets = Types{};
    for (const std::string type : {"2", "3"})
        EXPECT_THAT(run_xml(Action::remove, template_app("delete-template", type)),
                    ElementsAre("DELETE SUCCESS 5 -"));
}

TEST_F(WorkerTest, OtherTypesAreNotSupported) {
    for (const std::string type : {"0", "4", "99999999999", "-1", "IMAGE", "1; rm"})
        EXPECT_THAT(run_xml(Action::import, template_app("import-http-template", type)),
                    ElementsAre(failure(Action::import, "Type " + type + " not supported")));
}

// ---- work ----

TEST_F(WorkerTest, AnImageIsImportedMonitoredAndDeleted) {
    const Lines imported = run_xml(Action::import, http_import());
    ASSERT_THAT(imported, ElementsAre(StartsWith("IMPORT SUCCESS 5 ")));
    const Result<std::string> info = base64_decode(imported.front().substr(17));
    ASSERT_TRUE(info) << imported.front();
    const Result<Template> attributes = parse_template(*info);
    ASSERT_TRUE(attributes) << *info;
    const std::string source = *attributes->find("SOURCE");
    EXPECT_EQ(*attributes->find("MD5"), test::md5sum(dir_ / "ds/1/image"));
    EXPECT_EQ(*attributes->find("SIZE"), "128");
    EXPECT_EQ(*attributes->find("FORMAT"), "raw");
    EXPECT_EQ(attributes->size(), 4U);
    ASSERT_EQ(test::list(dir_ / "public").size(), 2U) << "the image and its manifest";
    EXPECT_EQ(source, "http://m/" + test::list(dir_ / "public").front());

    const Lines monitored = run_xml(Action::monitor, http_monitor());
    ASSERT_THAT(monitored, ElementsAre(StartsWith("MONITOR SUCCESS 100 ")));
    EXPECT_THAT(*base64_decode(monitored.front().substr(20)), StartsWith("USED_MB="));

    EXPECT_THAT(run_xml(Action::remove, http_delete(source)), ElementsAre("DELETE SUCCESS 5 -"));
    EXPECT_THAT(test::list(dir_ / "public"), IsEmpty());
    EXPECT_THAT(run_xml(Action::remove, http_delete(source)),
                ElementsAre(failure(Action::remove, source + " is not in the marketplace")));
}

TEST_F(WorkerTest, FailuresOfTheWorkAreOneLine) {
    std::filesystem::remove(dir_ / "ds/1/image");
    EXPECT_THAT(run_xml(Action::import, http_import()),
                ElementsAre(failure(Action::import,
                                    "Error exporting image to file: " + dir_ / "ds/1/image" +
                                        ": No such file or directory")));
    std::filesystem::remove(dir_ / "public");
    EXPECT_THAT(run_xml(Action::monitor, http_monitor()),
                ElementsAre(failure(Action::monitor, "PUBLIC_DIR " + dir_ / "public" +
                                                         ": No such file or directory")));
}

TEST_F(WorkerTest, AScriptsWordsBecomeOneLine) {
    test::write_script(market_script("monitor"),
                       "#!/bin/sh\n"
                       "echo 'INFO: looking' >&2\n"
                       "printf 'first\\nsecond \\377\\rMONITOR SUCCESS 100 -\\n' >&2\n"
                       "exit 1\n");
    EXPECT_THAT(run_xml(Action::monitor, lab_monitor()),
                ElementsAre(failure(Action::monitor, "first second \uFFFD MONITOR SUCCESS 100 -")));
    EXPECT_THAT(oned_log(), ElementsAre("LOG I 100 market 100: looking\n"));
}

TEST_F(WorkerTest, DebugStaysInTheDriversOwnLog) {
    test::write_script(
        market_script("monitor"),
        "#!/bin/sh\necho 'DEBUG: details' >&2\necho 'WARN: hm' >&2\necho USED_MB=1\n");
    EXPECT_THAT(run_xml(Action::monitor, lab_monitor()),
                ElementsAre("MONITOR SUCCESS 100 " + base64_encode("USED_MB=1\n")));
    EXPECT_THAT(oned_log(), ElementsAre("LOG W 100 market 100: hm\n"));
    EXPECT_THAT(log_file(), testing::Contains("market 100: details"));
}

TEST_F(WorkerTest, EachActionHasItsOwnTimeLimit) {
    test::write_script(market_script("monitor"), "#!/bin/sh\nexec sleep 60\n");
    services_.import_limit = services_.remove_limit = {std::chrono::seconds(50), false};
    services_.monitor_limit = {std::chrono::seconds(1), false};
    EXPECT_THAT(run_xml(Action::monitor, lab_monitor()),
                ElementsAre(StartsWith(failure(Action::monitor, "Timeout"))));
}

// ---- secrets ----

class WorkerSecrets : public WorkerTest, public testing::WithParamInterface<std::string> {};

// A script fails and says all it knows; nothing of a secret is left anywhere, not even half of it.
TEST_P(WorkerSecrets, AreInNoAnswerAndNoLog) {
    const std::string& secret = GetParam();
    test::write_file(dir_ / "words", secret);
    test::write_script(market_script("monitor"), "#!/bin/sh\nprintf 'ERROR: ' >&2\ncat '" +
                                                     dir_ / "words" + "' >&2\necho >&2\ncat '" +
                                                     dir_ / "words" + "' >&2\nexit 1\n");
    const Lines replies = run_xml(Action::monitor, lab_monitor(secret));
    EXPECT_THAT(replies, ElementsAre(HasSubstr("***")));
    for (const Lines& lines : {replies, oned_log(), log_file()}) {
        for (const std::string& line : lines) {
            EXPECT_THAT(line, Not(HasSubstr("hunter")));
            EXPECT_THAT(line, Not(HasSubstr("squirrel")));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Values, WorkerSecrets,
                         testing::Values("hunter-squirrel", "hunter squirrel", "hunter  squirrel",
                                         "hunter\tsquirrel", "hunter\xE9squirrel"),
                         [](const auto& value) { return "Number" + std::to_string(value.index); });

TEST_F(WorkerTest, ASecretThatTheCutGoesThroughIsHidden) {
    test::write_script(market_script("monitor"),
                       "#!/bin/sh\nprintf '%04090d- hunter-squirrel' 0 | tr 0 . >&2\nexit 1\n");
    EXPECT_THAT(run_xml(Action::monitor, lab_monitor("hunter-squirrel")),
                ElementsAre(Not(HasSubstr("- h"))));
}

// ---- ends before the end ----

TEST_F(WorkerTest, WhatIsCancelledBeforeItBeginsDoesNothing) {
    test::write_file(dir_ / "public/x", "bytes");
    const std::vector<FlightPtr> flights{add_xml(Action::import, http_import()),
                                         add_xml(Action::remove, http_delete("http://m/x")),
                                         add_xml(Action::monitor, http_monitor())};
    in_flight_.stop_all(false);
    for (const FlightPtr& flight : flights) {
        worker_.run(flight);
        EXPECT_THAT(take_replies(), ElementsAre(failure(flight->request.action, "cancelled")));
    }
    EXPECT_THAT(test::list(dir_ / "public"), ElementsAre("x"));
}

TEST_F(WorkerTest, ATemplateGetsNoAnswerThoughItIsCancelled) {
    const FlightPtr flight = add_xml(Action::import, template_app("import-http-template", "2"));
    in_flight_.stop_all(false);
    worker_.run(flight);
    EXPECT_THAT(take_replies(), IsEmpty());
}

TEST_F(WorkerTest, ACancelDoesNotHideThatAMessageIsUnreadable) {
    const FlightPtr flight = add(Action::import, "%%%%");
    in_flight_.stop_all(false);
    worker_.run(flight);
    EXPECT_THAT(take_replies(),
                ElementsAre(failure(Action::import, "Cannot decode driver message")));
}

TEST_F(WorkerTest, ADeleteAfterTheCancelOfItsImport) {
    test::TestContext other;
    const TransferSlots::Slot slot = transfers_.acquire(other);  // so the import has to wait
    const FlightPtr import = add_xml(Action::import, http_import());
    std::thread importer([&] { worker_.run(import); });
    const FlightPtr remove = add_xml(Action::remove, http_delete(""));
    EXPECT_TRUE(in_flight_.cancel_import_before(remove));
    importer.join();
    EXPECT_THAT(take_replies(), ElementsAre(failure(Action::import, "cancelled")));
    EXPECT_THAT(in_flight_.finish(import), ElementsAre(remove));
    worker_.run(remove);
    EXPECT_THAT(take_replies(), ElementsAre("DELETE SUCCESS 5 -"));
    EXPECT_THAT(test::list(dir_ / "public"), IsEmpty());
}

// What oned says of a marketplace is kept, whatever becomes of the MONITOR; nothing is kept where
// nobody wants it, nor what says that it is another's.
TEST_F(WorkerTest, MonitorMessagesAreKept) {
    run_xml(Action::monitor, http_monitor());
    EXPECT_FALSE(std::filesystem::exists(dir_ / "state"));
    MarketMessages messages(dir_ / "state");
    services_.messages = &messages;
    std::filesystem::remove(dir_ / "public");
    EXPECT_THAT(run_xml(Action::monitor, http_monitor()),
                ElementsAre(StartsWith("MONITOR FAILURE 100 ")));
    EXPECT_EQ(test::read_file(dir_ / "state/markets/100"), base64_encode(http_monitor()));
    run_xml(Action::monitor, replaced(http_monitor(), "<ID>100</ID>", "<ID>101</ID>"));
    EXPECT_THAT(test::list(dir_ / "state/markets"), ElementsAre("100"));
}

TEST_F(WorkerTest, MonitorIsAnsweredWhereItsMessageCannotBeKept) {
    test::write_file(dir_ / "state", "a file");
    MarketMessages messages(dir_ / "state");
    services_.messages = &messages;
    for (int i = 0; i < 2; ++i)
        EXPECT_THAT(run_xml(Action::monitor, http_monitor()),
                    ElementsAre(StartsWith("MONITOR SUCCESS 100 ")));
    EXPECT_THAT(oned_log(), ElementsAre(HasSubstr("market 100: its list of apps is not kept")));
}

TEST_F(WorkerTest, ADeleteThatCameTooLateForTheCancelRemovesWhatWasPublished) {
    const FlightPtr import = add_xml(Action::import, http_import());
    worker_.run(import);
    EXPECT_THAT(take_replies(), ElementsAre(StartsWith("IMPORT SUCCESS 5 ")));
    EXPECT_EQ(test::list(dir_ / "public").size(), 2U);
    const FlightPtr remove = add_xml(Action::remove, http_delete(""));
    EXPECT_TRUE(in_flight_.cancel_import_before(remove));
    EXPECT_THAT(in_flight_.finish(import), ElementsAre(remove));
    worker_.run(remove);
    EXPECT_THAT(take_replies(), ElementsAre("DELETE SUCCESS 5 -"));
    EXPECT_THAT(test::list(dir_ / "public"), IsEmpty());
}

TEST_F(WorkerTest, ADeleteThatWaitedMayBeCancelledItself) {
    const FlightPtr import = add_xml(Action::import, http_import());
    const FlightPtr remove = add_xml(Action::remove, http_delete(""));
    EXPECT_TRUE(in_flight_.cancel_import_before(remove));
    in_flight_.stop_all(false);
    worker_.run(import);
    in_flight_.finish(import);
    take_replies();
    worker_.run(remove);
    EXPECT_THAT(take_replies(), ElementsAre(failure(Action::remove, "cancelled")));
}

TEST_F(WorkerTest, RequestsOfManyThreadsGetOneAnswerEach) {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([this] {
            for (int i = 0; i < 10; ++i) {
                const FlightPtr flight = add_xml(Action::monitor, http_monitor());
                worker_.run(flight);
                in_flight_.finish(flight);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(take_replies(),
                AllOf(testing::SizeIs(40), testing::Each(StartsWith("MONITOR SUCCESS 100 "))));
}

// ---- what a request is about ----

TEST_F(WorkerTest, MarketOf) {
    const auto market_of = [](Action action, ObjectId id, const std::string& payload) {
        return Worker::market_of(Flight({action, id, payload}));
    };
    const std::string remove = base64_encode(http_delete("http://m/x"));
    EXPECT_EQ(market_of(Action::monitor, 7, ""), 7);
    EXPECT_EQ(market_of(Action::remove, 5, remove), 100);
    EXPECT_EQ(market_of(Action::import, 5, base64_encode(http_import())), 100);
    EXPECT_EQ(market_of(Action::remove, 5, ""), std::nullopt);
    EXPECT_EQ(market_of(Action::remove, 5, "%%%%"), std::nullopt);
    EXPECT_EQ(market_of(Action::remove, 5, base64_encode("<MARKET_DRIVER_ACTION_DATA/>")),
              std::nullopt);
}

TEST_F(WorkerTest, AResumedImportWaitsForItsMarketplace) {
    std::filesystem::rename(dir_ / "public", dir_ / "away");
    const FlightPtr flight = add_resumed();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(worker_.run(flight), Worker::End::later);
    EXPECT_THAT(take_replies(), IsEmpty());
    EXPECT_EQ(flight->record->attempts(), 1U) << "that of the life that was killed";
    Lines warnings;
    for (const std::string& line : oned_log())
        if (line.starts_with("LOG W")) warnings.push_back(line);
    EXPECT_THAT(warnings, ElementsAre(AllOf(HasSubstr("app 5: waits: PUBLIC_DIR "),
                                            HasSubstr("; tried again in 60 s"))));
    std::filesystem::rename(dir_ / "away", dir_ / "public");
    EXPECT_EQ(worker_.run(flight), Worker::End::done);
    EXPECT_THAT(take_replies(), ElementsAre(StartsWith("IMPORT SUCCESS 5 ")));
}

TEST_F(WorkerTest, AnImportThatWaitedTooLongIsAnsweredAndWhatItLeavesIsTold) {
    std::filesystem::remove(dir_ / "public");
    const FlightPtr flight = add_resumed();
    for (unsigned i = 1; i < kMaxAttempts; ++i) journal_.load().records.at(0)->begin();
    flight->record = journal_.load().records.at(0);
    EXPECT_EQ(worker_.run(flight), Worker::End::done);
    EXPECT_THAT(take_replies(), ElementsAre(StartsWith("IMPORT FAILURE 5 given up: ")));
    EXPECT_TRUE(flight->record->left());
}

TEST_F(WorkerTest, AResumedImportWaitsForAMarketplaceThatIsNotServed) {
    services_.markets = Types{"htttp"};
    const FlightPtr flight = add_resumed();
    EXPECT_EQ(worker_.run(flight), Worker::End::later);
    services_.markets = Types{"http"};
    EXPECT_EQ(worker_.run(flight), Worker::End::done);
    EXPECT_THAT(take_replies(), ElementsAre(StartsWith("IMPORT SUCCESS 5 ")));
}

// Seven days may be a clock that was wrong.
TEST_F(WorkerTest, AgeAloneEndsNoImport) {
    std::filesystem::rename(dir_ / "public", dir_ / "away");
    journal_.open({Action::import, 5, base64_encode(http_import())});
    const std::string name = test::list(dir_ / "journal").at(0), path = dir_ / "journal/" + name;
    const std::string text =
        "onemarketd-journal-1 IMPORT 5 1600000000000 " + base64_encode(http_import());
    test::write_file(path, to_hex(sha256(text)).substr(0, 16) + " " + text + "\n");
    const FlightPtr flight =
        in_flight_.take_up(journal_.load().records.at(0), Flight::Origin::earlier_life);
    for (unsigned i = 0; i < kFewestDelays; ++i)
        EXPECT_EQ(worker_.run(flight), Worker::End::later) << i;
    EXPECT_EQ(worker_.run(flight), Worker::End::done);
    EXPECT_THAT(take_replies(), ElementsAre(StartsWith("IMPORT FAILURE 5 given up: ")));
}

TEST_F(WorkerTest, AnImportThatHadNotBegunIsNotGoneOnWithWhereThatIsOff) {
    config_.resume_imports = false;
    journal_.open({Action::import, 5, base64_encode(http_import())});
    worker_.run(in_flight_.take_up(journal_.load().records.at(0), Flight::Origin::earlier_life));
    EXPECT_THAT(take_replies(),
                ElementsAre("IMPORT FAILURE 5 the driver was ended before it began, and "
                            "RESUME_IMPORTS is off"));
    EXPECT_THAT(test::list(dir_ / "public"), IsEmpty());
}

TEST_F(WorkerTest, AnImportOfThisLifeFailsAtOnce) {
    std::filesystem::remove(dir_ / "public");
    const Lines replies = run_xml(Action::import, http_import());
    EXPECT_THAT(replies, ElementsAre(StartsWith("IMPORT FAILURE 5 PUBLIC_DIR ")));
}

}  // namespace
}  // namespace onemarket
