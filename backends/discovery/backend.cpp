// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/backend.h"

#include "backends/discovery/fetch.h"
#include "backends/discovery/list_cache.h"
#include "backends/io/http_words.h"

namespace onemarket {
namespace {

// From the bytes of a catalogue to its apps.
class ListReader : public CatalogueReader {
  public:
    ListReader(const Catalogue& catalogue, const Context& context)
        : catalogue_(catalogue),
          context_(context),
          apps_(context.log()),
          entries_(catalogue.member, catalogue.container,
                   [this](std::string_view name, const Result<JsonValue>& entry) {
                       context_.check();
                       take(name, entry);
                   }) {}

    void begin(const std::string& url) override {
        const Result<std::string> server = catalogue_.server(url);
        if (!server) throw Error(ErrorKind::corrupt, "its address " + server.reason());
        server_ = *server;
    }
    void write(std::string_view piece) override {
        context_.check();
        parse("no JSON: ", [&] { entries_.write(piece); });
    }
    void end() override {
        parse("no whole JSON: ", [&] { entries_.finish(); });
        if (!entries_.found())
            throw Error(ErrorKind::corrupt, "no list of `" + catalogue_.member + "` in it");
        apps_.check();
    }

    AppList& apps() { return apps_; }

  private:
    // What is wrong with the bytes is said as such; what an entry ended the reading with is not.
    template <class Step>
    static void parse(const char* what, const Step& step) {
        try {
            step();
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::corrupt) throw;
            throw Error(error.kind(), what + std::string(error.what()));
        }
    }

    void take(std::string_view name, const Result<JsonValue>& entry) {
        if (!entry) return apps_.add_malformed(name, entry.reason());
        Result<std::optional<DiscoveredApp>> app = catalogue_.read(server_, name, *entry);
        if (!app)
            apps_.add_malformed(name.empty() ? name_of(*entry) : name, app.reason());
        else if (!*app)
            apps_.add_other();
        else
            apps_.add(std::move(**app));
    }

    static std::string_view name_of(const JsonValue& entry) {
        const JsonValue* name = entry.find("name");
        return name == nullptr ? "" : std::string_view(name->text);
    }

    const Catalogue& catalogue_;
    const Context& context_;
    AppList apps_;
    JsonEntries entries_;
    std::string server_;
};

}  // namespace

std::string DiscoveryBackend::refusal(Action action) const {
    return action == Action::import ? "Cannot import app into " + name_ + " marketplace"
                                    : "Cannot delete app from " + name_ + " marketplace";
}

PublishedApp DiscoveryBackend::import(const DriverMessage&, ImageSource&, Context&) const {
    throw Error(ErrorKind::unsupported, refusal(Action::import));
}

void DiscoveryBackend::remove(const DriverMessage&, const std::string&, Context&) const {
    throw Error(ErrorKind::unsupported, refusal(Action::remove));
}

void DiscoveryBackend::discard(const DriverMessage&, Context&) const {
    throw Error(ErrorKind::unsupported, refusal(Action::remove));
}

std::unique_ptr<Reader> DiscoveryBackend::open(const DriverMessage&, const std::string& source,
                                               Context&) const {
    throw Error(ErrorKind::unsupported, source + ": what a catalogue offers is not ours to read");
}

std::unique_ptr<Inventory> DiscoveryBackend::inventory(const DriverMessage&, Context&) const {
    throw Error(ErrorKind::unsupported,
                "a marketplace " + name_ + " is only discovered: nothing is stored in it");
}

void DiscoveryBackend::check(const DriverMessage& message, Context& context,
                             Findings& findings) const {
    std::string url;
    const bool described = findings.attempt("template", kCorrectTemplate, context,
                                            [&] { url = catalogue(message).url; });
    if (!described) return;
    const auto remedy = [](const Error& error) {
        const std::string trust = remedy_for_trust(error.what());
        return !trust.empty() ? trust : "correct ENDPOINT, or the way there: a proxy, -p";
    };
    findings.attempt(url, remedy, context, [&] {
        findings.ok(url, std::to_string(count_apps(monitor(message, context))) + " apps");
    });
}

std::string DiscoveryBackend::monitor(const DriverMessage& message, Context& context) const {
    const Catalogue catalogue = this->catalogue(message);
    const std::string key = name_ + "\n" + catalogue.url + "\n" + catalogue.options;
    const auto known = site_.lists ? site_.lists->find(key) : nullptr;

    ListReader reader(catalogue, context);
    const CatalogueAnswer answer = fetch_catalogue(
        site_.http, {catalogue.url, site_.user_agent, known ? &known->validators : nullptr}, reader,
        context);
    if (answer.unchanged) return known->text;
    std::string text = reader.apps().take_text(context);
    if (site_.lists)
        site_.lists->store(key,
                           {answer.validators, answer.validators.empty() ? std::string() : text});
    return text;
}

}  // namespace onemarket
