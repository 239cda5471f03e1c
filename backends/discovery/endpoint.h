// SPDX-License-Identifier: Apache-2.0
// The address of a catalogue's server. It becomes part of each app's SOURCE, and the scripts of
// datastores hand that to a shell: so it is made of characters that mean nothing to one.
#pragma once

#include <string>
#include <string_view>

#include "protocol/driver_message.h"
#include "protocol/error.h"

namespace onemarket {

// Letters, digits and -._~:+,=@/ alone, and no `..`: what needs no quoting, neither in an address
// nor in a shell.
bool is_plain(std::string_view text);

// An http or https address whose host and path are plain, without a slash at its end. Fails, with
// what is wrong, on one with credentials, a query, a fragment or any other character.
Result<std::string> plain_address(std::string_view url);

// The marketplace's ENDPOINT, `standard` where it has none. Throws Error (bad_request) where it is
// no plain address, without repeating it.
std::string endpoint_of(const DriverMessage& message, const char* standard);

}  // namespace onemarket
