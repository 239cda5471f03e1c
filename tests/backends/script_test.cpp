// SPDX-License-Identifier: Apache-2.0
#include "backends/script.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "protocol/base64.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using std::chrono::seconds;
using test::error_of;
using test::Stopwatch;
using test::TestContext;
using test::TextSource;

const std::string kAnswer =
    "SOURCE=\"foo://5\"\nMD5=\"d41d8cd98f00b204e9800998ecf8427e\"\nSIZE=\"128\"\nFORMAT=\"raw\"\n";

// A script that keeps its arguments and prints `answer`.
std::string keeping(const std::string& answer) {
    return "#!/bin/sh\necho $# >$HERE/count; printf %s \"$1\" >$HERE/document; "
           "printf %s \"$2\" >$HERE/id; cat >$HERE/stdin\ncat <<'END'\n" +
           answer + "END\n";
}

class ScriptBackendTest : public testing::Test {
  protected:
    static DriverMessage message(const std::string& name, const std::string& source = "/an/image") {
        std::map<std::string, std::string> values = {{"MARKET_MAD", "foo"}};
        if (name == "import-script") {
            values.insert({{"SOURCE", source},
                           {"FORMAT", "raw"},
                           {"SECRET", "s3cret"},
                           {"DATASTORES", "/ds"}});
        } else if (name == "delete-script") {
            values.insert({"SOURCE", source});
        } else {
            values.insert({{"SECRET", "s3cret"}, {"MARKET_ID", "100"}});
        }
        return test::message(name, values);
    }

    PublishedApp import() {
        TextSource image(facts_, content_);
        return backend_.import(message("import-script"), image, context_);
    }
    void remove(const std::string& source = "foo://5") {
        backend_.remove(message("delete-script", source), source, context_);
    }
    std::string monitor() { return backend_.monitor(message("monitor-script"), context_); }

    void script(const std::string& name, const std::string& content) {
        site_.script("market/foo/" + name, content);
    }
    std::string path(const std::string& name) const {
        return site_.site.remotes + "/market/foo/" + name;
    }
    // Why an import by this script fails.
    Error import_error(const std::string& content) {
        script("import", content);
        return error_of([&] { import(); });
    }

    // The document the script was given as its first argument.
    XmlDocument document() const {
        const Result<std::string> xml = base64_decode(site_.left("document"));
        if (!xml) throw std::runtime_error(xml.reason());
        Result<XmlDocument> parsed = XmlDocument::parse(*xml, "MARKET_DRIVER_ACTION_DATA");
        if (!parsed) throw std::runtime_error(parsed.reason());
        return std::move(*parsed);
    }

    test::Ignored pipe_signal_{SIGPIPE};
    test::TestSite site_;
    ScriptBackend backend_{site_.site, "foo"};
    TestContext context_;
    ImageFacts facts_{"/an/image", "128", "qcow2", "", {}};
    std::string content_ = "abc";
};

// --- What scripts are given ---

TEST_F(ScriptBackendTest, ServesAnything) {
    EXPECT_TRUE(backend_.serves(message("monitor-script")));
}

