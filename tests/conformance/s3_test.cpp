// SPDX-License-Identifier: Apache-2.0
#include "backends/s3.h"

#include <cstdlib>
#include <sstream>

#include "backends/io/random.h"
#include "tests/conformance/market_suite.h"

namespace onemarket::test {
namespace {

const std::string kData = ONEMARKET_RADOSGW;
const std::string kSupport = std::string(ONEMARKET_SOURCE_DIR) + "/tests/support/";

// What radosgw.sh says of itself; empty when it does not run.
std::map<std::string, std::string> gateway() {
    std::map<std::string, std::string> values;
    if (!std::filesystem::exists(kData + "/env")) return values;
    std::istringstream lines(read_file(kData + "/env"));
    for (std::string line; std::getline(lines, line);) {
        const size_t equals = line.find('=');
        values[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return values;
}

// What a program of tests/support prints; it is trusted with words of ours alone.
std::string run(const std::string& command) {
    flush_stdio();
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen");
    std::string text;
    char buffer[65536];
    while (const size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
    if (::pclose(pipe) != 0) throw std::runtime_error(command + " failed");
    return text;
}

// A bucket of its own at Ceph's gateway, and beside it another one.
class S3Market : public MarketHarness {
  public:
    explicit S3Market(const char* endpoint) : gateway_(gateway()), endpoint_(gateway_[endpoint]) {
        if (endpoint_.empty())
            throw SkipHarness(
                "no Ceph gateway: its packages are not installed, or radosgw.start "
                "was not run");
        for (const auto& [name, value] : gateway_) ::setenv(name.c_str(), value.c_str(), 1);
        ::setenv("S3_ENDPOINT", endpoint_.c_str(), 1);
        site_.site.http.ca_file = gateway_["S3_CA_FILE"];
        look("make " + other_);
        run("echo precious | " + kSupport + "s3.py put " + other_ + " outside");
        look("make " + bucket_);
        run("echo precious | " + kSupport + "s3.py put " + bucket_ + " folder/outside");
    }
    ~S3Market() override {
        try {
            look("purge " + bucket_);
            look("purge " + other_);
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
        }
    }

    const Backend& backend() const override { return backend_; }
    Deviations deviations() const override { return {.only_kind = {}, .has_folder = false}; }

    DriverMessage import_message(const App& app) const override {
        auto values = market_values();
        // The suite's large image has more than one part then.
        values.insert({{"SOURCE", "/an/image"},
                       {"FORMAT", "qcow2"},
                       {"DATASTORES", "/ds"},
                       {"READ_LENGTH", "5"}});
        return with_app(message_xml("import-s3", values), app);
    }
    DriverMessage delete_message(const App& app, const std::string& source) const override {
        auto values = market_values();
        values.insert({"SOURCE", source});
        return with_app(message_xml("delete-s3", values), app);
    }
    DriverMessage monitor_message() const override {
        return message("monitor-s3", market_values());
    }

    std::vector<std::string> objects() const override {
        std::istringstream lines(look("names " + bucket_));
        std::vector<std::string> names;
        for (std::string name; std::getline(lines, name);)
            if (name != "folder/outside") names.push_back(name);
        return names;
    }
    std::string content(const std::string& source) const override {
        const std::string begin = "s3://" + bucket_ + "/";
        if (!source.starts_with(begin)) throw std::runtime_error(source + " is elsewhere");
        return look("get " + bucket_ + " " + source.substr(begin.size()));
    }

    std::vector<std::string> foreign_sources() const override {
        const std::string begin = "s3://" + bucket_ + "/";
        return {"s3://" + other_ + "/outside",
                begin + "folder/outside",
                begin + "../" + other_ + "/outside",
                begin,
                begin + "..",
                begin + ".",
                begin + "*",
                "s3://" + bucket_,
                "http://elsewhere/marketapp-5",
                "*",
                begin + "%2e%2e/" + other_ + "/outside",
                "s3:///" + bucket_ + "/marketapp-5"};
    }
    bool foreign_is_whole() const override {
        return look("get " + other_ + " outside") == "precious\n" &&
               look("get " + bucket_ + " folder/outside") == "precious\n";
    }

    std::shared_ptr<void> full_but_for(size_t bytes) override {
        const std::string quota = kSupport + "radosgw.sh quota " + kData + " " + bucket_ + " ";
        run(quota + std::to_string(bytes));
        return {nullptr, [quota](void*) { run(quota + "off"); }};
    }

  private:
    std::map<std::string, std::string> market_values() const {
        return {{"ENDPOINT", endpoint_},
                {"BUCKET", bucket_},
                {"ACCESS_KEY", gateway_.at("S3_ACCESS_KEY")},
                {"SECRET_KEY", gateway_.at("S3_SECRET_KEY")}};
    }
    static std::string look(const std::string& words) { return run(kSupport + "s3.py " + words); }

    std::map<std::string, std::string> gateway_;
    std::string endpoint_;
    std::string bucket_ = "market-" + random_hex();
    std::string other_ = "other-" + random_hex();
    TestSite site_;
    S3Backend backend_{site_.site};
};

Market gateway_market(const char* endpoint) {
    return {[endpoint](const std::string&) { return std::make_unique<S3Market>(endpoint); }};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(s3, MarketSuite,
                         testing::Values(gateway_market("S3_ENDPOINT"),
                                         gateway_market("S3_TLS_ENDPOINT")),
                         [](const auto& which) { return which.index == 0 ? "http" : "https"; });

}  // namespace onemarket::test
