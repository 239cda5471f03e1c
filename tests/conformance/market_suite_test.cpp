// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/market_suite.h"

#include <algorithm>
#include <array>
#include <thread>

#include "backends/examination.h"
#include "backends/sources/file.h"
#include "protocol/ascii.h"
#include "protocol/template.h"

namespace onemarket::test {
namespace {

using std::chrono::seconds;

constexpr size_t kLarge = (size_t{5} << 20) + 1;

// Names an app may have. oned takes them; whoever makes a path or a command of them must, too.
const std::array<const char*, 9> kOddNames = {
    "two words",
    "'single' \"double\"",
    "$(touch x) `touch y`",
    "; rm -rf x & y | z",
    "caf\xc3\xa9 \xe2\x98\x83",
    "../../up",
    "-rf",
    "*?[a]",
    "back\\slash<&>",
};
const std::array<const char*, 6> kOddFolders = {
    "two words", "'single' \"double\"", "$(touch x)", "; touch x", "caf\xc3\xa9", "a*?[b]\\<&>",
};

}  // namespace

// --- Import ---

TEST_P(MarketSuite, ImportedBytesAreTheSources) {
    for (const size_t size : {size_t{0}, size_t{1}, kLarge}) {
        const std::string bytes = noise(size);
        const PublishedApp app = import(bytes);
        EXPECT_TRUE(market_->content(app.source) == bytes) << size;
        EXPECT_EQ(app.md5, md5sum(facts_.location)) << size;
        EXPECT_EQ(app.size_mb, "128");
        EXPECT_EQ(app.format, "qcow2");
        EXPECT_EQ(objects().size(), 1U) << "one object, and nothing beside it";
        remove(app.source);
    }
}

TEST_P(MarketSuite, FileOfThisHost) {
    const std::string bytes = noise(kLarge);
    write_file(facts_.location, bytes);
    FileSource file(facts_);
    const PublishedApp app = import(file);
    EXPECT_TRUE(market_->content(app.source) == bytes);
    EXPECT_EQ(app.md5, md5sum(facts_.location));
}

TEST_P(MarketSuite, SparseFileOfThisHost) {
    write_file(facts_.location, noise(100'000));
    std::filesystem::resize_file(facts_.location, kLarge);
    FileSource file(facts_);
    const PublishedApp app = import(file);
    EXPECT_TRUE(market_->content(app.source) == read_file(facts_.location));
    EXPECT_EQ(app.md5, md5sum(facts_.location));
}

TEST_P(MarketSuite, PromisedMd5ThatHolds) {
    facts_.md5 = "900150983cd24fb0d6963f7d28e17f72";
    const PublishedApp app = import("abc");
    EXPECT_EQ(app.md5, facts_.md5);
    EXPECT_EQ(market_->content(app.source), "abc");
}

TEST_P(MarketSuite, PromisedMd5ThatDiffersNamesBoth) {
    facts_.md5 = "00000000000000000000000000000000";
    const Error error = error_of([&] { import("abc"); });
    EXPECT_EQ(error.kind(), kind_of_market(ErrorKind::corrupt));
    const std::string text = error.what();
    EXPECT_NE(text.find(facts_.md5), std::string::npos) << text;
    EXPECT_NE(text.find("900150983cd24fb0d6963f7d28e17f72"), std::string::npos) << text;
    EXPECT_EQ(objects(), Names{});
}

TEST_P(MarketSuite, OddAppNames) {
    const Names around = list(dir_.path());
    for (const char* name : kOddNames) {
        const App app{5, name};
        const PublishedApp published = import("content", app);
        EXPECT_EQ(market_->content(published.source), "content") << name;
        EXPECT_EQ(objects().size(), 1U) << name;
        remove(published.source, app);
        EXPECT_EQ(objects(), Names{}) << name;
    }
    EXPECT_EQ(list(dir_.path()).size(), around.size() + 1) << "only the image came";
}

TEST_P(MarketSuite, OddFolderNames) {
    if (!market_->deviations().has_folder) GTEST_SKIP() << "this marketplace lives in no folder";
    for (const char* name : kOddFolders) {
        open(GetParam(), name);
        const PublishedApp app = import("content");
        EXPECT_EQ(market_->content(app.source), "content") << name;
        EXPECT_FALSE(market_->backend().monitor(market_->monitor_message(), context_).empty());
        remove(app.source);
        EXPECT_EQ(objects(), Names{}) << name;
    }
    EXPECT_FALSE(std::filesystem::exists(dir_ / "x"));
}

TEST_P(MarketSuite, OddImageNames) {
    for (const char* name : kOddFolders) {
        facts_.location = dir_ / name;
        write_file(facts_.location, "content");
        FileSource file(facts_);
        const PublishedApp app = import(file);
        EXPECT_EQ(market_->content(app.source), "content") << name;
        remove(app.source);
    }
}

// What is about to be published is noted before anybody can see it, and can be read back after.
TEST_P(MarketSuite, PublishedIsWhatWasNoted) {
    if (!market_->backend().can_resume()) GTEST_SKIP() << "what it began cannot be gone on with";
    const std::string bytes = noise(kLarge);
    const PublishedApp app = import(bytes);
    const auto note = context_.context.record().noted(kPublishingNote);
    ASSERT_TRUE(note);
    EXPECT_EQ(*note, app.text());
    const auto open = [&](const std::string& source) {
        return market_->backend().open(market_->import_message({}), source, context_);
    };
    EXPECT_TRUE(read_all(*open(app.source), context_) == bytes);
    remove(app.source);
    EXPECT_EQ(error_of([&] { read_all(*open(app.source), context_); }).kind(),
              ErrorKind::not_found);
}

TEST_P(MarketSuite, SameAppTwiceIsTwoObjectsOrAnError) {
    const PublishedApp first = import("first");
    std::optional<PublishedApp> second;
    try {
        second = import("second");
    } catch (const Error&) {
    }
    EXPECT_EQ(market_->content(first.source), "first") << "the first is not damaged";
    EXPECT_EQ(objects().size(), second ? 2U : 1U);
    if (!second) return;
    EXPECT_NE(second->source, first.source);
    EXPECT_EQ(market_->content(second->source), "second");
    remove(first.source);
    EXPECT_EQ(market_->content(second->source), "second");
}

TEST_P(MarketSuite, FourAppsAtOnce) {
    std::array<PublishedApp, 4> apps;
    {
        std::vector<std::jthread> threads;
        for (size_t i = 0; i < apps.size(); ++i) {
            threads.emplace_back([this, i, &apps] {
                TestContext context(static_cast<ObjectId>(i));
                ImageFacts facts = facts_;
                facts.location = dir_ / ("image" + std::to_string(i));
                write_file(facts.location, noise(kLarge, static_cast<unsigned>(i)));
                FileSource file(facts);
                apps[i] = import(file, App{static_cast<ObjectId>(i), "app"}, context);
            });
        }
    }
    EXPECT_EQ(objects().size(), apps.size());
    for (size_t i = 0; i < apps.size(); ++i)
        EXPECT_TRUE(market_->content(apps[i].source) == noise(kLarge, static_cast<unsigned>(i)));
}

// --- Imports that come to nothing ---

TEST_P(MarketSuite, SourceThatFailsHalfwayLeavesNothing) {
    const auto broken = image(noise(kLarge), fail_at(kLarge / 2));
    const Error error = error_of([&] { import(*broken); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_STREQ(error.what(), "the source broke");
    EXPECT_EQ(objects(), Names{});
}

TEST_P(MarketSuite, SourceShorterThanPromisedLeavesNothing) {
    write_file(facts_.location, noise(kLarge));
    FileSource file(facts_, std::make_unique<FileReader>(facts_.location));
    std::filesystem::resize_file(facts_.location, kLarge / 2);
    const Error error = error_of([&] { import(file); });
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_EQ(objects(), Names{});
}

TEST_P(MarketSuite, SourceThatIsNotThereLeavesNothing) {
    FileSource file(facts_);
    const Error error = error_of([&] { import(file); });
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_EQ(objects(), Names{});
}

TEST_P(MarketSuite, CancelledHalfwayLeavesNothingAndIsQuick) {
    const auto source = image(noise(kLarge), cancel_at(kLarge / 2, context_.stop));
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] { import(*source); }).kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 5);
    EXPECT_EQ(objects(), Names{});
}

TEST_P(MarketSuite, CancelledBeforeItBeginsLeavesNothing) {
    context_.stop.request_stop();
    EXPECT_EQ(error_of([&] { import("content"); }).kind(), ErrorKind::cancelled);
    EXPECT_EQ(objects(), Names{});
}

TEST_P(MarketSuite, CancelledAtTheLastByteIsNotPublished) {
    // The end itself is where the cancel comes: nothing more is read.
    const auto source = image("content", cancel_at(7, context_.stop));
    EXPECT_EQ(error_of([&] { import(*source); }).kind(), ErrorKind::cancelled);
    EXPECT_EQ(objects(), Names{});
}

TEST_P(MarketSuite, SourceThatStallsMeetsTheDeadline) {
    for (const bool idle_only : {true, false}) {
        TestContext limited(5, {seconds(1), idle_only});
        const auto source = image(noise(kLarge), stall_at(kLarge / 2));
        const Stopwatch watch;
        const Error error = error_of([&] { import(*source, {}, limited); });
        EXPECT_EQ(error.kind(), ErrorKind::timeout);
        EXPECT_TRUE(std::string(error.what()).starts_with("Timeout")) << error.what();
        EXPECT_LT(watch.seconds(), 6);
        EXPECT_EQ(objects(), Names{});
    }
}

TEST_P(MarketSuite, NoSpaceLeavesNothing) {
    const auto source = image(noise(kLarge));
    {
        const auto full = market_->full_but_for(kLarge / 2);
        const Error error = error_of([&] { import(*source); });
        EXPECT_EQ(error.kind(), kind_of_market(ErrorKind::no_space));
    }
    EXPECT_EQ(objects(), Names{});
    EXPECT_EQ(market_->content(import("content").source), "content") << "and there is room again";
}

TEST_P(MarketSuite, FailedImportLeavesOtherAppsAlone) {
    const PublishedApp app = import("content");
    const auto broken = image(noise(kLarge), fail_at(kLarge / 2));
    error_of([&] { import(*broken); });
    EXPECT_EQ(objects().size(), 1U);
    EXPECT_EQ(market_->content(app.source), "content");
}

// --- Delete ---

TEST_P(MarketSuite, DeleteRemovesTheObjectAndNoOther) {
    const PublishedApp app = import("content");
    const PublishedApp other = import("other content", App{6, "other"});
    remove(app.source);
    EXPECT_EQ(objects().size(), 1U);
    EXPECT_EQ(market_->content(other.source), "other content");
    remove(other.source, App{6, "other"});
    EXPECT_EQ(objects(), Names{});
}

TEST_P(MarketSuite, DeleteTwiceIsNotFound) {
    const PublishedApp app = import("content");
    const PublishedApp other = import("other content", App{6, "other"});
    remove(app.source);
    const Error error = error_of([&] { remove(app.source); });
    EXPECT_EQ(error.kind(), kind_of_market(ErrorKind::not_found));
    EXPECT_EQ(error.what(), app.source + " is not in the marketplace");
    EXPECT_EQ(market_->content(other.source), "other content");
}

TEST_P(MarketSuite, DeleteOfAForeignSourceTouchesNothing) {
    const PublishedApp app = import("content");
    ASSERT_FALSE(market_->foreign_sources().empty());
    for (const std::string& source : market_->foreign_sources()) {
        error_of([&] { remove(source); });
        EXPECT_TRUE(market_->foreign_is_whole()) << source;
        EXPECT_EQ(objects().size(), 1U) << source;
    }
    EXPECT_EQ(market_->content(app.source), "content");
}

TEST_P(MarketSuite, DiscardLeavesWhatIsPublished) {
    const PublishedApp app = import("content");
    TestContext of_another;  // that of the import knows what it was about to publish
    market_->backend().discard(market_->delete_message({}, ""), of_another);
    EXPECT_EQ(market_->content(app.source), "content");
    EXPECT_EQ(objects().size(), 1U);
}

// --- Inventory ---

TEST_P(MarketSuite, InventoryIsWhatIsStoredAndHowItShouldBe) {
    const auto inventory = [this] {
        return market_->backend().inventory(market_->monitor_message(), context_);
    };
    if (!market_->backend().can_resume()) {
        EXPECT_EQ(error_of(inventory).kind(), ErrorKind::unsupported);
        return;
    }
    EXPECT_TRUE(inventory()->list(context_).empty());
    const std::string bytes = noise(kLarge);
    const PublishedApp app = import(bytes, App{5, "caf\xc3\xa9 \"x\""});
    const PublishedApp other = import("other", App{6, "other"});
    auto conversation = inventory();
    const std::vector<StoredObject> objects = conversation->list(context_);
    ASSERT_EQ(objects.size(), 2U);
    for (size_t i = 0; i < objects.size(); ++i) {
        EXPECT_EQ(objects[i].kind, StoredObject::Kind::image);
        EXPECT_EQ(objects[i].app, i == 0 ? 5 : 6);
        EXPECT_EQ(objects[i].bytes, i == 0 ? bytes.size() : 5U);
        EXPECT_TRUE((i == 0 ? app : other).source.ends_with("/" + objects[i].name));
        const auto age = std::chrono::system_clock::now() - objects[i].time;
        EXPECT_LT(std::chrono::abs(age), std::chrono::minutes(10));
    }
    const std::optional<Manifest> manifest = conversation->manifest(objects[0], context_);
    ASSERT_TRUE(manifest);
    EXPECT_EQ(manifest->app, 5);
    EXPECT_EQ(manifest->name, "caf\xc3\xa9 \"x\"");
    EXPECT_EQ(manifest->md5, app.md5);
    EXPECT_FALSE(manifest->sha256.empty() && manifest->sha256_of_parts.empty());
    EXPECT_EQ(manifest->format, "qcow2");
    for (const StoredObject& image : objects) {
        const std::optional<Manifest> noted = conversation->manifest(image, context_);
        ASSERT_TRUE(noted);
        EXPECT_EQ(differences(*noted, *conversation->open(image, context_), {}, context_), "");
    }
    // Noted is something else.
    Manifest wrong = *manifest;
    wrong.md5 = std::string(32, '0');
    EXPECT_NE(differences(wrong, *conversation->open(objects[0], context_), {}, context_), "");

    conversation->remove(objects[0], context_);
    EXPECT_EQ(conversation->list(context_).size(), 1U);
    EXPECT_FALSE(conversation->manifest(objects[0], context_));
    conversation.reset();  // the harness looks when nobody is connected
    EXPECT_EQ(this->objects().size(), 1U) << "its manifest has gone with it";
    EXPECT_EQ(market_->content(other.source), "other");
}

// --- Monitor ---

TEST_P(MarketSuite, MonitorsNumbersAreSane) {
    import(noise(kLarge));
    const Names before = objects();
    const Result<Template> answer =
        parse_template(market_->backend().monitor(market_->monitor_message(), context_));
    ASSERT_TRUE(answer) << answer.reason();
    const auto number = [&](const char* name) {
        const std::string* text = answer->find(name);
        const auto value = text == nullptr ? std::nullopt : ascii::parse_number<int64_t>(*text);
        EXPECT_TRUE(value) << name << " is no whole number";
        return value.value_or(-1);
    };
    const int64_t used = number("USED_MB");
    const int64_t free = number("FREE_MB");
    const int64_t total = number("TOTAL_MB");
    EXPECT_GE(used, static_cast<int64_t>(kLarge >> 20)) << "what was imported counts";
    EXPECT_GE(free, 0);
    EXPECT_GE(total, used);
    EXPECT_LE(used + free, total + 2) << "but for rounding";
    EXPECT_EQ(objects(), before) << "and nothing is written";
}

// --- Check ---

TEST_P(MarketSuite, CheckFindsItWellAndChangesNothing) {
    import("content");
    const Names before = objects();
    size_t well = 0;
    Findings findings([&well](const Finding& finding) {
        well += finding.state == Finding::State::ok ? 1 : 0;
        EXPECT_NE(finding.state, Finding::State::problem)
            << finding.what << ": " << finding.text << "; " << finding.remedy;
        EXPECT_EQ(finding.remedy.empty(), finding.state == Finding::State::ok) << finding.what;
    });
    market_->backend().check(market_->check_message(), context_, findings);
    EXPECT_GE(well, 3U);
    EXPECT_EQ(objects(), before);
}

TEST_P(MarketSuite, CheckLeavesNothingWhereverItIsStopped) {
    for (size_t steps = 1;; ++steps) {
        ASSERT_LT(steps, 100U);
        TestContext stopped;
        size_t told = 0;
        Findings findings([&](const Finding&) {
            if (++told == steps) stopped.stop.request_stop();
        });
        try {
            market_->backend().check(market_->check_message(), stopped, findings);
            if (told < steps) return;  // it has no such step
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::cancelled);
        }
        EXPECT_EQ(objects(), Names{}) << "after " << steps << " steps";
    }
}

}  // namespace onemarket::test
