// SPDX-License-Identifier: Apache-2.0
// Where requests to an S3 service go, and by whom they are carried: names of hosts, regions,
// certificates, proxies.
#include <regex>

#include "tests/backends/s3_fixture.h"
#include "tests/support/proxy.h"

namespace onemarket::test {
namespace {

struct Endpoint {
    std::string name;
    S3Server::Options options = {};
    bool path_style = true;
};

void PrintTo(const Endpoint& row, std::ostream* out) {
    *out << row.name;
}

class S3Endpoints : public S3Fixture, public testing::WithParamInterface<Endpoint> {
  protected:
    S3Endpoints() : S3Fixture(options()) {
        if (!GetParam().path_style) attribute("FORCE_PATH_STYLE", "YES", "NO");
    }
    static S3Server::Options options() {
        S3Server::Options options = GetParam().options;
        options.account.region = "default";
        return options;
    }
};

TEST_P(S3Endpoints, ServeAllActions) {
    const std::string bytes = noise(2 * kPart);
    EXPECT_EQ(import_file(bytes).source, kSource);
    EXPECT_TRUE(holds(bytes));
    EXPECT_EQ(monitor(), "USED_MB=10\nFREE_MB=1048566\nTOTAL_MB=1048576\n");
    const std::string host = server_.seen().front().request.headers.at("host");
    EXPECT_EQ(host.starts_with("images."), !GetParam().path_style) << host;
    remove(kSource);
    EXPECT_EQ(left(), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(
    Table, S3Endpoints,
    testing::Values(Endpoint{"PathStyle"}, Endpoint{"VirtualHost", {}, false},
                    Endpoint{"BasePath", {.base_path = "/s3"}},
                    Endpoint{"BasePathVirtualHost", {.base_path = "/s3"}, false},
                    Endpoint{"Tls", {.tls = true}},
                    Endpoint{"TlsVirtualHost", {.tls = true}, false},
                    Endpoint{"Ipv6", {.ipv6 = true}},
                    Endpoint{"Ipv6Tls", {.tls = true, .ipv6 = true}},
                    Endpoint{"SessionToken", {.account = {.session_token = "a/token+=="}}}),
    case_name<Endpoint>);

class S3Service : public S3Fixture {};

TEST_F(S3Service, AddressIsAnIpAndStyleIsLeftOpen) {
    attribute("FORCE_PATH_STYLE", "YES", "NO");
    values_["ENDPOINT"] = "http://127.0.0.1" + server_.host().substr(server_.host().find(':'));
    import_stream("mine");
    EXPECT_TRUE(holds("mine"));
}

TEST_F(S3Service, SignatureVersion4) {
    attribute("SIGNATURE_VERSION", "s3", "v4");
    import_stream("mine");
    EXPECT_TRUE(holds("mine"));
}

class S3Region : public S3Fixture {
  protected:
    S3Region() : S3Fixture({.account = {.region = "eu-west-9"}}) {}
};

TEST_F(S3Region, IsLearnedOnceForARequest) {
    const std::string bytes = noise(2 * kPart);
    import_file(bytes);
    EXPECT_TRUE(holds(bytes));
    // A connection learns once: the request's own, and each worker's takes what that one knows.
    size_t refused = 0;
    for (const S3Server::Seen& one : server_.seen()) refused += one.status == 400 ? 1 : 0;
    EXPECT_EQ(refused, 1U);
}

class S3Tls : public S3Fixture {
  protected:
    S3Tls() : S3Fixture({.account = service().account, .tls = true}) {}
};

TEST_F(S3Tls, UnknownCertificateIsRefusedAndSaysWhatToDo) {
    site_.site.http.ca_file = "";
    const Error error = error_of([&] { monitor(); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_NE(std::string(error.what()).find("(CA_FILE says which ones are trusted)"),
              std::string::npos)
        << error.what();
    EXPECT_EQ(server_.seen().size(), 0U) << "nothing was said, and it was tried once";
}

class S3OtherHost : public S3Fixture {
  protected:
    S3OtherHost()
        : S3Fixture({.account = service().account, .tls = true, .certified = "elsewhere"}) {}
};

TEST_F(S3OtherHost, CertificateOfAnotherHostIsRefused) {
    const Error error = error_of([&] { monitor(); });
    EXPECT_EQ(error.kind(), ErrorKind::permission) << error.what();
    EXPECT_EQ(server_.seen().size(), 0U);
}

TEST_F(S3Tls, VerificationCanBeSwitchedOff) {
    site_.site.http.ca_file = "";
    site_.site.http.verify_tls = false;
    EXPECT_EQ(monitor(), "USED_MB=0\nFREE_MB=1048576\nTOTAL_MB=1048576\n");
}

TEST_F(S3Tls, VerificationCanBeSwitchedOffForAHost) {
    site_.site.http.ca_file = "";
    site_.site.http.unverified_hosts = {"elsewhere"};
    EXPECT_EQ(error_of([&] { monitor(); }).kind(), ErrorKind::permission);
    site_.site.http.unverified_hosts = {"elsewhere", "localhost"};
    EXPECT_EQ(monitor(), "USED_MB=0\nFREE_MB=1048576\nTOTAL_MB=1048576\n");
}

TEST_F(S3Tls, MissingCaFileIsNamed) {
    site_.site.http.ca_file = "/nowhere/ca.pem";
    const Error error = error_of([&] { monitor(); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_NE(std::string(error.what()).find("/nowhere/ca.pem"), std::string::npos) << error.what();
}

TEST_F(S3Tls, HttpEndpointOfAnHttpsService) {
    values_["ENDPOINT"] = "http://" + server_.host();
    const Error error = error_of([&] { monitor(); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_TRUE(std::string(error.what()).starts_with("ENDPOINT http://localhost:"))
        << error.what();
}

TEST_F(S3Service, HttpsEndpointOfAnHttpService) {
    values_["ENDPOINT"] = "https://" + server_.host();
    const Error error = error_of([&] { monitor(); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
}

TEST_F(S3Service, NobodyThere) {
    values_["ENDPOINT"] = "http://127.0.0.1:1";
    const Error error = error_of([&] { monitor(); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_TRUE(std::string(error.what()).starts_with("ENDPOINT http://127.0.0.1:1: "))
        << error.what();
}

// --- Proxies ---

TEST_F(S3Service, ProxyWithCredentials) {
    Proxy proxy("user", "pass.word");
    site_.site.http.http_proxy = Secret("http://us%65r:pass%2Eword@" + proxy.host());
    const std::string bytes = noise(2 * kPart);
    import_file(bytes);
    EXPECT_TRUE(holds(bytes));
    EXPECT_EQ(proxy.refused(), 0U);
    EXPECT_EQ(proxy.carried(), server_.seen().size());
}

TEST_F(S3Service, ProxyThatRefusesNamesItselfAndNoSecret) {
    Proxy proxy("user", "right");
    site_.site.http.http_proxy = Secret("http://user:wrong-word@" + proxy.host());
    const Error error = error_of([&] { monitor(); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    const std::string text = error.what();
    EXPECT_NE(text.find("401: the answer is not that of an S3 service; is it a proxy's"),
              std::string::npos)
        << text;
    EXPECT_EQ(text.find("wrong-word"), std::string::npos) << text;
    site_.site.http.http_proxy = Secret("http://" + proxy.host());
    const std::string other = error_of([&] { monitor(); }).what();
    EXPECT_NE(other.find("407 the proxy wants credentials"), std::string::npos) << other;
    EXPECT_EQ(server_.seen().size(), 0U);
}

TEST_F(S3Tls, ProxyIsATunnelForHttps) {
    Proxy proxy("user", "word");
    site_.site.http.https_proxy = Secret("http://user:word@" + proxy.host());
    const std::string bytes = noise(2 * kPart);
    import_file(bytes);
    EXPECT_TRUE(holds(bytes));
    EXPECT_GT(proxy.carried(), 0U);
    site_.site.http.https_proxy = Secret("http://user:other@" + proxy.host());
    const Error error = error_of([&] { monitor(); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_NE(std::string(error.what()).find("(that is the proxy's)"), std::string::npos)
        << error.what();
}

TEST_F(S3Service, NoProxyIsObserved) {
    Proxy proxy("user", "word");
    site_.site.http.http_proxy = Secret("http://user:word@" + proxy.host());
    for (const char* no_proxy : {"localhost", "elsewhere,localhost", "*"}) {
        site_.site.http.no_proxy = no_proxy;
        monitor();
        EXPECT_EQ(proxy.carried(), 0U) << no_proxy;
    }
    site_.site.http.no_proxy = "elsewhere";
    monitor();
    EXPECT_EQ(proxy.carried(), 1U);
}

}  // namespace
}  // namespace onemarket::test
