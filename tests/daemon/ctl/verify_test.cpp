// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/verify.h"

#include <gtest/gtest.h>

#include "backends/io/digest.h"
#include "backends/io/json.h"
#include "protocol/hex.h"
#include "tests/daemon/ctl/inventory_fake.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

using Kind = StoredObject::Kind;
using test::stored;

class VerifyTest : public testing::Test {
  protected:
    void add(ObjectId app, const std::string& bytes, const std::string& noted) {
        const StoredObject image = stored(Kind::image, app, {});
        fake_.objects.push_back(image);
        fake_.bytes[image.name] = bytes;
        Manifest manifest;
        manifest.app = app;
        manifest.bytes = noted.size();
        manifest.md5 = to_hex(md5(noted));
        fake_.manifests[image.name] = manifest;
    }
    int run(bool json = false) {
        text_.clear();
        const VerifyOutput output{[this](std::string_view text) { text_ += text; },
                                  [this](std::string_view text) { progress_ = text; }, json};
        return verify([this] { return std::make_unique<test::FakeInventory>(fake_); }, market_,
                      output, context_);
    }

    KnownMarket market_{
        100,    test::message("monitor-http", {{"PUBLIC_DIR", "/p"}, {"BASE_URL", "h"}}),
        {},     true,
        {1, 2}, {}};
    test::FakeMarket fake_;
    test::TestContext context_{100};
    std::string text_, progress_;
};

TEST_F(VerifyTest, WholeImagesAreWell) {
    add(1, "content", "content");
    EXPECT_EQ(run(), kAllWell);
    EXPECT_EQ(text_,
              "ok          image-1 (app 1, 1.0 KiB)\n"
              "no image    app 2: a template has none, an import under way not yet; or it is of "
              "the stock driver, which is not looked at\n"
              "1 ok\n");
    EXPECT_EQ(progress_, "image-1: 7 B of 1.0 KiB");
    EXPECT_EQ(fake_.conversations, 1);
}

TEST_F(VerifyTest, NothingIsWellToo) {
    market_.apps.clear();
    EXPECT_EQ(run(), kAllWell);
    EXPECT_EQ(text_, "no images\n");
}

TEST_F(VerifyTest, EachIsLookedAtWhateverBecameOfTheOthers) {
    add(1, "content", "another");
    add(2, "content", "content");
    fake_.faults.emplace("image-2", Error(ErrorKind::permission, "no right"));
    add(3, "content", "content");
    fake_.faults.emplace("image-3", Error(ErrorKind::not_found, "gone"));
    add(4, "content", "content");
    fake_.manifests.erase("image-4");
    add(5, "content", "content");
    fake_.manifests["image-5"].app = 6;
    add(6, "content", "content");
    fake_.objects.push_back(stored(Kind::manifest, 7, {}));
    fake_.objects.push_back(stored(Kind::temporary, 8, {}));
    fake_.objects.push_back(stored(Kind::other, {}, {}, "index.html"));
    EXPECT_EQ(run(), kFound);
    EXPECT_EQ(text_, "corrupt     image-1 (app 1, 1.0 KiB): MD5 is " + to_hex(md5("content")) +
                         ", noted is " + to_hex(md5("another")) +
                         "\n"
                         "unreadable  image-2 (app 2, 1.0 KiB): no right\n"
                         "gone        image-3 (app 3, 1.0 KiB)\n"
                         "no manifest image-4 (app 4, 1.0 KiB)\n"
                         "corrupt     image-5 (app 5, 1.0 KiB): its manifest is that of app 6\n"
                         "ok          image-6 (app 6, 1.0 KiB)\n"
                         "no image    manifest-7 is a manifest by itself\n"
                         "1 ok, 2 corrupt, 1 unreadable, 1 no manifest, 1 gone\n");
    EXPECT_EQ(fake_.conversations, 3) << "one that broke is not gone on with";
}

TEST_F(VerifyTest, WithoutAManifestNothingIsWrong) {
    add(1, "content", "content");
    fake_.manifests.clear();
    EXPECT_EQ(run(), kAllWell);
}

TEST_F(VerifyTest, ALostImageIsFound) {
    const auto now = std::chrono::system_clock::now();
    const auto manifest = [&](ObjectId app, std::chrono::minutes age) {
        return stored(Kind::manifest, app, now - age,
                      "marketapp-" + std::to_string(app) + "-0123456789abcdef.json");
    };
    fake_.objects = {manifest(1, std::chrono::minutes(59)), manifest(3, std::chrono::hours(9))};
    EXPECT_EQ(run(), kAllWell) << "one may be coming, the other is of no app that is listed";
    fake_.objects = {manifest(1, std::chrono::minutes(61))};
    EXPECT_EQ(run(), kFound);
    EXPECT_EQ(text_,
              "lost        marketapp-1-0123456789abcdef (app 1, -): its manifest is there\n"
              "no image    app 2: a template has none, an import under way not yet; or it is of "
              "the stock driver, which is not looked at\n"
              "1 lost\n");
}

TEST_F(VerifyTest, AnotherObjectInItsPlaceIsFound) {
    add(1, "content", "content");
    fake_.manifests.clear();
    fake_.foreign = "image-1";
    EXPECT_EQ(run(), kFound);
    EXPECT_EQ(text_.substr(0, 23), "not ours    image-1 (ap");
}

TEST_F(VerifyTest, CancelEndsIt) {
    add(1, "content", "content");
    context_.stop.request_stop();
    EXPECT_THROW(run(), Error);
}

TEST_F(VerifyTest, JsonIsOneDocument) {
    add(1, "content", "another");
    fake_.objects.push_back(stored(Kind::manifest, 7, {}));
    EXPECT_EQ(run(true), kFound);
    const Result<JsonValue> document = parse_json(text_.substr(0, text_.size() - 1));
    ASSERT_TRUE(document) << document.reason() << text_;
    const JsonValue& image = document->find("images")->members.at(0).value;
    EXPECT_EQ(image.find("state")->text, "corrupt");
    EXPECT_NE(image.find("reason")->text.find("MD5 is"), std::string::npos);
    EXPECT_EQ(document->find("apps_without_image")->members.at(0).value.text, "2");
    EXPECT_EQ(document->find("manifests_without_image")->members.at(0).value.text, "manifest-7");
}

}  // namespace
}  // namespace onemarket
