// SPDX-License-Identifier: Apache-2.0
// What a service may answer to who looks behind oned's back; radosgw has the rest
// (tests/conformance, tests/transcripts/s3/stores.mad).
#include "backends/inventories/bucket.h"

#include <gtest/gtest.h>

#include "tests/backends/helpers.h"
#include "tests/support/http_server.h"

namespace onemarket {
namespace {

using Kind = StoredObject::Kind;
using test::error_of;

class BucketInventoryTest : public testing::Test {
  protected:
    BucketInventory inventory() {
        const DriverMessage message = test::message("monitor-s3", {{"ENDPOINT", server_.url()},
                                                                   {"BUCKET", "images"},
                                                                   {"ACCESS_KEY", "access"},
                                                                   {"SECRET_KEY", "secret"}});
        return {s3_settings(message), http_, {1, {}, {}}};
    }
    std::vector<StoredObject> list() { return inventory().list(context_); }
    std::optional<Manifest> manifest() {
        StoredObject image;
        image.kind = Kind::image;
        image.name = "marketapp-5";
        image.app = 5;
        return inventory().manifest(image, context_);
    }

    static std::string objects(const std::string& contents) {
        return "<ListBucketResult><IsTruncated>false</IsTruncated>" + contents +
               "</ListBucketResult>";
    }
    static std::string object(const std::string& key, const std::string& time) {
        return "<Contents><Key>" + key + "</Key><Size>7</Size><LastModified>" + time +
               "</LastModified></Contents>";
    }
    static std::string uploads(const std::string& rest) {
        return "<ListMultipartUploadsResult>" + rest + "</ListMultipartUploadsResult>";
    }
    static std::string upload(const std::string& key, const std::string& id) {
        return "<Upload><Key>" + key + "</Key><UploadId>" + id +
               "</UploadId><Initiated>2026-11-24T10:00:00.000Z</Initiated></Upload>";
    }

    // By what is asked: the object's answer, its tags', a list's, that of uploads by their marker.
    test::HttpGiven head_, tags_;
    std::string objects_ = objects("");
    std::map<std::string, std::string> uploads_ = {
        {"", uploads("<IsTruncated>false</IsTruncated>")}};

