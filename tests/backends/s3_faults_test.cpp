// SPDX-License-Identifier: Apache-2.0
// What becomes of an import, a DELETE and a MONITOR when the service fails: the answer, what is
// left in the bucket, and how often the service was asked.
#include <optional>
#include <regex>

#include "tests/backends/s3_fixture.h"

namespace onemarket::test {
namespace {

using F = Fault;

// What an import is answered.
struct Expected {
    std::optional<ErrorKind> kind = {};  // none: SUCCESS
    std::string text = {};               // in the FAILURE
};
const Expected kSuccess{};

struct FaultCase {
    std::string name;
    std::vector<Fault> faults;
    Expected answer;
    // Of a stream whose parts go one by one: a pattern for S3Server::summary().
    std::string requests;
    size_t bytes = 0;  // 0: an image of three parts
    bool leaves_upload = false;
};

void PrintTo(const FaultCase& row, std::ostream* out) {
    *out << row.name;
}

constexpr size_t kSmall = 1000;

// A request that may be repeated is sent once more than the driver tries, where a kept connection
// is reset: by libcurl.

// Of an import in three parts where all goes well, and what a failure adds.
const std::string kAll =
    "CompleteMultipartUpload 1, CreateMultipartUpload 1, HeadObject 1, ListObjectsV2 2, "
    "PutObjectTagging 1, UploadPart 3";
// Of one in a single piece.
const std::string kOne = "HeadObject 1, ListObjectsV2 2, PutObject 1";

// kAll or kOne with other counts: "UploadPart 4".
std::string but(const std::string& all, const std::string& changes) {
    static const std::regex kCount("(\\w+) ([^, ]+)");
    std::map<std::string, std::string> counts;
    for (const std::string* text : {&all, &changes})
        for (std::sregex_iterator at(text->begin(), text->end(), kCount), end; at != end; ++at)
            counts[(*at)[1]] = (*at)[2];
    std::string out;
    for (const auto& [operation, count] : counts)
        if (count != "0") out += (out.empty() ? "" : ", ") + operation + " " + count;
    return out;
}

// An import that fails while its parts travel: it is aborted, twice.
const std::string kAborted =
    "AbortMultipartUpload 2, CompleteMultipartUpload 0, HeadObject 0, ListObjectsV2 1, "
    "PutObjectTagging 0, ";
// One that fails once its object is there: it is looked at once more, then removed.
const std::string kTakenBack =
    "AbortMultipartUpload 2, DeleteObject 1, HeadObject 2, PutObjectTagging 0, ";

// A row of the table is a line, or a few.
// clang-format off
std::vector<FaultCase> fault_cases() {
    using enum ErrorKind;
    return {
        {"Nothing", {}, kSuccess, kAll},

        // A part.
        {"PartInternalError", {{"UploadPart", F::status, 500, "InternalError"}}, kSuccess,
         but(kAll, "UploadPart 4")},
        {"PartInternalErrorForEver",
         {{.operation = "UploadPart", .kind = F::status, .number = 500, .text = "InternalError",
           .times = -1}},
         {unavailable, "PUT http://localhost:.*/images/marketapp-5: 500 InternalError"},
         but(kAll, kAborted + "UploadPart 3")},
        {"PartSlowDown", {{"UploadPart", F::status, 503, "SlowDown"}}, kSuccess,
         but(kAll, "UploadPart 4")},
        {"PartSlowDownRetryAfter",
         {{.operation = "UploadPart", .kind = F::status, .number = 503, .text = "SlowDown",
           .retry_after = 1}},
         kSuccess, but(kAll, "UploadPart 4")},
        {"PartSlowDownForAnHour",
         {{.operation = "UploadPart", .kind = F::status, .number = 503, .text = "SlowDown",
           .retry_after = 3600}},
         {unavailable, "503 SlowDown: too many requests"}, but(kAll, kAborted + "UploadPart 1")},
        {"PartSlowDownUntilTomorrow",
         {{.operation = "UploadPart", .kind = F::status, .number = 503, .text = "SlowDown",
           .retry_after = 86'400, .as_date = true}},
         {unavailable, "503 SlowDown: too many requests"}, but(kAll, kAborted + "UploadPart 1")},
        {"PartBadGateway", {{"UploadPart", F::bare_status, 502}}, kSuccess,
         but(kAll, "UploadPart 4")},
        {"PartDenied", {{"UploadPart", F::status, 403, "AccessDenied"}},
         {permission, "403 AccessDenied: ACCESS_KEY_ID has no right"},
         but(kAll, kAborted + "UploadPart 1")},
        {"PartOfNoUpload", {{"UploadPart", F::status, 404, "NoSuchUpload"}},
         {not_found, "404 NoSuchUpload"}, but(kAll, kAborted + "UploadPart 1")},
        {"PartQuota", {{"UploadPart", F::status, 403, "QuotaExceeded"}},
         {no_space, "the quota is used up"}, but(kAll, kAborted + "UploadPart 1")},
        {"PartReset", {{"UploadPart", F::reset}}, kSuccess, but(kAll, "UploadPart 4")},
        {"PartResetMidway", {{"UploadPart", F::reset_midway, 1 << 20}}, kSuccess,
         but(kAll, "UploadPart 4")},
        {"PartResetMidwayForEver",
         {{.operation = "UploadPart", .kind = F::reset_midway, .number = 1 << 20, .skip = 1,
           .times = -1}},
         {unavailable, "ENDPOINT http://localhost:"}, but(kAll, kAborted + "UploadPart 5")},
        {"PartNotRead", {{"UploadPart", F::stop_reading, 1 << 20}}, kSuccess,
         but(kAll, "UploadPart 4")},
        {"PartNotAnswered", {{"UploadPart", F::stall}}, kSuccess, but(kAll, "UploadPart 4")},
        {"PartAnsweredByteByByte", {{"UploadPart", F::slow}}, kSuccess, but(kAll, "UploadPart 4")},
        {"PartsAnswerLost", {{"UploadPart", F::lost_answer}}, kSuccess, but(kAll, "UploadPart 4")},
        {"PartErrorWithin200", {{"UploadPart", F::ok_with_error, 0, "InternalError"}}, kSuccess,
         but(kAll, "UploadPart 4")},
        {"PartDeniedWithin200", {{"UploadPart", F::ok_with_error, 0, "AccessDenied"}},
         {permission, "AccessDenied"}, but(kAll, kAborted + "UploadPart 1")},
        {"PartWithoutEtag", {{"UploadPart", F::no_etag}},
         {unavailable, "took part [123] without an ETag"}, but(kAll, kAborted + "UploadPart 1")},
        {"PartOfOtherEtag", {{"UploadPart", F::wrong_etag}},
         {bad_request, "POST .*400 InvalidPart"},
         but(kAll, "AbortMultipartUpload 2, HeadObject 0, PutObjectTagging 0")},
        {"PartAnsweredByAPage", {{"UploadPart", F::html}}, kSuccess, but(kAll, "UploadPart 4")},
        {"PartOtherThanHashed",
         {{.operation = "UploadPart", .kind = F::status, .number = 400,
           .text = "XAmzContentSHA256Mismatch", .times = -1}},
         {corrupt, "the bytes changed after they were hashed"},
         but(kAll, kAborted + "UploadPart 3")},
        {"PartClockBehind", {{"UploadPart", F::skewed, 3600}},
         {unavailable, "this host's clock is (3600|3599) s behind the service's"},
         but(kAll, kAborted + "UploadPart 1")},
        {"PartClockAhead", {{"UploadPart", F::skewed, -1200}},
         {unavailable, "this host's clock is 120[0-2] s ahead of the service's"},
         but(kAll, kAborted + "UploadPart 1")},
        {"PartSentInCircles",
         {{.operation = "UploadPart", .kind = F::redirect, .number = 307,
           .text = "@/images/marketapp-5", .times = -1}},
         {unavailable, "307 PermanentRedirect.*redirected once too often"},
         but(kAll, kAborted + "UploadPart 2")},

        // The begin of an upload.
        {"BeginInternalError", {{"CreateMultipartUpload", F::status, 500, "InternalError"}},
         kSuccess, but(kAll, "CreateMultipartUpload 2, ListMultipartUploads 1")},
        {"BeginsAnswerLost", {{"CreateMultipartUpload", F::lost_answer}}, kSuccess,
         but(kAll, "AbortMultipartUpload 1, CreateMultipartUpload 2, ListMultipartUploads 1")},
        {"BeginsAnswerCut", {{"CreateMultipartUpload", F::cut_answer}}, kSuccess,
         but(kAll, "AbortMultipartUpload 1, CreateMultipartUpload 2, ListMultipartUploads 1")},
        {"BeginsDocumentCut", {{"CreateMultipartUpload", F::cut_xml}}, kSuccess,
         but(kAll, "AbortMultipartUpload 1, CreateMultipartUpload 2, ListMultipartUploads 1")},
        {"BeginsAnswerLostForEver",
         {{.operation = "CreateMultipartUpload", .kind = F::lost_answer, .times = -1}},
         {unavailable, "ENDPOINT http://localhost:"},

                   "AbortMultipartUpload 3, CreateMultipartUpload 3, ListMultipartUploads 1, "
         "ListObjectsV2 1"},
        {"BegunAndGarbageAnswered",
         {{.operation = "CreateMultipartUpload", .kind = F::garbage}},
         {unavailable, "ENDPOINT http://localhost:"},
         "AbortMultipartUpload 1, CreateMultipartUpload 1, ListMultipartUploads 1, "
         "ListObjectsV2 1"},
        {"BeginAnsweredByAPage",
         {{.operation = "CreateMultipartUpload", .kind = F::html, .times = -1}},
         {unavailable, "not that of an S3 service; is it a proxy"},
         "CreateMultipartUpload 3, ListMultipartUploads 1, ListObjectsV2 1"},
        {"BeginsAnswerLostAndListDenied",
         {{"CreateMultipartUpload", F::lost_answer},
          {"ListMultipartUploads", F::status, 403, "AccessDenied"}},
         kSuccess, but(kAll, "CreateMultipartUpload 2, ListMultipartUploads 1"), 0, true},
        {"BeginDenied", {{"CreateMultipartUpload", F::status, 403, "AccessDenied"}},
         {permission, "403 AccessDenied"}, "CreateMultipartUpload 1, ListObjectsV2 1"},

        // The completion.
        {"CompletionInternalError", {{"CompleteMultipartUpload", F::status, 500, "InternalError"}},
         kSuccess, but(kAll, "CompleteMultipartUpload 2, HeadObject 2")},
        {"CompletionReset", {{"CompleteMultipartUpload", F::reset}}, kSuccess,
         but(kAll, "CompleteMultipartUpload 2, HeadObject 2")},
        {"CompletionsAnswerLost", {{"CompleteMultipartUpload", F::lost_answer}}, kSuccess,
         but(kAll, "HeadObject 2")},
        {"CompletionsAnswerCut", {{"CompleteMultipartUpload", F::cut_answer}}, kSuccess,
         but(kAll, "HeadObject 2")},
        {"CompletionErrorWithin200",
         {{"CompleteMultipartUpload", F::ok_with_error, 0, "InternalError"}}, kSuccess,
         but(kAll, "CompleteMultipartUpload 2, HeadObject 2")},
        {"CompletionErrorWithin200ForEver",
         {{.operation = "CompleteMultipartUpload", .kind = F::ok_with_error,
           .text = "InternalError", .times = -1}},
         {unavailable, "POST .*200 InternalError"},
         but(kAll, kTakenBack + "CompleteMultipartUpload 3, HeadObject 7, DeleteObject 0")},
        {"CompletionDenied", {{"CompleteMultipartUpload", F::status, 403, "AccessDenied"}},
         {permission, "403 AccessDenied"},
         but(kAll, "AbortMultipartUpload 2, HeadObject 0, PutObjectTagging 0")},
        {"CompletionDoneAndGarbageAnswered", {{"CompleteMultipartUpload", F::garbage}}, kSuccess,
         but(kAll, "HeadObject 2")},
        {"CompletionDoneAnd404OfAProxy", {{"CompleteMultipartUpload", F::done_but_bare, 404}},
         kSuccess, but(kAll, "HeadObject 2")},
        {"CompletionOfAnEmptyEtag", {{"CompleteMultipartUpload", F::no_etag}}, kSuccess, kAll},
        {"CompletionOfOtherEtag", {{"CompleteMultipartUpload", F::wrong_etag}}, kSuccess, kAll},
        {"CompletionWithoutLastPart", {{"CompleteMultipartUpload", F::drop_part}},
         {corrupt, "s3://images/marketapp-5: the service has 10485760 bytes, sent were 11000000"},
         but(kAll, kTakenBack)},
        {"CompletionLostAndWithoutLastPart",
         {{"CompleteMultipartUpload", F::drop_part}, {"HeadObject", F::lost_answer}},
         {corrupt, "the service has 10485760 bytes"}, but(kAll, kTakenBack + "HeadObject 3")},

        // The last look.
        {"LookInternalError", {{"HeadObject", F::status, 500, ""}}, kSuccess,
         but(kAll, "HeadObject 2")},
        {"LookFindsNothing", {{"HeadObject", F::status, 404, ""}},
         {corrupt, "the service has nothing"}, but(kAll, kTakenBack)},
        {"LookFindsOtherLength", {{"HeadObject", F::wrong_length}},
         {corrupt, "the service has 11000001 bytes"}, but(kAll, kTakenBack)},
        {"LookFindsOtherEtag", {{"HeadObject", F::wrong_etag}},
         {corrupt, "the service has ETag .*-3, that of what was sent is .*-3"},
         but(kAll, kTakenBack)},
        {"LookDenied", {{"HeadObject", F::status, 403, ""}},
         {permission, "HEAD .*: 403"}, but(kAll, kTakenBack)},
        {"NoTags", {{"PutObjectTagging", F::status, 501, "NotImplemented"}}, kSuccess, kAll},
        {"NoTagsWithoutAWord", {{"PutObjectTagging", F::bare_status, 501}}, kSuccess, kAll},

        // What is before it all.
        {"ListInternalError", {{"ListObjectsV2", F::status, 500, "InternalError"}}, kSuccess,
         but(kAll, "ListObjectsV2 3")},
        {"ListDenied", {{"ListObjectsV2", F::status, 403, "AccessDenied"}},
         {permission, "GET http://localhost:.*/images: 403 AccessDenied"}, "ListObjectsV2 1"},
        {"ListAnsweredByAPage", {{.operation = "ListObjectsV2", .kind = F::html, .times = -1}},
         {unavailable, "or is ENDPOINT wrong"}, "ListObjectsV2 3"},
        {"ListInOtherRegion",
         {{.operation = "ListObjectsV2", .kind = F::redirect, .number = 301,
           .region = "elsewhere"}},
         {bad_request, "AuthorizationHeaderMalformed: REGION is another there"},
         "ListObjectsV2 2"},
        {"ListSentElsewhereOnce",
         {{.operation = "ListObjectsV2", .kind = F::redirect, .number = 307, .text = "@/images"}},
         kSuccess, but(kAll, "ListObjectsV2 3")},

        // Cleaning up.
        {"AbortInternalError",
         {{"UploadPart", F::status, 403, "AccessDenied"},
          {"AbortMultipartUpload", F::status, 500, "InternalError"}},
         {permission, "403 AccessDenied"},
         but(kAll, kAborted + "UploadPart 1, AbortMultipartUpload 3")},
        {"AbortImpossible",
         {{"UploadPart", F::status, 403, "AccessDenied"},
          {.operation = "AbortMultipartUpload", .kind = F::reset, .times = -1}},
         {permission, "403 AccessDenied"},
         but(kAll, kAborted + "UploadPart 1, AbortMultipartUpload \\d+"), 0, true},
        {"AbortImpossibleAndObjectWrong",
         {{"HeadObject", F::wrong_length},
          {.operation = "AbortMultipartUpload", .kind = F::status, .number = 403,
           .text = "AccessDenied", .times = -1}},
         {corrupt, "the service has 11000001 bytes"}, but(kAll, kTakenBack)},

        // An image of one part.
        {"SmallNothing", {}, kSuccess, kOne, kSmall},
        {"SmallInternalError", {{"PutObject", F::status, 500, "InternalError"}}, kSuccess,
         but(kOne, "PutObject 2, HeadObject 2"), kSmall},
        {"SmallsAnswerLost", {{"PutObject", F::lost_answer}}, kSuccess,
         but(kOne, "HeadObject 2"), kSmall},
        {"SmallStoredAndGarbageAnswered", {{"PutObject", F::garbage}}, kSuccess,
         but(kOne, "HeadObject 2"), kSmall},
        {"SmallResetForEver",
         {{.operation = "PutObject", .kind = F::reset_midway, .number = 100, .times = -1}},
         {unavailable, "ENDPOINT http://localhost:"},
         but(kOne, "PutObject 3, HeadObject 7"), kSmall},
        {"SmallStoredAnd503", {{"PutObject", F::done_but, 503, "SlowDown"}}, kSuccess,
         but(kOne, "HeadObject 2"), kSmall},
        {"SmallStoredAnd404OfAProxy", {{"PutObject", F::done_but_bare, 404}}, kSuccess,
         but(kOne, "HeadObject 2"), kSmall},
        {"SmallReset", {{"PutObject", F::reset_midway, 100}}, kSuccess,
         but(kOne, "PutObject 2, HeadObject 2"), kSmall},
        {"SmallDenied", {{"PutObject", F::status, 403, "AccessDenied"}},
         {permission, "403 AccessDenied"}, but(kOne, "HeadObject 0"), kSmall},
        {"SmallErrorWithin200", {{"PutObject", F::ok_with_error, 0, "InternalError"}}, kSuccess,
         but(kOne, "PutObject 2, HeadObject 2"), kSmall},
        {"SmallAnsweredByAPage", {{"PutObject", F::html}}, kSuccess,
         but(kOne, "PutObject 2, HeadObject 2"), kSmall},
        {"SmallOfOtherEtag", {{"HeadObject", F::wrong_etag}},
         {corrupt, "the service has ETag"},
         but(kOne, "DeleteObject 1, HeadObject 2"), kSmall},
        {"SmallOfOtherLength", {{"HeadObject", F::wrong_length}},
         {corrupt, "the service has 1001 bytes, sent were 1000"},
         but(kOne, "DeleteObject 1, HeadObject 2"), kSmall},
    };
}

// clang-format on

class S3Faults : public S3Fixture, public testing::WithParamInterface<FaultCase> {
  protected:
    S3Faults() : bytes_(noise(GetParam().bytes > 0 ? GetParam().bytes : 11'000'000)) {
        for (Fault fault : GetParam().faults) {
            // "@" stands for the service's other name.
            if (fault.text.starts_with('@'))
                fault.text = "http://127.0.0.1" + server_.host().substr(server_.host().find(':')) +
                             fault.text.substr(1);
            server_.fault(fault);
        }
    }

    void expect_answer(auto&& import) {
        const Expected& expected = GetParam().answer;
        if (!expected.kind) {
            const PublishedApp app = import();
            EXPECT_EQ(app.source, kSource);
            EXPECT_TRUE(holds(bytes_));
            EXPECT_EQ(left().size(), GetParam().leaves_upload ? 2U : 1U) << left().back();
            expect_warning();
            return;
        }
        const Error error = error_of(import);
        EXPECT_EQ(error.kind(), *expected.kind) << error.what();
        EXPECT_TRUE(std::regex_search(error.what(), std::regex(expected.text))) << error.what();
        const std::vector<std::string> rest = left();
        EXPECT_EQ(rest.size(), GetParam().leaves_upload ? 1U : 0U)
            << (rest.empty() ? "" : rest.front());
        expect_warning();
    }

    void expect_warning() {
        EXPECT_TRUE(context_.log.contains("left in the bucket: ") || !GetParam().leaves_upload);
    }

    std::string bytes_;
};

TEST_P(S3Faults, StreamPartByPart) {
    const Stopwatch watch;
    expect_answer([this] { return import_stream(bytes_); });
    EXPECT_TRUE(std::regex_match(server_.summary(), std::regex(GetParam().requests)))
        << server_.summary() << "\nis not\n"
        << GetParam().requests;
    EXPECT_LT(watch.seconds(), 15);
}

TEST_P(S3Faults, FileInParallel) {
    site_.site.s3_parallel_parts = 4;
    expect_answer([this] { return import_file(bytes_); });
}

INSTANTIATE_TEST_SUITE_P(Table, S3Faults, testing::ValuesIn(fault_cases()), case_name<FaultCase>);

}  // namespace
}  // namespace onemarket::test
