// SPDX-License-Identifier: Apache-2.0
#include "backends/http.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <vector>

#include "backends/io/digest.h"
#include "backends/io/manifest.h"
#include "backends/sources/file.h"
#include "protocol/hex.h"
#include "protocol/template.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::FullDisk;
using test::list;
using test::noise;
using test::read_file;
using test::TestContext;
using test::TextSource;
using test::write_file;

using Names = std::vector<std::string>;

class HttpTest : public testing::Test {
  protected:
    HttpTest() {
        fs::create_directory(public_);
        write_file(outside_, "precious");
    }

    DriverMessage message(const std::string& name, const std::string& source = "/an/image") const {
        std::map<std::string, std::string> values = {{"BASE_URL", url_}, {"PUBLIC_DIR", public_}};
        if (name == "import-http")
            values.insert({{"SOURCE", source}, {"FORMAT", "raw"}, {"DATASTORES", "/ds"}});
        if (name == "delete-http") values.insert({"SOURCE", source});
        values.insert({"BRIDGE_LIST", "web1 web2"});
        return test::message(name, values);
    }

    // What follows is of another request.
    void forget_import() { context_.context.keep_in(std::make_shared<UnkeptRecord>()); }

    PublishedApp import(ImageSource& image) {
        forget_import();
        return backend_.import(message("import-http"), image, context_);
    }
    PublishedApp import(const std::string& content) {
        TextSource image(facts_, content);
        return import(image);
    }
    void remove(const std::string& source) {
        backend_.remove(message("delete-http"), source, context_);
    }
    Error remove_error(const std::string& source) {
        return error_of([&] { remove(source); });
    }
    Template monitor() {
        const Result<Template> answer =
            parse_template(backend_.monitor(message("monitor-http"), context_));
        if (!answer) throw std::runtime_error(answer.reason());
        return *answer;
    }

    Names names() const { return test::list_images(public_); }
    std::string path_of(const PublishedApp& app) const {
        return public_ + app.source.substr(app.source.rfind('/'));
    }

    Site site_;
    HttpBackend backend_{site_};
    test::TempDir dir_;
    std::string public_ = dir_ / "public";
    std::string outside_ = dir_ / "outside";
    std::string url_ = "http://market.example/images";
    ImageFacts facts_{"/an/image", "128", "qcow2", "", {}, false};
    TestContext context_;
};

TEST_F(HttpTest, ServesAFolderOfAnyHost) {
    EXPECT_TRUE(backend_.serves(message("import-http")));
    EXPECT_TRUE(backend_.serves(message("monitor-http-bridge")));
}

// --- Import ---

