// SPDX-License-Identifier: Apache-2.0
#include "daemon/downloader/download.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "backends/io/archive.h"
#include "backends/io/first_bytes.h"
#include "backends/io/hashing_reader.h"
#include "backends/io/paced_reader.h"
#include "backends/io/peeked_reader.h"
#include "backends/io/pump.h"
#include "backends/io/sparse_reader.h"
#include "backends/io/url.h"
#include "backends/sources/all_sources.h"
#include "backends/sources/downloader.h"
#include "daemon/downloader/destination.h"
#include "daemon/new_file.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr std::string_view kFailed = "Error copying: ";
constexpr std::string_view kUnreadable = "Cannot read from ";
constexpr std::string_view kNotUnpacked = "Error uncompressing archive: ";
constexpr std::string_view kWrongHash = "Hash does not match: ";

Error in_words(std::string_view words, const Error& error) {
    return Error(error.kind(), std::string(words) + error.what());
}

bool is_in_words(std::string_view text) {
    return text.starts_with(kFailed) || text.starts_with(kUnreadable) ||
           text.starts_with(kNotUnpacked) || text.starts_with(kWrongHash);
}

bool is_path(const std::string& source) {
    return source.find("://") == std::string::npos;
}

// A file of this host, that nobody writes to meanwhile.
class UnchangedReader : public Reader {
  public:
    UnchangedReader(std::unique_ptr<Reader> from, std::string name)
        : from_(std::move(from)), name_(std::move(name)) {}
    Piece read(std::span<std::byte> buffer, Context& context) override {
        const Piece piece = from_->read(buffer, context);
        if (piece.size == 0) check_unchanged(*from_, name_);
        return piece;
    }
    uint64_t allocated() const override { return from_->allocated(); }
    std::optional<uint64_t> length() const override { return from_->length(); }

  private:
    std::unique_ptr<Reader> from_;
    std::string name_;
};

// What is wrong with the bytes of a source is said with its name.
class NamedReader : public Reader {
  public:
    NamedReader(std::unique_ptr<Reader> from, std::string name)
        : from_(std::move(from)), name_(std::move(name)) {}
    Piece read(std::span<std::byte> buffer, Context& context) override {
        try {
            return from_->read(buffer, context);
        } catch (const Error& error) {
            if (!std::string_view(error.what()).starts_with("the packed image")) throw;
            throw Error(error.kind(), name_ + ": " + error.what());
        }
    }

  private:
    std::unique_ptr<Reader> from_;
    std::string name_;
};

// Tells the progress of what is read through it.
class WatchedReader : public Reader {
  public:
    WatchedReader(std::unique_ptr<Reader> from, ShownProgress& progress)
        : from_(std::move(from)), progress_(progress) {
        progress_.begin(from_->length(), ShownProgress::Clock::now());
    }
    Piece read(std::span<std::byte> buffer, Context& context) override {
        const Piece piece = from_->read(buffer, context);
        progress_.moved(piece.size, ShownProgress::Clock::now());
        return piece;
    }
    uint64_t allocated() const override { return from_->allocated(); }
    std::optional<uint64_t> length() const override { return from_->length(); }

  private:
    std::unique_ptr<Reader> from_;
    ShownProgress& progress_;
};

// What is known of the bytes only when all of them have come.
class Hashes {
  public:
    explicit Hashes(const std::vector<ExpectedHash>& expected) : expected_(expected) {
        for (const ExpectedHash& hash : expected_) digests_.emplace_back(hash.algorithm);
    }

    std::span<Digest> digests() { return digests_; }

    void check() {
        auto digest = digests_.begin();
        for (const ExpectedHash& hash : expected_) {
            const std::string found = (digest++)->finish();
            if (found != hash.hex)
                throw Error(ErrorKind::corrupt, std::string(kWrongHash) + hash.algorithm + " is " +
                                                    found + ", not " + hash.hex);
        }
    }

  private:
    const std::vector<ExpectedHash>& expected_;
    std::vector<Digest> digests_;
};

// The site's own script puts the source into a command, between double quotes at best.
void check_for_script(const std::string& source) {
    const auto is_dangerous = [](char c) {
        return ascii::is_control(c) ||
               std::string_view("\"'`$\\;|<>()").find(c) != std::string::npos;
    };
    if (std::any_of(source.begin(), source.end(), is_dangerous))
        throw Error(ErrorKind::bad_request,
                    "source " + source +
                        " has characters a shell would read, which is what the "
                        "site's own script gives it to");
}

// Why an s3:// would be the site's own script's.
void check_credentials(const DriverMessage& credentials, const std::string& script) {
    for (const std::string owner : {"MARKETPLACE", "DATASTORE"}) {
        const bool key = credentials.has(owner + "/TEMPLATE/ACCESS_KEY_ID");
        if (key == credentials.has(owner + "/TEMPLATE/SECRET_ACCESS_KEY")) continue;
        throw Error(ErrorKind::bad_request,
                    std::string(key ? "SECRET_ACCESS_KEY" : "ACCESS_KEY_ID") +
                        " is missing in the " + ascii::to_lower(owner) + "'s template");
    }
    std::error_code error;
    if (!std::filesystem::exists(script, error))
        throw Error(ErrorKind::not_found,
                    "no ACCESS_KEY_ID and SECRET_ACCESS_KEY in DRV_ACTION, and no " + script);
}

