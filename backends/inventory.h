// SPDX-License-Identifier: Apache-2.0
// What a marketplace holds, looked at behind oned's back: for `onemarketctl gc` and `verify`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/io/manifest.h"
#include "backends/io/stream.h"
#include "protocol/request.h"

namespace onemarket {

// One thing that is there.
struct StoredObject {
    enum class Kind {
        image,      // of an app, published by this driver
        manifest,   // whose image is not there
        temporary,  // of an import that runs, or ran
        upload,     // pending: the same in a bucket
        other,      // of somebody else, the stock driver among them
    };
    Kind kind = Kind::other;
    std::string name;  // in the folder or bucket
    std::optional<ObjectId> app;
    std::optional<uint64_t> bytes;
    std::chrono::system_clock::time_point time;  // of its last change, by the marketplace's clock
    std::string upload;                          // its id
    bool held = false;                           // a live import has it
};
std::string_view to_string(StoredObject::Kind kind);

// One conversation with a marketplace. Used by one thread; every function may end with an Error.
class Inventory {
  public:
    virtual ~Inventory() = default;

    // All of it, by name, or an Error: never a part.
    virtual std::vector<StoredObject> list(Context& context) = 0;

    // What is noted of an image; nothing where nothing is. Throws Error (corrupt) that says what is
    // wrong where the note is none.
    virtual std::optional<Manifest> manifest(const StoredObject& image, Context& context) = 0;

    // True where what has an image's name was not made by this driver.
    virtual bool is_foreign(const StoredObject& image, Context& context) {
        (void)image, (void)context;
        return false;
    }

    // An image's bytes. Throws not_found when it has gone meanwhile. This must outlive it, and is
    // asked nothing else until they were read to their end; where they were not, nothing ever.
    virtual std::unique_ptr<Reader> open(const StoredObject& image, Context& context) = 0;

    // Removes it, an image with its manifest. Throws not_found when it has gone already,
    // unavailable when a live import has it.
    virtual void remove(const StoredObject& object, Context& context) = 0;
};

}  // namespace onemarket
