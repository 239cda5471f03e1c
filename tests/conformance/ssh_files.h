// SPDX-License-Identifier: Apache-2.0
// Images of another host.
#pragma once

#include <memory>
#include <string>

#include "backends/sources/ssh.h"
#include "tests/conformance/bridge_harness.h"

namespace onemarket::test {

// Files of another host: this one, over a real sshd.
class SshFiles : public BridgeHarness {
  public:
    explicit SshFiles(std::string folder) : folder_(std::move(folder)) {}

    std::unique_ptr<ImageSource> source(const std::string& name,
                                        const std::string& content) override {
        write_file(folder_ + "/" + name, content);
        return of(name);
    }
    std::unique_ptr<ImageSource> broken(const std::string& content) override {
        break_program("dd", "count_bytes", content.size() / 2);
        return source("image", content);
    }
    std::unique_ptr<ImageSource> stalling(const std::string& content) override {
        stall_program("dd", "count_bytes", content.size() / 2 + 1);
        return source("image", content);
    }
    std::unique_ptr<ImageSource> missing() override { return of("missing"); }

  private:
    std::unique_ptr<ImageSource> of(const std::string& name) const {
        ImageFacts facts{"ssh://bridge1:" + folder_ + "/" + name, "128", "raw", "", {}};
        return std::make_unique<SshSource>(std::move(facts), site());
    }

    std::string folder_;
};

}  // namespace onemarket::test
