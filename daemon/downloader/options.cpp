// SPDX-License-Identifier: Apache-2.0
#include "daemon/downloader/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <limits>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

using Parsed = Result<DownloaderOptions>;

struct Kind {
    std::string_view option;
    std::string_view algorithm;
    size_t digits;
};
constexpr std::array<Kind, 3> kKinds{
    {{"--md5", "MD5", 32}, {"--sha1", "SHA1", 40}, {"--sha256", "SHA256", 64}}};

bool is_hex(std::string_view text, size_t digits) {
    return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
               return ascii::is_digit(c) || (c >= 'a' && c <= 'f');
           });
}

// The option that is written as `--md5=`, for which the parser would take the next argument.
std::string without_value(const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments) {
        if (argument == "--") break;
        if (argument.starts_with("--") && argument.find('=') == argument.size() - 1)
            return argument.substr(0, argument.size() - 1);
    }
    return "";
}

// The option that is written as `--nodecomp=no`, which the parser would take for its opposite.
std::string flag_with_value(const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments) {
        if (argument == "--") break;
        for (const std::string flag : {"--nodecomp", "--noretry", "--version", "--help"})
            if (argument.starts_with(flag + "=")) return flag;
    }
    return "";
}

// An option that is not known has made arguments of what was meant for it. The mark behind which
// nothing is an option is among them.
std::string unexpected(const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments)
        if (argument.starts_with('-') && argument != "--") return "unknown option " + argument;
    return "more than SOURCE and DEST: " + (arguments.empty() ? "" : arguments.back());
}

}  // namespace

std::optional<uint64_t> parse_bytes(std::string_view text) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = ascii::parse_number<uint64_t>(text.substr(0, digits));
    if (!number) return std::nullopt;
    std::string unit = ascii::to_lower(text.substr(digits));
    if (unit == "b") return number;
    const uint64_t base = unit.size() == 2 && unit.back() == 'b' ? 1000 : 1024;
    if (base == 1000) unit.pop_back();
    constexpr std::string_view prefixes = "kmgt";
    if (unit.size() > 1) return std::nullopt;
    uint64_t factor = 1;
    if (!unit.empty()) {
        const size_t power = prefixes.find(unit.front());
        if (power == std::string_view::npos) return std::nullopt;
        for (size_t i = 0; i <= power; ++i) factor *= base;
    }
    if (*number > std::numeric_limits<uint64_t>::max() / factor) return std::nullopt;
    return *number * factor;
}

Result<DownloaderOptions> parse_downloader_options(std::vector<std::string> arguments) {
    DownloaderOptions options;
    std::array<std::string, kKinds.size()> hashes;
    std::string rate, most;
    bool as_it_is = false, once = false;

    CLI::App app{"Fetches an image: SOURCE to DEST, a path or - for stdout.",
                 "onemarket-downloader"};
    app.allow_extras();
    const auto add = [&app](const char* names, std::string& value, const char* help) {
        // Of one that is said twice the last counts, as with getopt.
        app.add_option(names, value, help)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    };
    add("-m,--md5", hashes[0], "MD5 the bytes must have");
    add("-s,--sha1", hashes[1], "SHA-1 they must have");
    add("--sha256", hashes[2], "SHA-256 they must have");
    add("-l,--limit", rate, "Bytes a second, at most: 500k, 10M");
    add("-c,--max-size", most, "Write only so many bytes from the beginning");
    app.add_flag("-n,--nodecomp", as_it_is, "Neither decompress nor unpack");
    app.add_flag("-o,--noretry", once, "Do not try again what failed");
    app.add_flag("-V,--version", options.version, "Print the version");
    app.add_option("SOURCE", options.source,
                   "A path, http(s)://, s3://, ssh://, rbd://, or what downloader.stock.sh takes")
        ->required();
    app.add_option("DEST", options.destination, "A path, or - for stdout")->required();
    if (const auto bare = without_value(arguments); !bare.empty())
        return Parsed::failure("option " + bare + " has no value");
    if (const auto flag = flag_with_value(arguments); !flag.empty())
        return Parsed::failure("option " + flag + " takes no value");
    try {
        std::reverse(arguments.begin(), arguments.end());
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        options.help = app.help();
        return options;
    } catch (const CLI::RequiredError&) {  // said below, behind what weighs more
    } catch (const CLI::ParseError& error) {
        return Parsed::failure(error.what());
    }
    if (app.remaining_size() > 0) return Parsed::failure(unexpected(app.remaining()));
    if (options.version) return options;
    // A redirection's file: it is written to, not replaced.
    for (const char* name : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
        if (options.destination == name) options.destination = "-";
    if (options.source.empty() || options.destination.empty())
        return Parsed::failure("SOURCE and DEST are required");
    for (size_t i = 0; i < kKinds.size(); ++i) {
        if (app.count(std::string(kKinds[i].option)) == 0) continue;
        const std::string hex = ascii::to_lower(hashes[i]);
        if (!is_hex(hex, kKinds[i].digits))
            return Parsed::failure(std::string(kKinds[i].option) + " '" + hashes[i] +
                                   "': expected " + std::to_string(kKinds[i].digits) +
                                   " hex digits");
        options.hashes.push_back({std::string(kKinds[i].algorithm), hex});
    }
    if (app.count("--limit") > 0) {
        options.rate = parse_bytes(rate);
        if (!options.rate)
            return Parsed::failure("--limit '" + rate + "': expected bytes a second, as 500k");
        if (*options.rate == 0) options.rate.reset();  // as curl takes it
    }
    if (app.count("--max-size") > 0) {
        options.most = parse_bytes(most);
        if (!options.most)
            return Parsed::failure("--max-size '" + most + "': expected a number of bytes");
        if (!options.hashes.empty())
            return Parsed::failure("Hash check not supported for partial downloads");
    }
    options.unpack = !as_it_is;
    options.retry = !once;
    return options;
}

}  // namespace onemarket
