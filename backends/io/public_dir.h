// SPDX-License-Identifier: Apache-2.0
// The folder a web server shows to the world, and the only code that opens names in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/io/file_reader.h"
#include "backends/io/stream.h"
#include "backends/io/unique_fd.h"
#include "protocol/request.h"

namespace onemarket {

// True for a name that is one path component and may be published: not empty, at most 255 bytes,
// no slash, no control character, not beginning with a dot (which covers `.`, `..` and the
// temporaries).
bool is_public_name(std::string_view name);

// An open PUBLIC_DIR. Every name is one component, used relative to the folder's descriptor and
// never through a symbolic link: the kernel confines it, whatever the string looks like.
class PublicDir {
  public:
    // Throws Error that begins with "PUBLIC_DIR <path>" when it is no folder that can be opened.
    explicit PublicDir(const std::string& path);

    // Of the file system that holds the folder, in bytes; `free` is what this user may still write.
    struct Usage {
        uint64_t used, free, total;
    };
    Usage usage() const;

    // Removes a published file. Throws Error: not_found when it is not there, bad_request when the
    // name is not a public one or is no regular file.
    void remove(const std::string& name);

    // Removes what imports of this app left behind when they were killed: its temporaries that no
    // live import holds. Returns how many.
    int remove_temporaries(ObjectId app);

    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); }

  private:
    std::string path_;
    UniqueFd fd_;
};

// One file on its way to being public. Its bytes go to a temporary in the same folder, locked
// (flock) as long as this lives; publish() makes it whole, durable and visible in one step. Without
// publish() the destructor removes it. Not thread-safe.
class Publication : public Sink {
  public:
    // `dir` must outlive this.
    Publication(PublicDir& dir, ObjectId app);
    ~Publication() override;
    Publication(const Publication&) = delete;
    Publication& operator=(const Publication&) = delete;

    // Makes the file share the blocks of `file`, where the file system can (a reflink): then the
    // content is there already. False, and nothing changed, where it cannot.
    bool clone_from(int file);

    void write(std::span<const std::byte> bytes) override;
    void skip(uint64_t count) override;

    // Mode 0644, fsync, rename to `name`, fsync of the folder. An existing file of that name is
    // never replaced: Error.
    void publish(const std::string& name);

    // A reader of the content so far (after clone_from).
    FileReader reread() const;

  private:
    void start_write_back();

    PublicDir& dir_;
    std::string temporary_;  // empty once published
    UniqueFd fd_;
    uint64_t offset_ = 0;        // bytes given so far, holes included
    uint64_t written_back_ = 0;  // bytes whose write-back was started
};

}  // namespace onemarket
