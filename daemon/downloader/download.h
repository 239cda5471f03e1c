// SPDX-License-Identifier: Apache-2.0
// One image fetched: from where an app or a datastore says it is to where a datastore wants it.
#pragma once

#include "backends/site.h"
#include "daemon/downloader/options.h"
#include "daemon/downloader/progress.h"
#include "protocol/driver_message.h"

namespace onemarket {

// The site as this download sees it; `connections` of a large image from the web. `stock`: the
// path of the site's own script, where somebody says it.
Site download_site(Site site, const DownloaderOptions& options, size_t connections,
                   const std::string& stock = "");

// Whether it may matter for the source what credentials there are.
bool needs_credentials(const std::string& source);

// A failure as the site's downloader.sh says it, whoever has said what it is.
std::string in_script_words(const std::string& failure);

// Fetches it. The hashes are those of the bytes as they came, in the same pass; then they are
// decompressed, and an archive becomes a folder, unless the options say otherwise. `credentials`:
// the document of the datastore's action. Throws Error in the words of the site's downloader.sh,
// with the reason behind them; nothing is left at the destination then, unless it is a stream.
void download(const DownloaderOptions& options, const DriverMessage& credentials, const Site& site,
              ShownProgress& progress, Context& context);

}  // namespace onemarket
