// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/script.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "backends/sources/downloader.h"
#include "backends/sources/file.h"
#include "protocol/base64.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using test::error_of;
using test::Stopwatch;
using test::TestContext;

// A script that keeps how it was called and prints `answer`.
std::string keeping(const std::string& answer) {
    return "#!/bin/sh\nfor a; do printf '%s\\n' \"$a\"; done >$HERE/args; cat >$HERE/stdin\n"
           "cat <<'END'\n" +
           answer + "\nEND\n";
}

std::string info(const std::string& elements) {
    return "<IMPORT_INFO><IMPORT_SOURCE><![CDATA[/an/image]]></IMPORT_SOURCE>" + elements +
           "</IMPORT_INFO>";
}

class ScriptExporterTest : public testing::Test {
  protected:
    static std::string xml() {
        return test::message_xml("import-http-script-ds", {{"BASE_URL", "http://web"},
                                                           {"PUBLIC_DIR", "/srv/market"},
                                                           {"DS_MAD", "foo"},
                                                           {"DATASTORES", "/ds"}});
    }
    void script(const std::string& content) { site_.script("datastore/foo/export", content); }
    std::unique_ptr<ImageSource> export_image() {
        return ScriptExporter(site_.site, "foo")
            .export_image(*DriverMessage::parse(xml()), context_);
    }
    // What the exporter makes of this answer.
    ImageFacts facts(const std::string& answer) {
        script(keeping(answer));
        return export_image()->facts();
    }
    Error error(const std::string& content) {
        script(content);
        return error_of([&] { export_image(); });
    }
    std::string path() const { return site_.site.remotes + "/datastore/foo/export"; }

    test::Ignored pipe_signal_{SIGPIPE};
    test::TestSite site_;
    TestContext context_;
};

// --- How it is called ---

TEST_F(ScriptExporterTest, CallingConventionOfEachRelease) {
    struct Case {
        const char* release;
        bool stdin_flag;
        const char* args_before_id;  // "@" stands for the document
        bool document_on_stdin;
    };
    const std::vector<Case> cases = {
        {"6.4.3", true, "@\n", false},  {"6.6.1", false, "@\n", false},
        {"6.4.4", false, "@\n", false}, {"6.4.4", true, "-\n", true},
        {"6.6.2", true, "-\n", true},   {"6.8.0", false, "", true},
        {"7.2.0", true, "", true},
    };
    const std::string document =
        base64_encode(DriverMessage::parse(xml())->datastore_document().to_string());
    for (const auto& c : cases) {
        site_.site.release = parse_release(c.release);
        site_.site.export_stdin = c.stdin_flag;
        facts(info(""));
        std::string expected = c.args_before_id;
        if (expected.starts_with('@')) expected = document + "\n";
        EXPECT_EQ(site_.left("args"), expected + "5\n") << c.release << c.stdin_flag;
        EXPECT_EQ(site_.left("stdin"), c.document_on_stdin ? document : "")
            << c.release << c.stdin_flag;
    }
}

TEST_F(ScriptExporterTest, DocumentIsTheDatastores) {
    facts(info(""));
    const Result<std::string> text = base64_decode(site_.left("stdin"));
    ASSERT_TRUE(text) << text.reason();
    const Result<XmlDocument> given = XmlDocument::parse(*text, "DS_DRIVER_ACTION_DATA");
    ASSERT_TRUE(given) << given.reason();
    EXPECT_EQ(given->text("IMAGE/SOURCE"), "pool/one-3");
    EXPECT_EQ(given->text("IMAGE/SIZE"), "128");
    EXPECT_EQ(given->text("DATASTORE/BASE_PATH"), "/ds/1");
    EXPECT_EQ(given->text("DATASTORE/TEMPLATE/DS_MAD"), "foo");
    EXPECT_EQ(given->text("DATASTORE/IMAGES/ID"), "3");
    EXPECT_EQ(given->text("MARKETPLACE"), std::nullopt) << "no market's secrets";
    EXPECT_EQ(given->text("MARKETPLACEAPP"), std::nullopt);
}

