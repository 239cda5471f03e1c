// SPDX-License-Identifier: Apache-2.0
// What becomes of an import when the host that holds its image fails: for each datastore behind
// bridges a FAILURE that names host and reason, nothing in the marketplace, nobody connected.
// `rbd` and LVM are scripts here: what fails is the host.
#include <unistd.h>

#include "backends/exports/ceph.h"
#include "backends/exports/fs.h"
#include "backends/exports/lvm.h"
#include "backends/http.h"
#include "backends/io/random.h"
#include "tests/backends/exports/bridge_fixture.h"

namespace onemarket::test {
namespace {

constexpr size_t kSize = 20'000'000;  // far more than ssh holds on its way

using Action = std::function<void()>;

// An image of which something happens to the host when half has been read.
class Halfway : public ImageSource {
  public:
    Halfway(std::unique_ptr<ImageSource> image, Action action)
        : ImageSource(image->facts()), image_(std::move(image)), action_(std::move(action)) {}
    std::unique_ptr<Reader> open(Context& context) override {
        return std::make_unique<HalfwayReader>(image_->open(context), action_);
    }

  private:
    class HalfwayReader : public Reader {
      public:
        HalfwayReader(std::unique_ptr<Reader> from, Action action)
            : from_(std::move(from)), action_(std::move(action)) {}
        Piece read(std::span<std::byte> buffer, Context& context) override {
            if (got_ > kSize / 2 && action_) std::exchange(action_, nullptr)();
            const Piece piece = from_->read(buffer, context);
            got_ += piece.size;
            return piece;
        }

      private:
        std::unique_ptr<Reader> from_;
        Action action_;
        uint64_t got_ = 0;
    };

    std::unique_ptr<ImageSource> image_;
    Action action_;
};

// One datastore, with what its host needs.
struct Datastore {
    std::string name;
    std::string source;
    std::string program;  // of the host that gives the bytes
    std::unique_ptr<ImageSource> (*make)(const Site&, const DriverMessage&, Context&);
};

template <class T>
std::unique_ptr<ImageSource> exported(const Site& site, const DriverMessage& message,
                                      Context& context) {
    return T(site).export_image(message, context);
}

class ExportFaults : public BridgeFixture, public testing::WithParamInterface<const char*> {
  protected:
    void SetUp() override {
        BridgeFixture::SetUp();
        if (!sshd_) return;
        write_file(dir_ / "image", noise(kSize));
        std::filesystem::create_directory(dir_ / "public");
        program("rbd", "case $1 in info) echo '{\"size\":" + std::to_string(kSize) +
                           "}' ;; export) exec cat '" + dir_ / "image" + "' ;; esac");
        program("sudo", "case $3 in -ay) ln -s '" + dir_ / "image" +
                            "' \"/dev/$4\" ;; -an) rm \"/dev/$4\" ;; esac");
        program("lsblk", "echo lvm");
        if (GetParam() == std::string("fs"))
            datastore_ = {"fs-bridge", dir_ / "image", "dd", exported<FsExporter>};
        if (GetParam() == std::string("ceph"))
            datastore_ = {"ceph", "one/img", "rbd", exported<CephExporter>};
        if (GetParam() == std::string("lvm"))
            datastore_ = {"lvm", "shm/" + lv_, "dd", exported<LvmExporter>};
    }
    void TearDown() override {
        if (!sshd_) return;
        sshd_->thaw();
        EXPECT_TRUE(eventually([this] { return !std::filesystem::exists("/dev/shm/" + lv_); }))
            << "the volume is still active";
        BridgeFixture::TearDown();
        EXPECT_EQ(list(dir_ / "public"), std::vector<std::string>{}) << "something is left";
    }

