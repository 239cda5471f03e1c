// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/all_sources.h"

#include "backends/sources/downloader.h"
#include "backends/sources/file.h"
#include "backends/sources/rbd.h"
#include "backends/sources/ssh.h"

namespace onemarket {

std::unique_ptr<ImageSource> make_source(ImageFacts facts, const Site& site) {
    if (facts.location.starts_with('/')) return std::make_unique<FileSource>(std::move(facts));
    if (facts.location.starts_with("rbd://"))
        return std::make_unique<RbdSource>(std::move(facts), site);
    if (facts.location.starts_with("ssh://"))
        return std::make_unique<SshSource>(std::move(facts), site);
    return std::make_unique<DownloaderSource>(std::move(facts), site);
}

}  // namespace onemarket
