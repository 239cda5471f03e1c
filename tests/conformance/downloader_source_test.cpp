// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/downloader.h"

#include "tests/conformance/source_suite.h"

namespace onemarket::test {
namespace {

// The site's downloader, for locations <how>:<path>.
const std::string kDownloader = R"script(#!/usr/bin/env bash
set -euo pipefail
how=${2%%:*}
path=${2#*:}
size=$(wc -c <"$path")
case $how in
    whole) cat -- "$path" ;;
    broken) head -c $((size / 2)) -- "$path"; echo "connection lost" >&2; exit 1 ;;
    stalling) head -c $((size / 2 + 1)) -- "$path"; exec sleep 600 ;;
esac
)script";

class Downloads : public SourceHarness {
  public:
    explicit Downloads(std::string folder) : folder_(std::move(folder)) {
        site_.script("datastore/downloader.sh", kDownloader);
    }

    std::unique_ptr<ImageSource> source(const std::string& name,
                                        const std::string& content) override {
        return make("whole", name, content);
    }
    std::unique_ptr<ImageSource> broken(const std::string& content) override {
        return make("broken", "image", content);
    }
    std::unique_ptr<ImageSource> stalling(const std::string& content) override {
        return make("stalling", "image", content);
    }
    std::unique_ptr<ImageSource> missing() override {
        return std::make_unique<DownloaderSource>(facts_of("whole", "missing"), site_.site);
    }

  private:
    ImageFacts facts_of(const std::string& how, const std::string& name) const {
        return {how + ":" + folder_ + "/" + name, "128", "raw", "", {}};
    }
    std::unique_ptr<ImageSource> make(const std::string& how, const std::string& name,
                                      const std::string& content) {
        write_file(folder_ + "/" + name, content);
        return std::make_unique<DownloaderSource>(facts_of(how, name), site_.site);
    }

    std::string folder_;
    TestSite site_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(downloader, SourceSuite, testing::Values(source<Downloads>()));

}  // namespace onemarket::test