    // A whole import; `action` comes when half has been read.
    PublishedApp import(const std::string& hosts, Action action = {}) {
        DriverMessage request =
            message(datastore_.name, datastore_.source, hosts, {{"PUBLIC_DIR", dir_ / "public"}});
        Halfway image(datastore_.make(site_.site, request, context_), std::move(action));
        return HttpBackend(site_.site).import(request, image, context_);
    }
    void remove(const PublishedApp& app) const {
        const std::string image = dir_ / "public" + app.source.substr(app.source.rfind('/'));
        for (const std::string& path : {image, image + ".json"}) std::filesystem::remove(path);
    }
    Error error(const std::string& hosts, Action action = {}) {
        const Stopwatch watch;
        Error error = error_of([&] { import(hosts, std::move(action)); });
        EXPECT_LT(watch.seconds(), 15) << error.what();
        return error;
    }
    static void expect(const Error& error, const std::string& begin, const std::string& end) {
        const std::string text = error.what();
        EXPECT_TRUE(text.starts_with(begin)) << text;
        EXPECT_TRUE(text.ends_with(end)) << text;
        EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    }

    std::string lv_ = "onemarketd-" + random_hex();
    Datastore datastore_;
};

TEST_P(ExportFaults, NoneAtAll) {
    const PublishedApp app = import("bridge1");
    const std::string file = dir_ / "public" + app.source.substr(app.source.rfind('/'));
    EXPECT_EQ(app.md5, md5sum(dir_ / "image"));
    EXPECT_EQ(md5sum(file), app.md5);
    remove(app);
}

TEST_P(ExportFaults, HostIsDown) {
    expect(error("down"), "down: ", "Connection refused");
}

TEST_P(ExportFaults, AllHostsAreDown) {
    expect(error("down refused down"), "refused: ", "Permission denied (publickey).");
    EXPECT_TRUE(context_.log.contains("Connection refused; trying the next host"));
}

TEST_P(ExportFaults, HostRefusesTheKey) {
    expect(error("refused"), "refused: ", "Permission denied (publickey).");
}

TEST_P(ExportFaults, HostHasAnotherKeyThanItHad) {
    expect(error("stranger"), "stranger: ", "Host key verification failed.");
}

TEST_P(ExportFaults, NextHostServes) {
    const PublishedApp app = import("bridge1 stranger bridge3 bridge2");  // 5 modulo 4
    EXPECT_TRUE(context_.log.contains("Host key verification failed.; trying the next host"));
    remove(app);
}

TEST_P(ExportFaults, HostSaysNothingAfterHalf) {
    const Error fault = error("bridge1", [this] { sshd_->freeze(); });
    EXPECT_EQ(fault.kind(), ErrorKind::unavailable);
    EXPECT_STREQ(fault.what(), "bridge1: the connection was lost");
}

TEST_P(ExportFaults, LineIsDroppedAtHalf) {
    const Error fault = error("bridge1", [this] { sshd_->drop(); });
    EXPECT_EQ(fault.kind(), ErrorKind::unavailable);
    expect(fault, "bridge1: the connection was lost: ", "");  // and the words of ssh, which vary
}

TEST_P(ExportFaults, ReadingFailsOnTheHost) {
    program(datastore_.program,
            "case \"$*\" in info*) echo '{\"size\":" + std::to_string(kSize) +
                "}' ;; *of=*|*skip=*) exec /usr/bin/dd \"$@\" ;; *) head -c 5000000 '" +
                dir_ / "image" + "'; echo 'read: Input/output error' >&2; exit 5 ;; esac");
    expect(error("bridge1"), "bridge1: ", "read: Input/output error");
}

TEST_P(ExportFaults, CancelledAtHalf) {
    const Error fault = error("bridge1", [this] { context_.stop.request_stop(); });
    EXPECT_EQ(fault.kind(), ErrorKind::cancelled);
}

TEST_P(ExportFaults, OddBridgeLists) {
    for (const char* hosts : {"-oProxyCommand=touch${IFS}run-by-mistake", "bridge1 -F/dev/null",
                              "a;touch run-by-mistake", "$(touch run-by-mistake)",
                              "bridge1 `touch run-by-mistake`", "bridge1|x", "'bridge1'"}) {
        const Error fault = error(hosts);
        EXPECT_EQ(fault.kind(), ErrorKind::bad_request) << hosts;
        expect(fault, "BRIDGE_LIST: '", "' is no name of a host");
    }
    const PublishedApp app = import(" \t bridge1,\n ,bridge2  ");
    remove(app);
}

INSTANTIATE_TEST_SUITE_P(Datastores, ExportFaults, testing::Values("ceph", "fs", "lvm"),
                         [](const auto& datastore) { return std::string(datastore.param); });

}  // namespace
}  // namespace onemarket::test