TEST_F(ScriptExporterTest, DatastoreOfManyImages) {
    std::string ids;
    for (int id = 0; id < 20'000; ++id) ids += "<ID>" + std::to_string(id) + "</ID>";
    std::string text = xml();
    text.insert(text.find("<IMAGES>") + 8, ids);
    const Result<DriverMessage> message = DriverMessage::parse(text);
    ASSERT_TRUE(message) << message.reason();
    script(keeping(info("")));
    const ScriptExporter exporter(site_.site, "foo");

    // By stdin it comes whole.
    exporter.export_image(*message, context_);
    EXPECT_GT(site_.left("stdin").size(), 300'000U);
    EXPECT_TRUE(context_.log.lines().empty());

    site_.site.release = parse_release("6.4.0");
    exporter.export_image(*message, context_);
    const std::string args = site_.left("args");
    const Result<std::string> decoded = base64_decode(args.substr(0, args.find('\n')));
    ASSERT_TRUE(decoded) << decoded.reason();
    const Result<XmlDocument> given = XmlDocument::parse(*decoded, "DS_DRIVER_ACTION_DATA");
    ASSERT_TRUE(given) << given.reason();
    EXPECT_EQ(given->text("DATASTORE/IMAGES/ID"), std::nullopt);
    EXPECT_EQ(given->text("IMAGE/SOURCE"), "pool/one-3");
    ASSERT_EQ(context_.log.lines().size(), 1U);
    EXPECT_EQ(context_.log.lines()[0].first, LogLevel::info);
}

TEST_F(ScriptExporterTest, TypeThatIsNoNameIsNotRun) {
    site_.script("datastore/export", "#!/bin/sh\ntouch $HERE/ran\n");
    for (const char* type : {"../datastore", "", ".", "foo/../..", "a b", "$(x)"}) {
        const Error error = error_of([&] {
            ScriptExporter(site_.site, type).export_image(*DriverMessage::parse(xml()), context_);
        });
        EXPECT_EQ(error.kind(), ErrorKind::unsupported) << type;
        EXPECT_EQ(error.what(), "Datastore driver '" + std::string(type) + "' not available");
    }
    EXPECT_FALSE(std::filesystem::exists(site_.dir / "ran"));
}

// --- What it answers ---

TEST_F(ScriptExporterTest, ReadsImportInfo) {
    const ImageFacts all =
        facts(info("<MD5>900150983CD24FB0D6963F7D28E17F72</MD5><SIZE> 128 </SIZE>"
                   "<FORMAT>qcow2</FORMAT><DISPOSE>NO</DISPOSE><DISPOSE_CMD>rm x</DISPOSE_CMD>"));
    EXPECT_EQ(all.location, "/an/image");
    EXPECT_EQ(all.md5, "900150983cd24fb0d6963f7d28e17f72") << "in lower case, as ours is";
    EXPECT_EQ(all.size_mb, "128");
    EXPECT_EQ(all.format, "qcow2");
    EXPECT_TRUE(all.dispose_command.empty()) << "not without DISPOSE=YES";
}

TEST_F(ScriptExporterTest, Md5ThatIsNoneIsNoPromise) {
    for (const char* md5 : {"", "-", "unknown", "900150983cd24fb0d6963f7d28e17f7"})
        EXPECT_EQ(facts(info("<MD5>" + std::string(md5) + "</MD5>")).md5, "") << md5;
}

TEST_F(ScriptExporterTest, DisposeCommandIsSplitIntoWordsForNoShell) {
    using Words = std::vector<std::string>;
    const auto dispose = [&](const std::string& command) {
        return facts(info("<DISPOSE>yes</DISPOSE><DISPOSE_CMD><![CDATA[" + command +
                          "]]></DISPOSE_CMD>"))
            .dispose_command;
    };
    EXPECT_EQ(dispose("rm -f  /tmp/x\t/tmp/y \n"), (Words{"rm", "-f", "/tmp/x", "/tmp/y"}));
    EXPECT_EQ(dispose("rm $(x); \"a b\""), (Words{"rm", "$(x);", "\"a", "b\""}));
    EXPECT_EQ(dispose(""), Words{});
}

TEST_F(ScriptExporterTest, StrayQuoteBehindTheRootIsAccepted) {
    for (const char* behind : {"\"", "\"\n", "\n\n", "some text"})
        EXPECT_EQ(facts(info("<SIZE>1</SIZE>") + behind).size_mb, "1") << behind;
}

TEST_F(ScriptExporterTest, AnswerThatIsNoImportInfo) {
    const std::string source = "<IMPORT_SOURCE>/x</IMPORT_SOURCE>";
    for (const std::string& answer :
         {std::string(), std::string("OK"), std::string("<IMPORT_INFO>"),
          std::string("<OTHER>x</OTHER>"), "<IMPORT_INFO><SIZE>1</IMPORT_INFO>" + source,
          "<OTHER>" + info("") + "</OTHER>", std::string("<IMPORT_INFO></IMPORT_INFO>"),
          std::string("<IMPORT_INFO><IMPORT_SOURCE> </IMPORT_SOURCE></IMPORT_INFO>"),
          "<!DOCTYPE x><IMPORT_INFO>" + source + "</IMPORT_INFO>", info("") + info("")}) {
        const Error failed = error(keeping(answer));
        EXPECT_EQ(failed.kind(), ErrorKind::corrupt) << answer;
        EXPECT_TRUE(std::string(failed.what()).starts_with(path() + ": the answer"))
            << failed.what();
    }
    EXPECT_EQ(error("#!/bin/sh\n").what(), path() + ": the answer holds no IMPORT_INFO");
    EXPECT_EQ(error(keeping("<IMPORT_INFO></IMPORT_INFO>")).what(),
              path() + ": the answer's IMPORT_INFO has no IMPORT_SOURCE");
}

TEST_F(ScriptExporterTest, WhatIsNotReadByUsIsReadByTheDownloader) {
    const auto source_of = [&](const std::string& location) {
        script(keeping("<IMPORT_INFO><IMPORT_SOURCE><![CDATA[" + location +
                       "]]></IMPORT_SOURCE></IMPORT_INFO>"));
        return export_image();
    };
    EXPECT_NE(dynamic_cast<FileSource*>(source_of("/no/such/file").get()), nullptr)
        << "nothing is opened yet";
    for (const std::string location :
         {"s3://bucket/key", "lxd://host/x", "restic://x", "relative"}) {
        const auto source = source_of(location);
        EXPECT_NE(dynamic_cast<DownloaderSource*>(source.get()), nullptr) << location;
        EXPECT_EQ(source->facts().location, location);
    }
}

// --- How it fails ---

TEST_F(ScriptExporterTest, ReasonAndLogLines) {
    const Error failed =
        error("#!/bin/sh\necho INFO: begins >&2; printf 'no\\npool \\351\\n' >&2; exit 1\n");
    EXPECT_EQ(failed.kind(), ErrorKind::unavailable);
    EXPECT_EQ(one_line(failed.what()), "no pool \uFFFD");
    EXPECT_TRUE(context_.log.contains("begins"));
}

TEST_F(ScriptExporterTest, AnswerOfAScriptThatFailsIsNone) {
    EXPECT_EQ(error("#!/bin/sh\necho '" + info("") + "'; exit 3\n").what(),
              path() + " failed with exit status 3");
}

TEST_F(ScriptExporterTest, KilledByASignal) {
    EXPECT_EQ(error("#!/bin/sh\nkill -9 $$\n").what(), path() + " killed by signal 9");
}

TEST_F(ScriptExporterTest, WhatCannotBeRunIsNamedWithTheReason) {
    EXPECT_EQ(error_of([&] { export_image(); }).what(), path() + ": No such file or directory");
    test::write_file(path(), "#!/bin/sh\n");
    EXPECT_EQ(error_of([&] { export_image(); }).what(), path() + ": Permission denied");
    EXPECT_EQ(error("#!/no/such/interpreter\n").what(), path() + ": No such file or directory");
}

TEST_F(ScriptExporterTest, WithoutShebangRunBySh) {
    script("cat <<END\n" + info("<SIZE>7</SIZE>") + "\nEND\n");
    EXPECT_EQ(export_image()->facts().size_mb, "7");
}

TEST_F(ScriptExporterTest, ScriptThatDoesNotReadItsStdin) {
    script("#!/bin/sh\nexec <&-\necho '" + info("<SIZE>7</SIZE>") + "'\n");
    EXPECT_EQ(export_image()->facts().size_mb, "7");
}

TEST_F(ScriptExporterTest, ChildLeftBehindHoldingStdout) {
    script("#!/bin/sh\nsleep 600 &\necho $! >$HERE/pid\necho '" + info("<SIZE>7</SIZE>") + "'\n");
    const Stopwatch watch;
    EXPECT_EQ(export_image()->facts().size_mb, "7");
    EXPECT_LT(watch.seconds(), 3);
    EXPECT_TRUE(test::eventually([&] { return test::is_dead(std::stoi(site_.left("pid"))); }));
}

TEST_F(ScriptExporterTest, TimeLimitStopsIt) {
    script("#!/bin/sh\nexec sleep 600\n");
    TestContext context(5, {std::chrono::seconds(1), true});
    const Stopwatch watch;
    const Error failed = error_of([&] {
        ScriptExporter(site_.site, "foo").export_image(*DriverMessage::parse(xml()), context);
    });
    EXPECT_EQ(failed.kind(), ErrorKind::timeout);
    EXPECT_LT(watch.seconds(), 5);
}

}  // namespace
}  // namespace onemarket