    test::HttpServer server_{[this](const test::HttpAsked& asked) -> test::HttpGiven {
        const auto has = [&asked](const char* text) {
            return asked.target.find(text) != std::string::npos;
        };
        if (has("tagging")) return tags_;
        if (has("marketapp-5")) return head_;
        if (has("list-type")) return {.body = objects_};
        const size_t marker = asked.target.find("key-marker=");
        const size_t end = asked.target.find('&', marker);
        return {.body = uploads_.at(marker == std::string::npos
                                        ? ""
                                        : asked.target.substr(marker + 11, end - marker - 11))};
    }};
    HttpSettings http_;
    test::TestContext context_{100};
};

TEST_F(BucketInventoryTest, NamesTellWhoseItIs) {
    objects_ =
        objects(object("marketapp-05", "x") + object("marketapp-5", "x") +
                object("marketapp-5/x", "x") + object("marketapp-99999999999", "x") +
                object("marketapp-check-0123456789abcdef", "x") + object("marketapp-x", "x"));
    uploads_[""] = uploads("<IsTruncated>false</IsTruncated>" + upload("marketapp-", "u1") +
                           upload("marketapp-7", "u2") + upload("marketapp-check-1", "u3"));
    std::map<std::string, Kind> kinds;
    for (const StoredObject& found : list()) kinds[found.name] = found.kind;
    EXPECT_EQ(kinds,
              (std::map<std::string, Kind>{{"marketapp-", Kind::other},
                                           {"marketapp-05", Kind::other},
                                           {"marketapp-5", Kind::image},
                                           {"marketapp-5/x", Kind::other},
                                           {"marketapp-7", Kind::upload},
                                           {"marketapp-99999999999", Kind::other},
                                           {"marketapp-check-0123456789abcdef", Kind::temporary},
                                           {"marketapp-check-1", Kind::upload},
                                           {"marketapp-x", Kind::other}}));
}

TEST_F(BucketInventoryTest, TimesAreTheServicesAndUnknownOnesAreNow) {
    objects_ =
        objects(object("marketapp-1", "2025-11-25T09:34:15.999Z") +
                object("marketapp-2", "2025-11-25T09:34:15Z") + object("marketapp-3", "yesterday") +
                object("marketapp-4", "2025-11-25T09:34:15+05:00"));
    const std::vector<StoredObject> found = list();
    ASSERT_EQ(found.size(), 4U);
    const auto then = std::chrono::system_clock::from_time_t(1'764'063'255);
    EXPECT_EQ(found[0].time, then);
    EXPECT_EQ(found[1].time, then);
    for (const size_t i : {2U, 3U})
        EXPECT_LT(std::chrono::system_clock::now() - found[i].time, std::chrono::minutes(1));
}

TEST_F(BucketInventoryTest, UploadsOfAllPages) {
    uploads_ = {{"", uploads("<IsTruncated>true</IsTruncated><NextKeyMarker>marketapp-1"
                             "</NextKeyMarker><NextUploadIdMarker>a</NextUploadIdMarker>" +
                             upload("marketapp-1", "a"))},
                {"marketapp-1", uploads("<IsTruncated>false</IsTruncated>" +
                                        upload("marketapp-1", "b") + upload("marketapp-2", "c"))}};
    const std::vector<StoredObject> found = list();
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[2].upload, "c");
    EXPECT_EQ(found[2].app, 2);
}

// A list that goes on for ever, does not say how it goes on, or whether; a part of it is no list.
TEST_F(BucketInventoryTest, IncompleteListsAreErrors) {
    const std::string one = upload("marketapp-1", "a");
    const std::string same =
        "<IsTruncated>true</IsTruncated><NextKeyMarker>m</NextKeyMarker><NextUploadIdMarker>a"
        "</NextUploadIdMarker>";
    for (const std::string& rest :
         {one, one + "<IsTruncated>true</IsTruncated>", one + same,
          "<IsTruncated>false</IsTruncated><Upload><Key>marketapp-1</Key></Upload>" + one}) {
        uploads_ = {{"", uploads(rest)}, {"m", uploads(rest)}};
        EXPECT_EQ(error_of([this] { list(); }).kind(), ErrorKind::corrupt) << rest;
    }
    uploads_ = {{"", uploads("<IsTruncated>false</IsTruncated>")}};
    objects_ = "<ListBucketResult>" + object("marketapp-1", "x") + "</ListBucketResult>";
    EXPECT_EQ(error_of([this] { list(); }).kind(), ErrorKind::corrupt);
    objects_ = "<html/>";
    EXPECT_EQ(error_of([this] { list(); }).kind(), ErrorKind::unavailable);
}

TEST_F(BucketInventoryTest, NotesOfOneWhoseHashesAreMetadata) {
    head_.headers = {{"x-amz-meta-import", "i"},
                     {"x-amz-meta-md5", std::string(32, 'A')},
                     {"x-amz-meta-sha256", std::string(64, 'b')},
                     {"x-amz-meta-size", "7"},
                     {"x-amz-meta-app", "caf%C3%A9%20%"},
                     {"x-amz-meta-format", "raw"}};
    const std::optional<Manifest> noted = manifest();
    ASSERT_TRUE(noted);
    EXPECT_EQ(noted->md5, std::string(32, 'a'));
    EXPECT_EQ(noted->sha256, std::string(64, 'b'));
    EXPECT_EQ(noted->bytes, 7U);
    EXPECT_EQ(noted->name, "caf\xc3\xa9 %");
    EXPECT_EQ(server_.asked().size(), 1U) << "no tags are asked for";
}

TEST_F(BucketInventoryTest, NotesOfOneWhoseHashesAreTags) {
    head_.headers = {{"x-amz-meta-import", "i"}};
    const auto tag = [](const std::string& name, const std::string& value) {
        return "<Tag><Key>" + name + "</Key><Value>" + value + "</Value></Tag>";
    };
    const std::string parts = std::string(64, 'c') + "-3";
    tags_.body = "<Tagging><TagSet>" + tag("md5", std::string(32, 'a')) +
                 tag("sha256-of-parts", parts) + tag("part-size", "5242880") +
                 "</TagSet></Tagging>";
    const std::optional<Manifest> noted = manifest();
    ASSERT_TRUE(noted);
    EXPECT_EQ(noted->md5, std::string(32, 'a'));
    EXPECT_EQ(noted->sha256_of_parts, parts);
    EXPECT_EQ(noted->part_bytes, 5'242'880U);
    tags_.body = "<Tagging><TagSet>" + tag("md5", "hello") + "</TagSet></Tagging>";
    EXPECT_EQ(error_of([this] { manifest(); }).kind(), ErrorKind::corrupt);
}

TEST_F(BucketInventoryTest, WithoutNotesThereIsNoManifest) {
    head_.status = "404 Not Found";
    EXPECT_FALSE(manifest());
    head_ = {};  // the stock driver's
    EXPECT_FALSE(manifest());
    head_.headers = {{"x-amz-meta-import", "i"}, {"x-amz-meta-size", "7"}};
    tags_.body = "<Tagging><TagSet/></Tagging>";
    EXPECT_FALSE(manifest());
    tags_ = {.status = "501 Not Implemented", .body = "<Error><Code>NotImplemented</Code></Error>"};
    EXPECT_FALSE(manifest()) << "a service without tags";
    tags_ = {.status = "403 Forbidden", .body = "<Error><Code>AccessDenied</Code></Error>"};
    EXPECT_EQ(error_of([this] { manifest(); }).kind(), ErrorKind::permission);
}

}  // namespace
}  // namespace onemarket
