// SPDX-License-Identifier: Apache-2.0
// What stands in a text and is nobody's business: a secret that is known, and in an address a
// password before the host, a token in the query. For texts that may be anything: an address that
// is none has no less of a password in it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace onemarket {

// The text with `***` in the place of a secret, wherever that stands; an empty one stands nowhere.
std::string without_secret(std::string_view text, std::string_view secret);

// What must not be told of this address: the user with his password, the password by itself, the
// query. Nothing of what has no scheme.
std::vector<std::string> credentials_in(std::string_view address);

// In a text of words each of which may be an address: what stands before a host, and behind a `?`,
// becomes asterisks.
void hide_credentials(std::span<char> text);

}  // namespace onemarket
