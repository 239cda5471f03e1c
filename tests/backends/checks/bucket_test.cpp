// SPDX-License-Identifier: Apache-2.0
// A bucket that is well is checked by the conformance suite. Here: what is said of those that are
// not.
#include "backends/checks/bucket.h"

#include <gmock/gmock.h>

#include "tests/backends/checks/findings.h"
#include "tests/backends/s3_fixture.h"

namespace onemarket::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class BucketCheckTest : public S3Fixture {
  protected:
    using S3Fixture::S3Fixture;
    std::vector<std::string> check() {
        auto lines = findings_of(backend_, market_message("monitor-s3", {}), context_);
        for (const std::string& line : lines)
            EXPECT_THAT(line, Not(HasSubstr(account_.secret_key)));
        return lines;
    }
    // What is said where the service answers an operation so.
    std::vector<std::string> refused(const std::string& operation, int status,
                                     const std::string& code) {
        server_.clear_faults();
        server_.fault({.operation = operation, .number = status, .text = code, .times = -1});
        return check();
    }
};

TEST_F(BucketCheckTest, AGoodOne) {
    EXPECT_THAT(check(),
                ElementsAre("warning ENDPOINT " + server_.endpoint() +
                                ": what goes over the line is not encrypted -> https:// in "
                                "ENDPOINT, where the service has it",
                            "ok BUCKET images: there, and ACCESS_KEY_ID may list it",
                            "ok BUCKET images: an object can be written",
                            "ok BUCKET images: it reads as it was written",
                            "ok BUCKET images: an upload in parts can be begun",
                            "ok BUCKET images: pending uploads can be listed: 0",
                            "ok BUCKET images: and given up",
                            "ok BUCKET images: the object can be removed"));
    EXPECT_THAT(left(), IsEmpty());
}

TEST_F(BucketCheckTest, AWrongKey) {
    values_["SECRET_KEY"] = "another-secret";
    EXPECT_THAT(check(),
                Contains(AllOf(StartsWith("problem BUCKET images: "),
                               HasSubstr("SECRET_ACCESS_KEY does not belong to ACCESS_KEY_ID -> "
                                         "correct ACCESS_KEY_ID and SECRET_ACCESS_KEY"))));
    values_["ACCESS_KEY"] = "nobody";
    EXPECT_THAT(check(), Contains(HasSubstr("ACCESS_KEY_ID is unknown there")));
}

TEST_F(BucketCheckTest, AMissingBucketIsNotMade) {
    values_["BUCKET"] = "missing";
    const auto lines = check();
    EXPECT_THAT(lines, Contains(AllOf(StartsWith("problem BUCKET missing: "),
                                      HasSubstr("the bucket does not exist -> create it; the first "
                                                "import would"))));
    EXPECT_EQ(lines.size(), 2U);
    EXPECT_FALSE(server_.has_bucket("missing"));
}

TEST_F(BucketCheckTest, AServiceThatCannotBeReached) {
    values_["ENDPOINT"] = "http://127.0.0.1:1";
    EXPECT_THAT(check(), Contains(AllOf(HasSubstr("Failed to connect"),
                                        HasSubstr(" -> correct ENDPOINT, or start the service"))));
}

TEST_F(BucketCheckTest, AMissingRightIsNamed) {
    struct Case {
        const char* operation;
        const char* right;
        const char* state;
    };
    for (const Case& right :
         {Case{"ListObjectsV2", "s3:ListBucket", "problem"},
          Case{"PutObject", "s3:PutObject", "problem"},
          Case{"GetObject", "s3:GetObject", "problem"},
          Case{"CreateMultipartUpload", "s3:PutObject", "problem"},
          Case{"ListMultipartUploads", "s3:ListBucketMultipartUploads", "warning"},
          Case{"AbortMultipartUpload", "s3:AbortMultipartUpload", "warning"},
          Case{"DeleteObject", "s3:DeleteObject", "problem"}}) {
        EXPECT_THAT(refused(right.operation, 403, "AccessDenied"),
                    Contains(AllOf(
                        StartsWith(std::string(right.state) + " BUCKET images: "),
                        HasSubstr(std::string(" -> give ACCESS_KEY_ID the right ") + right.right))))
            << right.operation;
    }
    server_.clear_faults();
    // What could not be removed each time is known by its name.
    EXPECT_THAT(left(), Each(StartsWith("marketapp-check-")));
}

TEST_F(BucketCheckTest, AnUploadThatWasBegunWithoutAWordIsAborted) {
    for (const int lost : {1, 2}) {
        server_.clear_faults();
        server_.fault(
            {.operation = "CreateMultipartUpload", .kind = Fault::lost_answer, .times = lost});
        check();
        EXPECT_THAT(left(), IsEmpty()) << lost;
    }
}

TEST_F(BucketCheckTest, AListWithoutOurUploadCountsNoneLess) {
    server_.fault({.operation = "ListMultipartUploads",
                   .kind = Fault::body,
                   .number = 200,
                   .text = "<ListMultipartUploadsResult><Bucket>images</Bucket>"
                           "<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"});
    EXPECT_THAT(check(), Contains("ok BUCKET images: pending uploads can be listed: 0"));
}

TEST_F(BucketCheckTest, BytesThatAreNotThoseSent) {
    server_.fault({.operation = "GetObject", .kind = Fault::body, .number = 200, .text = "x"});
    EXPECT_THAT(check(), Contains(HasSubstr("other bytes come than were sent")));
    EXPECT_THAT(left(), IsEmpty());
}

TEST_F(BucketCheckTest, AClockThatIsWrong) {
    server_.fault({.operation = "ListObjectsV2", .kind = Fault::skewed, .number = 3600});
    EXPECT_THAT(check(),
                Contains(AllOf(HasSubstr("behind the service's"), HasSubstr(" -> set the clock"))));
}

class TlsBucketCheckTest : public BucketCheckTest {
  protected:
    static S3Server::Options with_tls() {
        S3Server::Options options = service();
        options.tls = true;
        return options;
    }
    TlsBucketCheckTest() : BucketCheckTest(with_tls()) {}
};

TEST_F(TlsBucketCheckTest, TheCertificateIsVerifiedOrThatIsSaid) {
    EXPECT_THAT(check(), Not(Contains(HasSubstr("ENDPOINT"))));
    site_.site.http.ca_file.clear();
    EXPECT_THAT(check(),
                Contains(AllOf(StartsWith("problem BUCKET images: "), HasSubstr("certificate"))));
    site_.site.http.unverified_hosts = {"localhost"};
    EXPECT_THAT(check(), Contains(StartsWith("warning ENDPOINT " + server_.endpoint() +
                                             ": its certificate is not verified -> CA_FILE")));
}

}  // namespace
}  // namespace onemarket::test
