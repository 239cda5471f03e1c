// SPDX-License-Identifier: Apache-2.0
// Whether a bucket can be used as a marketplace's, and with these credentials.
#pragma once

#include "backends/findings.h"
#include "backends/io/s3/settings.h"
#include "backends/site.h"

namespace onemarket {

// Writes a small object there (S3Settings::probe_key), reads it, begins and gives up an upload of
// its key, and removes what there is of them, however this ends. No bucket is made.
void check_bucket(const S3Settings& settings, const Site& site, Context& context,
                  Findings& findings);

}  // namespace onemarket
