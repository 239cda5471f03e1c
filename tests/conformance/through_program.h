// SPDX-License-Identifier: Apache-2.0
// Another harness's sources, read by onemarket-downloader.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/files.h"
#include "tests/conformance/harness.h"
#include "tests/conformance/program_source.h"

namespace onemarket::test {

template <class Harness>
class ThroughProgram : public SourceHarness {
  public:
    explicit ThroughProgram(const std::string& folder) : inner_(folder) {}

    std::string written(const std::string& name) const override { return inner_.written(name); }
    bool takes(const std::string& name) const override { return inner_.takes(name); }

    std::unique_ptr<ImageSource> source(const std::string& name,
                                        const std::string& content) override {
        return through(inner_.source(name, content));
    }
    std::unique_ptr<ImageSource> broken(const std::string& content) override {
        return through(inner_.broken(content));
    }
    std::unique_ptr<ImageSource> stalling(const std::string& content) override {
        return through(inner_.stalling(content));
    }
    std::unique_ptr<ImageSource> missing() override { return through(inner_.missing()); }

    // What it says is for people.
    std::optional<ErrorKind> only_kind() const override { return ErrorKind::unavailable; }

  protected:
    std::unique_ptr<ImageSource> through(std::unique_ptr<ImageSource> image,
                                         ProgramSource::Hook after_first = {}) const {
        if (!image) return nullptr;
        std::vector<std::string> environment = inner_.environment();
        const auto otherwise = [&environment](const std::string& name, const std::string& value) {
            const auto given = [&](const std::string& text) { return text.starts_with(name); };
            if (std::none_of(environment.begin(), environment.end(), given))
                environment.push_back(name + value);
        };
        otherwise("PATH=", "/usr/bin:/bin");
        otherwise("ONE_LOCATION=", nowhere_.path());
        return std::make_unique<ProgramSource>(image->facts(), std::move(environment),
                                               std::move(after_first));
    }

  private:
    TempDir nowhere_;
    Harness inner_;
};

// A file breaks while it is read: what another process opens later is only a shorter one.
class FilesThroughProgram : public ThroughProgram<Files> {
  public:
    using ThroughProgram::ThroughProgram;

    std::unique_ptr<ImageSource> broken(const std::string& content) override {
        auto image = ThroughProgram::source("broken", content);
        const std::string path = image->facts().location;
        return through(std::move(image), [path, half = content.size() / 2] {
            std::filesystem::resize_file(path, half);
        });
    }
};

}  // namespace onemarket::test
