// SPDX-License-Identifier: Apache-2.0
// onemarket-downloader: fetches an image as the site's downloader.sh does.
#include <fcntl.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "daemon/downloader/destination.h"
#include "daemon/downloader/download.h"
#include "daemon/environment.h"
#include "daemon/installation.h"
#include "daemon/interrupts.h"
#include "daemon/process.h"
#include "daemon/version.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr const char* kName = "onemarket-downloader";
// What the shell makes of downloader.sh's `exit -1`.
constexpr int kFailed = 255;
constexpr size_t kMostReason = 2000;  // bytes
// Where the wrapper says that the site's own script is: beside itself, be that where it may.
constexpr const char* kStockVariable = "ONEMARKET_STOCK_DOWNLOADER";

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
}

int fail(const std::string& why) {
    print(one_line(why, kMostReason) + "\n");
    return kFailed;
}

// Lines that its caller takes for a script's.
class StderrLog : public RequestLog {
  public:
    explicit StderrLog(ShownProgress& progress) : progress_(progress) {}
    void log(LogLevel level, std::string_view text) override {
        if (level == LogLevel::debug) return;
        // What a script calls an error is one only if it fails, and is said in the end then.
        const char* word = level == LogLevel::info ? "INFO" : "WARN";
        progress_.end();
        print(std::string(word) + ": " + kName + ": " + std::string(text) + "\n");
    }

  private:
    ShownProgress& progress_;
};

// A document that cannot be read fails only whom it may matter to.
DriverMessage credentials_of(const Environment& environment, const std::string& source,
                             RequestLog& log) {
    std::string action = value_of(environment, "DRV_ACTION");
    std::erase_if(action, ascii::is_space);  // base64(1) breaks lines
    const auto nothing = [] {
        return std::move(*DriverMessage::parse("<MARKET_DRIVER_ACTION_DATA/>"));
    };
    if (action.empty()) return nothing();
    Result<DriverMessage> message = DriverMessage::decode_datastore(action);
    if (message) return std::move(*message);
    const std::string reason = "DRV_ACTION: " + message.reason();
    if (needs_credentials(source)) throw Error(ErrorKind::bad_request, reason);
    log.log(LogLevel::warning, reason);
    return nothing();
}

int fetch(const DownloaderOptions& options) {
    const Environment environment = current_environment();
    const Installation installation(Options{}, environment);
    for (const std::string& problem : installation.services()->config.problems)
        print("WARN: " + problem + "\n");
    const Site site = download_site(installation.services()->site, options,
                                    installation.services()->config.download_connections,
                                    value_of(environment, kStockVariable));

    ShownProgress progress(print, ::isatty(STDERR_FILENO) == 1, kName);
    StderrLog log(progress);
    // A stream has nothing to be cleared away, and whoever takes it may not be waited for.
    const Interrupts interrupts(is_stream(options.destination));
    Context context(0, interrupts.stop_token(), TimeLimit{}, log);
    try {
        download(options, credentials_of(environment, options.source, log), site, progress,
                 context);
        progress.end();
        return EXIT_SUCCESS;
    } catch (...) {
        progress.end();
        throw;
    }
}

int main_of(int argc, char** argv) {
    hold_standard_descriptors(O_RDONLY);
    forbid_core_dumps();
    reset_signals();
    std::setlocale(LC_CTYPE, "C.UTF-8");  // names in archives
    const Result<DownloaderOptions> options =
        parse_downloader_options(std::vector<std::string>(argv + 1, argv + argc));
    hide_credentials(argc, argv);
    if (!options) return fail("Arguments error: " + options.reason());
    if (!options->help.empty() || options->version) {
        std::printf("%s", options->version ? (std::string(kName) + " " + kVersion + "\n").c_str()
                                           : options->help.c_str());
        return EXIT_SUCCESS;
    }
    try {
        return fetch(*options);
    } catch (const std::exception&) {
        return fail(in_script_words(caught_error().what()));
    }
}

}  // namespace
}  // namespace onemarket

int main(int argc, char** argv) {
    return onemarket::main_of(argc, argv);
}