TEST_F(ScriptBackendTest, ImportScriptIsGivenTheDocumentAndTheId) {
    script("import", keeping(kAnswer));
    const PublishedApp app = import();
    EXPECT_EQ(app.source, "foo://5");
    EXPECT_EQ(app.md5, "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(app.size_mb, "128");
    EXPECT_EQ(app.format, "raw");

    EXPECT_EQ(site_.left("count"), "2\n");
    EXPECT_EQ(site_.left("id"), "5");
    EXPECT_EQ(site_.left("stdin"), "");
    const XmlDocument given = document();
    EXPECT_EQ(given.text("IMPORT_SOURCE"), "/an/image");
    EXPECT_EQ(given.text("MD5"), "900150983cd24fb0d6963f7d28e17f72") << "of the bytes: abc";
    EXPECT_EQ(given.text("SIZE"), "128");
    EXPECT_EQ(given.text("FORMAT"), "qcow2");
    EXPECT_EQ(given.text("MARKETPLACEAPP/NAME"), "golden-image") << "and all oned said";
    EXPECT_EQ(given.text("MARKETPLACE/TEMPLATE/SECRET_ACCESS_KEY"), "s3cret");
    EXPECT_EQ(given.text("MARKETPLACE/MARKETPLACEAPPS/ID"), "1");
    EXPECT_EQ(given.text("DATASTORE/BASE_PATH"), "/ds/1");
}

TEST_F(ScriptBackendTest, ImportScriptIsToldNotToDispose) {
    script("import", keeping(kAnswer));
    facts_.dispose_command = {"rm", "-f", "/an/image"};
    import();
    const XmlDocument given = document();
    EXPECT_EQ(given.text("DISPOSE"), "NO");
    EXPECT_EQ(given.text("DISPOSE_CMD").value_or(""), "");
}

TEST_F(ScriptBackendTest, PromisedMd5IsPassedOnWithoutReadingTheImage) {
    script("import", keeping(kAnswer));
    facts_.md5 = "00000000000000000000000000000000";
    TextSource image(facts_, content_, [](uint64_t, Context&) { ADD_FAILURE() << "was read"; });
    backend_.import(message("import-script"), image, context_);
    EXPECT_EQ(document().text("MD5"), facts_.md5);
}

TEST_F(ScriptBackendTest, OddValuesReachTheScriptAsTheyAre) {
    script("import", keeping(kAnswer));
    facts_.location = "/a b/$(touch x)/'\"<&>]]>;\xc3\xa9";
    import();
    EXPECT_EQ(document().text("IMPORT_SOURCE"), facts_.location);
}

TEST_F(ScriptBackendTest, DeleteScriptIsGivenTheSource) {
    script("delete", keeping(""));
    const DriverMessage without = message("delete-script", "");
    backend_.remove(without, "foo://known only to the driver", context_);
    EXPECT_EQ(site_.left("id"), "5");
    EXPECT_EQ(document().text("MARKETPLACEAPP/SOURCE"), "foo://known only to the driver");
}

TEST_F(ScriptBackendTest, MonitorScriptIsGivenTheMarketsId) {
    script("monitor", keeping("USED_MB=1\n"));
    TestContext market(100);
    EXPECT_EQ(backend_.monitor(message("monitor-script"), market), "USED_MB=1\n");
    EXPECT_EQ(site_.left("count"), "2\n");
    EXPECT_EQ(site_.left("id"), "100");
    EXPECT_EQ(document().text("MARKETPLACE/NAME"), "Lab");
}

TEST_F(ScriptBackendTest, DiscardRunsNothing) {
    backend_.discard(message("delete-script", ""), context_);  // there is no script at all
    EXPECT_TRUE(context_.log.lines().empty());
}

// --- A market of 20,000 apps ---

class HugeMarket : public ScriptBackendTest {
  protected:
    static DriverMessage huge(const std::string& xml) {
        std::string ids;
        for (int id = 0; id < 20'000; ++id) ids += "<ID>" + std::to_string(id) + "</ID>";
        const std::string mark = "<MARKETPLACEAPPS>";
        std::string text = xml;
        text.insert(text.find(mark) + mark.size(), ids);
        Result<DriverMessage> parsed = DriverMessage::parse(text);
        if (!parsed) throw std::runtime_error(parsed.reason());
        return std::move(*parsed);
    }
    void expect_lists_left_out() {
        const XmlDocument given = document();
        EXPECT_EQ(given.text("MARKETPLACE/MARKETPLACEAPPS/ID"), std::nullopt);
        EXPECT_EQ(given.text("MARKETPLACE/ID"), "100") << "all the rest is there";
        EXPECT_EQ(given.text("MARKETPLACE/TEMPLATE/MARKET_MAD"), "foo");
        ASSERT_EQ(context_.log.lines().size(), 1U);
        EXPECT_EQ(context_.log.lines()[0].first, LogLevel::info);
    }
};

TEST_F(HugeMarket, Import) {
    script("import", keeping(kAnswer));
    TextSource image(facts_, content_);
    const DriverMessage request = huge(test::message_xml("import-script", {{"MARKET_MAD", "foo"},
                                                                           {"SOURCE", "/an/image"},
                                                                           {"FORMAT", "raw"},
                                                                           {"SECRET", "x"},
                                                                           {"DATASTORES", "/ds"}}));
    EXPECT_EQ(backend_.import(request, image, context_).source, "foo://5");
    expect_lists_left_out();
    EXPECT_EQ(document().text("IMPORT_SOURCE"), "/an/image");
}

TEST_F(HugeMarket, Delete) {
    script("delete", keeping(""));
    const DriverMessage request =
        huge(test::message_xml("delete-script", {{"MARKET_MAD", "foo"}, {"SOURCE", "foo://5"}}));
    backend_.remove(request, "foo://5", context_);
    expect_lists_left_out();
}

TEST_F(HugeMarket, Monitor) {
    script("monitor", keeping("USED_MB=1\n"));
    const DriverMessage request = huge(test::message_xml(
        "monitor-script", {{"MARKET_MAD", "foo"}, {"SECRET", "x"}, {"MARKET_ID", "100"}}));
    EXPECT_EQ(backend_.monitor(request, context_), "USED_MB=1\n");
    expect_lists_left_out();
}

// --- What scripts answer ---

TEST_F(ScriptBackendTest, EmptyAnswerOfImportOrMonitorIsAFailure) {
    for (const char* content :
         {"#!/bin/sh\n", "#!/bin/sh\necho\n", "#!/bin/sh\nprintf ' \\n\\t'\n"}) {
        EXPECT_EQ(import_error(content).what(), path("import") + ": empty answer");
        script("monitor", content);
        EXPECT_EQ(error_of([&] { monitor(); }).what(), path("monitor") + ": empty answer");
    }
}

TEST_F(ScriptBackendTest, EmptyAnswerOfDeleteIsASuccess) {
    script("delete", "#!/bin/sh\n");
    remove();
}

TEST_F(ScriptBackendTest, ManyLinesOfADeleteAreNobodysAnswer) {
    script("delete", "#!/bin/sh\nprintf 'one\\nIMPORT SUCCESS 5 -\\nthree\\n'\n");
    remove();
    EXPECT_TRUE(context_.log.lines().empty());
}

TEST_F(ScriptBackendTest, MissingAttributeIsNamed) {
    for (const std::string name : {"SOURCE", "MD5", "SIZE", "FORMAT"}) {
        for (const std::string& instead :
             {std::string(), "X_" + name + "=\"1\"\n", name + "=\"\"\n", name + "=\" \"\n"}) {
            std::string answer = kAnswer;
            const size_t at = answer.find(name + "=");
            answer.replace(at, answer.find('\n', at) + 1 - at, instead);
            const Error error = import_error(keeping(answer));
            EXPECT_EQ(error.kind(), ErrorKind::corrupt) << instead;
            EXPECT_EQ(error.what(), path("import") + ": the answer has no " + name) << instead;
        }
    }
}

TEST_F(ScriptBackendTest, SizeMustBeAWholeNumber) {
    for (const std::string size :
         {"128M", "1.5", "-1", "1e3", "0x80", "many", "12 8", "99999999999999999999"}) {
        std::string answer = kAnswer;
        answer.replace(answer.find("128"), 3, size);
        const Error error = import_error(keeping(answer));
        EXPECT_EQ(error.kind(), ErrorKind::corrupt) << size;
        EXPECT_EQ(error.what(),
                  path("import") + ": the answer's SIZE '" + size + "' is no whole number of MB");
    }
}

TEST_F(ScriptBackendTest, AnswerAsScriptsReallyWriteIt) {
    // No quotes, blanks around, further attributes: oned's parser takes it, so do we.
    script("import",
           "#!/bin/sh\necho ' SOURCE = foo://5'; echo MD5=abc; echo 'SIZE=\" 128 \"'; "
           "echo FORMAT=raw; echo 'EXTRA=\"x\"'\n");
    const PublishedApp app = import();
    EXPECT_EQ(app.source, "foo://5");
    EXPECT_EQ(app.md5, "abc");
    EXPECT_EQ(app.size_mb, "128");
    EXPECT_EQ(app.format, "raw");
}

TEST_F(ScriptBackendTest, AnswerThatIsNoTemplate) {
    const Error error = import_error("#!/bin/sh\necho 'SOURCE-X=\"s3cret\"'\n");
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_TRUE(std::string(error.what())
                    .starts_with(path("import") + ": the answer is no template: line "))
        << error.what();
    EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos)
        << "it may hold a secret";
}

TEST_F(ScriptBackendTest, MonitorAnswerIsPassedOnAsItIs) {
    const std::string answer = "USED_MB=\"1\"\nAPP=\"bmFtZQ==\"\nAPP=\"caf\xc3\xa9\"\n";
    script("monitor", keeping(answer));
    EXPECT_EQ(monitor(), answer);
}

TEST_F(ScriptBackendTest, FiveMegabytesOfMonitorAreKept) {
    script("monitor", "#!/bin/sh\nyes 'APP=\"x\"' | head -c 5000000\n");
    EXPECT_EQ(monitor().size(), 5'000'000U);
}

TEST_F(ScriptBackendTest, EndlessMonitorIsCut) {
    site_.site.max_script_output = 1 << 20;
    script("monitor", "#!/bin/sh\nexec yes\n");
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] { monitor(); }).kind(), ErrorKind::limit);
    EXPECT_LT(watch.seconds(), 10);
}

