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
};

class ImageSource {
  public:
    explicit ImageSource(ImageFacts facts) : facts_(std::move(facts)) {}
    virtual ~ImageSource() = default;

    const ImageFacts& facts() const { return facts_; }

    // The bytes, from the first to the last. Called at most once. Throws Error.
    virtual std::unique_ptr<Reader> open(Context& context) = 0;

  private:
    ImageFacts facts_;
};

}  // namespace onemarket
