// SPDX-License-Identifier: Apache-2.0
// An import into S3 that another life of the driver began.
#include <gmock/gmock.h>

#include "tests/backends/s3_fixture.h"

namespace onemarket::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Its notes outlive the contexts that share it.
class Record : public UnkeptRecord {
  public:
    bool resumed() const override { return lives > 1; }
    bool suspended() const override { return suspend; }
    int lives = 1;
    bool suspend = false;
};

class S3Resume : public S3Fixture {
  protected:
    S3Resume() { context_.context.keep_in(record_); }

    // A life that ends, as a killed one does, behind so many parts: what it sent stays.
    void live_until(uint64_t bytes) { live_until(bytes, server_); }
    void live_until(uint64_t bytes, const S3Server& server) {
        record_->suspend = true;
        // Not before it has at least two parts.
        const BeforePiece fail = [&](uint64_t offset, Context& context) {
            if (offset >= bytes) eventually([&] { return parts_taken(server) >= 2; });
            fail_at(bytes)(offset, context);
        };
        error_of([&] { import_stream(image_, fail); });
        record_->suspend = false;
        ++record_->lives;
        server_.forget();
    }

    static size_t parts_taken(const S3Server& server) {
        const auto seen = server.seen();
        return static_cast<size_t>(std::count_if(seen.begin(), seen.end(), [](const auto& call) {
            return call.operation == "UploadPart" && call.status == 200;
        }));
    }

    std::shared_ptr<Record> record_ = std::make_shared<Record>();
    const std::string image_ = noise(4 * kPart + 1000);
};

TEST_F(S3Resume, OnlyThePartsThatAreMissingAreSent) {
    live_until(3 * kPart + 1);
    EXPECT_THAT(left(), ElementsAre(testing::StartsWith("marketapp-5?")));
    const PublishedApp app = import_stream(image_);
    EXPECT_TRUE(holds(image_));
    EXPECT_EQ(app.md5, md5_hex(image_));
    EXPECT_EQ(server_.count("CreateMultipartUpload"), 0U);
    EXPECT_LE(server_.count("UploadPart"), 3U);
    EXPECT_GE(server_.count("UploadPart"), 2U);
    EXPECT_THAT(left(), ElementsAre(kKey));
}

TEST_F(S3Resume, AFileIsReadByItsPlace) {
    live_until(3 * kPart + 1);
    import_file(image_);
    EXPECT_TRUE(holds(image_));
    EXPECT_LE(server_.count("UploadPart"), 3U);
}

// What is there counts only where it is what the image has now.
TEST_F(S3Resume, PartsOfAnotherImageAreSentAgain) {
    live_until(3 * kPart + 1);
    std::string changed = image_;
    changed[kPart + 7] = static_cast<char>(changed[kPart + 7] ^ 1);
    import_stream(changed);
    EXPECT_TRUE(holds(changed));
    EXPECT_GE(server_.count("UploadPart"), 3U);
}

TEST_F(S3Resume, AnotherSizeOfPartsBeginsAnew) {
    live_until(3 * kPart + 1);
    read_length_ = "6";
    import_stream(image_);
    EXPECT_TRUE(holds(image_));
    EXPECT_EQ(server_.count("CreateMultipartUpload"), 1U);
    EXPECT_THAT(left(), ElementsAre(kKey));
}

TEST_F(S3Resume, AnUploadThatIsGoneBeginsAnew) {
    live_until(3 * kPart + 1);
    discard();
    EXPECT_THAT(left(), IsEmpty());
    import_stream(image_);
    EXPECT_TRUE(holds(image_));
}

// Begun by the life that died before it had noted the id.
TEST_F(S3Resume, AnUploadNobodyNotedIsAborted) {
    live_until(3 * kPart + 1);
    record_ = std::make_shared<Record>();
    record_->lives = 2;
    context_.context.keep_in(record_);
    import_stream(image_);
    EXPECT_TRUE(holds(image_));
    EXPECT_THAT(left(), ElementsAre(kKey));
}

