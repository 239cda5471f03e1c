// SPDX-License-Identifier: Apache-2.0
#include "backends/http.h"

#include "tests/conformance/market_suite.h"
#include "tests/support/http_server.h"
#include "tests/support/sshd.h"

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
        return with_app(set_up(message_xml("import-http", values)), app);
    }
    DriverMessage delete_message(const App& app, const std::string& source) const override {
        auto values = market_values();
        values.insert({"SOURCE", source});
        return with_app(set_up(message_xml("delete-http", values)), app);
    }
    DriverMessage monitor_message() const override {
        return std::move(
            *DriverMessage::parse(set_up(message_xml("monitor-http", market_values()))));
    }

    DriverMessage check_message() const override {
        const std::string xml =
            message_xml("monitor-http", {{"BASE_URL", web_.url()}, {"PUBLIC_DIR", public_}});
        return std::move(*DriverMessage::parse(set_up_well(xml)));
    }

    // An image and its manifest are one.
    std::vector<std::string> objects() const override { return list_images(public_); }
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

  protected:
    // What this marketplace's template says besides.
    virtual std::string set_up(std::string xml) const { return xml; }
    virtual std::string set_up_well(std::string xml) const { return xml; }

    TestSite site_;

  private:
    std::map<std::string, std::string> market_values() const {
        return {{"BASE_URL", kUrl + "/"}, {"PUBLIC_DIR", public_}};
    }

    static inline const std::string kUrl = "http://market.example:8080/images";
    HttpBackend backend_{site_.site};
    std::string public_;
    std::string outside_;
    HttpServer web_{[this](const HttpAsked& asked) -> HttpGiven {
        if (!std::filesystem::exists(public_ + asked.target)) return {"404 Not Found"};
        return {"200 OK", {}, read_file(public_ + asked.target)};
    }};
};

// The same folder behind bridges, the first of which is down.
class BridgedHttpMarket : public HttpMarket {
  public:
    explicit BridgedHttpMarket(const std::string& folder) : HttpMarket(folder) {
        if (!Sshd::is_there()) throw SkipHarness("OpenSSH's server is not installed");
        sshd_ = std::make_unique<Sshd>();
        site_.site.environment[0] = "PATH=" + sshd_->bin() + ":/usr/bin:/bin";
    }
    ~BridgedHttpMarket() override {
        EXPECT_TRUE(eventually([this] { return sshd_->connections() == 0; }));
    }

    // What a broken conversation leaves goes at once, but not before the answer.
    std::vector<std::string> objects() const override {
        eventually([this] { return sshd_->connections() == 0; });
        return HttpMarket::objects();
    }

    std::shared_ptr<void> full_but_for(size_t bytes) override {
        const std::string dd = sshd_->host_bin() + "/dd";
        write_script(dd, "#!/bin/bash\ntrap '' XFSZ\nulimit -f " + std::to_string(bytes / 1024) +
                             "\nexec /usr/bin/dd \"$@\"\n");
        return {nullptr, [dd](void*) { std::filesystem::remove(dd); }};
    }

  private:
    std::string set_up(std::string xml) const override {
        return with_bridges(std::move(xml), "down bridge1 bridge2");
    }
    std::string set_up_well(std::string xml) const override {
        return with_bridges(std::move(xml), "bridge1");
    }
    static std::string with_bridges(std::string xml, const std::string& hosts) {
        const std::string mark = "<PUBLIC_DIR>";
        return xml.replace(xml.find(mark), mark.size(),
                           "<BRIDGE_LIST>" + hosts + "</BRIDGE_LIST>" + mark);
    }

    std::unique_ptr<Sshd> sshd_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(http, MarketSuite,
                         testing::Values(market<HttpMarket>(), market<BridgedHttpMarket>()),
                         [](const auto& which) { return which.index == 0 ? "here" : "bridges"; });

}  // namespace onemarket::test
