// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/answer.h"

#include <gtest/gtest.h>

#include <chrono>

namespace onemarket {
namespace {

std::string told(const std::string& error) {
    S3Target target;
    target.credentials.secret_key = Secret("a secret");
    HttpResponse response;
    response.status = 403;
    response.body = "<Error>" + error + "</Error>";
    return S3Answer(response, "").fault(target, {}, std::chrono::system_clock::now())->what();
}

// Whatever the service does with what it was sent.
TEST(S3Answer, SecretIsNotTold) {
    for (const char* error :
         {"<Code>Odd</Code><Message>not a secret of mine</Message>", "<Code>a secret</Code>",
          "<Code>Odd</Code><Message>not a \n\t secret of mine</Message>"})
        EXPECT_EQ(told(error).find("a secret"), std::string::npos) << told(error);
    EXPECT_NE(
        told("<Code>Odd</Code><Message>not a\nsecret of mine</Message>").find("not *** of mine"),
        std::string::npos);
}

}  // namespace
}  // namespace onemarket