TEST_F(S3Resume, AListOfPartsInPages) {
    S3Server::Options options = service();
    options.page = 1;
    S3Server paged(options);
    paged.make_bucket(kBucket);
    values_["ENDPOINT"] = paged.endpoint();
    live_until(4 * kPart + 1, paged);
    paged.forget();
    import_stream(image_);
    EXPECT_EQ(paged.object(kBucket, kKey)->bytes, image_);
    EXPECT_GE(paged.count("ListParts"), 2U);
    EXPECT_LE(paged.count("UploadPart"), 3U);
}

TEST_F(S3Resume, AFailureOfALaterLifeLeavesNothing) {
    live_until(3 * kPart + 1);
    error_of([&] { import_stream(image_, fail_at(4 * kPart)); });
    EXPECT_THAT(left(), IsEmpty());
}

TEST_F(S3Resume, AnImportThatIsTriedAgainKeepsItsParts) {
    live_until(3 * kPart + 1);
    record_->set_tried_again(true);
    error_of([&] { import_stream(image_, fail_at(4 * kPart)); });
    EXPECT_THAT(left(), ElementsAre(testing::StartsWith("marketapp-5?")));
    server_.forget();
    import_stream(image_);
    EXPECT_TRUE(holds(image_));
    EXPECT_LE(server_.count("UploadPart"), 3U);
    EXPECT_THAT(left(), ElementsAre(kKey));
}

// Whatever else ends it is its end.
TEST_F(S3Resume, AnImportThatIsTriedAgainAndIsCancelledKeepsNone) {
    live_until(3 * kPart + 1);
    record_->set_tried_again(true);
    error_of([&] { import_stream(image_, cancel_at(4 * kPart, context_.stop)); });
    EXPECT_THAT(left(), IsEmpty());
}

// Its making was asked for by a life that did not hear of it.
TEST_F(S3Resume, AnObjectOfAnEarlierLifeIsOurs) {
    import_stream(image_);
    record_->lives = 2;
    const PublishedApp app = import_stream(image_);
    EXPECT_TRUE(holds(image_));
    EXPECT_THAT(left(), ElementsAre(kKey));

    record_ = std::make_shared<Record>();
    record_->lives = 2;
    context_.context.keep_in(record_);
    EXPECT_EQ(error_of([&] { import_stream(image_); }).kind(), ErrorKind::bad_request)
        << "another import's is not";
    EXPECT_TRUE(holds(image_));
}

TEST_F(S3Resume, DiscardRemovesWhatTheRecordHasPublished) {
    for (record_->lives = 1; record_->lives <= 2; ++record_->lives) {
        import_stream("small");
        discard();
        EXPECT_THAT(left(), IsEmpty());
    }
    server_.put(kBucket, kKey, "somebody else's");
    discard();
    EXPECT_THAT(left(), SizeIs(1));
}

TEST_F(S3Resume, WhatAnEarlierLifeHasMadeGetsItsTags) {
    const PublishedApp app = import_stream(image_);
    const auto confirm = [&] {
        server_.forget();
        backend_.confirm(import_message(), app, context_);
    };
    confirm();
    EXPECT_EQ(server_.count("PutObjectTagging"), 0U) << "it has them";
    server_.put(kBucket, kKey, image_);
    confirm();
    EXPECT_EQ(server_.object(kBucket, kKey)->tags["md5"], app.md5);
    confirm();
    EXPECT_EQ(server_.count("PutObjectTagging"), 0U);
    server_.fault({.operation = "GetObjectTagging",
                   .kind = Fault::status,
                   .number = 501,
                   .text = "NotImplemented",
                   .times = -1});
    confirm();  // nobody depends on them
}

TEST_F(S3Resume, ClearRemovesWhatAnyImportHasMadeForThisApp) {
    const auto clear = [&] {
        backend_.clear(market_message("delete-s3", {{"SOURCE", ""}}), context_);
    };
    import_stream("small");
    context_.context.keep_in(std::make_shared<UnkeptRecord>());  // the journal is lost
    clear();
    EXPECT_THAT(left(), IsEmpty());
    clear();

    server_.put(kBucket, kKey, "the stock driver's");
    clear();
    EXPECT_THAT(left(), SizeIs(1));
}

}  // namespace
}  // namespace onemarket::test
