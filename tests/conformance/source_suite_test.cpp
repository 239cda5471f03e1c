// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/source_suite.h"

#include <sys/stat.h>

#include "backends/io/pump.h"

namespace onemarket::test {
namespace {

using std::chrono::seconds;

constexpr size_t kLarge = (size_t{5} << 20) + 1;

// Takes bytes nowhere, and stops the request at half of them.
class CancellingSink : public NullSink {
  public:
    explicit CancellingSink(std::stop_source& stop) : stop_(stop) {}
    void write(std::span<const std::byte> bytes) override {
        if ((got_ += bytes.size()) > kLarge / 2) stop_.request_stop();
    }

  private:
    std::stop_source& stop_;
    size_t got_ = 0;
};

}  // namespace

TEST_P(SourceSuite, GivesEveryByte) {
    for (const size_t size : {size_t{1}, size_t{65'536}, size_t{262'145}, kLarge}) {
        const std::string content = noise(size);
        write_file(dir_ / "expected", content);
        const auto image = harness_->source("image", content);
        Digest md5("MD5");
        NullSink nowhere;
        EXPECT_EQ(pump(*image->open(context_), nowhere, md5, context_), size);
        EXPECT_EQ(md5.finish(), md5sum(dir_ / "expected")) << size;
    }
}

TEST_P(SourceSuite, GivesThemWithAnyBuffer) {
    const std::string content = noise(100'003);
    for (const size_t buffer : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
        const auto image = harness_->source("image", content);
        EXPECT_TRUE(read_all(*image->open(context_), context_, buffer) == content) << buffer;
    }
}

TEST_P(SourceSuite, EmptyImage) {
    EXPECT_EQ(read(*harness_->source("image", "")), "");
}

TEST_P(SourceSuite, EndStaysTheEnd) {
    const auto image = harness_->source("image", "content");
    const auto reader = image->open(context_);
    EXPECT_EQ(read_all(*reader, context_), "content");
    EXPECT_EQ(read_all(*reader, context_), "");
}

TEST_P(SourceSuite, OddNames) {
    for (const char* name : {"two words", "'single' \"double\"", "$(touch x)", "`touch x`",
                             "; touch x", "caf\xc3\xa9", "a*?[b]\\<&>", "-rf", "a\nb", "x]]>y"}) {
        const auto image = harness_->source(name, "content");
        EXPECT_NE(image->facts().location.find(harness_->written(name)), std::string::npos);
        if (harness_->takes(name))
            EXPECT_EQ(read(*image), "content") << name;
        else
            EXPECT_EQ(error_of([&] { read(*image); }).kind(),
                      harness_->only_kind().value_or(ErrorKind::bad_request))
                << name;
    }
}

// What a copy that shares blocks would take is what a reader gives.
TEST_P(SourceSuite, FileOfItsOwnHoldsTheseBytesExactly) {
    const std::string content = noise(100'003);
    const auto image = harness_->source("image", content);
    const auto reader = image->open(context_);
    if (reader->file() < 0) GTEST_SKIP() << "this source has no file of its own";
    struct stat status {};
    ASSERT_EQ(::fstat(reader->file(), &status), 0);
    EXPECT_TRUE(S_ISREG(status.st_mode));
    EXPECT_EQ(read_file("/proc/self/fd/" + std::to_string(reader->file())), content);
}

TEST_P(SourceSuite, ThatIsNotThereIsAnError) {
    const auto image = harness_->missing();
    const Error error = error_of([&] { read(*image); });
    EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
}

// The one thing a source must never do: end early as if that were the end.
TEST_P(SourceSuite, ThatBreaksHalfwayIsAnError) {
    const auto image = harness_->broken(noise(kLarge));
    const Error error = error_of([&] { read(*image); });
    EXPECT_TRUE(error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::unavailable)
        << error.what();
}

TEST_P(SourceSuite, CancelledHalfwayIsQuick) {
    const auto image = harness_->source("image", noise(kLarge));
    CancellingSink sink(context_.stop);
    Digest md5("MD5");
    const Stopwatch watch;
    const Error error = error_of([&] { pump(*image->open(context_), sink, md5, context_); });
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 5);
}

TEST_P(SourceSuite, CancelledWhileItStalls) {
    const auto image = harness_->stalling(noise(kLarge));
    if (!image) GTEST_SKIP() << "this source cannot stall";
    const auto reader = image->open(context_);
    std::string buffer(65'536, '\0');
    size_t got = 0;
    while (got < kLarge / 2)
        got += reader->read(std::as_writable_bytes(std::span(buffer)), context_).size;
    const std::jthread canceller([&] { context_.stop.request_stop(); });
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] { read_all(*reader, context_); }).kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 5);
}

TEST_P(SourceSuite, ThatStallsMeetsTheIdleDeadline) {
    const auto image = harness_->stalling(noise(kLarge));
    if (!image) GTEST_SKIP() << "this source cannot stall";
    TestContext limited(5, {seconds(1), true});
    const Stopwatch watch;
    const Error error = error_of([&] { read_all(*image->open(limited), limited); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_LT(watch.seconds(), 6);
}

TEST_P(SourceSuite, LeavesNothingBehind) {
    const auto descriptors = [] { return list("/proc/self/fd").size(); };
    const size_t before = descriptors();
    SourceHarness& harness = *harness_;
    read(*harness.source("image", "content"));
    { const auto half_read = harness.source("image", noise(kLarge))->open(context_); }
    error_of([&] { read(*harness.broken(noise(kLarge))); });
    // A server of the harness may be a moment behind.
    EXPECT_TRUE(eventually([&] { return descriptors() == before; })) << descriptors();
    siginfo_t info{};
    EXPECT_NE(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), 0) << "a child is left";
}

}  // namespace onemarket::test
