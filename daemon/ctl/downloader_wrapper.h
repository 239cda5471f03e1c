// SPDX-License-Identifier: Apache-2.0
// The site's downloader.sh, and the script that puts onemarket-downloader in its place.
#pragma once

#include <string>
#include <string_view>

namespace onemarket {

// What the site's own script is called while the wrapper is in its place.
inline constexpr const char* kStockDownloader = "downloader.stock.sh";

// Whether a script is the wrapper, whoever changed it since.
bool is_downloader_wrapper(std::string_view text);

// What there is in the folder of the datastores' scripts. Each function returns in words what was
// done, and throws Error where it cannot be, or where something would be lost that was changed
// since: not with `force`. What somebody puts there while they run stays, whatever is said. After a
// crash in the middle they can be called again.
class DownloaderWrapper {
  public:
    // `folder`: remotes/datastore. `program`: the path of onemarket-downloader.
    DownloaderWrapper(const std::string& folder, std::string program);

    // Keeps downloader.sh as downloader.stock.sh and puts the wrapper in its place.
    std::string install(bool force);
    // Puts downloader.stock.sh back.
    std::string remove(bool force);

  private:
    class Found;

    void check_program() const;
    void check_stock() const;
    void keep(const Found& script) const;
    void replace(const Found& script, const std::string& next) const;
    [[noreturn]] void changed_meanwhile() const;

    std::string folder_;
    std::string script_;  // .../downloader.sh
    std::string stock_;   // .../kStockDownloader
    std::string program_;
};

}  // namespace onemarket
