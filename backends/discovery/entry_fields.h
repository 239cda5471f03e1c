// SPDX-License-Identifier: Apache-2.0
// The members of a catalogue's entry, looked at one by one; the first that has not the shape it
// should have makes the entry malformed.
#pragma once

#include <string>
#include <string_view>

#include "backends/io/json.h"

namespace onemarket {

// A view of an object, which must outlive it. Null counts as missing, and so does all of a value
// that is no object.
class EntryFields {
  public:
    // `fault` gets the first complaint, and must outlive it.
    EntryFields(const JsonValue* object, std::string& fault) : object_(object), fault_(fault) {}

    // Null where it is missing.
    const JsonValue* find(std::string_view name) const {
        const JsonValue* value = object_ == nullptr ? nullptr : object_->find(name);
        return value == nullptr || value->is(JsonValue::Kind::null) ? nullptr : value;
    }

    // A scalar's text; empty where it is missing.
    std::string text(std::string_view name) const {
        const JsonValue* value = find(name);
        if (value == nullptr || value->is_scalar()) return value == nullptr ? "" : value->text;
        complain(std::string(name) + " is no single value");
        return "";
    }

    // An array or object; null where it is missing or "".
    const JsonValue* container(std::string_view name, JsonValue::Kind kind) const {
        const JsonValue* value = find(name);
        if (value == nullptr || value->is_empty()) return nullptr;
        if (value->is(kind)) return value;
        complain(std::string(name) +
                 (kind == JsonValue::Kind::array ? " is no list" : " is no object"));
        return nullptr;
    }

    void complain(std::string reason) const {
        if (fault_.empty()) fault_ = std::move(reason);
    }

  private:
    const JsonValue* object_;
    std::string& fault_;
};

}  // namespace onemarket
