// SPDX-License-Identifier: Apache-2.0
// Images that the site's downloader fetches.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/sources/downloader.h"
#include "tests/conformance/harness.h"

namespace onemarket::test {

// The site's downloader, for locations <how>://<path>.
inline const std::string kDownloader = R"script(#!/usr/bin/env bash
set -euo pipefail
how=${2%%:*}
path=${2#*://}
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
        site_.site.remotes = site_.dir / "var/remotes";
        for (const char* name : {"downloader.sh", "downloader.stock.sh"})
            site_.script(std::string("datastore/") + name, kDownloader);
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

    std::vector<std::string> environment() const override {
        return {"ONE_LOCATION=" + site_.dir.path().string()};
    }

  private:
    ImageFacts facts_of(const std::string& how, const std::string& name) const {
        return {how + "://" + folder_ + "/" + name, "128", "raw", "", {}};
    }
    std::unique_ptr<ImageSource> make(const std::string& how, const std::string& name,
                                      const std::string& content) {
        write_file(folder_ + "/" + name, content);
        return std::make_unique<DownloaderSource>(facts_of(how, name), site_.site);
    }

    std::string folder_;
    TestSite site_;
};

}  // namespace onemarket::test
