// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/sigv4.h"

#include <gtest/gtest.h>

#include "backends/io/digest.h"
#include "protocol/hex.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using std::chrono::system_clock;

// The examples of "Authenticating Requests: Using the Authorization Header" in the Amazon S3 API
// Reference, and of AWS's Signature Version 4 test suite.
struct Example {
    std::string name;
    SigV4Request request;
    std::string signature;
};

void PrintTo(const Example& example, std::ostream* out) {
    *out << example.name;
}

const std::string kEmpty = to_hex(sha256(""));

class S3Examples : public testing::TestWithParam<Example> {};

TEST_P(S3Examples, SignatureIsThePublishedOne) {
    const S3Credentials credentials{"AKIAIOSFODNN7EXAMPLE",
                                    Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret()};
    SigV4Request request = GetParam().request;
    request.headers.emplace_back("host", "examplebucket.s3.amazonaws.com");
    request.headers.emplace_back("x-amz-content-sha256", request.payload_hash);
    request.headers.emplace_back("x-amz-date", "20130524T000000Z");
    const SigV4Scope scope{system_clock::from_time_t(1369353600), "us-east-1", "s3"};
    const std::string header = authorization(request, scope, credentials);
    EXPECT_TRUE(header.starts_with(
        "AWS4-HMAC-SHA256 "
        "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="))
        << header;
    EXPECT_TRUE(header.ends_with(",Signature=" + GetParam().signature))
        << header << "\n"
        << canonical_request(request);
}

INSTANTIATE_TEST_SUITE_P(
    Aws, S3Examples,
    testing::Values(Example{"GetObject",
                            {"GET", "/test.txt", {}, {{"range", "bytes=0-9"}}, kEmpty},
                            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
                    Example{"PutObject",
                            {"PUT",
                             "/" + percent_encode("test$file.text"),
                             {},
                             {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                              {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                             to_hex(sha256("Welcome to Amazon S3."))},
                            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
                    Example{"GetBucketLifecycle",
                            {"GET", "/", {{"lifecycle", ""}}, {}, kEmpty},
                            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
                    Example{"ListObjects",
                            {"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, kEmpty},
                            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"}),
    test::case_name<Example>);

class TestSuite : public testing::TestWithParam<Example> {};

TEST_P(TestSuite, SignatureIsThePublishedOne) {
    const S3Credentials credentials{"AKIDEXAMPLE",
                                    Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), Secret()};
    SigV4Request request = GetParam().request;
    request.payload_hash = kEmpty;
    request.headers.emplace_back("x-amz-date", "20150830T123600Z");
    request.headers.emplace_back("host", "example.amazonaws.com");
    const SigV4Scope scope{system_clock::from_time_t(1440938160), "us-east-1", "service"};
    const std::string header = authorization(request, scope, credentials);
    EXPECT_TRUE(header.ends_with(",Signature=" + GetParam().signature))
        << header << "\n"
        << canonical_request(request);
}

INSTANTIATE_TEST_SUITE_P(
    Aws, TestSuite,
    testing::Values(
        Example{"GetVanilla",
                {"GET", "/", {}, {}, ""},
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        Example{"PostVanilla",
                {"POST", "/", {}, {}, ""},
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        Example{"QueryOrderKey",
                {"GET", "/", {{"Param2", "value2"}, {"Param1", "value1"}}, {}, ""},
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        Example{"Utf8Query",
                {"GET", "/", {{"\xe1\x88\xb4", "bar"}}, {}, ""},
                "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
        Example{"HeaderValueTrim",
                {"GET", "/", {}, {{"my-header1", " value1"}, {"my-header2", " \"a   b   c\""}}, ""},
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"}),
    test::case_name<Example>);

TEST(SigV4, CanonicalRequestSortsWhatItIsGiven) {
    const SigV4Request request{"GET",
                               "/a%20b",
                               {{"uploads", ""}, {"prefix", "x/y z+"}, {"a", "2"}, {"a", "1"}},
                               {{"x-amz-date", " 2013\t x "}, {"host", "h"}},
                               "hash"};
    EXPECT_EQ(canonical_request(request),
              "GET\n/a%20b\na=1&a=2&prefix=x%2Fy%20z%2B&uploads=\n"
              "host:h\nx-amz-date:2013 x\n\nhost;x-amz-date\nhash");
}

TEST(SigV4, SecretIsInNothingThatIsSent) {
    const S3Credentials credentials{"ID", Secret("the-secret-itself"), Secret()};
    const SigV4Request request{"GET", "/", {}, {{"host", "h"}}, kEmpty};
    const SigV4Scope scope{system_clock::from_time_t(0), "r", "s3"};
    for (const std::string& text : {authorization(request, scope, credentials),
                                    string_to_sign(request, scope), canonical_request(request)})
        EXPECT_EQ(text.find("the-secret-itself"), std::string::npos) << text;
}

}  // namespace
}  // namespace onemarket
