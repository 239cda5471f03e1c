// SPDX-License-Identifier: Apache-2.0
#include "protocol/driver_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base64.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

using testing::UnorderedElementsAre;

constexpr std::string_view kRoot = "MARKET_DRIVER_ACTION_DATA";

DriverMessage of(const std::string& inner) {
    Result<DriverMessage> message = DriverMessage::parse("<MARKET_DRIVER_ACTION_DATA>" + inner +
                                                         "</MARKET_DRIVER_ACTION_DATA>");
    if (!message) throw std::runtime_error(message.reason());
    return std::move(*message);
}

DriverMessage with_market(const std::string& attributes) {
    return of("<MARKETPLACE><ID>100</ID><TEMPLATE>" + attributes + "</TEMPLATE></MARKETPLACE>");
}

DriverMessage with_app(const std::string& inner) {
    return of("<MARKETPLACEAPP>" + inner + "</MARKETPLACEAPP>");
}

DriverMessage http_import() {
    return test::message("import-http", {{"BASE_URL", "http://m/"},
                                         {"PUBLIC_DIR", "/p"},
                                         {"SOURCE", "/ds/1/img"},
                                         {"FORMAT", "qcow2"},
                                         {"DATASTORES", "/ds"}});
}

// Kind and text of the Error it throws.
std::string thrown(const std::function<void()>& function) {
    try {
        function();
    } catch (const Error& error) {
        return std::string(to_string(error.kind())) + ": " + error.what();
    }
    return "nothing";
}

TEST(DriverMessage, DecodesWhatOnedSends) {
    const std::string xml =
        test::message_xml("monitor-http", {{"BASE_URL", "http://m"}, {"PUBLIC_DIR", "/p"}});
    const Result<DriverMessage> message = DriverMessage::decode(base64_encode(xml));
    ASSERT_TRUE(message) << message.reason();
    EXPECT_EQ(message->text("MARKETPLACE/MARKET_MAD"), "http");
    EXPECT_EQ(message->market("PUBLIC_DIR"), "/p");
    EXPECT_EQ(message->market("DESCRIPTION"), "Lab & <local> \"market\"");
    EXPECT_EQ(message->market_id(), 100);
}

struct PayloadCase {
    const char* name;
    std::string payload;
};

TEST(DriverMessage, RefusesEveryOtherPayload) {
    const std::string root(kRoot);
    const std::string good = "<" + root + "/>";
    ASSERT_TRUE(DriverMessage::decode(base64_encode(good)));
    const std::vector<PayloadCase> cases = {
        {"empty", ""},
        {"a dash", "-"},
        {"no base64", good},
        {"two lines that ran into each other", base64_encode(good) + "MONITOR  1 QUJD"},
        {"base64 with a blank", base64_encode(good) + " "},
        {"no XML", base64_encode("hello")},
        {"encoded twice", base64_encode(base64_encode(good))},
        {"another root", base64_encode("<DS_DRIVER_ACTION_DATA/>")},
        {"two roots", base64_encode(good + good)},
        {"DOCTYPE", base64_encode("<!DOCTYPE x>" + good)},
        {"cut", base64_encode(good.substr(0, good.size() - 1))},
        {"over the limit",
         base64_encode("<" + root + ">" + std::string(kMaxXmlBytes, 'x') + "</" + root + ">")},
    };
    for (const auto& c : cases) {
        const Result<DriverMessage> message = DriverMessage::decode(c.payload);
        ASSERT_FALSE(message) << c.name;
        EXPECT_LT(message.reason().size(), 200U) << c.name;
    }
}

TEST(DriverMessage, DecodesWhatADatastoresScriptIsGiven) {
    const auto decode = [](const std::string& xml) {
        return DriverMessage::decode_datastore(base64_encode(xml));
    };
    const Result<DriverMessage> message = decode(
        "<DS_DRIVER_ACTION_DATA><DATASTORE><TEMPLATE><BUCKET>b</BUCKET></TEMPLATE>"
        "</DATASTORE><MARKETPLACE><TEMPLATE><REGION>r</REGION></TEMPLATE></MARKETPLACE>"
        "</DS_DRIVER_ACTION_DATA>");
    ASSERT_TRUE(message) << message.reason();
    EXPECT_EQ(message->datastore("BUCKET"), "b");
    EXPECT_EQ(message->market("REGION"), "r");
    EXPECT_FALSE(decode("<" + std::string(kRoot) + "/>"));
    EXPECT_FALSE(decode(""));
    EXPECT_FALSE(DriverMessage::decode_datastore("<DS_DRIVER_ACTION_DATA/>"));
}

