// SPDX-License-Identifier: Apache-2.0
// An image that a datastore exports: what it is, where it is, and its bytes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/io/stream.h"
#include "backends/io/url.h"

namespace onemarket {

struct ImageFacts {
    std::string location;  // a path, or a URL the site's downloader understands
    std::string size_mb;   // whole number of MiB the image has for its user
    std::string format;    // raw, qcow2, ...
    std::string md5;       // of the bytes, as the datastore promised; empty when it did not
    // What the driver must run, once, when the image is not needed any more; empty: nothing.
    std::vector<std::string> dispose_command = {};
    // What is published must be of that format and stand alone: the copy is looked at.
    bool format_must_hold = false;

    // What errors call it: the location without what is nobody's business.
    std::string name() const { return tellable(location); }

    // Throws Error (corrupt) where the datastore promised another one than the bytes have.
    void require_md5(const std::string& of_bytes) const {
        if (!md5.empty() && md5 != of_bytes)
            throw Error(ErrorKind::corrupt, name() + ": the datastore promised MD5 " + md5 +
                                                ", its bytes have " + of_bytes);
    }
};

class ImageSource {
  public:
    explicit ImageSource(ImageFacts facts) : facts_(std::move(facts)) {}
    virtual ~ImageSource() = default;

    const ImageFacts& facts() const { return facts_; }

    // The bytes, from the first to the last. Called at most once. Throws Error. `context` and this
    // must outlive the reader.
    virtual std::unique_ptr<Reader> open(Context& context) = 0;

  private:
    ImageFacts facts_;
};

}  // namespace onemarket
