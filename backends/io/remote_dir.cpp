// SPDX-License-Identifier: Apache-2.0
#include "backends/io/remote_dir.h"

#include <cstring>
#include <vector>

#include "backends/io/bridge_reader.h"
#include "backends/io/random.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/moment.h"

namespace onemarket {
namespace {

// For each so many bytes a program is started there.
constexpr size_t kPutBytes = size_t{4} << 20;

constexpr size_t kMaxListBytes = size_t{256} << 20;

constexpr std::chrono::milliseconds kTakeBackLimit{10'000};

// A line "SIZE SECONDS.FRACTION NAME"; a time before 1970 is as good as that.
std::optional<Folder::Entry> entry_of(std::string_view line) {
    const size_t time_at = line.find(' ') + 1;
    const size_t name_at = line.find(' ', time_at) + 1;
    if (time_at == 0 || name_at == 0 || name_at == line.size()) return std::nullopt;
    const auto bytes = ascii::parse_number<uint64_t>(line.substr(0, time_at - 1));
    const std::string_view time = line.substr(time_at, name_at - 1 - time_at);
    const auto seconds = ascii::parse_number(time.substr(0, time.find('.'))).value_or(0);
    if (!bytes) return std::nullopt;
    return Folder::Entry{std::string(line.substr(name_at)), *bytes, moment_of(seconds)};
}

}  // namespace

// Its bytes go to a temporary in the folder, locked as long as the connection lives.
class RemoteDir::File : public FolderFile {
  public:
    File(RemoteDir& dir, ObjectId app)
        : dir_(dir), temporary_(temporary_prefix(app) + random_hex()) {
        dir_.ask("create", {temporary_});
    }

    // The temporary goes with the connection. Whether a `publish` without an answer was carried out
    // only the folder itself can tell.
    ~File() override {
        if (!maybe_public_.empty()) dir_.take_back(id_, temporary_, maybe_public_);
    }

    void write(std::span<const std::byte> bytes) override {
        if (buffer_.empty()) begin_ = offset_;
        while (!bytes.empty()) {
            const auto part = bytes.first(std::min(bytes.size(), kPutBytes - buffer_.size()));
            buffer_.insert(buffer_.end(), part.begin(), part.end());
            offset_ += part.size();
            bytes = bytes.subspan(part.size());
            if (buffer_.size() == kPutBytes) flush();
        }
    }
    void skip(uint64_t count) override {
        flush();
        offset_ += count;
    }

    void publish(const std::string& name) override {
        flush();
        // What takes long comes first, and then the word is given: not if the request has ended.
        id_ = dir_.ask("complete " + std::to_string(end_) + " " + std::to_string(offset_), {});
        dir_.context_.check();
        maybe_public_ = name;
        dir_.ask("publish", {name});
        maybe_public_.clear();
    }

    std::unique_ptr<RandomAccess> content() override {
        flush();
        return std::make_unique<Content>(dir_, offset_);
    }

  private:
    class Content : public RandomAccess {
      public:
        Content(const RemoteDir& dir, uint64_t size) : dir_(dir), size_(size) {}

        size_t read_at(uint64_t offset, std::span<std::byte> buffer) const override {
            const Result<std::string> bytes = base64_decode(dir_.ask(
                "get " + std::to_string(offset) + " " + std::to_string(buffer.size()), {}));
            if (!bytes || bytes->size() > buffer.size())
                throw Error(ErrorKind::corrupt, dir_.name() + ": no answer that makes sense");
            std::memcpy(buffer.data(), bytes->data(), bytes->size());
            // The hole at the end is made when the file is published.
            const uint64_t left = size_ > offset ? size_ - offset : 0;
            const size_t size = std::min<uint64_t>(left, buffer.size());
            if (size > bytes->size())
                std::memset(buffer.data() + bytes->size(), 0, size - bytes->size());
            return std::max(size, bytes->size());
        }
        uint64_t size() const override { return size_; }

      private:
        const RemoteDir& dir_;
        uint64_t size_;
    };

    void flush() {
        if (buffer_.empty()) return;
        dir_.put("put " + std::to_string(begin_) + " " + std::to_string(buffer_.size()), buffer_);
        end_ = begin_ = begin_ + buffer_.size();
        buffer_.clear();
    }