TEST(DriverMessage, TextIsTrimmedAndNeverEmpty) {
    const DriverMessage message =
        of("<A> x y\n</A><B><![CDATA[\t<z> ]]></B><C/><D>  </D><E><![CDATA[]]></E>");
    EXPECT_EQ(message.text("A"), "x y");
    EXPECT_EQ(message.text("B"), "<z>");
    for (const auto* path : {"C", "D", "E", "NONE", "A/NONE"})
        EXPECT_EQ(message.text(path), std::nullopt) << path;
}

TEST(DriverMessage, HasTellsEmptyFromMissing) {
    const DriverMessage message = of("<A>1</A><B/><C> </C>");
    for (const auto* path : {"A", "B", "C"}) EXPECT_TRUE(message.has(path)) << path;
    for (const auto* path : {"D", "A/B"}) EXPECT_FALSE(message.has(path)) << path;
}

TEST(DriverMessage, RequiredNamesWhatIsMissing) {
    const DriverMessage message =
        of("<MARKETPLACE><MARKET_MAD> </MARKET_MAD></MARKETPLACE><A>1</A>");
    EXPECT_EQ(message.required("A"), "1");
    EXPECT_EQ(thrown([&] { message.required("MARKETPLACE/MARKET_MAD"); }),
              "bad_request: Wrong driver message format: MARKETPLACE/MARKET_MAD is missing");
    EXPECT_EQ(thrown([&] { message.required("MARKETPLACEAPP/TYPE"); }),
              "bad_request: Wrong driver message format: MARKETPLACEAPP/TYPE is missing");
}

TEST(DriverMessage, MarketReadsItsTemplate) {
    const DriverMessage message =
        of("<MARKETPLACE><OUTSIDE>1</OUTSIDE><TEMPLATE><BASE_URL> http://m </BASE_URL>"
           "<PUBLIC_DIR/></TEMPLATE></MARKETPLACE><TEMPLATE><ELSEWHERE>1</ELSEWHERE></TEMPLATE>");
    EXPECT_EQ(message.market("BASE_URL"), "http://m");
    EXPECT_EQ(message.required_market("BASE_URL"), "http://m");
    EXPECT_EQ(message.market("PUBLIC_DIR"), std::nullopt);
    EXPECT_EQ(message.market("OUTSIDE"), std::nullopt);
    EXPECT_EQ(message.market("ELSEWHERE"), std::nullopt);
    EXPECT_EQ(thrown([&] { message.required_market("PUBLIC_DIR"); }),
              "bad_request: PUBLIC_DIR is missing in the marketplace's template");
}

TEST(DriverMessage, DatastoreReadsItsTemplate) {
    const DriverMessage message =
        of("<DATASTORE><OUTSIDE>1</OUTSIDE><TEMPLATE><POOL_NAME> one </POOL_NAME><BRIDGE_LIST/>"
           "</TEMPLATE></DATASTORE>");
    EXPECT_EQ(message.datastore("POOL_NAME"), "one");
    EXPECT_EQ(message.required_datastore("POOL_NAME"), "one");
    EXPECT_EQ(message.datastore("OUTSIDE"), std::nullopt);
    EXPECT_EQ(thrown([&] { message.required_datastore("BRIDGE_LIST"); }),
              "bad_request: BRIDGE_LIST is missing in the datastore's template");
}

TEST(DriverMessage, AppTypes) {
    const std::vector<std::pair<std::string, std::optional<AppType>>> cases = {
        {"<TYPE>1</TYPE>", AppType::image},
        {"<TYPE>2</TYPE>", AppType::vm_template},
        {"<TYPE>3</TYPE>", AppType::service_template},
        {"<TYPE><![CDATA[1]]></TYPE>", AppType::image},
        {"<TYPE> 1\n</TYPE>", AppType::image},
        {"", std::nullopt},
        {"<TYPE/>", std::nullopt},
        {"<TYPE>0</TYPE>", std::nullopt},
        {"<TYPE>4</TYPE>", std::nullopt},
        {"<TYPE>-1</TYPE>", std::nullopt},
        {"<TYPE>IMAGE</TYPE>", std::nullopt},
        {"<TYPE>1 2</TYPE>", std::nullopt},
        {"<TYPE>4294967297</TYPE>", std::nullopt},
    };
    for (const auto& [inner, type] : cases) EXPECT_EQ(with_app(inner).app_type(), type) << inner;
}

TEST(DriverMessage, MarketId) {
    EXPECT_EQ(of("<MARKETPLACE><ID>100</ID></MARKETPLACE>").market_id(), 100);
    EXPECT_EQ(of("<MARKETPLACE><ID><![CDATA[7]]></ID></MARKETPLACE>").market_id(), 7);
    EXPECT_EQ(of("").market_id(), std::nullopt);
    EXPECT_EQ(of("<MARKETPLACE><ID/></MARKETPLACE>").market_id(), std::nullopt);
    EXPECT_EQ(of("<MARKETPLACE><ID>-1</ID></MARKETPLACE>").market_id(), std::nullopt);
    EXPECT_EQ(of("<MARKETPLACE><ID>Lab</ID></MARKETPLACE>").market_id(), std::nullopt);
}

