// SPDX-License-Identifier: Apache-2.0
// An S3 marketplace on the service that fails as it is told to.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "backends/s3.h"
#include "backends/sources/file.h"
#include "tests/backends/helpers.h"
#include "tests/support/s3_server.h"

namespace onemarket::test {

class S3Fixture : public testing::Test {
  protected:
    static constexpr size_t kPart = size_t{5} << 20;  // the smallest S3 takes, READ_LENGTH here
    static constexpr const char* kBucket = "images";
    static constexpr const char* kKey = "marketapp-5";
    static constexpr const char* kSource = "s3://images/marketapp-5";

    explicit S3Fixture(S3Server::Options options = service())
        : account_(options.account), server_(std::move(options)) {
        server_.make_bucket(kBucket);
        Site& site = site_.site;
        site.retries = {3, std::chrono::milliseconds(1), std::chrono::milliseconds(4)};
        site.http.stall_limit = std::chrono::seconds(1);
        if (server_.endpoint().starts_with("https:")) site.http.ca_file = server_.ca_file();
        site.s3_parallel_parts = 1;
        values_ = {{"ENDPOINT", server_.endpoint()},
                   {"BUCKET", kBucket},
                   {"ACCESS_KEY", account_.access_key},
                   {"SECRET_KEY", account_.secret_key}};
        if (!account_.session_token.empty())
            change("<REGION>",
                   "<SESSION_TOKEN>" + account_.session_token + "</SESSION_TOKEN><REGION>");
    }

    // What the messages say it is.
    static S3Server::Options service() {
        S3Server::Options options;
        options.account.region = "default";
        return options;
    }

    // A message of tests/fixtures with the market of this server, as `change` makes it.
    DriverMessage market_message(const std::string& name,
                                 const std::map<std::string, std::string>& more) const {
        auto values = values_;
        values.insert(more.begin(), more.end());
        std::string xml = message_xml(name, values);
        for (const auto& [what, with] : changes_) {
            const size_t at = xml.find(what);
            if (at == std::string::npos) throw std::runtime_error(name + " has no " + what);
            xml.replace(at, what.size(), with);
        }
        Result<DriverMessage> parsed = DriverMessage::parse(xml);
        if (!parsed) throw std::runtime_error(parsed.reason());
        return std::move(*parsed);
    }
    DriverMessage import_message() const {
        return market_message("import-s3", {{"SOURCE", "/an/image"},
                                            {"FORMAT", "raw"},
                                            {"DATASTORES", "/ds"},
                                            {"READ_LENGTH", read_length_}});
    }

    // Replaces text of every message's XML.
    void change(const std::string& what, const std::string& with) {
        changes_.emplace_back(what, with);
    }
    void attribute(const std::string& name, const std::string& standard, const std::string& value) {
        change("<" + name + "><![CDATA[" + standard + "]]>",
               "<" + name + "><![CDATA[" + value + "]]>");
    }

    PublishedApp import(ImageSource& image) { return import(image, context_); }
    PublishedApp import(ImageSource& image, Context& context) {
        return backend_.import(import_message(), image, context);
    }
    PublishedApp import_stream(const std::string& bytes, BeforePiece before = {}) {
        TextSource source(facts_, bytes, std::move(before));
        return import(source);
    }
    PublishedApp import_file(const std::string& bytes) {
        write_file(dir_ / "image", bytes);
        FileSource source({dir_ / "image", "128", "raw", "", {}});
        return import(source);
    }
    void remove(const std::string& source) {
        backend_.remove(market_message("delete-s3", {{"SOURCE", source}}), source, context_);
    }
    void discard() { backend_.discard(market_message("delete-s3", {{"SOURCE", ""}}), context_); }
    std::string monitor() { return backend_.monitor(market_message("monitor-s3", {}), context_); }

    // What is in the bucket, pending uploads too.
    std::vector<std::string> left() const { return server_.names(kBucket); }
    bool holds(const std::string& bytes) const {
        const auto object = server_.object(kBucket, kKey);
        return object && object->bytes == bytes;
    }

    Ignored pipe_signal_{SIGPIPE};  // as the driver does
    Account account_;
    S3Server server_;
    TestSite site_;
    TempDir dir_;
    TestContext context_;
    ImageFacts facts_{"/an/image", "128", "raw", "", {}};
    S3Backend backend_{site_.site};
    std::string read_length_ = "5";
    std::map<std::string, std::string> values_;

  private:
    std::vector<std::pair<std::string, std::string>> changes_;
};

}  // namespace onemarket::test
