// SPDX-License-Identifier: Apache-2.0
// The S3 marketplace on a service of our own: what is asked of it, and what is made of its answers.
#include "backends/s3.h"

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <regex>
#include <thread>

#include "tests/backends/s3_fixture.h"

namespace onemarket::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class S3 : public S3Fixture {};

// --- What an object is ---

TEST_F(S3, SmallImageIsOneObjectThatTellsWhatItIs) {
    const std::string bytes = noise(1000);
    change("<NAME>golden-image</NAME>", "<NAME>caf\xc3\xa9 x</NAME>");
    const PublishedApp app = import_stream(bytes);
    EXPECT_EQ(app.source, kSource);
    EXPECT_EQ(app.md5, md5_hex(bytes));
    EXPECT_EQ(app.size_mb, "128");
    EXPECT_EQ(app.format, "raw");
    const auto object = server_.object(kBucket, kKey);
    ASSERT_NE(object, nullptr);
    EXPECT_TRUE(object->bytes == bytes);
    EXPECT_EQ(object->headers["x-amz-meta-app"], "caf%C3%A9%20x");
    EXPECT_EQ(object->headers["x-amz-meta-format"], "raw");
    EXPECT_EQ(object->headers["x-amz-meta-size"], "1000");
    EXPECT_EQ(object->headers["x-amz-meta-md5"], app.md5);
    EXPECT_EQ(object->headers["x-amz-meta-sha256"].size(), 64U);
    EXPECT_EQ(server_.count("CreateMultipartUpload"), 0U);
}

TEST_F(S3, LargeImageIsOneObjectOfManyParts) {
    const std::string bytes = noise(2 * kPart + 1);
    const PublishedApp app = import_file(bytes);
    const auto object = server_.object(kBucket, kKey);
    ASSERT_NE(object, nullptr);
    EXPECT_TRUE(object->bytes == bytes);
    EXPECT_TRUE(object->etag.ends_with("-3"));
    EXPECT_EQ(object->headers["x-amz-meta-size"], std::to_string(bytes.size()));
    EXPECT_EQ(object->headers["x-amz-meta-format"], "raw");
    // Known only when the parts are gone.
    EXPECT_EQ(object->tags["md5"], app.md5);
    EXPECT_EQ(object->tags["part-size"], std::to_string(kPart));
    EXPECT_TRUE(std::regex_match(object->tags["sha256-of-parts"], std::regex("[0-9a-f]{64}-3")));
    EXPECT_EQ(server_.count("UploadPart"), 3U);
}

// SIZE is what its owner says.
TEST_F(S3, PartsAreOfTheLengthTheSourceTells) {
    class LongReader : public TextReader {
      public:
        using TextReader::TextReader;
        std::optional<uint64_t> length() const override { return uint64_t{200} << 30; }
    };
    class LongSource : public ImageSource {
      public:
        using ImageSource::ImageSource;
        std::unique_ptr<Reader> open(Context&) override {
            return std::make_unique<LongReader>(noise(25'000'000));
        }
    };
    facts_.size_mb = "1";
    LongSource image(facts_);
    import(image);
    EXPECT_EQ(server_.object(kBucket, kKey)->tags["part-size"], std::to_string(22 << 20));
}

TEST_F(S3, ImageOfExactlyOnePartIsOneObject) {
    import_stream(noise(kPart));
    EXPECT_EQ(server_.count("CreateMultipartUpload"), 0U);
    EXPECT_EQ(server_.count("PutObject"), 1U);
}

TEST_F(S3, PartsTravelSideBySide) {
    site_.site.s3_parallel_parts = 4;
    // Each part waits until the others are there: one by one they would never end.
    std::mutex mutex;
    std::condition_variable all_there;
    int there = 0;
    server_.fault({.operation = "UploadPart", .kind = Fault::call, .times = -1, .action = [&] {
                       std::unique_lock lock(mutex);
                       ++there;
                       all_there.notify_all();
                       all_there.wait_for(lock, seconds(20), [&] { return there >= 4; });
                   }});
    site_.site.http.stall_limit = seconds(30);
    const std::string bytes = noise(4 * kPart);
    import_file(bytes);
    EXPECT_EQ(there, 4);
    EXPECT_TRUE(holds(bytes));
}

