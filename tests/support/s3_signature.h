// SPDX-License-Identifier: Apache-2.0
// The other end of AWS's Signature Version 4: checks what a client has signed. Shares no code with
// the client under test; written from "Authenticating Requests" in the Amazon S3 API Reference.
#pragma once

#include <ctime>
#include <map>
#include <string>

namespace onemarket::test {

struct Account {
    std::string access_key = "testaccesskey";
    std::string secret_key = "test/secret+key=";
    std::string session_token = {};  // empty: none is wanted
    std::string region = "us-east-1";
};

// A request as it came over the wire.
struct WireRequest {
    std::string method;
    std::string target;                          // path and query, not decoded
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
};

// S3's code for what is wrong with the signature; empty when it is right. `now`: seconds UTC.
std::string signature_fault(const WireRequest& request, const Account& account, std::time_t now);

}  // namespace onemarket::test
