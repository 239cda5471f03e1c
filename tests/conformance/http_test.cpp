// SPDX-License-Identifier: Apache-2.0
#include "backends/http.h"

#include "tests/conformance/market_suite.h"

namespace onemarket::test {
namespace {

// PUBLIC_DIR is `folder`/public; beside it are a file and, in it, a way out.
class HttpMarket : public MarketHarness {
  public:
    explicit HttpMarket(const std::string& folder)
        : public_(folder + "/public"), outside_(folder + "/outside") {
        std::filesystem::create_directories(public_);
        write_file(outside_, "precious");
    }

    const Backend& backend() const override { return backend_; }

    DriverMessage import_message(const App& app) const override {
        auto values = market_values();
        values.insert({{"SOURCE", "/an/image"}, {"FORMAT", "qcow2"}, {"DATASTORES", "/ds"}});
        return with_app(message_xml("import-http", values), app);
    }
    DriverMessage delete_message(const App& app, const std::string& source) const override {
        auto values = market_values();
        values.insert({"SOURCE", source});
        return with_app(message_xml("delete-http", values), app);
    }
    DriverMessage monitor_message() const override {
        return message("monitor-http", market_values());
    }

    std::vector<std::string> objects() const override { return list(public_); }
    std::string content(const std::string& source) const override {
        if (!source.starts_with(kUrl)) throw std::runtime_error(source + " is elsewhere");
        return read_file(public_ + source.substr(kUrl.size()));
    }

    std::vector<std::string> foreign_sources() const override {
        return {"http://elsewhere/app", "/etc/passwd",          outside_,
                kUrl + "/../outside",   kUrl + "/..",           kUrl + "/*",
                kUrl + "//" + outside_, kUrl + "/%2e./outside", "*"};
    }
    bool foreign_is_whole() const override { return read_file(outside_) == "precious"; }

  private:
    std::map<std::string, std::string> market_values() const {
        return {{"BASE_URL", kUrl + "/"}, {"PUBLIC_DIR", public_}};
    }

    static inline const std::string kUrl = "http://market.example:8080/images";
    Site site_;
    HttpBackend backend_{site_};
    std::string public_;
    std::string outside_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(http, MarketSuite, testing::Values(market<HttpMarket>()));

}  // namespace onemarket::test
