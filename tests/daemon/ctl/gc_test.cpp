// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/gc.h"

#include <gtest/gtest.h>

#include "backends/io/json.h"
#include "tests/daemon/ctl/inventory_fake.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

using Kind = StoredObject::Kind;
using std::chrono::hours;
using std::chrono::minutes;
using test::stored;
using Names = std::vector<std::string>;

class GcTest : public testing::Test {
  protected:
    GcTest() { market_.kept = true; }

    Names orphans(std::vector<StoredObject> objects) {
        sorted_ = sort_objects(std::move(objects), market_, journalled_, options_, now_);
        Names names;
        for (const StoredObject& object : sorted_.orphans) names.push_back(object.name);
        return names;
    }
    int run() {
        test::FakeInventory inventory(fake_);
        text_.clear();
        return collect_garbage(
            inventory, market_, journalled_, options_,
            [this](std::string_view text) { text_ += text; }, context_, now_);
    }

    const KnownMarket::Time now_ = std::chrono::system_clock::from_time_t(1'764'063'255);
    KnownMarket market_{100,
                        test::message("monitor-http", {{"PUBLIC_DIR", "/p"}, {"BASE_URL", "h"}}),
                        now_ - minutes(1),
                        true,
                        {1, 2, 9, 78},
                        {4}};
    std::set<ObjectId> journalled_{5};
    GcOptions options_;
    Sorted sorted_;
    test::FakeMarket fake_;
    test::TestContext context_{100};
    std::string text_;
};

TEST_F(GcTest, ImagesNobodyListsAreOrphansWhenNothingSpeaksForThem) {
    EXPECT_EQ(orphans({stored(Kind::image, 1, now_ - hours(99)),    // listed
                       stored(Kind::image, 3, now_ - hours(2)),     // an orphan
                       stored(Kind::image, 4, now_ - hours(99)),    // another market's
                       stored(Kind::image, 5, now_ - hours(99)),    // journalled
                       stored(Kind::image, 6, now_ - minutes(60)),  // too new
                       stored(Kind::image, 77, now_ - hours(2)),    // an orphan
                       stored(Kind::other, {}, now_ - hours(99), "index.html")}),
              (Names{"image-3", "image-77"}));
    ASSERT_EQ(sorted_.spared.size(), 3U);
    EXPECT_EQ(sorted_.spared[0].second, "another marketplace has this app");
    EXPECT_EQ(sorted_.spared[1].second, "the driver is still at work with this app");
    EXPECT_EQ(sorted_.spared[2].second, "not older than the list of apps by an hour");
    EXPECT_EQ(sorted_.others, 1U);
}

// It is the age beside the list that counts: the driver may have stood still for a year.
TEST_F(GcTest, OldListMakesNoOrphanOfWhatCameAfter) {
    market_.since = now_ - hours(9'000);
    EXPECT_EQ(orphans({stored(Kind::image, 3, now_ - hours(8'999)),
                       stored(Kind::image, 6, now_ - hours(9'002))}),
              Names{"image-6"});
}

// Who copies a message gives it a new time.
// A kept message may have been restored from a copy, with the time of that.
TEST_F(GcTest, AppsBehindTheLastOfTheListAreSpared) {
    for (const bool kept : {true, false}) {
        market_.kept = kept;
        EXPECT_EQ(orphans({stored(Kind::image, 3, now_ - hours(9)),
                           stored(Kind::image, 79, now_ - hours(9))}),
                  Names{"image-3"});
        EXPECT_EQ(sorted_.spared.at(0).second,
                  "perhaps newer than the list of apps, by its number");
    }
    market_.apps.clear();
    EXPECT_EQ(orphans({stored(Kind::image, 3, now_ - hours(9))}), Names{});
}

TEST_F(GcTest, ClocksThatGoWrongMakeNoOrphans) {
    EXPECT_EQ(orphans({stored(Kind::image, 3, now_ + hours(99)),
                       stored(Kind::temporary, 3, now_ + hours(99))}),
              Names{});
}

TEST_F(GcTest, AManifestOfAnAppThatIsThereIsNoOrphan) {
    EXPECT_EQ(orphans({stored(Kind::manifest, 1, now_ - hours(9)),  // listed
                       stored(Kind::manifest, 4, now_ - hours(9)),  // another market's
                       stored(Kind::manifest, 3, now_ - hours(9))}),
              Names{"manifest-3"});
}

TEST_F(GcTest, HalvesAreLeftToTheirImportsForADay) {
    StoredObject held = stored(Kind::temporary, 1, now_ - hours(99), "held");
    held.held = true;
    const std::vector<StoredObject> objects = {
        held,
        stored(Kind::temporary, 1, now_ - hours(25), "listed app"),
        stored(Kind::temporary, 3, now_ - hours(23), "young"),
        stored(Kind::temporary, 5, now_ - hours(99), "journalled"),
        stored(Kind::upload, 3, now_ - hours(25), "upload"),
        stored(Kind::upload, 5, now_ - hours(25), "resumed upload"),
        stored(Kind::manifest, 3, now_ - hours(2), "manifest"),
        stored(Kind::manifest, 3, now_ - minutes(59), "young manifest")};
    EXPECT_EQ(orphans(objects), (Names{"listed app", "upload", "manifest"}));
    options_.older = hours(22);
    EXPECT_EQ(orphans(objects), (Names{"listed app", "young", "upload", "manifest"}));
}

TEST_F(GcTest, ShowsAndRemovesNothingUnasked) {
    fake_.objects = {stored(Kind::image, 3, now_ - hours(50)),
                     stored(Kind::upload, 7, now_ - hours(30))};
    fake_.objects[1].bytes.reset();
    EXPECT_EQ(run(), kFound);
    EXPECT_EQ(text_,
              "KIND       APP      SIZE        AGE      NAME\n"
              "image      3        1.0 KiB     2 d      image-3\n"
              "upload     7        -           1 d      upload-7\n"
              "2 orphans, 1.0 KiB\n"
              "nothing was removed: --delete does\n");
    EXPECT_TRUE(fake_.removed.empty());
    fake_.objects = {stored(Kind::temporary, 2'147'483'647, now_ - hours(99))};
    run();
    EXPECT_NE(text_.find("temporary  2147483647 1.0 KiB "), std::string::npos) << text_;
    fake_.objects.clear();
    EXPECT_EQ(run(), kAllWell);
    EXPECT_EQ(text_, "0 orphans, 0 B\n");
}

TEST_F(GcTest, RemovesWhatItShowedAndSaysSo) {
    fake_.objects = {
        stored(Kind::image, 3, now_ - hours(50)), stored(Kind::image, 6, now_ - hours(50)),
        stored(Kind::image, 7, now_ - hours(50)), stored(Kind::image, 1, now_ - hours(50))};
    fake_.faults.emplace("image-6", Error(ErrorKind::permission, "no right"));
    fake_.faults.emplace("image-7", Error(ErrorKind::not_found, "gone"));
    options_.remove = true;
    EXPECT_EQ(run(), kFound) << "one stays";
    EXPECT_EQ(fake_.removed, Names{"image-3"});
    EXPECT_NE(text_.find("removed image-3\nstays: image-6: no right\nremoved image-7\n"),
              std::string::npos)
        << text_;
    fake_.faults.clear();
    EXPECT_EQ(run(), kAllWell);
}

TEST_F(GcTest, CancelEndsIt) {
    fake_.objects = {stored(Kind::image, 3, now_ - hours(50))};
    options_.remove = true;
    context_.stop.request_stop();
    EXPECT_THROW(run(), Error);
    EXPECT_TRUE(fake_.removed.empty());
}

TEST_F(GcTest, JsonIsOneDocument) {
    fake_.objects = {stored(Kind::image, 3, now_ - hours(50)),
                     stored(Kind::image, 5, now_ - hours(50)),
                     stored(Kind::image, 6, now_ - hours(50), "odd \"name\"")};
    fake_.faults.emplace("image-3", Error(ErrorKind::permission, "no \"right\""));
    options_.remove = options_.json = true;
    EXPECT_EQ(run(), kFound);
    const Result<JsonValue> document = parse_json(text_.substr(0, text_.size() - 1));
    ASSERT_TRUE(document) << document.reason() << text_;
    const JsonValue* orphans = document->find("orphans");
    ASSERT_EQ(orphans->members.size(), 2U);
    EXPECT_EQ(orphans->members[0].value.find("removed")->text, "false");
    EXPECT_EQ(orphans->members[0].value.find("failure")->text, "no \"right\"");
    EXPECT_EQ(orphans->members[0].value.find("age")->text, "180000");
    EXPECT_EQ(orphans->members[0].value.find("time")->text, "2025-11-23T07:34:15Z");
    EXPECT_EQ(orphans->members[1].value.find("name")->text, "odd \"name\"");
    EXPECT_EQ(orphans->members[1].value.find("removed")->text, "true");
    EXPECT_EQ(document->find("spared")->members.size(), 1U);
    EXPECT_EQ(document->find("market")->text, "100");
}

}  // namespace
}  // namespace onemarket
