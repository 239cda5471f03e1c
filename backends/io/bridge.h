// SPDX-License-Identifier: Apache-2.0
// A bridge host: another machine that holds images or a public folder, spoken to over the system's
// ssh. What runs there is one fixed script (bridge.sh); values are data to it. The same script
// serves on this host, without ssh.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/context.h"
#include "backends/io/subprocess.h"

namespace onemarket {

struct SshLimits {
    std::chrono::seconds connect_limit{10};  // for the connection
    std::chrono::seconds answer_limit{30};   // from there to the script's first word
    std::chrono::seconds alive_every{5};     // a silent connection is asked
    int alive_count = 3;                     // and given up when it does not answer so often
};

struct SshSettings : SshLimits {
    std::vector<std::string> environment;  // NAME=VALUE of ssh, which is looked for in PATH
    std::string directory;                 // where it runs
};

// The host could not be spoken to at all: another may do.
class BridgeUnreachable : public Error {
  public:
    using Error::Error;
};

// One connection and the conversation over it. Whatever happens, both are gone with the object, and
// what the script had not finished it takes back. Used by one thread.
class Bridge {
  public:
    // Connects, within the limits of the settings and of the context. Throws BridgeUnreachable
    // "<host>: <reason>", and Error from the context.
    // `context` must outlive it.
    Bridge(const SshSettings& settings, const std::string& host, Context& context);

    // The same conversation on this host, which errors call so.
    static std::unique_ptr<Bridge> here(const SshSettings& settings, Context& context);

    const std::string& host() const { return host_; }

    // Sends a request of bridge.sh with its values, each a line, and returns the words of the
    // reply. Throws Error "<host>: <reason>" where the reply is a no, the kind being that of the
    // reason.
    std::string ask(std::string_view request, std::initializer_list<std::string_view> values = {});

    // The same without a reply, then so many bytes. Throws where the host has said no since.
    void put(std::string_view request, std::span<const std::byte> bytes);

    // Bytes that follow the reply to `send` or `export`; 0 at the end of the conversation, which is
    // an Error unless the host says that it ended well.
    size_t read(std::span<std::byte> buffer);
    // Reads the reply that follows the bytes of `send`, and returns its words. Throws as ask()
    // does.
    std::string confirm() { return reply(); }
    // Ends the conversation: bytes that nobody wants are on their way.
    void hang_up() { ssh_.reset(); }

  private:
    Bridge(const SshSettings& settings, std::vector<std::string> argv, std::string host,
           Context& context);
    void complain(std::string_view line);
    std::string complaints(std::string_view otherwise) const;
    void greet(Context& context);
    std::optional<std::string> line(Context& context, size_t most);
    std::string reply();
    void send(std::span<const std::byte> bytes);
    [[noreturn]] void refused(std::string_view reason) const;
    [[noreturn]] void lost();
    [[noreturn]] void unreachable(const std::string& reason) const;

    std::string host_;
    Context& context_;
    std::string complaint_, complaint_before_;  // the last lines of stderr
    std::string received_;                      // bytes that were read and not yet used
    std::unique_ptr<Subprocess> ssh_;
};

// A word that is neither an option nor anything else to ssh. It may name a user: user@host.
bool is_bridge_host(std::string_view host);

// The hosts of a BRIDGE_LIST: words. Throws Error (bad_request) for one that is no name of a host.
std::vector<std::string> bridge_hosts(std::string_view list);

// Connects to the host `id` modulo their number or, where that cannot be reached, to the next one,
// with a LOG W. Throws BridgeUnreachable for the last where none can be.
std::unique_ptr<Bridge> connect_bridge(const SshSettings& settings,
                                       const std::vector<std::string>& hosts, ObjectId id,
                                       Context& context);

}  // namespace onemarket
