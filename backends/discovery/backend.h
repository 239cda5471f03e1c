// SPDX-License-Identifier: Apache-2.0
// What marketplaces that are discovered have in common: they offer what a catalogue on the web
// lists, and nothing can be put into them or taken out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "backends/backend.h"
#include "backends/discovery/app_list.h"
#include "backends/io/json.h"
#include "backends/site.h"

namespace onemarket {

// A marketplace's catalogue: where it is, and how its entries become apps.
struct Catalogue {
    std::string url;
    std::string options;  // all of the marketplace's template that the list depends on, but the url
    std::string member;   // of the document: what holds the entries
    JsonValue::Kind container = JsonValue::Kind::array;

    // The server the apps are of, when the catalogue was found at `url`, behind all redirections;
    // a failure where that may not become part of a SOURCE.
    using Server = std::function<Result<std::string>(const std::string& url)>;
    Server server;

    // The app an entry describes; nothing where it is none for OpenNebula; a failure where it is
    // malformed. `name` is the entry's where it has one.
    using Read = std::function<Result<std::optional<DiscoveredApp>>(
        const std::string& server, std::string_view name, const JsonValue& entry)>;
    Read read;
};

class DiscoveryBackend : public Backend {
  public:
    bool serves(const DriverMessage&) const override { return true; }
    std::string refusal(Action action) const override;
    PublishedApp import(const DriverMessage& message, ImageSource& image,
                        Context& context) const override;
    void remove(const DriverMessage& message, const std::string& source,
                Context& context) const override;
    void discard(const DriverMessage& message, Context& context) const override;
    std::unique_ptr<Reader> open(const DriverMessage& message, const std::string& source,
                                 Context& context) const override;
    std::unique_ptr<Inventory> inventory(const DriverMessage& message,
                                         Context& context) const override;
    void check(const DriverMessage& message, Context& context, Findings& findings) const override;
    // A text APP="<base64>" a line. Where the catalogue has not changed since the last one it is
    // the text of that time, and nothing is logged again.
    std::string monitor(const DriverMessage& message, Context& context) const override;

  protected:
    // `site` must outlive it. `name`: the marketplace's in a refusal.
    DiscoveryBackend(const Site& site, std::string name) : site_(site), name_(std::move(name)) {}

    // Throws Error (bad_request) that names the attribute.
    virtual Catalogue catalogue(const DriverMessage& message) const = 0;

  private:
    const Site& site_;
    std::string name_;
};

}  // namespace onemarket
