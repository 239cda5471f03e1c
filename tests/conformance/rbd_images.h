// SPDX-License-Identifier: Apache-2.0
// Images of a Ceph pool.
#pragma once

#include <memory>
#include <string>

#include "backends/io/location.h"
#include "backends/sources/rbd.h"
#include "tests/conformance/bridge_harness.h"
#include "tests/support/ceph.h"

namespace onemarket::test {

// Images of a real pool, exported by a host over a real sshd.
class RbdImages : public BridgeHarness {
  public:
    explicit RbdImages(const std::string&) {
        if (!Ceph::is_there()) throw SkipHarness("Ceph (ceph-mon, ceph-osd, rbd) is not installed");
        Ceph::shared();
    }

    std::string written(const std::string& name) const override {
        return RbdLocation{"", name, "", "", ""}.text().substr(std::string("rbd:///").size());
    }
    std::unique_ptr<ImageSource> source(const std::string& name,
                                        const std::string& content) override {
        static int number = 0;  // the pool outlives a harness
        const std::string own = name + "-" + std::to_string(++number);
        if (takes(name)) Ceph::shared().import(own, content);
        return of(own);
    }
    std::unique_ptr<ImageSource> broken(const std::string& content) override {
        break_program("rbd", "export", content.size() / 2);
        return source("image", content);
    }
    std::unique_ptr<ImageSource> stalling(const std::string& content) override {
        stall_program("rbd", "export", content.size() / 2 + 1);
        return source("image", content);
    }
    std::unique_ptr<ImageSource> missing() override { return of("missing"); }

  private:
    std::unique_ptr<ImageSource> of(const std::string& name) const {
        const RbdLocation location{"bridge1", "one/" + name, "market", Ceph::shared().keyfile(),
                                   Ceph::shared().conf()};
        ImageFacts facts{location.text(), "128", "raw", "", {}};
        return std::make_unique<RbdSource>(std::move(facts), site());
    }
};

}  // namespace onemarket::test
