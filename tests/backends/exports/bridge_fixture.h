// SPDX-License-Identifier: Apache-2.0
// What tests of exports over bridges share: hosts on loopback, a site whose ssh knows them, and
// messages of datastores behind them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "backends/exporter.h"
#include "tests/backends/helpers.h"
#include "tests/support/sshd.h"

namespace onemarket::test {

class BridgeFixture : public testing::Test {
  protected:
    void SetUp() override {
        if (!Sshd::is_there()) GTEST_SKIP() << "OpenSSH's server is not installed";
        sshd_ = std::make_unique<Sshd>();
        site_.site.environment[0] = "PATH=" + sshd_->bin() + ":/usr/bin:/bin";
        site_.site.ssh.alive_every = std::chrono::seconds(1);
        site_.site.ssh.alive_count = 2;
    }
    // Whatever happened, nobody is connected any more, and what is written as a command in odd
    // values, `touch run-by-mistake`, was not run: neither here nor in the account's home on a
    // host.
    void TearDown() override {
        if (!sshd_) return;
        EXPECT_TRUE(eventually([this] { return sshd_->connections() == 0; }));
        const char* home = std::getenv("HOME");
        for (const std::string folder : {home == nullptr ? "/" : home, ".", "/"})
            EXPECT_FALSE(std::filesystem::exists(folder + "/run-by-mistake")) << folder;
    }

    static DriverMessage message(const std::string& datastore, const std::string& source,
                                 const std::string& hosts,
                                 std::map<std::string, std::string> more = {}) {
        more.insert({{"BASE_URL", "http://web"},
                     {"PUBLIC_DIR", "/srv/market"},
                     {"DATASTORES", "/ds"},
                     {"SOURCE", source},
                     {"BRIDGE_LIST", hosts}});
        if (datastore == "fs-bridge") more.insert({"FORMAT", "raw"});
        if (datastore == "ceph")
            more.insert(
                {{"POOL_NAME", "one"}, {"CEPH_CONF", ""}, {"CEPH_KEY", ""}, {"CEPH_USER", ""}});
        return test::message("import-http-" + datastore, more);
    }
    template <class T>
    std::unique_ptr<ImageSource> export_image(const DriverMessage& message) {
        return T(site_.site).export_image(message, context_);
    }
    // A program of the hosts.
    void program(const std::string& name, const std::string& script) {
        write_script(sshd_->host_bin() + "/" + name, "#!/bin/sh\n" + script + "\n");
    }

    Ignored pipe_signal_{SIGPIPE};
    TempDir dir_;
    TestSite site_;
    TestContext context_;
    std::unique_ptr<Sshd> sshd_;
};

}  // namespace onemarket::test
