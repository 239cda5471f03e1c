// SPDX-License-Identifier: Apache-2.0
#include "backends/checks/folder.h"

#include <limits>

#include "backends/io/bridge.h"
#include "backends/io/http_status.h"
#include "backends/io/http_words.h"
#include "backends/io/random.h"

namespace onemarket {
namespace {

constexpr ObjectId kNobody = std::numeric_limits<ObjectId>::max();  // no app has this number
constexpr uint64_t kMegabyte = uint64_t{1} << 20;
constexpr uint64_t kLittle = 1024;  // MB
constexpr size_t kMost = 256;       // bytes of the file
constexpr TimeLimit kTakeBackLimit{std::chrono::seconds(10), false};

std::string remedy_for(const Error& error) {
    if (dynamic_cast<const BridgeUnreachable*>(&error) != nullptr)
        return "ssh to this host must work for the driver's user without a question: its key "
               "there, the host in its known_hosts, the name in BRIDGE_LIST";
    if (error.kind() == ErrorKind::permission)
        return "let the driver's user (oneadmin) read, write and enter it";
    if (error.kind() == ErrorKind::no_space) return "make room";
    return "PUBLIC_DIR must be a folder that is there, and can be written to: create it, or mount "
           "what it is on";
}

std::string remedy_for_status(int status) {
    if (status == 403)
        return "let the web server's user read PUBLIC_DIR, and enter all folders above it";
    return "BASE_URL and PUBLIC_DIR must be the same folder: correct one of them, or the web "
           "server";
}

std::string remedy_for_address(const Error& error) {
    const std::string trust = remedy_for_trust(error.what());
    return !trust.empty()
               ? trust
               : "start its web server, or correct BASE_URL: apps are fetched from there";
}

// The file, which goes with this.
class Probe {
  public:
    Probe(const FolderToCheck& to_check, Folder& folder, const Context& context)
        : to_check_(to_check), folder_(folder), context_(context) {}
    ~Probe() {
        if (!maybe_there_) return;
        // Over a conversation of its own, which does not end with the request.
        Context own(context_.id(), {}, kTakeBackLimit, context_.log());
        try {
            to_check_.open(own)->remove(name_);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::not_found)
                own.log().log(LogLevel::warning, name_ + " stays: " + error.what());
        }
    }
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    void write() {
        maybe_there_ = true;
        folder_.put(kNobody, name_, "onemarketctl check " + random_hex());
    }
    std::string read() const { return folder_.head(name_, kMost); }
    void remove() {
        folder_.remove(name_);
        maybe_there_ = false;
    }
    const std::string& name() const { return name_; }

  private:
    const FolderToCheck& to_check_;
    Folder& folder_;
    const Context& context_;
    std::string name_ = manifest_name(image_name(kNobody, random_hex()));
    bool maybe_there_ = false;
};

// BASE_URL stands before the reason already.
HttpResponse answer_of(HttpClient& client, const std::string& url, Context& context) {
    try {
        return client.perform({"GET", url, {}, {}}, context);
    } catch (const HttpFault& fault) {
        throw Error(fault.kind(), fault.reason());
    }
}

HttpResponse fetch(std::string url, const HttpSettings& http, Context& context) {
    HttpClient client(http);
    for (int redirects = 0;; ++redirects) {
        HttpResponse response = answer_of(client, url, context);
        if (!is_redirection(response.status) || redirects == kMaxRedirects) return response;
        const Result<std::string> next = redirected_to(url, response);
        if (!next) throw Error(ErrorKind::corrupt, url + ": " + next.reason());
        url = *next;
    }
}

void check_address(const std::string& base_url, const std::string& name, const std::string& content,
                   const HttpSettings& http, Context& context, Findings& findings) {
    const std::string what = "BASE_URL " + base_url;
    findings.attempt(what, remedy_for_address, context, [&] {
        const HttpResponse response = fetch(base_url + "/" + name, http, context);
        if (response.status != 200)
            findings.problem(what, status_in_words(response) + " for a file that is in PUBLIC_DIR",
                             remedy_for_status(response.status));
        else if (response.body != content)
            findings.problem(what, "other bytes come than those of the file in PUBLIC_DIR",
                             remedy_for_status(response.status));
        else
            findings.ok(what, "shows what is in PUBLIC_DIR");
    });
}

}  // namespace

void check_folder(const FolderToCheck& to_check, const HttpSettings& http, Context& context,
                  Findings& findings) {
    const std::string& what = to_check.name;
    std::unique_ptr<Folder> folder;
    const bool there = findings.attempt(what, remedy_for, context, [&] {
        folder = to_check.open(context);
        const Folder::Usage usage = folder->usage();
        const uint64_t free = usage.free / kMegabyte;
        const std::string space =
            std::to_string(free) + " MB free of " + std::to_string(usage.total / kMegabyte) + " MB";
        if (free < kLittle)
            findings.warning(what, space, "make room: an image that does not fit is refused");
        else
            findings.ok(what, "there, " + space);
    });
    if (!there) return;

    Probe probe(to_check, *folder, context);
    const bool written = findings.attempt(what, remedy_for, context, [&] {
        probe.write();
        findings.ok(what, "a file can be written");
    });
    if (!written) return;
    std::string content;
    findings.attempt(what, "look at the disk, or the file server, it is on", context, [&] {
        content = probe.read();
        if (!content.starts_with("onemarketctl check "))
            throw Error(ErrorKind::corrupt, "what was written does not come back");
        findings.ok(what, "it reads as it was written");
    });
    if (!content.empty())
        check_address(to_check.url, probe.name(), content, http, context, findings);
    findings.attempt(what, "remove " + probe.name() + " by hand, and see why it cannot be removed",
                     context, [&] {
                         probe.remove();
                         findings.ok(what, "it can be removed");
                     });
}

}  // namespace onemarket
