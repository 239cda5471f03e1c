// SPDX-License-Identifier: Apache-2.0
// The folder a web server shows to the world, and the only code that opens names in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/io/file_reader.h"
#include "backends/io/file_writer.h"
#include "backends/io/folder.h"
#include "backends/io/unique_fd.h"
#include "protocol/request.h"

namespace onemarket {

// An open PUBLIC_DIR. Every name is one component, used relative to the folder's descriptor and
// never through a symbolic link: the kernel confines it, whatever the string looks like.
class PublicDir : public Folder {
  public:
    // Throws Error that begins with "PUBLIC_DIR <path>" when it is no folder that can be opened.
    explicit PublicDir(const std::string& path);

    std::string name() const override { return "PUBLIC_DIR " + path_; }
    Usage usage() const override;
    std::unique_ptr<FolderFile> create(ObjectId app) override;
    void sync(const std::string& name) override;
    void remove(const std::string& name) override;
    std::unique_ptr<Reader> open(const std::string& name) override;
    int remove_temporaries(ObjectId app) override;
    std::string head(const std::string& name, size_t most) override;
    void put(ObjectId app, const std::string& name, std::string_view line) override;
    std::vector<Entry> list() override;
    bool is_held(const std::string& temporary) override;
    void remove_temporary(const std::string& temporary) override;

    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); }

    // Throws Error where it is not the folder that its path leads to any more: its disk was
    // unmounted, or somebody has put another one in its place. Then nobody sees what is in it.
    void require_place() const;

  private:
    void require_published(const std::string& name) const;
    FileReader reader(const std::string& name) const;
    void for_each_name(auto&& act) const;
    UniqueFd lock_temporary(const std::string& name) const;

    std::string path_;
    UniqueFd fd_;
};

// One file on its way to being public. Its bytes go to a temporary in the same folder, locked
// (flock) as long as this lives; publish() makes it whole, durable and visible in one step. Without
// publish() the destructor removes it. Not thread-safe.
class Publication : public FolderFile {
  public:
    // `dir` must outlive this.
    Publication(PublicDir& dir, ObjectId app);
    ~Publication() override;
    Publication(const Publication&) = delete;
    Publication& operator=(const Publication&) = delete;

    std::unique_ptr<Reader> clone_from(int file) override;

    void write(std::span<const std::byte> bytes) override { file_.write(bytes); }
    void skip(uint64_t count) override { file_.skip(count); }

    // Mode 0644, fsync, rename to `name`, fsync of the folder. Where that fails, or nobody would
    // see it, it has no name.
    void publish(const std::string& name) override;
    // The same in the place of what has that name, without the last step.
    void put(const std::string& name);

    std::unique_ptr<RandomAccess> content() override;

    // A reader of the content so far.
    FileReader reread() const;

  private:
    void finish(const std::string& name);
    void check_place(const std::string& name) const;
    void withdraw(const std::string& name) const noexcept;

    PublicDir& dir_;
    std::string temporary_;  // empty once published
    FileWriter file_;
};

}  // namespace onemarket
