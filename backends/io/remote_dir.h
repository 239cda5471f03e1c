// SPDX-License-Identifier: Apache-2.0
// A public folder of a bridge host, which another host's web server shows perhaps.
#pragma once

#include "backends/io/bridge.h"
#include "backends/io/folder.h"

namespace onemarket {

// One conversation with the host, for one request. The host's kernel confines names to the folder:
// they are used relative to it.
class RemoteDir : public Folder {
  public:
    // Takes over a bridge; the settings are to speak to its host once more, if need be. `context`
    // must outlive this. Throws Error that begins with "PUBLIC_DIR <host>:<path>" when it is no
    // folder there.
    RemoteDir(const SshSettings& settings, std::unique_ptr<Bridge> bridge, const std::string& path,
              Context& context);

    std::string name() const override;
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

  private:
    class File;
    std::string ask(std::string_view request, std::initializer_list<std::string_view> values) const;
    void put(std::string_view request, std::span<const std::byte> bytes);
    [[noreturn]] void fail(const Error& error) const;
    void take_back(const std::string& id, const std::string& temporary,
                   const std::string& name) const noexcept;

    SshSettings settings_;
    std::shared_ptr<Bridge> bridge_;
    std::string path_;
    Context& context_;
};

}  // namespace onemarket
