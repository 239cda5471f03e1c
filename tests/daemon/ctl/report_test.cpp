// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/report.h"

#include <gtest/gtest.h>

#include "daemon/ctl/market.h"

namespace onemarket {
namespace {

class ReportTest : public testing::Test {
  protected:
    std::string report(bool json, const std::function<void(Findings&)>& look) {
        ToolLog log({"geheimnis"});
        std::string text;
        Report report(
            json, [&text](std::string_view line) { text += line; },
            [&log](std::string_view line) { return log.safe(line); });
        look(report.findings());
        status_ = report.finish();
        return text;
    }

    int status_ = -1;
};

TEST_F(ReportTest, ALineEach) {
    EXPECT_EQ(report(false,
                     [](Findings& findings) {
                         findings.ok("A", "there");
                         findings.warning("B", "two\nlines", "do geheimnis");
                     }),
              "ok       A: there\nwarning  B: two lines -> do ***\n0 problems, 1 warning\n");
    EXPECT_EQ(status_, kAllWell);
    EXPECT_EQ(report(false, [](Findings& findings) { findings.problem("C", "gone", "look"); }),
              "problem  C: gone -> look\n1 problem, 0 warnings\n");
    EXPECT_EQ(status_, kFound);
}

TEST_F(ReportTest, OneDocument) {
    EXPECT_EQ(
        report(true,
               [](Findings& findings) {
                   findings.ok("A", "\"there\"");
                   findings.problem("C", "geheimnis", "look");
               }),
        "{\"findings\": [{\"state\": \"ok\", \"what\": \"A\", \"text\": \"\\\"there\\\"\"}, "
        "{\"state\": \"problem\", \"what\": \"C\", \"text\": \"***\", \"remedy\": \"look\"}], "
        "\"problems\": 1, \"warnings\": 0}\n");
    EXPECT_EQ(status_, kFound);
}

}  // namespace
}  // namespace onemarket
