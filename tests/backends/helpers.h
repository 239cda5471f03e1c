// SPDX-License-Identifier: Apache-2.0
// What the tests of this floor share: scripted readers and sources, a site made of scripts, limits
// that end with their scope, and ways to wait for what must happen.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "backends/image_source.h"
#include "backends/site.h"
#include "tests/support/support.h"

namespace onemarket {

inline void PrintTo(ErrorKind kind, std::ostream* out) {
    *out << to_string(kind);
}
inline void PrintTo(LogLevel level, std::ostream* out) {
    *out << "EWID"[static_cast<int>(level)];
}

}  // namespace onemarket

namespace onemarket::test {

// The Error that `action` throws; not to throw one is a failure of the test.
template <class Action>
Error error_of(Action&& action) {
    try {
        std::forward<Action>(action)();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "no Error was thrown";
    return Error(ErrorKind::internal, "(no Error was thrown)");
}

// The name of a parameterised test: its case's own.
template <class Case>
std::string case_name(const testing::TestParamInfo<Case>& info) {
    return info.param.name;
}

// As list(), where an image and the manifest beside it are one.
inline std::vector<std::string> list_images(const std::string& folder) {
    std::vector<std::string> names = list(folder);
    const std::set<std::string> all(names.begin(), names.end());
    std::erase_if(names, [&all](const std::string& name) {
        return name.ends_with(".json") && all.contains(name.substr(0, name.size() - 5));
    });
    return names;
}

inline bool is_root() {
    return ::geteuid() == 0;
}

inline void write_text(Sink& sink, const std::string& text) {
    sink.write(std::as_bytes(std::span(text)));
}

// How long something took, for "answered within".
class Stopwatch {
  public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Looks until `condition` holds; false when it still does not after a generous time.
template <class Condition>
bool eventually(Condition&& condition) {
    const Stopwatch watch;
    while (!condition()) {
        if (watch.seconds() > 30) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

// True once the process is dead. Reaping orphans is init's business, so a zombie counts.
inline bool is_dead(pid_t pid) {
    std::ifstream stream("/proc/" + std::to_string(pid) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const size_t name_end = text.rfind(')');
    return name_end == std::string::npos || text.compare(name_end + 2, 1, "Z") == 0;
}

// Writes out what stdio still holds of gtest's words: the thread sanitizer does so at the _exit of
// a child whose exec failed (a script without a #! line), and there they would be the script's.
inline void flush_stdio() {
    std::fflush(nullptr);
}

// A signal the process ignores as long as this lives, as the driver ignores SIGPIPE.
class Ignored {
  public:
    explicit Ignored(int number) : number_(number), before_(::signal(number, SIG_IGN)) {}
    ~Ignored() { ::signal(number_, before_); }
    Ignored(const Ignored&) = delete;
    Ignored& operator=(const Ignored&) = delete;

  private:
    int number_;
    void (*before_)(int);
};

// A soft limit of this process as long as this lives.
class Limited {
  public:
    Limited(__rlimit_resource resource, rlim_t soft) : resource_(resource) {
        ::getrlimit(resource_, &before_);
        const rlimit limit{std::min(soft, before_.rlim_max), before_.rlim_max};
        if (::setrlimit(resource_, &limit) != 0) ADD_FAILURE() << "setrlimit";
    }
    ~Limited() { ::setrlimit(resource_, &before_); }
    Limited(const Limited&) = delete;
    Limited& operator=(const Limited&) = delete;

  private:
    __rlimit_resource resource_;
    rlimit before_{};
};

// No file may grow past this many bytes: to whoever writes it the disk is full.
class FullDisk {
  public:
    explicit FullDisk(rlim_t bytes) : signal_(SIGXFSZ), limit_(RLIMIT_FSIZE, bytes) {}

  private:
    Ignored signal_;
    Limited limit_;
};

// What a reader does before it gives the piece that begins at `offset`: fail, cancel, wait.
using BeforePiece = std::function<void(uint64_t offset, Context& context)>;

inline BeforePiece fail_at(uint64_t where) {
    return [where](uint64_t offset, Context&) {
        if (offset >= where) throw Error(ErrorKind::unavailable, "the source broke");
    };
}
inline BeforePiece cancel_at(uint64_t where, std::stop_source& stop) {
    return [where, &stop](uint64_t offset, Context&) {
        if (offset >= where) stop.request_stop();
    };
}
// Gives nothing more, as a peer that has died: only the context gets out of it.
inline BeforePiece stall_at(uint64_t where) {
    return [where](uint64_t offset, Context& context) {
        while (offset >= where) {
            context.check();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    };
}

// Gives a text piece by piece.
class TextReader : public Reader {
  public:
    explicit TextReader(std::string text, BeforePiece before = {}, size_t piece = 64 * 1024)
        : text_(std::move(text)), before_(std::move(before)), piece_(piece) {}

    Piece read(std::span<std::byte> buffer, Context& context) override {
        if (before_) before_(offset_, context);
        const size_t size = std::min({piece_, buffer.size(), text_.size() - offset_});
        if (size > 0) std::memcpy(buffer.data(), text_.data() + offset_, size);
        offset_ += size;
        return {size, false};
    }

  private:
    std::string text_;
    BeforePiece before_;
    size_t piece_;
    size_t offset_ = 0;
};

class TextSource : public ImageSource {
  public:
    TextSource(ImageFacts facts, std::string text, BeforePiece before = {})
        : ImageSource(std::move(facts)), text_(std::move(text)), before_(std::move(before)) {}

    std::unique_ptr<Reader> open(Context&) override {
        return std::make_unique<TextReader>(std::move(text_), std::move(before_));
    }

  private:
    std::string text_;
    BeforePiece before_;
};

// All a reader gives, its holes as the zeros they are.
inline std::string read_all(Reader& reader, Context& context, size_t buffer_size = 64 * 1024) {
    std::string text;
    std::string buffer(buffer_size, '\x55');
    while (true) {
        const Piece piece = reader.read(std::as_writable_bytes(std::span(buffer)), context);
        if (piece.size == 0) return text;
        if (piece.hole)
            text.append(piece.size, '\0');
        else
            text.append(buffer, 0, piece.size);
    }
}

// An OpenNebula installation whose scripts the test writes.
struct TestSite {
    TempDir dir;
    Site site;

    TestSite() {
        flush_stdio();
        site.remotes = dir / "remotes";
        site.work_dir = dir / "var";
        std::filesystem::create_directories(site.remotes);
        std::filesystem::create_directories(site.work_dir);
        const char* path = std::getenv("PATH");
        site.environment = {std::string("PATH=") + (path != nullptr ? path : "/usr/bin:/bin"),
                            "LC_ALL=C", "HERE=" + dir.path().string()};
    }

    // `script("market/foo/import", ...)`. In it $HERE is the throw-away folder.
    std::string script(const std::string& name, const std::string& content) {
        const std::string path = site.remotes + "/" + name;
        write_script(path, content);
        return path;
    }

    // What a script left in $HERE.
    std::string left(const std::string& name) const { return read_file(dir / name); }
};

}  // namespace onemarket::test
