// SPDX-License-Identifier: Apache-2.0
// A marketplace's public folder, wherever it is: on this host (public_dir.h) or on another one
// (remote_dir.h). A name in it is one path component. Used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/io/stream.h"
#include "protocol/request.h"

namespace onemarket {

// One file on its way to being public. Nobody sees it before publish(), which makes it whole,
// durable and visible in one step; without that the destructor removes it.
class FolderFile : public Sink {
  public:
    // Makes the file share the blocks of `file`, where the file system can (a reflink): the content
    // is there then, and what is returned reads it. Null, and nothing changed, where it cannot.
    virtual std::unique_ptr<Reader> clone_from(int file) {
        (void)file;
        return nullptr;
    }

    // Mode 0644, and an existing file of that name is never replaced: Error.
    virtual void publish(const std::string& name) = 0;

    // What was written, by its place. This must outlive it.
    virtual std::unique_ptr<RandomAccess> content() = 0;
};

class Folder {
  public:
    virtual ~Folder() = default;

    // Its name in messages: PUBLIC_DIR and the path, with the host where that is another one.
    virtual std::string name() const = 0;

    // Of the file system that holds the folder, in bytes; `free` is what this user may still write.
    struct Usage {
        uint64_t used, free, total;
    };
    virtual Usage usage() const = 0;

    // A file of an import of this app. This must outlive it.
    virtual std::unique_ptr<FolderFile> create(ObjectId app) = 0;

    // Makes a published file and its name durable. Throws Error as remove() does; corrupt when it
    // cannot be known any more whether they are.
    virtual void sync(const std::string& name) = 0;

    // Removes a published file, and sees that it does not come back with a power cut, where that
    // can be done. Throws Error: not_found when it is not there, bad_request when the name is not a
    // public one or is no regular file.
    virtual void remove(const std::string& name) = 0;

    // A published file's bytes. Throws Error as remove() does. This must outlive it.
    virtual std::unique_ptr<Reader> open(const std::string& name) = 0;

    // Removes what imports of this app left behind when they were killed: its temporaries that no
    // live import holds. Returns how many. Throws Error where one stays that nobody holds.
    virtual int remove_temporaries(ObjectId app) = 0;

    // The first bytes of a published file, at most so many. Throws Error as remove() does.
    virtual std::string head(const std::string& name, size_t most) = 0;

    // A small file of this one line, mode 0644, whole when it is seen, and in the place of one that
    // has the name. It is durable once a file is published after it.
    virtual void put(ObjectId app, const std::string& name, std::string_view line) = 0;

    // All regular files, in no order, but those with a line break in their name: none of ours.
    struct Entry {
        std::string name;
        uint64_t bytes;
        std::chrono::system_clock::time_point changed;
    };
    virtual std::vector<Entry> list() = 0;

    // Whether a live import holds this temporary; what cannot be looked at is taken for held.
    virtual bool is_held(const std::string& temporary) = 0;
    // Removes it. Throws Error: not_found when it is not there, unavailable when it is held.
    virtual void remove_temporary(const std::string& temporary) = 0;
};

// More files than any folder of images has.
inline constexpr size_t kMaxFolderEntries = 1'000'000;

// True for a name that is one path component and may be published: not empty, at most 255 bytes,
// no slash, no control character, not beginning with a dot (which covers `.`, `..` and the
// temporaries).
bool is_public_name(std::string_view name);

// Throws Error of that kind where it is not.
void require_public_name(const std::string& name, ErrorKind kind = ErrorKind::bad_request);

// What a temporary's name of an import of this app begins with.
std::string temporary_prefix(ObjectId app);
// The app of a temporary; nothing where the name is not that of one.
std::optional<ObjectId> app_of_temporary(std::string_view name);

// The name of an app's image; `mark` is its import's, 16 hex digits.
std::string image_name(ObjectId app, std::string_view mark);
// The app of an image; nothing where the name is none that this driver gives.
std::optional<ObjectId> app_of_image(std::string_view name);

// The name of the manifest beside an image, and the image's beside which a manifest is; empty where
// the name is no manifest's.
std::string manifest_name(std::string_view image);
std::string image_of_manifest(std::string_view name);

}  // namespace onemarket
