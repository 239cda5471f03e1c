// SPDX-License-Identifier: Apache-2.0
// An HTTP server on loopback that answers as it is told to: for what no real server would do.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace onemarket::test {

struct HttpAsked {
    std::string target;                          // path and query
    std::map<std::string, std::string> headers;  // names in lower case
};

struct HttpGiven {
    std::string status = "200 OK";
    std::map<std::string, std::string> headers = {};
    std::string body = {};
    bool cut = false;    // the connection ends after half of the body
    bool stall = false;  // half of the body, then nothing more
    enum Framing { length, chunked, none } framing = length;  // how its end is told
    std::map<std::string, std::string> trailers = {};         // behind a chunked body
};

// What a good server answers for a file: all of it or the range that was asked for, where the
// version that was asked for is the one it has.
HttpGiven give_file(const HttpAsked& asked, const std::string& content, const std::string& etag);
// What a server answers whose disk breaks: the answer that reaches the file's end is cut halfway,
// and an open-ended range, by which it would be taken up again, is not to be had.
HttpGiven give_broken_file(const HttpAsked& asked, const std::string& content);
// The same, but the answer that reaches the end says nothing more halfway.
HttpGiven give_stalling_file(const HttpAsked& asked, const std::string& content);

// Each connection is for one request, which a thread of its own answers; one that begins with TLS
// gets a 400 in plain text, as from a real server.
class HttpServer {
  public:
    using Answer = std::function<HttpGiven(const HttpAsked&)>;

    // `answer` is called by several threads.
    explicit HttpServer(Answer answer);
    ~HttpServer();  // ends all connections, whatever they are about

    std::string url() const;  // http://127.0.0.1:port
    std::vector<HttpAsked> asked() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace onemarket::test