TEST(DriverMessage, Secrets) {
    EXPECT_THAT(with_market("<BASE_URL>http://m</BASE_URL><BUCKET>b</BUCKET>").secrets(),
                UnorderedElementsAre());
    EXPECT_THAT(with_market("<SECRET_ACCESS_KEY>s3cret</SECRET_ACCESS_KEY><PASSWORD><![CDATA[ a<b "
                            "]]></PASSWORD><TOKEN>t0ken</TOKEN><SESSION_TOKEN/>")
                    .secrets(),
                UnorderedElementsAre("s3cret", "a<b", "t0ken"));
    EXPECT_THAT(of("<DATASTORE><TEMPLATE><SECRET_ACCESS_KEY>ds</SECRET_ACCESS_KEY>"
                   "<RESTIC_PASSWORD>restic</RESTIC_PASSWORD></TEMPLATE></DATASTORE>")
                    .secrets(),
                UnorderedElementsAre("ds", "restic"));
}

TEST(DriverMessage, SecretsUnderOtherNames) {
    EXPECT_THAT(with_market("<API_KEY>a</API_KEY><MY_SECRET_2>b</MY_SECRET_2><ADMIN_PASSWD>c"
                            "</ADMIN_PASSWD><CREDENTIALS>d</CREDENTIALS><SSH_PRIVATE_KEY>e"
                            "</SSH_PRIVATE_KEY>")
                    .secrets(),
                UnorderedElementsAre("a", "b", "c", "d", "e"));
    EXPECT_THAT(with_market("<ACCESS_KEY_ID>AKID</ACCESS_KEY_ID><CEPH_KEY>/etc/k</CEPH_KEY><KEY>k"
                            "</KEY><PUBLIC_KEY>p</PUBLIC_KEY>")
                    .secrets(),
                UnorderedElementsAre());
}

TEST(DriverMessage, SecretsInVectors) {
    EXPECT_THAT(with_market("<API><USER>u</USER><TOKEN>abcd</TOKEN></API><API><KEY>no</KEY>"
                            "<TOKEN>efgh</TOKEN></API>")
                    .secrets(),
                UnorderedElementsAre("abcd", "efgh"));
    EXPECT_THAT(with_market("<SECRETS><A>first</A><B>http://u:pw@m/</B></SECRETS>").secrets(),
                UnorderedElementsAre("first", "http://u:pw@m/"));
    EXPECT_THAT(with_market("<PROXY><URL>http://u:pw1@m/</URL></PROXY>").secrets(),
                UnorderedElementsAre("u:pw1", "pw1"));
}

TEST(DriverMessage, SecretsInAddresses) {
    EXPECT_THAT(with_market("<BASE_URL>http://u:pw1@m/?t=1</BASE_URL>").secrets(),
                UnorderedElementsAre("u:pw1", "pw1", "t=1"));
    EXPECT_THAT(of("<MARKETPLACEAPP><SOURCE>http://u:pw2@m/i</SOURCE></MARKETPLACEAPP>"
                   "<IMAGE><SOURCE>/var/lib/one/datastores/1/x</SOURCE><PATH>http://h/i?t=2</PATH>"
                   "</IMAGE>")
                    .secrets(),
                UnorderedElementsAre("u:pw2", "pw2", "t=2"));
}

TEST(DriverMessage, WithAddsAndReplacesAndLeavesTheMessageAlone) {
    const DriverMessage message =
        of("<MARKETPLACE><ID>1</ID></MARKETPLACE>"
           "<DISPOSE>YES</DISPOSE><DISPOSE_CMD>rm -rf /</DISPOSE_CMD>");
    const XmlDocument document =
        message.with({{"IMPORT_SOURCE", "/a&b<c>"}, {"DISPOSE", "NO"}, {"DISPOSE_CMD", ""}});
    EXPECT_EQ(document.to_string(),
              "<MARKET_DRIVER_ACTION_DATA><MARKETPLACE><ID>1</ID></MARKETPLACE>"
              "<DISPOSE>NO</DISPOSE><DISPOSE_CMD></DISPOSE_CMD>"
              "<IMPORT_SOURCE>/a&amp;b&lt;c&gt;</IMPORT_SOURCE></MARKET_DRIVER_ACTION_DATA>");
    EXPECT_EQ(message.text("DISPOSE"), "YES");
    EXPECT_EQ(message.text("IMPORT_SOURCE"), std::nullopt);
}

