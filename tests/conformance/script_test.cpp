// SPDX-License-Identifier: Apache-2.0
#include "backends/script.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "backends/io/unique_fd.h"
#include "tests/conformance/market_suite.h"

namespace onemarket::test {
namespace {

// A market of three scripts, as a site would write it: objects are files of $MARKET, and a SOURCE
// is store://<name>. Elements are looked for from the end, where the driver puts its own.
const std::string kCommon = R"script(#!/usr/bin/env bash
set -euo pipefail
document=$(printf %s "$1" | base64 -d)
id=$2
text() {
    local value=${document##*"<$1>"} amp='&'
    value=${value%%"</$1>"*}
    value=${value#'<![CDATA['}
    value=${value%']]>'}
    value=${value//&lt;/<}
    value=${value//&gt;/>}
    value=${value//&quot;/\"}
    value=${value//&apos;/\'}
    printf %s "${value//&amp;/"$amp"}"
}
fail() { echo "$1" >&2; exit 1; }
)script";

const std::string kImport = kCommon + R"script(
trap '' XFSZ
source=$(text IMPORT_SOURCE)
promised=$(text MD5)
temporary=$(mktemp "$MARKET/.new-XXXXXXXX")
trap 'rm -f -- "$temporary"' EXIT
trap 'exit 143' TERM
cat -- "$source" >"$temporary"
md5=$(md5sum <"$temporary")
md5=${md5%% *}
[ "$md5" = "$promised" ] || fail "$source has MD5 $md5, promised was $promised"
name=app-$id-${temporary##*-}
mv -n -- "$temporary" "$MARKET/$name"
printf 'SOURCE="store://%s"\nMD5="%s"\nSIZE="%s"\nFORMAT="%s"\n' \
    "$name" "$md5" "$(text SIZE)" "$(text FORMAT)"
)script";

const std::string kDelete = kCommon + R"script(
source=$(text SOURCE)
name=${source#store://}
[ "$name" != "$source" ] || fail "$source is not of this marketplace"
case $name in '' | .* | */*) fail "$source is no object" ;; esac
[ -f "$MARKET/$name" ] || fail "$source is not in the marketplace"
rm -- "$MARKET/$name"
)script";

const std::string kMonitor = kCommon + R"script(
read -r used free total < <(df -B1048576 --output=used,avail,size -- "$MARKET" | tail -n 1)
printf 'USED_MB=%s\nFREE_MB=%s\nTOTAL_MB=%s\n' "$used" "$free" "$total"
)script";

class ScriptMarket : public MarketHarness {
  public:
    explicit ScriptMarket(const std::string& folder)
        : store_(folder + "/store"), outside_(folder + "/outside") {
        std::filesystem::create_directories(store_);
        write_file(outside_, "precious");
        site_.site.environment.push_back("MARKET=" + store_);
        site_.script("market/store/import", kImport);
        site_.script("market/store/delete", kDelete);
        site_.script("market/store/monitor", kMonitor);
    }

    const Backend& backend() const override { return backend_; }

    // All the driver knows of a script's failure is that it failed.
    Deviations deviations() const override { return {.only_kind = ErrorKind::unavailable}; }

    DriverMessage import_message(const App& app) const override {
        return with_app(message_xml("import-script", {{"MARKET_MAD", "store"},
                                                      {"SOURCE", "/an/image"},
                                                      {"FORMAT", "qcow2"},
                                                      {"SECRET", "s3cret"},
                                                      {"DATASTORES", "/ds"}}),
                        app);
    }
    DriverMessage delete_message(const App& app, const std::string& source) const override {
        return with_app(message_xml("delete-script", {{"MARKET_MAD", "store"}, {"SOURCE", source}}),
                        app);
    }
    DriverMessage monitor_message() const override {
        return message("monitor-script",
                       {{"MARKET_MAD", "store"}, {"SECRET", "s3cret"}, {"MARKET_ID", "100"}});
    }

    std::vector<std::string> objects() const override { return list(store_); }
    std::string content(const std::string& source) const override {
        const std::string scheme = "store:/";
        if (!source.starts_with(scheme)) throw std::runtime_error(source + " is elsewhere");
        return read_file(store_ + source.substr(scheme.size()));
    }

    std::vector<std::string> foreign_sources() const override {
        return {
            "http://elsewhere/app",  outside_, "store://../outside", "store://", "store://*", "*",
            "$(rm " + outside_ + ")"};
    }
    bool foreign_is_whole() const override { return read_file(outside_) == "precious"; }

  private:
    std::string store_;
    std::string outside_;
    TestSite site_;
    ScriptBackend backend_{site_.site, "store"};
};

// The market's own script is at work when the cancel comes: half of the image is in its hands.
class ScriptCancelled : public MarketFixture {};

TEST_F(ScriptCancelled, WhileItsScriptCopiesLeavesNothing) {
    open(market<ScriptMarket>());
    ASSERT_EQ(::mkfifo(facts_.location.c_str(), 0600), 0);
    facts_.md5 = "00000000000000000000000000000000";  // so that nobody reads it before the script
    TextSource unread(facts_, "");
    // Opened for both, neither end waits for the other.
    const UniqueFd fifo(::open(facts_.location.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::write(fifo.get(), "half", 4), 4);
    std::jthread canceller([&] {
        // The script's temporary holds the half: it copies, and waits for the rest.
        EXPECT_TRUE(eventually([&] {
            const Names names = objects();
            return !names.empty() && market_->content("store://" + names[0]) == "half";
        }));
        context_.stop.request_stop();
    });
    const Error error = error_of([&] { import(unread); });
    canceller.join();
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    EXPECT_EQ(objects(), Names{});
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(script, MarketSuite, testing::Values(market<ScriptMarket>()));

}  // namespace onemarket::test
