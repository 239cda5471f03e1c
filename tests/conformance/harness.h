// SPDX-License-Identifier: Apache-2.0
// What a marketplace, or a source, brings along to be examined by its suite: it is set up, asked
// for driver messages, and looked into behind the backend's back.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "tests/backends/helpers.h"

namespace onemarket::test {

// Where a marketplace departs from the contract in backends/backend.h, declared as data.
struct Deviations {
    // Every failure of the marketplace itself is of this kind, whatever its cause.
    std::optional<ErrorKind> only_kind;
    // It lives in no folder, so that odd folder names say nothing about it.
    bool has_folder = true;
};

// The app of a message.
struct App {
    ObjectId id = 5;
    std::string name = "golden-image";
};

// Thrown by a harness that cannot be set up here, with the reason.
class SkipHarness : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// One marketplace, empty at first. It is gone with the object.
class MarketHarness {
  public:
    virtual ~MarketHarness() = default;

    virtual const Backend& backend() const = 0;
    virtual Deviations deviations() const { return {}; }

    // What oned would send.
    virtual DriverMessage import_message(const App& app) const = 0;
    virtual DriverMessage delete_message(const App& app, const std::string& source) const = 0;
    virtual DriverMessage monitor_message() const = 0;

    // One of the marketplace where all is well, for a check of it.
    virtual DriverMessage check_message() const { return monitor_message(); }

    // Names of everything the marketplace holds now, unfinished and hidden things too.
    virtual std::vector<std::string> objects() const = 0;
    // The bytes an importer finds at `source`.
    virtual std::string content(const std::string& source) const = 0;

    // Sources that are not of this marketplace, and whether all they could mean is still there.
    virtual std::vector<std::string> foreign_sources() const = 0;
    virtual bool foreign_is_whole() const = 0;

    // As long as the result lives, the marketplace has room for `bytes` more at most.
    virtual std::shared_ptr<void> full_but_for(size_t bytes) {
        return std::make_shared<FullDisk>(bytes);
    }
};

// A message of tests/fixtures with another app in it.
inline DriverMessage with_app(std::string xml, const App& app) {
    const auto replace = [&](const std::string& what, const std::string& with) {
        const size_t at = xml.find(what);
        if (at == std::string::npos) throw std::runtime_error("the message has no " + what);
        xml.replace(at, what.size(), with);
    };
    replace("<MARKETPLACEAPP><ID>5</ID>",
            "<MARKETPLACEAPP><ID>" + std::to_string(app.id) + "</ID>");
    replace("<NAME>golden-image</NAME>", "<NAME><![CDATA[" + app.name + "]]></NAME>");
    Result<DriverMessage> parsed = DriverMessage::parse(xml);
    if (!parsed) throw std::runtime_error(parsed.reason());
    return std::move(*parsed);
}

// One kind of source. Its constructor throws SkipHarness where it cannot be set up.
class SourceHarness {
  public:
    virtual ~SourceHarness() = default;

    // How a location of this source writes that name.
    virtual std::string written(const std::string& name) const { return name; }
    // False for a name no such source can have: it is refused then.
    virtual bool takes(const std::string&) const { return true; }

    // A source of this content, with `name` somewhere in its location.
    virtual std::unique_ptr<ImageSource> source(const std::string& name,
                                                const std::string& content) = 0;
    // One that breaks when about half of the content has been read.
    virtual std::unique_ptr<ImageSource> broken(const std::string& content) = 0;
    // One that says nothing more after half of the content; null where that cannot happen.
    virtual std::unique_ptr<ImageSource> stalling(const std::string& content) = 0;
    // One whose bytes are not there at all.
    virtual std::unique_ptr<ImageSource> missing() = 0;

    // Every failure of these sources is of this kind, whatever its cause.
    virtual std::optional<ErrorKind> only_kind() const { return {}; }
    // What another program needs to read the source that was made last: NAME=VALUE.
    virtual std::vector<std::string> environment() const { return {}; }
};

// A parameter of a suite: makes the harness in a throw-away folder, whatever that is called.
template <class Harness>
struct Maker {
    std::function<std::unique_ptr<Harness>(const std::string& folder)> make;
    friend void PrintTo(const Maker&, std::ostream* out) { *out << "itself"; }
};
using Market = Maker<MarketHarness>;
using Source = Maker<SourceHarness>;

template <class Harness>
Market market() {
    return {[](const std::string& folder) { return std::make_unique<Harness>(folder); }};
}
template <class Harness>
Source source() {
    return {[](const std::string& folder) { return std::make_unique<Harness>(folder); }};
}

}  // namespace onemarket::test
