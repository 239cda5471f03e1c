// SPDX-License-Identifier: Apache-2.0
// What harnesses of sources on other hosts share: hosts, and a program of theirs that breaks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/conformance/harness.h"
#include "tests/support/sshd.h"

namespace onemarket::test {

class BridgeHarness : public SourceHarness {
  public:
    BridgeHarness() {
        if (!Sshd::is_there()) throw SkipHarness("OpenSSH's server is not installed");
        sshd_ = std::make_unique<Sshd>();
        site_.site.environment[0] = "PATH=" + sshd_->bin() + ":/usr/bin:/bin";
    }
    ~BridgeHarness() override {
        EXPECT_TRUE(eventually([this] { return sshd_->connections() == 0; }));
    }

    // No value of a bridge's request has a newline.
    bool takes(const std::string& name) const override {
        return name.find('\n') == std::string::npos;
    }
    std::vector<std::string> environment() const override { return {site_.site.environment[0]}; }

  protected:
    const Site& site() const { return site_.site; }

    // From now on that program of the hosts, asked with that word, gives so many bytes and breaks.
    void break_program(const std::string& name, const std::string& word, size_t bytes) {
        replace(name, word, bytes, "exit 1");
    }
    // Or says nothing more.
    void stall_program(const std::string& name, const std::string& word, size_t bytes) {
        write_file(sshd_->host_bin() + "/stalls", "");
        replace(name, word, bytes, "while [ -e \"${0%/*}/stalls\" ]; do sleep 0.1; done");
    }

  private:
    void replace(const std::string& name, const std::string& word, size_t bytes,
                 const std::string& then) {
        write_script(sshd_->host_bin() + "/" + name,
                     "#!/bin/sh\ncase \"$*\" in *" + word + "*) /usr/bin/" + name +
                         " \"$@\" | head -c " + std::to_string(bytes) + "; " + then +
                         " ;; *) exec /usr/bin/" + name + " \"$@\" ;; esac\n");
    }

    Ignored pipe_signal_{SIGPIPE};
    TestSite site_;
    std::unique_ptr<Sshd> sshd_;
};

}  // namespace onemarket::test
