// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/app_list.h"

#include <gtest/gtest.h>

#include <string>

#include "protocol/base64.h"
#include "protocol/template.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

DiscoveredApp app(const std::string& name, const std::string& id) {
    DiscoveredApp app;
    app.name = name;
    app.id = id;
    app.head = "SOURCE=\"s" + id + "\"\n";
    return app;
}

class AppListTest : public testing::Test {
  protected:
    // The apps' texts, one behind the other.
    std::string texts() {
        const Result<Template> parsed = parse_template(list_.take_text(context_));
        std::string texts;
        for (const std::string_view text : parsed->values("APP")) texts += *base64_decode(text);
        return texts;
    }

    test::TestContext context_{100};
    AppList list_{context_.log};
};

TEST_F(AppListTest, NamesAndReferencesAreThoseOfTheWholeCatalogue) {
    DiscoveredApp machine = app("vm", "1");
    machine.references = {{"DISK", "d0", "a/b"}, {"DISK", "d1", "gone/"}};
    machine.tail = "TAIL=\"x\"\n";
    list_.add(machine);
    list_.add(app("a_b", "2"));
    list_.add(app("a/b", "3"));
    list_.check();
    EXPECT_EQ(texts(),
              "NAME=\"vm\"\nSOURCE=\"s1\"\nDISK=[NAME=\"d0\", APP=\"a_b (3)\"]\n"
              "DISK=[NAME=\"d1\", APP=\"gone_\"]\nTAIL=\"x\"\n"
              "NAME=\"a_b\"\nSOURCE=\"s2\"\nNAME=\"a_b (3)\"\nSOURCE=\"s3\"\n");
    using Lines = std::vector<std::pair<LogLevel, std::string>>;
    EXPECT_EQ(
        context_.log.lines(),
        (Lines{{LogLevel::warning, "'vm': its DISK is the app 'gone/', which is not listed"}}));
}

TEST_F(AppListTest, WarningsOfReferencesAreCountedWithTheOthers) {
    DiscoveredApp service = app("service", "1");
    service.warnings = {"odd"};
    for (size_t i = 0; i < kMaxListWarnings + 4; ++i)
        service.references.push_back({"ROLE", "r", "gone"});
    list_.add(service);
    list_.check();
    texts();
    EXPECT_EQ(context_.log.lines().size(), kMaxListWarnings + 1);
    EXPECT_EQ(context_.log.lines().back().second, "5 more warnings of this kind");
}

TEST_F(AppListTest, AnIdThatComesTwiceIsMalformed) {
    for (int i = 0; i < 10; ++i) list_.add(app("a", std::to_string(i)));
    list_.add(app("b", "3"));
    EXPECT_TRUE(context_.log.contains("entry 11, 'b': its id 3 is another's too; left out"));
    list_.check();
    list_.add(app("c", "4"));
    EXPECT_THROW(list_.check(), Error);
}

TEST_F(AppListTest, OthersCountAsEntries) {
    list_.add_malformed("a", "is odd");
    for (int i = 0; i < 8; ++i) list_.add_other();
    EXPECT_THROW(list_.check(), Error);
    list_.add_other();
    list_.check();
    EXPECT_EQ(list_.take_text(context_), "USED_MB=0\nFREE_MB=0\nTOTAL_MB=0\n");
}

TEST_F(AppListTest, ThereIsALimit) {
    for (size_t i = 0; i < kMaxApps; ++i) list_.add(app("a", std::to_string(i)));
    EXPECT_EQ(test::error_of([&] { list_.add(app("a", "x")); }).kind(), ErrorKind::limit);
}

TEST_F(AppListTest, TheTextHasALimit) {
    const auto fill = [](AppList& list, const DiscoveredApp& large) {
        return test::error_of([&] {
            for (size_t i = 0; i < 100; ++i) {
                DiscoveredApp one = large;
                one.id = std::to_string(i);
                list.add(std::move(one));
            }
        });
    };
    DiscoveredApp large = app("a", "");
    large.head = std::string(size_t{8} << 20, 'x');
    EXPECT_EQ(fill(list_, large).kind(), ErrorKind::limit);

    DiscoveredApp many = app("b", "");
    for (int i = 0; i < 100'000; ++i) many.references.push_back({"DISK", "d", "b"});
    AppList other(context_.log);
    EXPECT_STREQ(fill(other, many).what(), "its list would be larger than 256 MB");
}

TEST_F(AppListTest, RenderingEndsWhenTheRequestDoes) {
    list_.add(app("a", "1"));
    context_.stop.request_stop();
    EXPECT_EQ(test::error_of([&] { list_.take_text(context_); }).kind(), ErrorKind::cancelled);
}

}  // namespace
}  // namespace onemarket
