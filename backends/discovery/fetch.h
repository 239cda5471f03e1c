// SPDX-License-Identifier: Apache-2.0
// Getting a catalogue: one GET that follows redirections, asks for compression, asks whether
// anything has changed, and is complete or an Error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "backends/context.h"
#include "backends/io/http_client.h"

namespace onemarket {

// Bytes of a catalogue, unpacked: twice what 100,000 appliances take.
inline constexpr size_t kMaxCatalogueBytes = size_t{512} << 20;

// A longer tag or date is none: it would be sent with each question.
inline constexpr size_t kMaxValidator = 1024;  // bytes

// What a server said of a catalogue it gave, to be asked about it again. Empty: it said nothing, or
// nothing that can be sent back.
struct Validators {
    // Where the catalogue was, after redirections: the SHA-256 of its address, since there may be a
    // key in that.
    std::string place;
    std::string etag;
    std::string last_modified;

    bool empty() const { return etag.empty() && last_modified.empty(); }
};

// Who reads a catalogue as it arrives. What it throws is the reason of the failure.
class CatalogueReader {
  public:
    virtual ~CatalogueReader() = default;
    virtual void begin(const std::string& url) = 0;  // where it is, after redirections
    virtual void write(std::string_view piece) = 0;
    virtual void end() = 0;  // all has come
};

struct CatalogueRequest {
    std::string url;
    std::string user_agent;
    const Validators* known = nullptr;  // of the catalogue that is there already
};

struct CatalogueAnswer {
    Validators validators;
    bool unchanged = false;  // the known one holds; nothing of the reader was called
};

// Follows up to kMaxRedirects redirections, none from https to http. Throws Error
// `<URL>: [HTTP <status> <words>: ]<reason>`, without the URL's query, for all that is no complete
// catalogue, and Error (cancelled) from the context. Nothing is tried again: the next MONITOR is.
// Only where a server takes no question about the known one, it is asked without.
CatalogueAnswer fetch_catalogue(const HttpSettings& http, CatalogueRequest request,
                                CatalogueReader& reader, Context& context);

}  // namespace onemarket
