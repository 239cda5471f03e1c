// SPDX-License-Identifier: Apache-2.0
#include "backends/io/pump.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "backends/io/file_reader.h"
#include "protocol/hex.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using std::chrono::seconds;
using test::error_of;
using test::noise;
using test::Stopwatch;
using test::TempDir;
using test::TestContext;
using test::TextReader;
using test::write_file;

constexpr size_t kPiece = size_t{256} << 10;

// Keeps what it is given, and how much of it came as holes.
class TextSink : public Sink {
  public:
    void write(std::span<const std::byte> bytes) override {
        text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    void skip(uint64_t count) override {
        text.append(count, '\0');
        holes += count;
    }
    std::string text;
    uint64_t holes = 0;
};

// As the disk that fills up.
class FailingSink : public TextSink {
  public:
    explicit FailingSink(size_t room) : room_(room) {}
    void write(std::span<const std::byte> bytes) override {
        check(bytes.size());
        TextSink::write(bytes);
    }
    void skip(uint64_t count) override {
        check(count);
        TextSink::skip(count);
    }

  private:
    void check(uint64_t more) const {
        if (text.size() + more > room_) throw Error(ErrorKind::no_space, "full");
    }
    size_t room_;
};

// An endless source that never runs out of holes or of data.
class EndlessReader : public Reader {
  public:
    EndlessReader(bool hole, test::BeforePiece before) : hole_(hole), before_(std::move(before)) {}
    Piece read(std::span<std::byte> buffer, Context& context) override {
        before_(offset_, context);
        if (!hole_) std::fill(buffer.begin(), buffer.end(), std::byte{'x'});
        const uint64_t size = hole_ ? uint64_t{1} << 50 : buffer.size();
        offset_ += size;
        return {size, hole_};
    }

