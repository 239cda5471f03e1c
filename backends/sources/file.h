// SPDX-License-Identifier: Apache-2.0
// Source: a file or block device of this host.
#pragma once

#include "backends/image_source.h"
#include "backends/io/file_reader.h"

namespace onemarket {

class FileSource : public ImageSource {
  public:
    // facts.location, opened by open(): until then nothing fails.
    explicit FileSource(ImageFacts facts) : ImageSource(std::move(facts)) {}
    // A reader that is open already, so that what was probed is what will be read.
    FileSource(ImageFacts facts, std::unique_ptr<FileReader> reader)
        : ImageSource(std::move(facts)), reader_(std::move(reader)) {}

    std::unique_ptr<Reader> open(Context&) override {
        if (reader_) return std::move(reader_);
        return std::make_unique<FileReader>(facts().location);
    }

  private:
    std::unique_ptr<FileReader> reader_;
};

}  // namespace onemarket
