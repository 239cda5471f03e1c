// SPDX-License-Identifier: Apache-2.0
// A text that must not be seen: a key, a password, a token. It has no way into a stream or a
// string but reveal(), which is easy to find and to count.
#pragma once

#include <string>
#include <utility>

namespace onemarket {

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}

    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }

  private:
    std::string text_;
};

}  // namespace onemarket