TEST(DriverMessage, DatastoreDocumentHoldsImageAndDatastoreAsTheyCame) {
    const std::string image =
        "<IMAGE><SOURCE><![CDATA[pool/<1>]]></SOURCE><SIZE>128</SIZE></IMAGE>";
    const std::string datastore = "<DATASTORE><DS_MAD><![CDATA[ceph]]></DS_MAD></DATASTORE>";
    const std::string rest = "<MARKETPLACEAPP><ID>5</ID></MARKETPLACEAPP><IMPORT_SOURCE/>";
    EXPECT_EQ(of(datastore + rest + image).datastore_document().to_string(),
              "<DS_DRIVER_ACTION_DATA>" + image + datastore + "</DS_DRIVER_ACTION_DATA>");
    EXPECT_EQ(of(datastore).datastore_document().to_string(),
              "<DS_DRIVER_ACTION_DATA>" + datastore + "</DS_DRIVER_ACTION_DATA>");
    EXPECT_EQ(of(rest).datastore_document().to_string(), "<DS_DRIVER_ACTION_DATA/>");
}

// ---- script_argument ----

std::string ids(int count) {
    std::string list;
    for (int id = 0; id < count; ++id) list += "<ID>" + std::to_string(id) + "</ID>";
    return list;
}

DriverMessage large_message(int apps, int images) {
    return of(
        "<MARKETPLACEAPP><ID>5</ID></MARKETPLACEAPP><MARKETPLACE><ID>100</ID>"
        "<MARKETPLACEAPPS>" +
        ids(apps) +
        "</MARKETPLACEAPPS></MARKETPLACE>"
        "<IMAGE><ID>3</ID><VMS><ID>9</ID></VMS></IMAGE><DATASTORE><ID>1</ID><IMAGES>" +
        ids(images) + "</IMAGES></DATASTORE>");
}

constexpr std::string_view kWithoutLists =
    "<MARKET_DRIVER_ACTION_DATA><MARKETPLACEAPP><ID>5</ID></MARKETPLACEAPP><MARKETPLACE>"
    "<ID>100</ID><MARKETPLACEAPPS/></MARKETPLACE><IMAGE><ID>3</ID><VMS><ID>9</ID></VMS></IMAGE>"
    "<DATASTORE><ID>1</ID><IMAGES/></DATASTORE></MARKET_DRIVER_ACTION_DATA>";

TEST(ScriptArgument, ASmallDocumentIsWhole) {
    const XmlDocument document = http_import().with({});
    const ScriptArgument argument = script_argument(document);
    EXPECT_FALSE(argument.lists_left_out);
    EXPECT_EQ(argument.base64, base64_encode(document.to_string()));
}

TEST(ScriptArgument, TwentyThousandAppsLeaveTheListsOut) {
    const XmlDocument document = large_message(20'000, 3).with({});
    ASSERT_GT(base64_encode(document.to_string()).size(), kMaxArgumentBytes);
    const ScriptArgument argument = script_argument(document);
    EXPECT_TRUE(argument.lists_left_out);
    EXPECT_LE(argument.base64.size(), kMaxArgumentBytes);
    EXPECT_EQ(*base64_decode(argument.base64), kWithoutLists);
}

TEST(ScriptArgument, SoDoTwentyThousandImages) {
    const ScriptArgument argument = script_argument(large_message(2, 20'000).with({}));
    EXPECT_TRUE(argument.lists_left_out);
    EXPECT_EQ(*base64_decode(argument.base64), kWithoutLists);

    const ScriptArgument for_export =
        script_argument(large_message(2, 20'000).datastore_document());
    EXPECT_TRUE(for_export.lists_left_out);
    EXPECT_EQ(*base64_decode(for_export.base64),
              "<DS_DRIVER_ACTION_DATA><IMAGE><ID>3</ID><VMS><ID>9</ID></VMS></IMAGE>"
              "<DATASTORE><ID>1</ID><IMAGES/></DATASTORE></DS_DRIVER_ACTION_DATA>");
}

TEST(ScriptArgument, TheLimitItselfIsAllowed) {
    const XmlDocument document = large_message(10, 10).with({});
    const size_t size = base64_encode(document.to_string()).size();
    EXPECT_FALSE(script_argument(document, size).lists_left_out);
    EXPECT_TRUE(script_argument(document, size - 1).lists_left_out);
}

TEST(ScriptArgument, TheDocumentStaysAsItIs) {
    const XmlDocument document = large_message(10, 10).with({});
    const std::string before = document.to_string();
    script_argument(document, 10);
    EXPECT_EQ(document.to_string(), before);
}

}  // namespace
}  // namespace onemarket
