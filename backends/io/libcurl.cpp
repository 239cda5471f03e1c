// SPDX-License-Identifier: Apache-2.0
#include "backends/io/libcurl.h"

#include <curl/curl.h>

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "backends/io/cleared_memory.h"
#include "protocol/error.h"

namespace onemarket {

void make_libcurl_ready() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, std::malloc, free_cleared, resize_cleared,
                                 ::strdup, std::calloc) != CURLE_OK)
            throw Error(ErrorKind::internal, "libcurl does not start");
    });
}

}  // namespace onemarket