// --- How scripts fail ---

TEST_F(ScriptBackendTest, ReasonAndLogLinesOfAFailure) {
    const Error error = import_error(
        "#!/bin/sh\necho INFO: begins >&2\nprintf 'no\\nroom \\351\\n' >&2\n"
        "echo 'ERROR: disk is full' >&2\necho \"$0 was here\"\nexit 1\n");
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_EQ(one_line(error.what()), "no room \uFFFD");
    ASSERT_EQ(context_.log.lines().size(), 2U);
    EXPECT_EQ(context_.log.lines()[0], (std::pair{LogLevel::info, std::string("begins")}));
    EXPECT_EQ(context_.log.lines()[1], (std::pair{LogLevel::error, std::string("disk is full")}));
}

TEST_F(ScriptBackendTest, FailureOfEachScriptIsAnError) {
    for (const char* name : {"delete", "monitor"}) script(name, "#!/bin/sh\necho no >&2; exit 1\n");
    EXPECT_STREQ(error_of([&] { remove(); }).what(), "no");
    EXPECT_STREQ(error_of([&] { monitor(); }).what(), "no");
}

TEST_F(ScriptBackendTest, KilledByASignal) {
    EXPECT_EQ(import_error("#!/bin/sh\necho half >&2; kill -9 $$\n").what(),
              path("import") + " killed by signal 9: half");
    script("delete", "#!/bin/sh\nkill -9 $$\n");
    EXPECT_EQ(error_of([&] { remove(); }).what(), path("delete") + " killed by signal 9");
}

