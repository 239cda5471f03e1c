// SPDX-License-Identifier: Apache-2.0
#include "daemon/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/io/json.h"

namespace onemarket {
namespace {

using testing::HasSubstr;

class ControlTest : public testing::Test {
  protected:
    std::string answer(std::string_view line) {
        std::string text = answer_control(line, {[] { return std::string("{\"a\": 1}"); },
                                                 [this](ObjectId app) -> std::string {
                                                     cancelled_ = app;
                                                     return app == 5 ? "" : "no import of app 6";
                                                 },
                                                 [this] { return fault_; }});
        EXPECT_TRUE(parse_json(text)) << text;
        EXPECT_EQ(text.find('\n'), std::string::npos);
        return text;
    }

    ObjectId cancelled_ = 0;
    std::string fault_;
};

TEST_F(ControlTest, Status) {
    EXPECT_EQ(answer(R"({"version": 1, "do": "status"})"),
              R"({"version": 1, "ok": true, "status": {"a": 1}})");
}

TEST_F(ControlTest, Cancel) {
    EXPECT_EQ(answer(R"({"version": 1, "do": "cancel", "app": 5})"),
              R"({"version": 1, "ok": true})");
    EXPECT_EQ(cancelled_, 5);
    EXPECT_THAT(answer(R"({"version": 1, "do": "cancel", "app": 6})"),
                HasSubstr("no import of app 6"));
    cancelled_ = 0;
    for (const char* app :
         {"", ", \"app\": \"x\"", ", \"app\": -1", ", \"app\": 99999999999", ", \"app\": [5]"})
        EXPECT_THAT(answer(R"({"version": 1, "do": "cancel")" + std::string(app) + "}"),
                    HasSubstr("an app's id"));
    EXPECT_EQ(cancelled_, 0);
}

TEST_F(ControlTest, Reload) {
    EXPECT_EQ(answer(R"({"version": 1, "do": "reload"})"), R"({"version": 1, "ok": true})");
    fault_ = "line 3: \"unknown\"";
    EXPECT_EQ(answer(R"({"version": 1, "do": "reload"})"),
              R"({"version": 1, "ok": false, "error": "line 3: \"unknown\""})");
}

TEST_F(ControlTest, Garbage) {
    for (const char* line :
         {"", "x", "{", "[]", "5", "null", "{}", R"({"version": 2, "do": "status"})",
          R"({"version": 1})", R"({"version": 1, "do": "format"})",
          R"({"version": 1, "do": ["status"]})", "\xff\xfe",
          "{\"version\": 1, \"do\": \"sta\\u0000tus\"}", "GET / HTTP/1.1\r"})
        EXPECT_THAT(answer(line), HasSubstr(R"("ok": false, "error": ")")) << line;
}

}  // namespace
}  // namespace onemarket
