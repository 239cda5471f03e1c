// SPDX-License-Identifier: Apache-2.0
// A marketplace in memory, for the tests of gc and verify.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backends/inventory.h"

namespace onemarket::test {

inline StoredObject stored(StoredObject::Kind kind, std::optional<ObjectId> app,
                           std::chrono::system_clock::time_point time,
                           const std::string& name = "") {
    StoredObject object;
    object.kind = kind;
    object.app = app;
    object.name =
        name.empty() ? std::string(to_string(kind)) + "-" + std::to_string(app.value_or(0)) : name;
    object.bytes = 1024;
    object.time = time;
    return object;
}

struct FakeMarket {
    std::vector<StoredObject> objects;
    std::map<std::string, Manifest> manifests;
    std::map<std::string, std::string> bytes;
    std::map<std::string, Error> faults;  // of reading or removing
    std::vector<std::string> removed;
    std::string foreign;
    int conversations = 0;
};

class FakeInventory : public Inventory {
  public:
    explicit FakeInventory(FakeMarket& market) : market_(market) { ++market.conversations; }

    std::vector<StoredObject> list(Context&) override { return market_.objects; }
    std::optional<Manifest> manifest(const StoredObject& image, Context&) override {
        const auto found = market_.manifests.find(image.name);
        return found == market_.manifests.end() ? std::nullopt : std::optional(found->second);
    }
    bool is_foreign(const StoredObject& image, Context&) override {
        return market_.foreign == image.name;
    }
    std::unique_ptr<Reader> open(const StoredObject& image, Context&) override {
        fail(image);
        return std::make_unique<Bytes>(market_.bytes[image.name]);
    }
    void remove(const StoredObject& object, Context&) override {
        fail(object);
        market_.removed.push_back(object.name);
    }

  private:
    class Bytes : public Reader {
      public:
        explicit Bytes(std::string text) : text_(std::move(text)) {}
        Piece read(std::span<std::byte> buffer, Context&) override {
            const size_t size = std::min(buffer.size(), text_.size());
            std::copy_n(reinterpret_cast<const std::byte*>(text_.data()), size, buffer.begin());
            text_.erase(0, size);
            return {size, false};
        }

      private:
        std::string text_;
    };

    void fail(const StoredObject& object) const {
        const auto found = market_.faults.find(object.name);
        if (found != market_.faults.end()) throw Error(found->second);
    }

    FakeMarket& market_;
};

}  // namespace onemarket::test