    RemoteDir& dir_;
    std::string temporary_;
    std::vector<std::byte> buffer_;
    uint64_t begin_ = 0;   // where the buffer's bytes belong
    uint64_t offset_ = 0;  // bytes given so far, holes included
    uint64_t end_ = 0;     // of the last bytes that were sent
    std::string id_;       // as the host tells it from other files
    std::string maybe_public_;
};

RemoteDir::RemoteDir(const SshSettings& settings, std::unique_ptr<Bridge> bridge,
                     const std::string& path, Context& context)
    : settings_(settings), bridge_(std::move(bridge)), path_(path), context_(context) {
    if (!path.starts_with('/'))
        throw Error(ErrorKind::bad_request, "PUBLIC_DIR " + path + ": not an absolute path");
    try {
        ask("folder", {path});
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) throw;
        // Not mounted, perhaps: what was in it may be there still.
        throw Error(ErrorKind::unavailable, error.what());
    }
}

std::string RemoteDir::name() const {
    return "PUBLIC_DIR " + bridge_->host() + ":" + path_;
}

std::string RemoteDir::ask(std::string_view request,
                           std::initializer_list<std::string_view> values) const {
    try {
        return bridge_->ask(request, values);
    } catch (const Error& error) {
        fail(error);
    }
}

void RemoteDir::put(std::string_view request, std::span<const std::byte> bytes) {
    try {
        bridge_->put(request, bytes);
    } catch (const Error& error) {
        fail(error);
    }
}

// The host stands in the name already.
void RemoteDir::fail(const Error& error) const {
    if (error.kind() == ErrorKind::cancelled || error.kind() == ErrorKind::timeout) throw;
    std::string_view text = error.what();
    const std::string host = bridge_->host() + ": ";
    if (text.starts_with(host)) text.remove_prefix(host.size());
    throw Error(error.kind(), name() + ": " + std::string(text));
}

Folder::Usage RemoteDir::usage() const {
    const std::string text = ask("usage", {});
    const auto words = ascii::split(text, " ");
    uint64_t numbers[3] = {};
    for (size_t i = 0; i < 3; ++i) {
        const auto number =
            i < words.size() ? ascii::parse_number<uint64_t>(words[i]) : std::nullopt;
        if (!number) throw Error(ErrorKind::corrupt, name() + ": df says '" + text + "'");
        numbers[i] = *number;
    }
    return {numbers[1], numbers[2], numbers[0]};
}

std::unique_ptr<FolderFile> RemoteDir::create(ObjectId app) {
    return std::make_unique<File>(*this, app);
}

void RemoteDir::sync(const std::string& name) {
    require_public_name(name);
    ask("sync", {name});
}

void RemoteDir::remove(const std::string& name) {
    require_public_name(name);
    ask("remove", {name});
}

std::unique_ptr<Reader> RemoteDir::open(const std::string& name) {
    require_public_name(name);
    const uint64_t size = bridge_size(*bridge_, name, ask("published", {name}));
    return std::make_unique<BridgeReader>(bridge_, BridgeReader::Request::send, name, size);
}

int RemoteDir::remove_temporaries(ObjectId app) {
    return ascii::parse_number<int>(ask("clean " + std::to_string(app), {})).value_or(0);
}

std::string RemoteDir::head(const std::string& name, size_t most) {
    require_public_name(name);
    ask("published", {name});
    const Result<std::string> bytes = base64_decode(ask("get 0 " + std::to_string(most), {}));
    if (!bytes || bytes->size() > most)
        throw Error(ErrorKind::corrupt, this->name() + ": no answer that makes sense");
    return *bytes;
}

void RemoteDir::put(ObjectId app, const std::string& name, std::string_view line) {
    require_public_name(name, ErrorKind::internal);
    ask("line", {temporary_prefix(app) + random_hex(), name, line});
}

// The reply's bytes are lines "SIZE MODIFIED NAME".
std::vector<RemoteDir::Entry> RemoteDir::list() {
    const auto size = ascii::parse_number<size_t>(ask("list", {}));
    if (!size || *size > kMaxListBytes)
        throw Error(ErrorKind::limit, name() + ": no list that can be taken");
    std::string text(*size, '\0');
    for (size_t got = 0; got < text.size();) {
        const size_t more = bridge_->read(std::as_writable_bytes(std::span(text)).subspan(got));
        if (more == 0) throw Error(ErrorKind::unavailable, name() + ": the list is cut off");
        got += more;
    }
    std::vector<Entry> entries;
    for (std::string_view rest = text; !rest.empty();) {
        const size_t end = rest.find('\n');
        const std::optional<Entry> entry = entry_of(rest.substr(0, end));
        if (end == std::string_view::npos || !entry || entries.size() == kMaxFolderEntries)
            throw Error(ErrorKind::corrupt, name() + ": no list of files");
        entries.push_back(*entry);
        rest.remove_prefix(end + 1);
    }
    return entries;
}

bool RemoteDir::is_held(const std::string& temporary) {
    if (!app_of_temporary(temporary)) return true;
    return ask("held", {temporary}) != "no";
}

void RemoteDir::remove_temporary(const std::string& temporary) {
    if (!app_of_temporary(temporary))
        throw Error(ErrorKind::bad_request, "'" + temporary + "' is no name of a temporary");
    ask("drop", {temporary});
}

// Over a connection of its own, and with a time limit of its own: those of the request have ended.
// The script that was told to publish may still be about to.
void RemoteDir::take_back(const std::string& id, const std::string& temporary,
                          const std::string& name) const noexcept {
    const auto left = [&](std::string_view why) {
        context_.record().set_left(true);
        context_.log().log(LogLevel::warning, "perhaps left in " + this->name() + ": " + name +
                                                  ": " + std::string(why));
    };
    try {
        try {
            Context own(context_.id(), {}, {kTakeBackLimit, false}, context_.log());
            Bridge bridge(settings_, bridge_->host(), own);
            bridge.ask("folder", {path_});
            bridge.ask("retract " + id, {temporary, name});
        } catch (const std::exception& error) {
            left(error.what());
        }
    } catch (...) {  // nothing can be said either
    }
}

}  // namespace onemarket