TEST_F(HttpTest, ImportsAnImage) {
    const std::string content = noise(700'001);
    write_file(dir_ / "image", content);
    facts_.location = dir_ / "image";
    FileSource image(facts_);
    const PublishedApp app = import(image);
    ASSERT_EQ(names().size(), 1U);
    EXPECT_TRUE(names()[0].starts_with("marketapp-5-")) << "tells the app's id: " << names()[0];
    EXPECT_EQ(app.source, url_ + "/" + names()[0]);
    EXPECT_EQ(app.md5, test::md5sum(dir_ / "image"));
    EXPECT_EQ(app.size_mb, "128");
    EXPECT_EQ(app.format, "qcow2");
    EXPECT_TRUE(read_file(path_of(app)) == content);
    EXPECT_EQ(test::mode_of(path_of(app)), 0644U);
}

// The datastore's file was looked at, and written to before it was copied.
TEST_F(HttpTest, LooksAtTheCopyAgain) {
    write_file(dir_ / "image", "QFI\xfb" + std::string("\0\0\0\3", 4) + std::string(4096, '\0'));
    facts_ = {dir_ / "image", "128", "raw", "", {}, true};
    FileSource image(facts_);
    EXPECT_THROW(import(image), Error);
    EXPECT_TRUE(names().empty());
}

TEST_F(HttpTest, ImageThatIsWrittenToIsNotPublished) {
    class Growing : public FileReader {
      public:
        using FileReader::FileReader;
        int file() const override { return -1; }  // no copy that shares blocks: that is of a moment
        Piece read(std::span<std::byte> buffer, Context& context) override {
            const Piece piece = FileReader::read(buffer, context);
            if (piece.size == 0) fs::resize_file(path, 100);
            return piece;
        }
        std::string path;
    };
    class GrowingSource : public ImageSource {
      public:
        using ImageSource::ImageSource;
        std::unique_ptr<Reader> open(Context&) override {
            auto reader = std::make_unique<Growing>(facts().location);
            reader->path = facts().location;
            return reader;
        }
    };
    facts_.location = dir_ / "image";
    write_file(facts_.location, "content");
    GrowingSource image(facts_);
    const Error error = error_of([&] { import(image); });
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_EQ(error.what(), facts_.location + ": it was written to while it was read");
    EXPECT_EQ(names(), Names{});
}

TEST_F(HttpTest, KeepsTheHolesOfASparseImage) {
    const std::string image_path = dir_ / "image";
    write_file(image_path, noise(100'000));
    fs::resize_file(image_path, 64 << 20);
    struct stat before {};
    ASSERT_EQ(::stat(image_path.c_str(), &before), 0);
    if (before.st_blocks * 512 > 1 << 20) GTEST_SKIP() << "this file system makes no holes";
    facts_.location = image_path;
    FileSource image(facts_);
    const PublishedApp app = import(image);
    struct stat after {};
    ASSERT_EQ(::stat(path_of(app).c_str(), &after), 0);
    EXPECT_EQ(after.st_size, 64 << 20);
    EXPECT_LE(after.st_blocks, before.st_blocks + 64);
    EXPECT_EQ(app.md5, test::md5sum(image_path));
    EXPECT_EQ(test::md5sum(path_of(app)), app.md5);
}

TEST_F(HttpTest, PromisedMd5InEitherCaseIsCompared) {
    facts_.md5 = "900150983cd24fb0d6963f7d28e17f72";
    EXPECT_EQ(import("abc").md5, facts_.md5);
    const Error error = error_of([&] { import("abd"); });
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_STREQ(error.what(),
                 "/an/image: the datastore promised MD5 900150983cd24fb0d6963f7d28e17f72, "
                 "its bytes have 4911e516e5aa21d327512e0c8b197616");
    EXPECT_EQ(names().size(), 1U);
}

TEST_F(HttpTest, PasswordOfASourceIsNotTold) {
    facts_.md5 = "900150983cd24fb0d6963f7d28e17f72";
    facts_.location = "http://tenant:hunter2@host/image?token=hunter2";
    const Error error = error_of([&] { import("abd"); });
    EXPECT_TRUE(std::string_view(error.what()).starts_with("http://host/image: the datastore"))
        << error.what();
}

TEST_F(HttpTest, SlashAtTheEndOfUrlOrFolderDoesNotMatter) {
    for (const char* end : {"", "/", "//"}) {
        const std::string url = url_;
        const std::string folder = public_;
        url_ += end;
        public_ += end;
        const PublishedApp app = import("content");
        EXPECT_EQ(app.source.find("//", 8), std::string::npos) << app.source;
        url_ = url;
        public_ = folder;
        remove(app.source);
        EXPECT_EQ(names(), Names{});
    }
}

TEST_F(HttpTest, AddressOfAnyKind) {
    for (const char* url :
         {"http://[::1]/m/", "http://[::1]:8080", "https://u@h/m?x=a+b", "http://h/(a)*[b]/"}) {
        url_ = url;
        const PublishedApp app = import("content");
        EXPECT_EQ(names().size(), 1U);
        remove(app.source);
        EXPECT_EQ(names(), Names{}) << url;
    }
}

TEST_F(HttpTest, MissingAttributesAreNamed) {
    url_ = "";
    EXPECT_STREQ(error_of([&] { import("x"); }).what(),
                 "BASE_URL is missing in the marketplace's template");
    url_ = "http://web";
    public_ = "";
    EXPECT_STREQ(error_of([&] { import("x"); }).what(),
                 "PUBLIC_DIR is missing in the marketplace's template");
}

TEST_F(HttpTest, FolderThatIsNone) {
    struct Case {
        std::string path;
        const char* reason;
    };
    const std::vector<Case> cases = {{dir_ / "missing", "No such file or directory"},
                                     {outside_, "Not a directory"},
                                     {"relative", "not an absolute path"}};
    for (const auto& c : cases) {
        public_ = c.path;
        const std::string expected = "PUBLIC_DIR " + c.path + ": " + c.reason;
        EXPECT_EQ(error_of([&] { import("x"); }).what(), expected);
        EXPECT_EQ(error_of([&] { monitor(); }).what(), expected);
        EXPECT_EQ(remove_error(url_ + "/app").what(), expected);
        EXPECT_EQ(error_of([&] { backend_.discard(message("delete-http", ""), context_); }).what(),
                  expected);
    }
    EXPECT_EQ(read_file(outside_), "precious");
}

TEST_F(HttpTest, ImportFirstRemovesWhatAKilledOneLeft) {
    write_file(public_ + "/.onemarketd-5-dead", "half");
    write_file(public_ + "/.onemarketd-6-other", "half");
    import("content");
    ASSERT_EQ(names().size(), 2U);
    EXPECT_EQ(names()[0], ".onemarketd-6-other");
}

// An image that cannot fit is told before the first byte is copied.
TEST_F(HttpTest, ImageThatCannotFit) {
    class Huge : public Reader {
      public:
        Piece read(std::span<std::byte>, Context&) override {
            ADD_FAILURE() << "was read";
            return {};
        }
        uint64_t allocated() const override { return uint64_t{1} << 60; }
    };
    class HugeSource : public ImageSource {
      public:
        using ImageSource::ImageSource;
        std::unique_ptr<Reader> open(Context&) override { return std::make_unique<Huge>(); }
    };
    HugeSource image(facts_);
    const Error error = error_of([&] { import(image); });
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_TRUE(std::string(error.what())
                    .starts_with("PUBLIC_DIR " + public_ +
                                 ": No space left: the image takes 1099511627776 MB, "))
        << error.what();
    EXPECT_EQ(names(), Names{});
}

TEST_F(HttpTest, FullDiskLeavesNothing) {
    Error error(ErrorKind::internal, "");
    {
        const FullDisk full(100'000);
        error = error_of([&] { import(noise(1 << 20)); });
    }
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_EQ(names(), Names{});
}

// --- Manifests ---

TEST_F(HttpTest, ManifestSaysWhatTheImageIs) {
    const std::string content = noise(700'001);
    const PublishedApp app = import(content);
    const Result<Manifest> manifest = parse_manifest(read_file(path_of(app) + ".json"));
    ASSERT_TRUE(manifest) << manifest.reason();
    EXPECT_EQ(manifest->app, 5);
    EXPECT_EQ(manifest->name, "golden-image");
    EXPECT_EQ(manifest->bytes, content.size());
    EXPECT_EQ(manifest->md5, app.md5);
    EXPECT_EQ(manifest->sha256, to_hex(sha256(content)));
    EXPECT_EQ(manifest->format, app.format);
    EXPECT_EQ(manifest->driver, site_.http.user_agent);
    EXPECT_EQ(manifest->time.size(), std::string("2026-11-25T09:34:15Z").size());
    EXPECT_EQ(test::mode_of(path_of(app) + ".json"), 0644U);
}

TEST_F(HttpTest, ManifestWithoutSha256WhereThatIsOff) {
    site_.sha256 = false;
    const PublishedApp app = import("content");
    EXPECT_EQ(parse_manifest(read_file(path_of(app) + ".json"))->sha256, "");
}

TEST_F(HttpTest, SparseImagesHaveTheirSha256Too) {
    write_file(dir_ / "image", noise(100'000));
    fs::resize_file(dir_ / "image", 12'345'678);
    facts_.location = dir_ / "image";
    FileSource image(facts_);
    const PublishedApp app = import(image);
    const Result<Manifest> manifest = parse_manifest(read_file(path_of(app) + ".json"));
    EXPECT_EQ(manifest->bytes, 12'345'678U);
    EXPECT_EQ(manifest->sha256, to_hex(sha256(read_file(dir_ / "image"))));
}

// A life that ended between the two steps leaves a manifest; the next life of the same import, and
// none but that, puts its own in the place.
TEST_F(HttpTest, ManifestOfAnEarlierLifeIsReplaced) {
    const auto record = std::make_shared<UnkeptRecord>();
    const std::string name = "marketapp-5-" + record->mark();
    write_file(public_ + "/" + name + ".json", "half");
    context_.context.keep_in(record);
    TextSource image(facts_, "content");
    const PublishedApp app = backend_.import(message("import-http"), image, context_);
    EXPECT_EQ(app.source, url_ + "/" + name);
    EXPECT_TRUE(parse_manifest(read_file(public_ + "/" + name + ".json")));
    EXPECT_EQ(list(public_).size(), 2U);
}

TEST_F(HttpTest, ManifestThatCannotBeWrittenIsAFailure) {
    const auto record = std::make_shared<UnkeptRecord>();
    const std::string name = "marketapp-5-" + record->mark() + ".json";
    fs::create_directory(public_ + "/" + name);
    context_.context.keep_in(record);
    TextSource image(facts_, "content");
    error_of([&] { backend_.import(message("import-http"), image, context_); });
    EXPECT_EQ(list(public_), Names{name});
}

TEST_F(HttpTest, ManifestGoesWhereTheImageCannotBePublished) {
    const auto record = std::make_shared<UnkeptRecord>();
    const std::string name = "marketapp-5-" + record->mark();
    fs::create_directory(public_ + "/" + name);
    context_.context.keep_in(record);
    TextSource image(facts_, "content");
    error_of([&] { backend_.import(message("import-http"), image, context_); });
    EXPECT_EQ(list(public_), Names{name});
}

TEST_F(HttpTest, RemoveTakesTheManifestToo) {
    const PublishedApp app = import("content");
    remove(app.source);
    EXPECT_EQ(list(public_), Names{});
}

TEST_F(HttpTest, RemoveWithoutAManifestIsNoFailure) {
    const PublishedApp app = import("content");
    fs::remove(path_of(app) + ".json");
    remove(app.source);
    EXPECT_EQ(list(public_), Names{});
    EXPECT_TRUE(context_.log.lines().empty());
}

TEST_F(HttpTest, RemoveThatWasCutOffIsEndedByTheNext) {
    const PublishedApp app = import("content");
    fs::remove(path_of(app));
    EXPECT_EQ(remove_error(app.source).kind(), ErrorKind::not_found);
    EXPECT_EQ(list(public_), Names{});
}

// What stands beside a file that this driver has not published is not its manifest.
TEST_F(HttpTest, RemoveOfAnothersFileTakesNoOther) {
    write_file(public_ + "/stock", "image");
    write_file(public_ + "/stock.json", "somebody's");
    remove(url_ + "/stock");
    EXPECT_EQ(list(public_), Names{"stock.json"});
}

TEST_F(HttpTest, DiscardTakesManifestsOfTheAppThatHaveNoImage) {
    const PublishedApp app = import("content");
    write_file(public_ + "/marketapp-5-0123456789abcdef.json", "{}");
    write_file(public_ + "/marketapp-55-0123456789abcdef.json", "{}");
    write_file(public_ + "/marketapp-5.json", "{}");
    forget_import();
    backend_.discard(message("delete-http", ""), context_);
    EXPECT_TRUE(fs::exists(path_of(app) + ".json"));
    EXPECT_FALSE(fs::exists(public_ + "/marketapp-5-0123456789abcdef.json"));
    EXPECT_TRUE(fs::exists(public_ + "/marketapp-55-0123456789abcdef.json"));
    EXPECT_TRUE(fs::exists(public_ + "/marketapp-5.json"));
}

// --- Delete ---

TEST_F(HttpTest, RemovesItsFile) {
    const PublishedApp app = import("content");
    const PublishedApp other = import("content");
    remove(app.source);
    EXPECT_FALSE(fs::exists(path_of(app)));
    EXPECT_TRUE(fs::exists(path_of(other)));
}

TEST_F(HttpTest, RemoveOfWhatIsGone) {
    const Error error = remove_error(url_ + "/marketapp-5-0123456789abcdef");
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_EQ(error.what(), url_ + "/marketapp-5-0123456789abcdef is not in the marketplace");
}

TEST_F(HttpTest, RemoveTouchesNothingElse) {
    const PublishedApp app = import("content");
    fs::create_directory(public_ + "/folder");
    write_file(public_ + "/folder/file", "x");
    write_file(public_ + "/.hidden", "x");
    fs::create_symlink(outside_, public_ + "/link");
    fs::create_directory_symlink(dir_.path(), public_ + "/up");
    const Names before = names();
    for (const std::string& source : {std::string("http://elsewhere/images/app"),
                                      url_,
                                      url_ + "/",
                                      url_ + "/.",
                                      url_ + "/..",
                                      url_ + "/../outside",
                                      url_ + "/folder/../../outside",
                                      url_ + "/folder/file",
                                      url_ + "/up/outside",
                                      url_ + "//" + app.source.substr(url_.size() + 1),
                                      url_ + "/" + outside_,
                                      url_ + "/.hidden",
                                      url_ + "/link",
                                      url_ + "/folder",
                                      url_ + "s/app",
                                      app.source + "/",
                                      outside_,
                                      "file://" + outside_,
                                      std::string("*"),
                                      app.source + std::string("\0x", 2),
                                      url_ + "/" + std::string(300, 'n'),
                                      app.source + "\n",
                                      std::string()}) {
        const Error error = remove_error(source);
        EXPECT_EQ(error.kind(), ErrorKind::bad_request) << source;
    }
    for (const std::string& source : {url_ + "/*", url_ + "/?", url_ + "/marketapp-5-*",
                                      url_ + "/%2e%2e%2foutside", app.source + "?x"})
        EXPECT_EQ(remove_error(source).kind(), ErrorKind::not_found) << source;
    EXPECT_EQ(names(), before);
    EXPECT_EQ(list(public_ + "/folder"), Names{"file"});
    EXPECT_EQ(read_file(outside_), "precious");
}

TEST_F(HttpTest, DiscardRemovesTheAppsTemporariesOnly) {
    const PublishedApp app = import("content");
    write_file(public_ + "/.onemarketd-5-dead", "half");
    write_file(public_ + "/.onemarketd-55-other", "half");
    forget_import();
    backend_.discard(message("delete-http", ""), context_);
    EXPECT_EQ(names().size(), 2U);
    EXPECT_TRUE(fs::exists(path_of(app)));
    EXPECT_TRUE(fs::exists(public_ + "/.onemarketd-55-other"));
}

TEST_F(HttpTest, ClearRemovesWhatAnyImportHasMadeForThisApp) {
    import("content");
    const PublishedApp renamed = import("content");
    std::string note = read_file(path_of(renamed) + ".json");
    note.replace(note.find("golden-image"), 6, "silver");
    write_file(path_of(renamed) + ".json", note);
    write_file(public_ + "/marketapp-5-0123456789abcdef", "without a manifest");
    forget_import();
    backend_.clear(message("delete-http", ""), context_);
    EXPECT_EQ(names().size(), 2U);
    EXPECT_TRUE(fs::exists(path_of(renamed)));
}

TEST_F(HttpTest, ConfirmRemovesASecondNameOfWhatWasPublished) {
    const PublishedApp app = import("content");
    fs::create_hard_link(path_of(app), public_ + "/.onemarketd-5-0123456789abcdef");
    backend_.confirm(message("import-http", ""), app, context_);
    EXPECT_EQ(names().size(), 1U);
    EXPECT_EQ(read_file(path_of(app)), "content");
}

// --- Monitor ---

TEST_F(HttpTest, MonitorTellsOfTheFileSystem) {
    const Template answer = monitor();
    EXPECT_EQ(answer.size(), 3U);
    const fs::space_info space = fs::space(public_);
    ASSERT_NE(answer.find("TOTAL_MB"), nullptr);
    EXPECT_EQ(std::stoull(*answer.find("TOTAL_MB")), (space.capacity + 1048575) / 1048576);
    ASSERT_NE(answer.find("FREE_MB"), nullptr);
    ASSERT_NE(answer.find("USED_MB"), nullptr);
    EXPECT_LE(std::stoull(*answer.find("FREE_MB")) + std::stoull(*answer.find("USED_MB")),
              std::stoull(*answer.find("TOTAL_MB")) + 1);
    EXPECT_EQ(names(), Names{}) << "and writes nothing";
}

TEST_F(HttpTest, AnswersAreAsOnedWantsThem) {
    const std::string text = backend_.monitor(message("monitor-http"), context_);
    EXPECT_EQ(text.find("USED_MB="), 0U);
    EXPECT_TRUE(text.ends_with('\n'));
}

}  // namespace
}  // namespace onemarket