std::unique_ptr<Reader> open_source(const DownloaderOptions& options,
                                    const DriverMessage& credentials, const Site& site,
                                    Context& context) {
    ImageFacts facts;
    facts.location = options.source;
    if (is_path(options.source))
        facts.location = std::filesystem::absolute(options.source).string();
    try {
        const auto source =
            make_source(std::move(facts), credentials, site, S3Owners::marketplace_first);
        if (dynamic_cast<DownloaderSource*>(source.get()) != nullptr) {
            check_for_script(options.source);
            if (needs_credentials(options.source))
                check_credentials(credentials, site.downloader_path());
        }
        std::unique_ptr<Reader> reader = source->open(context);
        if (!is_path(options.source)) return reader;
        return std::make_unique<UnchangedReader>(std::move(reader), options.source);
    } catch (const Error& error) {
        if (is_path(options.source)) throw in_words(kUnreadable, error);
        throw;
    }
}

// The bytes as they come, hashed beside whoever reads them.
std::unique_ptr<Reader> hashed(std::unique_ptr<Reader> from, std::span<Digest> digests) {
    for (Digest& digest : digests) from = std::make_unique<HashingReader>(std::move(from), digest);
    return from;
}

// The bytes as they come, to where they go.
void copy_hashed(std::unique_ptr<Reader> from, Sink& to, std::span<Digest> digests,
                 Context& context) {
    if (digests.empty()) {
        copy(*from, to, context);
        return;
    }
    from = hashed(std::move(from), digests.subspan(1));
    pump(*from, to, digests.front(), context);
}

void unpack_to(Reader& from, ArchiveKind kind, const std::string& destination, Hashes& hashes,
               Context& context) {
    try {
        NewFolder folder(destination, context.log());
        extract_archive(from, kind, folder.temporary(), UnpackLimits{}, context);
        hashes.check();
        folder.publish();
    } catch (const Error& error) {
        if (is_in_words(error.what())) throw;
        throw in_words(kNotUnpacked, error);
    }
}

// To a stream or a file.
template <class Write>
void write_to(const std::string& destination, Hashes& hashes, const Write& write) {
    if (is_stream(destination)) {
        StreamSink stream(destination);
        write(stream);
        hashes.check();
        stream.finish();
        return;
    }
    NewFile file(destination);
    write(file.sink());
    hashes.check();
    file.publish();
}

void fetch(const DownloaderOptions& options, const DriverMessage& credentials, const Site& site,
           ShownProgress& progress, Context& context) {
    Hashes hashes(options.hashes);
    std::unique_ptr<Reader> source = open_source(options, credentials, site, context);
    if (options.rate)
        source = std::make_unique<PacedReader>(std::move(source),
                                               std::make_shared<Bandwidth>(*options.rate));
    source = std::make_unique<WatchedReader>(std::move(source), progress);

    const auto peek = [&](std::unique_ptr<Reader> from) {
        return std::make_unique<PeekedReader>(std::move(from), kFrontBytes, context);
    };
    Compression compression = Compression::none;
    ArchiveKind kind = ArchiveKind::none;
    bool is_hashed = false;
    if (options.unpack) {
        auto packed = peek(std::move(source));
        compression = compression_of(packed->front());
        kind = archive_kind_of(packed->front());
        source = std::move(packed);
    }
    if (compression != Compression::none) {
        source = std::make_unique<SparseReader>(std::make_unique<NamedReader>(
            decompressed(hashed(std::move(source), hashes.digests()), compression, UnpackLimits{}),
            tellable(options.source)));
        is_hashed = true;
        auto unpacked = peek(std::move(source));
        kind = archive_kind_of(unpacked->front());
        source = std::move(unpacked);
    }
    if (options.most) source = std::make_unique<FirstBytes>(std::move(source), *options.most);
    const bool to_folder =
        kind != ArchiveKind::none && !options.most && !is_stream(options.destination);
    if (to_folder) {
        if (!is_hashed) source = hashed(std::move(source), hashes.digests());
        unpack_to(*source, kind, options.destination, hashes, context);
        return;
    }
    write_to(options.destination, hashes, [&](Sink& sink) {
        if (is_hashed)
            copy(*source, sink, context);
        else
            copy_hashed(std::move(source), sink, hashes.digests(), context);
    });
}

}  // namespace

bool needs_credentials(const std::string& source) {
    return ascii::to_lower(source.substr(0, 5)) == "s3://";
}

std::string in_script_words(const std::string& failure) {
    return is_in_words(failure) ? failure : std::string(kFailed) + failure;
}

Site download_site(Site site, const DownloaderOptions& options, size_t connections,
                   const std::string& stock) {
    site.downloader = stock.empty() ? "datastore/downloader.stock.sh" : stock;
    // What reads ahead knows no rate, nor where nobody wants more.
    site.source_connections = options.rate || options.most ? 1 : connections;
    if (!options.retry) site.retries.attempts = 1;
    return site;
}

void download(const DownloaderOptions& options, const DriverMessage& credentials, const Site& site,
              ShownProgress& progress, Context& context) {
    try {
        fetch(options, credentials, site, progress, context);
    } catch (const std::exception&) {
        const Error error = caught_error();
        throw Error(error.kind(), in_script_words(error.what()));
    }
}

}  // namespace onemarket