  private:
    bool hole_;
    test::BeforePiece before_;
    uint64_t offset_ = 0;
};

TEST(Pump, DigestIsWhatMd5sumSays) {
    const TempDir dir;
    for (const size_t size :
         {size_t{0}, size_t{1}, kPiece - 1, kPiece, kPiece + 1, (size_t{5} << 20) + 1}) {
        const std::string content = noise(size, static_cast<unsigned>(size));
        write_file(dir / "image", content);
        TestContext context;
        FileReader reader(dir / "image");
        TextSink sink;
        Digest digest("MD5");
        EXPECT_EQ(pump(reader, sink, digest, context), size);
        EXPECT_TRUE(sink.text == content) << size;
        EXPECT_EQ(digest.finish(), test::md5sum(dir / "image")) << size;
    }
}

TEST(Pump, HolesAreHashedAsZerosAndPassedOnAsHoles) {
    const TempDir dir;
    const std::string path = dir / "image";
    write_file(path, "begin");
    std::filesystem::resize_file(path, size_t{12} << 20);
    {
        const UniqueFd fd(::open(path.c_str(), O_WRONLY));
        ASSERT_EQ(::pwrite(fd.get(), "middle", 6, 6 << 20), 6);
    }
    TestContext context;
    FileReader reader(path);
    const bool sparse = reader.allocated() < reader.size();
    TextSink sink;
    Digest digest("MD5");
    EXPECT_EQ(pump(reader, sink, digest, context), size_t{12} << 20);
    EXPECT_TRUE(sink.text == test::read_file(path));
    EXPECT_EQ(digest.finish(), test::md5sum(path));
    if (sparse) {
        EXPECT_GT(sink.holes, uint64_t{11} << 20);
    }
}

TEST(Pump, SmallPiecesInTheirOrder) {
    const TempDir dir;
    const std::string content = noise(200'000);
    write_file(dir / "image", content);
    for (const size_t piece : {size_t{7}, size_t{1000}, size_t{65'537}}) {
        TestContext context;
        TextReader reader(content, {}, piece);
        TextSink sink;
        Digest digest("MD5");
        EXPECT_EQ(pump(reader, sink, digest, context), content.size());
        EXPECT_TRUE(sink.text == content) << piece;
        EXPECT_EQ(digest.finish(), test::md5sum(dir / "image")) << piece;
    }
}

// The second digest sees the same bytes, holes too.
TEST(Pump, DigestBeside) {
    const TempDir dir;
    write_file(dir / "image", noise(300'001));
    std::filesystem::resize_file(dir / "image", size_t{9} << 20);
    TestContext context;
    FileReader reader(dir / "image");
    TextSink sink;
    Digest md5_digest("MD5");
    Digest sha256_digest("SHA256");
    pump(reader, sink, md5_digest, context, &sha256_digest);
    EXPECT_EQ(md5_digest.finish(), test::md5sum(dir / "image"));
    EXPECT_EQ(sha256_digest.finish(), to_hex(sha256(test::read_file(dir / "image"))));
}

// The digest goes on where it was: the caller may have hashed something before.
TEST(Pump, AddsToTheDigest) {
    TestContext context;
    TextReader reader("c");
    NullSink sink;
    Digest digest("MD5");
    digest.update(std::as_bytes(std::span("ab", 2)));
    pump(reader, sink, digest, context);
    EXPECT_EQ(digest.finish(), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(Pump, WhatTheSinkThrows) {
    for (const size_t room : {size_t{0}, kPiece, 20 * kPiece}) {
        TestContext context;
        TextReader reader(noise(40 * kPiece), {}, kPiece);
        FailingSink sink(room);
        Digest digest("MD5");
        const Error error = error_of([&] { pump(reader, sink, digest, context); });
        EXPECT_EQ(error.kind(), ErrorKind::no_space);
        EXPECT_EQ(sink.text.size(), room);
    }
}

TEST(Pump, WhatTheReaderThrows) {
    for (const uint64_t where : {uint64_t{0}, uint64_t{1}, uint64_t{20 * kPiece}}) {
        TestContext context;
        TextReader reader(noise(40 * kPiece), test::fail_at(where), kPiece);
        TextSink sink;
        Digest digest("MD5");
        const Error error = error_of([&] { pump(reader, sink, digest, context); });
        EXPECT_EQ(error.kind(), ErrorKind::unavailable);
        EXPECT_STREQ(error.what(), "the source broke");
    }
}

TEST(Pump, WhatIsNoErrorPassesToo) {
    TestContext context;
    TextReader reader("x", [](uint64_t, Context&) { throw std::runtime_error("other"); });
    NullSink sink;
    Digest digest("MD5");
    EXPECT_THROW(pump(reader, sink, digest, context), std::runtime_error);
}

TEST(Pump, CancelHalfwayReturnsQuickly) {
    TestContext context;
    EndlessReader reader(false, test::cancel_at(8 * kPiece, context.stop));
    NullSink sink;
    Digest digest("MD5");
    const Stopwatch watch;
    const Error error = error_of([&] { pump(reader, sink, digest, context); });
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 10);
}

// A petabyte of zeros is one piece, and takes days to hash.
TEST(Pump, CancelWithinAHole) {
    TestContext context;
    std::jthread canceller;
    EndlessReader reader(true, [&](uint64_t, Context&) {
        if (!canceller.joinable()) canceller = std::jthread([&] { context.stop.request_stop(); });
    });
    NullSink sink;
    Digest digest("MD5");
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] { pump(reader, sink, digest, context); }).kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 10);
}

TEST(Pump, CancelledBeforeItBegins) {
    TestContext context;
    context.stop.request_stop();
    TextReader reader("x", [](uint64_t, Context&) { ADD_FAILURE() << "was read"; });
    NullSink sink;
    Digest digest("MD5");
    EXPECT_EQ(error_of([&] { pump(reader, sink, digest, context); }).kind(), ErrorKind::cancelled);
}

TEST(Pump, IdleDeadlineOfASourceThatStalls) {
    TestContext context(5, {seconds(1), true});
    TextReader reader(noise(4 * kPiece), test::stall_at(2 * kPiece), kPiece);
    NullSink sink;
    Digest digest("MD5");
    const Stopwatch watch;
    const Error error = error_of([&] { pump(reader, sink, digest, context); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_STREQ(error.what(), "Timeout: no progress for 1 s");
    EXPECT_GE(watch.seconds(), 1);
    EXPECT_LT(watch.seconds(), 10);
}

TEST(Pump, IdleDeadlineSparesASourceThatGoesOn) {
    TestContext context(5, {seconds(2), true});
    const auto first_deadline = *context.context.deadline();
    bool done = false;
    // Slow, but alive until well past the first deadline.
    TextReader reader(
        noise(1 << 20),
        [&](uint64_t, Context&) {
            if (!done) std::this_thread::sleep_for(std::chrono::milliseconds(20));
            done = Context::Clock::now() > first_deadline + std::chrono::milliseconds(100);
        },
        4096);
    TextSink sink;
    Digest digest("MD5");
    EXPECT_EQ(pump(reader, sink, digest, context), size_t{1} << 20);
    EXPECT_TRUE(done);
}

TEST(Pump, WholeDeadlineDoesNotCareForProgress) {
    for (const bool hole : {false, true}) {
        TestContext context(5, {seconds(1), false});
        EndlessReader reader(hole, [](uint64_t, Context&) {});
        NullSink sink;
        Digest digest("MD5");
        const Stopwatch watch;
        EXPECT_EQ(error_of([&] { pump(reader, sink, digest, context); }).kind(),
                  ErrorKind::timeout);
        EXPECT_LT(watch.seconds(), 10);
    }
}

TEST(Pump, LeavesNoThreadBehind) {
    const auto threads = [] { return test::list("/proc/self/task").size(); };
    const size_t before = threads();
    for (int i = 0; i < 20; ++i) {
        TestContext context;
        TextReader reader(noise(3 * kPiece), i % 2 == 0 ? test::fail_at(kPiece) : nullptr, kPiece);
        NullSink sink;
        Digest digest("MD5");
        try {
            pump(reader, sink, digest, context);
        } catch (const Error&) {
        }
    }
    // A joined thread's entry may linger for a moment.
    EXPECT_TRUE(test::eventually([&] { return threads() <= before; }));
}

// ---- copy ----

TEST(Copy, BytesAndHolesAsTheyCome) {
    const TempDir dir;
    write_file(dir / "image", noise(5'000'001));
    std::filesystem::resize_file(dir / "image", size_t{12} << 20);
    TestContext context;
    FileReader reader(dir / "image");
    const bool sparse = reader.allocated() < reader.size();
    TextSink sink;
    EXPECT_EQ(copy(reader, sink, context), size_t{12} << 20);
    EXPECT_TRUE(sink.text == test::read_file(dir / "image"));
    if (sparse) {
        EXPECT_GT(sink.holes, uint64_t{5} << 20);
    }
}

TEST(Copy, NothingIsNothing) {
    TestContext context;
    TextReader reader("");
    TextSink sink;
    EXPECT_EQ(copy(reader, sink, context), 0U);
}

TEST(Copy, WhatReaderAndSinkThrow) {
    TestContext context;
    TextReader reader(noise(40 * kPiece), test::fail_at(20 * kPiece), kPiece);
    TextSink sink;
    EXPECT_EQ(error_of([&] { copy(reader, sink, context); }).kind(), ErrorKind::unavailable);

    TextReader whole(noise(40 * kPiece), {}, kPiece);
    FailingSink full(20 * kPiece);
    EXPECT_EQ(error_of([&] { copy(whole, full, context); }).kind(), ErrorKind::no_space);
}

TEST(Copy, CancelIsHeard) {
    for (const bool hole : {false, true}) {
        TestContext context;
        EndlessReader reader(hole, test::cancel_at(8 * kPiece, context.stop));
        NullSink sink;
        EXPECT_EQ(error_of([&] { copy(reader, sink, context); }).kind(), ErrorKind::cancelled);
    }
}

TEST(Copy, BytesAreProgress) {
    TestContext context(5, {seconds(2), true});
    const auto first_deadline = *context.context.deadline();
    bool done = false;
    TextReader reader(
        noise(1 << 20),
        [&](uint64_t, Context&) {
            if (!done) std::this_thread::sleep_for(std::chrono::milliseconds(20));
            done = Context::Clock::now() > first_deadline + std::chrono::milliseconds(100);
        },
        4096);
    TextSink sink;
    EXPECT_EQ(copy(reader, sink, context), size_t{1} << 20);
    EXPECT_TRUE(done);
}

}  // namespace
}  // namespace onemarket
