// SPDX-License-Identifier: Apache-2.0
// Images that are files of this host.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "backends/sources/file.h"
#include "tests/conformance/harness.h"

namespace onemarket::test {

class Files : public SourceHarness {
  public:
    explicit Files(std::string folder) : folder_(std::move(folder)) {}

    std::unique_ptr<ImageSource> source(const std::string& name,
                                        const std::string& content) override {
        const ImageFacts facts = facts_of(name);
        write_file(facts.location, content);
        return std::make_unique<FileSource>(facts);
    }
    std::unique_ptr<ImageSource> broken(const std::string& content) override {
        const ImageFacts facts = facts_of("broken");
        write_file(facts.location, content);
        auto reader = std::make_unique<FileReader>(facts.location);
        std::filesystem::resize_file(facts.location, content.size() / 2);
        return std::make_unique<FileSource>(facts, std::move(reader));
    }
    // A read(2) of a file does not come back before it has its bytes.
    std::unique_ptr<ImageSource> stalling(const std::string&) override { return nullptr; }
    std::unique_ptr<ImageSource> missing() override {
        return std::make_unique<FileSource>(facts_of("missing"));
    }

  private:
    ImageFacts facts_of(const std::string& name) const {
        return {folder_ + "/" + name, "128", "raw", "", {}};
    }
    std::string folder_;
};

}  // namespace onemarket::test
