// SPDX-License-Identifier: Apache-2.0
// What an import knows of its earlier lives, and tells its next one: the process may die at any
// moment, and the import goes on in another.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "backends/io/random.h"

namespace onemarket {

// Used by the one thread that runs the import, but for suspended().
class ImportRecord {
  public:
    virtual ~ImportRecord() = default;

    // 16 hex digits, the same in all lives of this import and no other's: what it makes is named
    // or marked so.
    virtual const std::string& mark() const = 0;

    // What was noted under that name last, in this life or an earlier one.
    virtual std::optional<std::string> noted(std::string_view name) const = 0;

    // On return it outlasts a power failure. `name`: a word. Throws Error.
    virtual void note(std::string_view name, std::string_view value) = 0;

    // The work begins now.
    virtual void begin() {}

    // True when an earlier life has begun with it; of a DELETE always, which may clear one away.
    virtual bool resumed() const { return false; }

    // True when the import ends for this life of the driver alone: what it has sent so far is to
    // stay for the next. Thread-safe.
    virtual bool suspended() const { return false; }

    // True where a failure for a reason that may pass (is_unreachable()) is not its end either: it
    // will be tried again, and what it has sent so far is to stay for that.
    void set_tried_again(bool tried_again) { tried_again_ = tried_again; }
    bool tried_again() const { return tried_again_; }

    // Whether something of it may be left that could not be cleared away: that is to be tried
    // again.
    void set_left(bool left) { left_ = left; }
    bool left() const { return left_; }

  private:
    bool left_ = false;
    bool tried_again_ = false;
};

// The record of an import that has one life.
class UnkeptRecord : public ImportRecord {
  public:
    const std::string& mark() const override { return mark_; }
    std::optional<std::string> noted(std::string_view name) const override {
        const auto found = notes_.find(name);
        return found == notes_.end() ? std::nullopt : std::optional(found->second);
    }
    void note(std::string_view name, std::string_view value) override {
        notes_.insert_or_assign(std::string(name), std::string(value));
    }

  private:
    std::string mark_ = random_hex();
    std::map<std::string, std::string, std::less<>> notes_;
};

// Notes that more than one place knows of.
// What is about to be published: the text of a PublishedApp.
inline constexpr std::string_view kPublishingNote = "publishing";

}  // namespace onemarket
