// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/downloader.h"

#include "backends/site_script.h"

namespace onemarket {
namespace {

class DownloaderReader : public Reader {
  public:
    DownloaderReader(const Site& site, const std::string& script, const std::string& location,
                     Context& context)
        : script_(script),
          errors_(context.log()),
          process_(script_command(site, script, {"--nodecomp", location, "-"}, "", errors_)) {}

    Piece read(std::span<std::byte> buffer, Context& context) override {
        const size_t got = process_.read(buffer, context);
        if (got > 0) return {got, false};
        // Only the exit status tells the end of the image from the end of the connection.
        const ExitStatus status = process_.wait(context);
        if (!status.success()) throw Error(ErrorKind::unavailable, errors_.reason(script_, status));
        return {};
    }

  private:
    std::string script_;
    ScriptErrors errors_;
    Subprocess process_;
};

}  // namespace

std::unique_ptr<Reader> DownloaderSource::open(Context& context) {
    const std::string& location = facts().location;
    if (location.starts_with('-'))
        throw Error(ErrorKind::bad_request, "source " + location + " looks like an option");
    return std::make_unique<DownloaderReader>(site_, site_.downloader_path(), location, context);
}

}  // namespace onemarket