TEST_F(S3, ExistingObjectIsAFailureAndIsNotTouched) {
    server_.put(kBucket, kKey, "of somebody");
    const Error error = error_of([&] { import_stream("mine"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_request);
    EXPECT_STREQ(error.what(), "BUCKET images has an object marketapp-5 already");
    EXPECT_TRUE(holds("of somebody"));
}

TEST_F(S3, ObjectThatComesMeanwhileIsNotTouched) {
    for (const size_t size : {size_t{1000}, 2 * kPart}) {
        server_.put(kBucket, "other", "");
        const auto put = [this](uint64_t, Context&) { server_.put(kBucket, kKey, "of somebody"); };
        const Error error = error_of([&] { import_stream(noise(size), put); });
        EXPECT_STREQ(error.what(), "BUCKET images has an object marketapp-5 already");
        // The first piece brings it, behind the first look.
        EXPECT_TRUE(holds("of somebody"));
        EXPECT_EQ(left(), (std::vector<std::string>{kKey, "other"}));
        remove(kSource);
    }
}

// Between the last look and the write: whose object it is then, only its metadata tell.
TEST_F(S3, ObjectOfAnotherIsNeitherOurSuccessNorRemoved) {
    const auto replace = [this] { server_.put(kBucket, kKey, "of somebody"); };
    for (const char* operation : {"PutObject", "CompleteMultipartUpload"}) {
        const std::string bytes = noise(operation[0] == 'P' ? 1000 : 2 * kPart);
        // The service obeys, another writes the same key at once.
        server_.fault({.operation = "HeadObject", .kind = Fault::call, .action = replace});
        const Error error = error_of([&] { import_stream(bytes); });
        EXPECT_EQ(error.kind(), ErrorKind::corrupt);
        EXPECT_STREQ(error.what(), "s3://images/marketapp-5: another object has come in its place");
        EXPECT_TRUE(holds("of somebody")) << operation;
        remove(kSource);
        // The service fails, another has written the same key when it is tried again.
        server_.fault({operation, Fault::status, 503, "SlowDown"});
        server_.fault({.operation = "HeadObject", .kind = Fault::call, .action = replace});
        EXPECT_STREQ(error_of([&] { import_stream(bytes); }).what(),
                     "BUCKET images has an object marketapp-5 already");
        EXPECT_TRUE(holds("of somebody")) << operation;
        EXPECT_EQ(left(), std::vector<std::string>{kKey});
        remove(kSource);
    }
}

TEST_F(S3, FormatIsNoHeaderOfItsOwn) {
    facts_.format = "raw\r\nx-evil: 1";
    import_stream("mine");
    const auto object = server_.object(kBucket, kKey);
    EXPECT_EQ(object->headers["x-amz-meta-format"], "raw%0D%0Ax-evil%3A%201");
    for (const S3Server::Seen& one : server_.seen())
        EXPECT_EQ(one.request.headers.count("x-evil"), 0U);
}

TEST_F(S3, RegionOfAnAnswerIsNoHeaderEither) {
    server_.fault({.operation = "ListObjectsV2",
                   .kind = Fault::redirect,
                   .number = 307,
                   .text = server_.endpoint() + "/images",
                   .region_in_body = "eu\r\nX-Evil: 1"});
    import_stream("mine");
    for (const S3Server::Seen& one : server_.seen())
        EXPECT_EQ(one.request.headers.count("x-evil"), 0U);
}

TEST_F(S3, LargeErrorIsNotParsed) {
    std::string body = "<Error><Code>AccessDenied</Code>";
    while (body.size() < (size_t{1} << 20)) body += "<a/>";
    server_.fault({.operation = "ListObjectsV2",
                   .kind = Fault::body,
                   .number = 403,
                   .text = body + "</Error>"});
    const Error error = error_of([&] { import_stream("mine"); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_TRUE(std::regex_search(error.what(), std::regex("403: the answer is not that of an S3")))
        << error.what();
}

TEST_F(S3, DeleteAnsweredByAPageIsNoDelete) {
    import_stream("mine");
    server_.fault({.operation = "DeleteObject", .kind = Fault::html, .times = -1});
    EXPECT_EQ(error_of([&] { remove(kSource); }).kind(), ErrorKind::unavailable);
}

TEST_F(S3, SizesThatCannotBeAreNoList) {
    server_.fault({.operation = "ListObjectsV2",
                   .kind = Fault::body,
                   .number = 200,
                   .text = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents>"
                           "<Key>marketapp-1</Key><Size>18446744073709551615</Size></Contents>"
                           "</ListBucketResult>"});
    EXPECT_EQ(error_of([&] { monitor(); }).kind(), ErrorKind::corrupt);
}

TEST_F(S3, ShortNameOfAnotherKeyIsNoObject) {
    server_.put(kBucket, "marketapp-50", "another app");
    import_stream("mine");
    EXPECT_TRUE(holds("mine"));
}

TEST_F(S3, SecretsAreInNoMessage) {
    values_["SECRET_KEY"] = "wrong/secret+key";
    const Error error = error_of([&] { import_stream("mine"); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_TRUE(std::regex_search(
        error.what(), std::regex("403 SignatureDoesNotMatch: SECRET_ACCESS_KEY does not belong to "
                                 "ACCESS_KEY_ID")))
        << error.what();
    EXPECT_EQ(std::string(error.what()).find("wrong"), std::string::npos) << error.what();
    for (const auto& [level, text] : context_.log.lines())
        EXPECT_EQ(text.find("wrong/secret"), std::string::npos) << text;
}

TEST_F(S3, UnknownAccessKey) {
    values_["ACCESS_KEY"] = "nobody";
    const Error error = error_of([&] { monitor(); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_TRUE(std::string(error.what()).ends_with("ACCESS_KEY_ID is unknown there"))
        << error.what();
}

// --- Buckets ---

TEST_F(S3, MissingBucketIsMadeByAnImportAlone) {
    values_["BUCKET"] = "new-bucket";
    EXPECT_EQ(monitor(), "USED_MB=0\nFREE_MB=1048576\nTOTAL_MB=1048576\n");
    discard();
    const Error error = error_of([&] { remove("s3://new-bucket/marketapp-5"); });
    EXPECT_STREQ(error.what(), "s3://new-bucket/marketapp-5 is not in the marketplace");
    EXPECT_FALSE(server_.has_bucket("new-bucket"));
    EXPECT_EQ(import_stream("mine").source, "s3://new-bucket/marketapp-5");
    EXPECT_TRUE(server_.has_bucket("new-bucket"));
    EXPECT_TRUE(context_.log.contains("creating BUCKET new-bucket"));
}

TEST_F(S3, BucketSomebodyElseHas) {
    values_["BUCKET"] = "new-bucket";
    server_.fault({"CreateBucket", Fault::status, 409, "BucketAlreadyExists"});
    const Error error = error_of([&] { import_stream("mine"); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_TRUE(std::string(error.what()).ends_with("BUCKET belongs to somebody else"));
}

TEST_F(S3, BucketMadeByAnotherAtTheSameTime) {
    values_["BUCKET"] = "new-bucket";
    server_.fault({.operation = "CreateBucket", .kind = Fault::lost_answer});
    EXPECT_EQ(import_stream("mine").source, "s3://new-bucket/marketapp-5");
}

// --- DELETE ---

TEST_F(S3, DeletesTheObject) {
    import_stream("mine");
    remove(kSource);
    EXPECT_EQ(left(), std::vector<std::string>{});
}

TEST_F(S3, DeleteOfWhatIsGoneSaysSo) {
    const Error error = error_of([&] { remove(kSource); });
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_STREQ(error.what(), "s3://images/marketapp-5 is not in the marketplace");
    EXPECT_EQ(server_.count("DeleteObject"), 0U);
}

TEST_F(S3, DeleteIsRepeatedWhenItsAnswerIsLost) {
    for (const Fault::Kind kind : {Fault::lost_answer, Fault::reset, Fault::cut_answer}) {
        server_.put(kBucket, kKey, "mine");
        server_.fault({"DeleteObject", kind});
        remove(kSource);
        EXPECT_EQ(left(), std::vector<std::string>{});
    }
}

TEST_F(S3, DeleteThatIsDeniedSaysSo) {
    import_stream("mine");
    server_.fault({"DeleteObject", Fault::status, 403, "AccessDenied"});
    EXPECT_EQ(error_of([&] { remove(kSource); }).kind(), ErrorKind::permission);
    EXPECT_TRUE(holds("mine"));
}

TEST_F(S3, DiscardAbortsUploadsOfThisAppAlone) {
    // Two uploads nobody ended, one of another app whose name begins the same.
    server_.fault({.operation = "AbortMultipartUpload", .kind = Fault::reset, .times = -1});
    const auto broken = fail_at(kPart + 1);
    error_of([&] { import_stream(noise(2 * kPart), broken); });
    change("<MARKETPLACEAPP><ID>5</ID>", "<MARKETPLACEAPP><ID>50</ID>");
    TestContext other(50);
    TextSource source(facts_, noise(2 * kPart), broken);
    error_of([&] { import(source, other); });
    ASSERT_EQ(left(), (std::vector<std::string>{"marketapp-5?upload-1", "marketapp-50?upload-2"}));
    server_.clear_faults();
    discard();
    EXPECT_EQ(left(), std::vector<std::string>{"marketapp-50?upload-2"});
}

// --- MONITOR ---

TEST_F(S3, MonitorCountsTheAppsOfAllPages) {
    for (int i = 0; i < 2500; ++i) server_.put(kBucket, "marketapp-" + std::to_string(i), "x");
    server_.put(kBucket, "marketapp-9999", std::string((size_t{3} << 20) - 2500, 'x'));
    server_.put(kBucket, "somebody-else", noise(3 << 20));
    EXPECT_EQ(monitor(), "USED_MB=3\nFREE_MB=1048573\nTOTAL_MB=1048576\n");
    EXPECT_EQ(server_.summary(), "ListObjectsV2 3");
    server_.put(kBucket, "marketapp-99999", "x");
    EXPECT_EQ(monitor(), "USED_MB=4\nFREE_MB=1048572\nTOTAL_MB=1048576\n") << "rounded up";
}

TEST_F(S3, FreeIsNeverNegative) {
    change("<TOTAL_MB>1000</TOTAL_MB>", "<TOTAL_MB>1000</TOTAL_MB><!-- oned's -->");
    change("<REGION>", "<TOTAL_MB><![CDATA[2]]></TOTAL_MB><REGION>");
    server_.put(kBucket, kKey, noise(3 << 20));
    EXPECT_EQ(monitor(), "USED_MB=3\nFREE_MB=0\nTOTAL_MB=2\n");
}

struct PageCase {
    std::string name;
    Fault fault;
    std::optional<ErrorKind> kind;
    std::string text;
};

void PrintTo(const PageCase& row, std::ostream* out) {
    *out << row.name;
}

class S3Pages : public S3Fixture, public testing::WithParamInterface<PageCase> {};

// A list of three pages whose second goes wrong.
TEST_P(S3Pages, WholeOrAFailure) {
    for (int i = 0; i < 2500; ++i)
        server_.put(kBucket, "marketapp-" + std::to_string(i), std::string(1024, 'x'));
    Fault fault = GetParam().fault;
    fault.operation = "ListObjectsV2";
    fault.skip = 1;
    server_.fault(fault);
    if (!GetParam().kind) {
        EXPECT_EQ(monitor(), "USED_MB=3\nFREE_MB=1048573\nTOTAL_MB=1048576\n");
        return;
    }
    const Error error = error_of([&] { monitor(); });
    EXPECT_EQ(error.kind(), *GetParam().kind);
    EXPECT_TRUE(std::regex_search(error.what(), std::regex(GetParam().text))) << error.what();
}

INSTANTIATE_TEST_SUITE_P(
    Table, S3Pages,
    testing::Values(
        PageCase{"FirstPageAgain",
                 {.kind = Fault::same_page, .times = -1},
                 ErrorKind::corrupt,
                 "BUCKET images: the list of objects is not complete: marketapp-0 comes again"},
        PageCase{"NoToken",
                 {.kind = Fault::no_token},
                 ErrorKind::corrupt,
                 "it does not say how it goes on"},
        PageCase{"LostCount",
                 {.kind = Fault::lost_object},
                 ErrorKind::corrupt,
                 "other objects than it counts"},
        PageCase{"CutDocument",
                 {.kind = Fault::cut_xml, .times = -1},
                 ErrorKind::unavailable,
                 "the answer is cut off"},
        PageCase{"CutAnswer", {.kind = Fault::cut_answer}, std::nullopt, ""},
        PageCase{"InternalError",
                 {.kind = Fault::status, .number = 500, .text = "InternalError"},
                 std::nullopt,
                 ""},
        PageCase{"Denied",
                 {.kind = Fault::status, .number = 403, .text = "AccessDenied"},
                 ErrorKind::permission,
                 "403 AccessDenied"},
        PageCase{"Page",
                 {.kind = Fault::html, .times = -1},
                 ErrorKind::unavailable,
                 "or is ENDPOINT wrong"},
        PageCase{"ErrorWithin200",
                 {.kind = Fault::ok_with_error, .text = "InternalError"},
                 std::nullopt,
                 ""},
        PageCase{"Reset", {.kind = Fault::reset}, std::nullopt, ""}),
    case_name<PageCase>);

// --- Cancel and deadline: within a second, whatever is in flight ---

struct StopCase {
    std::string name, operation;
    Fault::Kind kind = Fault::stall;
};

void PrintTo(const StopCase& row, std::ostream* out) {
    *out << row.name;
}

class S3Stops : public S3Fixture, public testing::WithParamInterface<StopCase> {
  protected:
    S3Stops() {
        site_.site.http.stall_limit = seconds(60);
        site_.site.s3_parallel_parts = 4;
        server_.fault({.operation = GetParam().operation,
                       .kind = GetParam().kind,
                       .number = 1 << 20,
                       .times = -1});
    }
    bool in_flight() const {
        return eventually([this] { return server_.count(GetParam().operation) > 0; });
    }
};

TEST_P(S3Stops, Cancel) {
    std::optional<Stopwatch> since_asked;
    std::jthread admin([&] {
        in_flight();
        since_asked.emplace();
        context_.stop.request_stop();
    });
    write_file(dir_ / "image", noise(4 * kPart));
    FileSource source({dir_ / "image", "128", "raw", "", {}});
    EXPECT_EQ(error_of([&] { import(source); }).kind(), ErrorKind::cancelled);
    admin.join();
    EXPECT_LT(since_asked->seconds(), 1.0);
    EXPECT_EQ(left(), std::vector<std::string>{});
}

TEST_P(S3Stops, Deadline) {
    write_file(dir_ / "image", noise(4 * kPart));
    FileSource source({dir_ / "image", "128", "raw", "", {}});
    TestContext limited(5, {milliseconds(2500), false});
    const Stopwatch watch;
    const Error error = error_of([&] { import(source, limited); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_TRUE(std::regex_search(error.what(), std::regex(", waiting for .*localhost:[0-9]+$")))
        << error.what();
    EXPECT_GT(server_.count(GetParam().operation), 0U) << "it was in flight";
    EXPECT_LT(watch.seconds(), 3.5);
    EXPECT_EQ(left(), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(InFlight, S3Stops,
                         testing::Values(StopCase{"List", "ListObjectsV2"},
                                         StopCase{"Begin", "CreateMultipartUpload"},
                                         StopCase{"PartAnswer", "UploadPart"},
                                         StopCase{"PartBody", "UploadPart", Fault::stop_reading},
                                         StopCase{"Completion", "CompleteMultipartUpload"},
                                         StopCase{"Look", "HeadObject"}),
                         case_name<StopCase>);

// The object is whole, and who cancelled is asked once more before oned is told.
TEST_F(S3, CancelWhileTagsAreWrittenIsQuick) {
    site_.site.http.stall_limit = seconds(60);
    server_.fault({.operation = "PutObjectTagging", .kind = Fault::stall, .times = -1});
    std::jthread admin([this] {
        eventually([this] { return server_.count("PutObjectTagging") > 0; });
        context_.stop.request_stop();
    });
    const std::string bytes = noise(2 * kPart);
    const Stopwatch watch;
    import_file(bytes);
    EXPECT_LT(watch.seconds(), 8);
    EXPECT_TRUE(holds(bytes));
}

// Once a request is sent as a whole the service may carry it out, whoever is there to hear of it.
TEST_F(S3, CancelWhileTheServiceObeysLeavesNothing) {
    site_.site.http.stall_limit = seconds(60);
    for (const char* operation :
         {"PutObject", "CreateMultipartUpload", "CompleteMultipartUpload"}) {
        TestContext cancelled(5);
        server_.fault({.operation = operation, .kind = Fault::call, .action = [&cancelled] {
                           cancelled.stop.request_stop();
                           std::this_thread::sleep_for(milliseconds(20));
                       }});
        const std::string bytes = noise(operation[0] == 'P' ? 1000 : 2 * kPart);
        TextSource source(facts_, bytes);
        EXPECT_EQ(error_of([&] { import(source, cancelled); }).kind(), ErrorKind::cancelled);
        EXPECT_EQ(left(), std::vector<std::string>{}) << operation;
    }
}

TEST_F(S3, CancelBeforeTheServiceAnswersSaysWhatMayBeLeft) {
    site_.site.http.stall_limit = seconds(60);
    for (const char* operation :
         {"PutObject", "CreateMultipartUpload", "CompleteMultipartUpload"}) {
        TestContext cancelled(5);
        server_.fault({.operation = operation, .kind = Fault::stall});
        std::jthread admin([&] {
            eventually([&] { return server_.count(operation) > 0; });
            cancelled.stop.request_stop();
        });
        const std::string bytes = noise(operation[0] == 'P' ? 1000 : 2 * kPart);
        TextSource source(facts_, bytes);
        EXPECT_EQ(error_of([&] { import(source, cancelled); }).kind(), ErrorKind::cancelled);
        EXPECT_TRUE(cancelled.log.contains("left in the bucket: ")) << operation;
    }
}

TEST_F(S3, CancelDoesNotWaitForZeros) {
    read_length_ = "1024";
    write_file(dir_ / "image", "");
    std::filesystem::resize_file(dir_ / "image", uint64_t{20} << 30);
    FileSource source({dir_ / "image", "20480", "raw", "", {}});
    std::optional<Stopwatch> since_asked;
    std::jthread admin([&] {
        std::this_thread::sleep_for(milliseconds(200));
        since_asked.emplace();
        context_.stop.request_stop();
    });
    EXPECT_EQ(error_of([&] { import(source); }).kind(), ErrorKind::cancelled);
    admin.join();
    EXPECT_LT(since_asked->seconds(), 1.0);
}

TEST_F(S3, DeadlineOfTheRequestIsThatOfItsTags) {
    site_.site.http.stall_limit = seconds(60);
    server_.fault({.operation = "PutObjectTagging", .kind = Fault::stall, .times = -1});
    TestContext limited(5, {seconds(3), false});
    TextSource source(facts_, noise(2 * kPart));
    const Stopwatch watch;
    import(source, limited);
    EXPECT_LT(watch.seconds(), 4);
}

TEST_F(S3, CancelDuringThePauseBeforeAnotherTry) {
    site_.site.retries = {8, seconds(60), seconds(60)};
    server_.fault({.operation = "ListObjectsV2",
                   .kind = Fault::status,
                   .number = 503,
                   .text = "SlowDown",
                   .times = -1});
    std::jthread admin([this] {
        eventually([this] { return context_.log.contains("SlowDown"); });
        context_.stop.request_stop();
    });
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] { monitor(); }).kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 10);
}

TEST_F(S3, PauseThatWouldEndBehindTheDeadlineIsNotBegun) {
    site_.site.retries = {8, seconds(60), seconds(60)};
    server_.fault({"ListObjectsV2", Fault::status, 503, "SlowDown"});
    TestContext limited(100, {seconds(20), false});
    const Stopwatch watch;
    const Error error =
        error_of([&] { backend_.monitor(market_message("monitor-s3", {}), limited); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable) << "the reason, not the limit";
    EXPECT_LT(watch.seconds(), 10);
}

TEST_F(S3, TimeThatWasSpentOnTriesSaysWhatFailed) {
    site_.site.http.stall_limit = seconds(60);
    server_.fault({"ListObjectsV2", Fault::status, 503, "SlowDown"});
    server_.fault({.operation = "ListObjectsV2", .kind = Fault::stall, .times = -1});
    TestContext limited(100, {seconds(1), false});
    const Error error =
        error_of([&] { backend_.monitor(market_message("monitor-s3", {}), limited); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_TRUE(std::regex_search(error.what(), std::regex("^Timeout: not done within 1 s, waiting "
                                                           "for http.*; the try before: GET "
                                                           ".*503 SlowDown")))
        << error.what();
}

// --- Sources that end too early ---

TEST_F(S3, SourceThatBreaksOffIsAFailureAndLeavesNothing) {
    const Error error = error_of([&] { import_stream(noise(3 * kPart), fail_at(2 * kPart + 7)); });
    EXPECT_STREQ(error.what(), "the source broke");
    EXPECT_EQ(left(), std::vector<std::string>{});
    EXPECT_EQ(server_.count("CompleteMultipartUpload"), 0U);
}

TEST_F(S3, FileWrittenToWhileItIsReadIsNotPublished) {
    write_file(dir_ / "image", noise(3 * kPart));
    // What is hashed is not what is sent: the service says so, each time.
    server_.fault({.operation = "CreateMultipartUpload", .kind = Fault::call, .action = [this] {
                       std::fstream file(dir_ / "image", std::ios::in | std::ios::out);
                       file << "changed";
                   }});
    FileSource source({dir_ / "image", "128", "raw", "", {}});
    const Error error = error_of([&] { import(source); });
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_TRUE(
        std::regex_search(error.what(), std::regex("the bytes changed after they were hashed|"
                                                   "it was written to while it was read")))
        << error.what();
    EXPECT_EQ(left(), std::vector<std::string>{});
}

TEST_F(S3, FileCutWhileItIsReadIsNotPublished) {
    write_file(dir_ / "image", noise(3 * kPart));
    server_.fault({.operation = "CreateMultipartUpload", .kind = Fault::call, .action = [this] {
                       std::filesystem::resize_file(dir_ / "image", kPart / 2);
                   }});
    FileSource source({dir_ / "image", "128", "raw", "", {}});
    EXPECT_EQ(error_of([&] { import(source); }).kind(), ErrorKind::corrupt);
    EXPECT_EQ(left(), std::vector<std::string>{});
}

}  // namespace
}  // namespace onemarket::test
