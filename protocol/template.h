// SPDX-License-Identifier: Apache-2.0
// OpenNebula's template syntax, as oned's own lexer and grammar read it: KEY="VALUE" and
// KEY=[NAME="VALUE", ...]. The writer produces only what that reader gives back; the parser takes
// whatever it takes, oddities included.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/error.h"

namespace onemarket {

// Builds a template's text in one string, an attribute per call. A key or name other than
// [A-Za-z0-9_]+ throws Error(internal) and leaves the text as it was: keys are ours, never the
// market's.
//
// A value stands between quotes. The reader gives the value back exactly, but for what it, or the
// XML oned keeps it in, cannot hold. In this order:
//  - invalid UTF-8 is repaired (protocol/utf8.h), U+FFFE and U+FFFF with it;
//  - ASCII control characters other than newline and tab are dropped, carriage return too;
//  - `]]>` becomes `]] >`;
//  - a value which ends in a backslash gets one blank after it: the reader has no escape for the
//    backslash, and would take the closing quote for an escaped one.
// A backslash anywhere else needs nothing, before a quote neither: the quote's own escape is the
// last backslash before it, and the only one the reader removes.
// What follows the quoted text must be a newline, a blank, a comma or a bracket.
class TemplateWriter {
  public:
    using Pair = std::pair<std::string, std::string>;

    void add(std::string_view key, std::string_view value);
    // No pairs give an empty vector; of two equal names the reader keeps the first.
    void add_vector(std::string_view key, std::span<const Pair> pairs);
    void add_vector(std::string_view key, std::initializer_list<Pair> pairs);
    // What another writer made.
    void append(std::string_view text) { text_.append(text); }

    const std::string& text() const noexcept { return text_; }
    // Hands the text over; the writer is empty then.
    std::string take() { return std::exchange(text_, {}); }

  private:
    std::string text_;
};

// A parsed template. Immutable; owns its strings. Keys and names are in upper case whatever the
// text had, and are asked for in upper case. Pointers, views and spans live as long as the
// template.
class Template {
  public:
    using Vector = std::map<std::string, std::string, std::less<>>;

    // Bytes of the text that was read, for who edits it.
    struct Place {
        std::size_t begin = 0, end = 0;
    };

    struct Attribute {
        std::string key;
        std::variant<std::string, Vector> value;
        std::size_t line = 0;  // where the key stands, from 1
        Place place;           // from the key to behind the value
        // A vector's values as they are written, in quotes or not, by their names.
        std::map<std::string, Place, std::less<>> places;

        // Null where the attribute is of the other sort.
        const std::string* single() const { return std::get_if<std::string>(&value); }
        const Vector* vector() const { return std::get_if<Vector>(&value); }
    };

    Template() = default;
    // The attributes in the text's order.
    explicit Template(std::vector<Attribute> attributes);

    // The first single value under the key; null if there is none.
    const std::string* find(std::string_view key) const;
    // The first vector under the key; null if there is none.
    const Vector* find_vector(std::string_view key) const;
    // Every single value under the key.
    std::vector<std::string_view> values(std::string_view key) const;
    // Every attribute under the key, single or vector.
    std::span<const Attribute> all(std::string_view key) const;

    // Sorted by key; equal keys keep the text's order.
    auto begin() const noexcept { return attributes_.begin(); }
    auto end() const noexcept { return attributes_.end(); }
    std::size_t size() const noexcept { return attributes_.size(); }
    bool empty() const noexcept { return attributes_.empty(); }

  private:
    std::vector<Attribute> attributes_;
};

// Reads a template in linear time, up to the first NUL byte if there is one. A failure's reason is
// `line N: ...` and names no value.
Result<Template> parse_template(std::string_view text);

}  // namespace onemarket
