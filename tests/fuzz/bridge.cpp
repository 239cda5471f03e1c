// SPDX-License-Identifier: Apache-2.0
// What a bridge host says, in answer to all that a folder there is asked. Parts of an input: what
// is asked, stdout, stderr.
#include "backends/io/bridge_reader.h"
#include "backends/io/remote_dir.h"
#include "tests/fuzz/canned_process.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

constexpr std::string_view kImage = "image";
constexpr size_t kMostHead = 100;

void read_all(Reader& reader, Context& context) {
    const auto length = reader.length();
    uint64_t total = 0;
    std::vector<std::byte> buffer(1000);
    while (const uint64_t size = reader.read(buffer, context).size) total += size;
    must(length && total == *length, "an image is as long as was said");
}

void ask(char what, RemoteDir& dir, Context& context) {
    switch (what) {
        case 'u':
            dir.usage();
            return;
        case 'l':
            for (const Folder::Entry& entry : dir.list())
                must(!entry.name.empty() && entry.name.find('\n') == std::string::npos,
                     "a name is of one line");
            return;
        case 'h':
            must(dir.head(std::string(kImage), kMostHead).size() <= kMostHead,
                 "a head is no longer than was asked for");
            return;
        case 'o':
            return read_all(*dir.open(std::string(kImage)), context);
        case 'r':
            return dir.remove(std::string(kImage));
        case 'c':
            dir.remove_temporaries(5);
            return;
        default: {
            const auto file = dir.create(5);
            file->write(std::as_bytes(std::span(kImage)));
            std::vector<std::byte> buffer(2 * kImage.size());
            const auto content = file->content();
            must(content->read_at(0, buffer) <= buffer.size(), "what is read back fits");
        }
    }
}

}  // namespace

void one_input(std::string_view input) {
    const auto parts = parts_of(input, 3);
    start_as(
        {std::string(parts[1]), std::string(parts[2]), {}, static_cast<unsigned>(input.size())});
    FuzzContext context;
    const SshSettings settings;
    auto bridge = Bridge::here(settings, context);
    RemoteDir dir(settings, std::move(bridge), "/var/public", context);
    ask(parts[0].empty() ? 'l' : parts[0].front(), dir, context);
}

}  // namespace onemarket::fuzz
