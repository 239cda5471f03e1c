// SPDX-License-Identifier: Apache-2.0
// What an object's ETag says of its bytes. Source: "Checking object integrity", Amazon S3 User
// Guide: the MD5 of one that was put, and of a multipart upload the MD5 of its parts' MD5s and
// their number; anything else is not to be read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace onemarket {

// True for an MD5, or for that of `parts` MD5s. 0: the object was put.
bool is_etag_of_md5(std::string_view etag, uint64_t parts);

// That of an upload, from its parts' ETags by number; empty where these are no MD5s, or there is
// none.
std::string etag_of_parts(const std::map<uint64_t, std::string>& etags);

}  // namespace onemarket
