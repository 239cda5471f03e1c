// SPDX-License-Identifier: Apache-2.0
#include "backends/io/manifest.h"

#include <gtest/gtest.h>

#include "backends/io/json.h"

namespace onemarket {
namespace {

Manifest example() {
    Manifest manifest;
    manifest.app = 5;
    manifest.name = "golden \"image\"\n\xc3\xa9\xff\x01";
    manifest.bytes = 9'000'000'000'000;
    manifest.md5 = std::string(32, 'a');
    manifest.sha256 = std::string(64, 'b');
    manifest.format = "qcow2";
    manifest.time = "2026-11-25T09:34:15Z";
    manifest.driver = "onemarketd/0.1.0";
    return manifest;
}

std::string fault_of(const std::string& text) {
    const Result<Manifest> manifest = parse_manifest(text);
    return manifest ? "" : manifest.reason();
}

// The example with one member written otherwise.
std::string with(const std::string& member, const std::string& value) {
    std::string text = manifest_text(example());
    const size_t at = text.find("\"" + member + "\": ") + member.size() + 4;
    const size_t end = std::min(text.find(", \"", at), text.size() - 1);
    return text.replace(at, end - at, value);
}

TEST(Manifest, IsOneLineOfJsonThatIsReadBack) {
    const std::string text = manifest_text(example());
    EXPECT_EQ(text.find('\n'), std::string::npos);
    ASSERT_TRUE(parse_json(text)) << text;
    const Result<Manifest> read = parse_manifest(text + "\n");
    ASSERT_TRUE(read) << read.reason();
    EXPECT_EQ(read->app, 5);
    EXPECT_EQ(read->name, "golden \"image\"\n\xc3\xa9\xef\xbf\xbd\x01") << "repaired";
    EXPECT_EQ(read->bytes, 9'000'000'000'000U);
    EXPECT_EQ(read->md5, example().md5);
    EXPECT_EQ(read->sha256, example().sha256);
    EXPECT_EQ(read->format, "qcow2");
    EXPECT_EQ(read->time, example().time);
    EXPECT_EQ(read->driver, example().driver);
}

TEST(Manifest, Sha256MayBeLeftOut) {
    Manifest manifest = example();
    manifest.sha256.clear();
    EXPECT_EQ(manifest_text(manifest).find("sha256"), std::string::npos);
    EXPECT_EQ(parse_manifest(manifest_text(manifest))->sha256, "");
}

TEST(Manifest, UnknownMembersAreNoFault) {
    std::string text = manifest_text(example());
    text.insert(1, "\"later\": {\"a\": [1, null]}, ");
    EXPECT_EQ(fault_of(text), "");
}

TEST(Manifest, WhatIsNoneIsRefusedWithAReason) {
    EXPECT_EQ(fault_of(""), "it is no JSON: it ends too early at byte 0");
    EXPECT_EQ(fault_of("hello").substr(0, 15), "it is no JSON: ");
    EXPECT_EQ(fault_of("[]"), "it is no JSON object");
    EXPECT_EQ(fault_of("{}"), "it is no manifest of this driver (no member 'manifest')");
    EXPECT_EQ(fault_of("null"), "it is no JSON object");
    EXPECT_EQ(fault_of(manifest_text(example()).substr(0, 100)).substr(0, 14), "it is no JSON:");
    EXPECT_EQ(fault_of(std::string(kMaxManifestBytes + 1, ' ')), "it is too long for one");
    EXPECT_EQ(fault_of(std::string(1000, '[')).substr(0, 14), "it is no JSON:") << "too deep";
    EXPECT_EQ(fault_of(std::string("\0\0\0", 3)).substr(0, 14), "it is no JSON:");
}

TEST(Manifest, MembersOfAWrongKindAreNamed) {
    EXPECT_EQ(fault_of(with("manifest", "2")), "it is of format 2, known is 1");
    EXPECT_EQ(fault_of(with("manifest", "\"1\"")), "its manifest is no number");
    EXPECT_EQ(fault_of(with("app", "\"5\"")), "its app is no number");
    EXPECT_EQ(fault_of(with("app", "-5")), "its app is no whole number");
    EXPECT_EQ(fault_of(with("app", "99999999999999")), "its app is no whole number");
    EXPECT_EQ(fault_of(with("size", "1e3")), "its size is no whole number");
    EXPECT_EQ(fault_of(with("size", "1.5")), "its size is no whole number");
    EXPECT_EQ(fault_of(with("size", "99999999999999999999999")), "its size is no whole number");
    EXPECT_EQ(fault_of(with("size", "null")), "its size is no number");
    EXPECT_EQ(fault_of(with("name", "{}")), "its name is no string");
    EXPECT_EQ(fault_of(with("md5", "\"hello\"")), "its md5 is no MD5");
    EXPECT_EQ(fault_of(with("md5", "[]")), "its md5 is no string");
    EXPECT_EQ(fault_of(with("sha256", "\"" + std::string(32, 'a') + "\"")),
              "its sha256 is no SHA-256");
    EXPECT_EQ(fault_of(with("time", "5")), "its time is no string");
}

TEST(Manifest, HashesAreLowerCase) {
    EXPECT_EQ(parse_manifest(with("md5", "\"" + std::string(32, 'A') + "\""))->md5,
              std::string(32, 'a'));
}

}  // namespace
}  // namespace onemarket
