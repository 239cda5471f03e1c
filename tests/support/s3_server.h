// SPDX-License-Identifier: Apache-2.0
// An S3 service on loopback that keeps its objects in memory, checks every signature, remembers
// every request, and fails as it is told to.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/s3_signature.h"

namespace onemarket::test {

// What goes wrong with a request of this operation.
struct Fault {
    enum Kind {
        status,         // an error: `number` is the status, `text` S3's code
        bare_status,    // the status `number` and nothing else, as of a proxy
        done_but,       // all is done; then the error of `status`
        done_but_bare,  // all is done; then `number` and nothing else, as of a proxy
        garbage,        // all is done; then an answer that is no HTTP
        reset,          // the connection, before anything is done
        reset_midway,   // the connection, after `number` bytes of the request's body
        stop_reading,   // of the request's body, after `number` bytes; the connection stays
        stall,          // no answer
        slow,           // the answer comes byte by byte, one a second
        lost_answer,    // all is done, then the connection is reset
        cut_answer,     // half of the answer's body, then the end of the connection
        ok_with_error,  // status 200, an <Error> of code `text` in the body; nothing is done
        body,           // status `number` and `text` as the body, nothing is done
        html,           // status 200 and a page of HTML
        cut_xml,        // status 200 and half of the document
        no_etag,        // an answer without, as Ceph's to a completion
        wrong_etag,     // an answer with that of something else
        wrong_length,   // HEAD: a byte more than there is
        drop_part,      // a completion that forgets the last part
        same_page,      // a list: its first page again
        lost_object,    // a list: an object less than it counts
        no_token,       // a list: goes on, but does not say where
        redirect,       // `number` is the status, `text` the location, `region` where the bucket is
        skewed,         // RequestTimeTooSkewed, the service's clock `number` seconds ahead
        call,           // nothing; but `action` is called
    };
    std::string operation = {};  // as CreateMultipartUpload; empty: any
    Kind kind = status;
    int number = 0;
    std::string text = {};
    int skip = 0;          // requests that go well before
    int times = 1;         // -1: for ever
    int retry_after = 0;   // seconds, in an error's header
    bool as_date = false;  // as the time that will be then
    std::string region = {};
    std::string region_in_body = {};
    std::function<void()> action = {};
};

class S3Server {
  public:
    struct Options {
        Account account = {};
        bool tls = false;
        bool ipv6 = false;
        std::string base_path = {};           // before the bucket, as "/s3"
        size_t page = 1000;                   // objects of a list's page
        std::string certified = "localhost";  // the name its certificate is made out for
    };
    S3Server() : S3Server(Options()) {}
    explicit S3Server(Options options);
    ~S3Server();  // ends all connections, whatever they are about

    // scheme://localhost:port or, for ipv6, scheme://[::1]:port, with the base path.
    std::string endpoint() const;
    std::string host() const;     // of it, with the port
    std::string ca_file() const;  // its certificate, when it speaks TLS

    void fault(Fault fault);
    void clear_faults();

    struct Seen {
        std::string operation;
        WireRequest request;  // without its body
        int status = 0;       // of the answer; 0: none
    };
    std::vector<Seen> seen() const;
    size_t count(const std::string& operation) const;
    // Every operation with how often it came, as "ListObjectsV2 1, PutObject 2".
    std::string summary() const;
    void forget();

    // Behind the client's back.
    struct Object {
        std::string bytes, etag;
        std::map<std::string, std::string> headers;  // x-amz-meta-* and content-type
        std::map<std::string, std::string> tags = {};
    };
    void make_bucket(const std::string& bucket);
    bool has_bucket(const std::string& bucket) const;
    void put(const std::string& bucket, const std::string& key, const std::string& bytes);
    // Null when it is not there. The copy is the caller's.
    std::unique_ptr<Object> object(const std::string& bucket, const std::string& key) const;
    // Keys of objects, and key?id of pending uploads.
    std::vector<std::string> names(const std::string& bucket) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

std::string md5_hex(const std::string& text);

}  // namespace onemarket::test