TEST_F(ScriptBackendTest, WhatCannotBeRunIsNamedWithTheReason) {
    EXPECT_EQ(error_of([&] { monitor(); }).what(), path("monitor") + ": No such file or directory");
    test::write_file(path("monitor"), "#!/bin/sh\necho x\n");
    EXPECT_EQ(error_of([&] { monitor(); }).what(), path("monitor") + ": Permission denied");
    script("monitor", "#!/no/such/interpreter\n");
    EXPECT_EQ(error_of([&] { monitor(); }).what(), path("monitor") + ": No such file or directory");
}

TEST_F(ScriptBackendTest, WithoutShebangRunBySh) {
    script("monitor", "echo USED_MB=$2\n");
    EXPECT_EQ(monitor(), "USED_MB=5\n");
}

TEST_F(ScriptBackendTest, ChildLeftBehindHoldingStdout) {
    script("import",
           "#!/bin/sh\nsleep 600 & echo $! >$HERE/pid\ncat <<'END'\n" + kAnswer + "END\n");
    const Stopwatch watch;
    EXPECT_EQ(import().source, "foo://5");
    EXPECT_LT(watch.seconds(), 3);
    EXPECT_TRUE(test::eventually([&] { return test::is_dead(std::stoi(site_.left("pid"))); }));
}

TEST_F(ScriptBackendTest, TimeLimitStopsEveryScript) {
    for (const char* name : {"import", "delete", "monitor"})
        script(name, "#!/bin/sh\nexec sleep 600\n");
    TextSource image(facts_, content_);
    const Stopwatch watch;
    TestContext first(5, {seconds(1), true});
    EXPECT_EQ(error_of([&] { backend_.import(message("import-script"), image, first); }).kind(),
              ErrorKind::timeout);
    TestContext second(5, {seconds(1), false});
    EXPECT_EQ(error_of([&] { backend_.remove(message("delete-script"), "x", second); }).kind(),
              ErrorKind::timeout);
    TestContext third(100, {seconds(1), false});
    EXPECT_EQ(error_of([&] { backend_.monitor(message("monitor-script"), third); }).kind(),
              ErrorKind::timeout);
    EXPECT_LT(watch.seconds(), 10);
}

TEST_F(ScriptBackendTest, SourceThatFailsIsNotImported) {
    script("import", keeping(kAnswer));
    TextSource image(facts_, content_, test::fail_at(1));
    const Error error =
        error_of([&] { backend_.import(message("import-script"), image, context_); });
    EXPECT_STREQ(error.what(), "the source broke");
    EXPECT_FALSE(std::filesystem::exists(site_.dir / "id")) << "the script was run";
}

}  // namespace
}  // namespace onemarket
