// SPDX-License-Identifier: Apache-2.0
// oned.conf: its block MARKET_MAD, and how this driver comes into it and leaves it.
#pragma once

#include <string>
#include <string_view>

#include "protocol/template.h"

namespace onemarket {

// The block of an installation that has none, with the arguments OpenNebula ships.
std::string default_market_mad();

// One oned.conf as it was read. Its edits change the block MARKET_MAD and the comment above it,
// which keeps the block as it was; all other bytes stay. What is not understood is an Error
// (bad_request) that says what it is.
class OnedConf {
  public:
    // Throws Error where oned itself could not read it, or it has not the one MARKET_MAD.
    explicit OnedConf(std::string text);

    const std::string& text() const { return text_; }
    std::string executable() const;
    std::string arguments() const;
    // True for a name or path of this driver.
    bool runs_onemarketd() const;
    // The block with this driver in it.
    std::string block() const;

    // The text with this driver in it; the same where it is in already. `force`: in the place of
    // somebody else's driver, too.
    std::string applied(bool force) const;

    // The text as it was. What was changed in the block since stays, but for EXECUTABLE. `force`:
    // where nothing is kept of what was, the stock driver's name is written.
    std::string reverted(bool force) const;

  private:
    std::string_view written(const Template::Place& place) const;
    std::string edited(std::string_view comment, std::string_view block) const;

    std::string text_;
    Template::Attribute mad_;
    Template::Place comment_;  // ours above the block; empty: there is none
    std::string kept_;         // the block it keeps
};

// Puts `after` in the place of the file's text, in one step. A link is followed; owner, group, mode
// and extended attributes stay. Throws Error: also where they cannot, where the file has further
// hard links, or its text is not `before` any more.
void rewrite_oned_conf(const std::string& file, std::string_view before, std::string_view after);

// What an edit changes, as diff -u shows it; empty where it changes nothing.
std::string diff_of(const std::string& file, std::string_view before, std::string_view after);

}  // namespace onemarket
