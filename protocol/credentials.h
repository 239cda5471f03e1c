// SPDX-License-Identifier: Apache-2.0
// What stands in an address and is nobody's business: a password before the host, a token in the
// query. For texts that may be anything: an address that is none has no less of a password in it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace onemarket {

// What must not be told of this address: the user with his password, the password by itself, the
// query. Nothing of what has no scheme.
std::vector<std::string> credentials_in(std::string_view address);

// In a text of words each of which may be an address: what stands before a host, and behind a `?`,
// becomes asterisks.
void hide_credentials(std::span<char> text);

}  // namespace onemarket
