// SPDX-License-Identifier: Apache-2.0
#include "backends/io/folder.h"

#include <gtest/gtest.h>

namespace onemarket {
namespace {

const std::string kMark = "0123456789abcdef";

TEST(FolderNames, TellTheirApp) {
    EXPECT_EQ(app_of_image(image_name(5, kMark)), 5);
    EXPECT_EQ(app_of_image(image_name(0, kMark)), 0);
    EXPECT_EQ(app_of_temporary(temporary_prefix(55) + kMark), 55);
    EXPECT_EQ(manifest_name(image_name(5, kMark)), "marketapp-5-" + kMark + ".json");
    EXPECT_EQ(image_of_manifest("marketapp-5-" + kMark + ".json"), image_name(5, kMark));
}

// Whatever is written otherwise than this driver does is somebody else's.
TEST(FolderNames, OfOthersTellNothing) {
    for (const std::string& name :
         {std::string("marketapp-5"), std::string("marketapp-5-"), "marketapp--" + kMark,
          "marketapp-05-" + kMark, "marketapp--5-" + kMark, "marketapp-+5-" + kMark,
          "marketapp-5-" + kMark + "0", "marketapp-5-" + kMark.substr(1),
          std::string("marketapp-5-0123456789ABCDEF"), "marketapp-5x-" + kMark,
          "marketapp-99999999999-" + kMark, "xmarketapp-5-" + kMark, " marketapp-5-" + kMark,
          "marketapp-5-" + kMark + "\n", "marketapp-5-" + kMark + ".json", std::string()})
        EXPECT_FALSE(app_of_image(name)) << name;
    EXPECT_FALSE(app_of_temporary("marketapp-5-" + kMark));
    EXPECT_FALSE(app_of_temporary(".onemarketd-5-dead"));
    for (const std::string& name : {std::string("index.json"), std::string(".json"),
                                    "marketapp-5-" + kMark, ".onemarketd-5-" + kMark + ".json"})
        EXPECT_EQ(image_of_manifest(name), "") << name;
}

}  // namespace
}  // namespace onemarket
