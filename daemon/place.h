// SPDX-License-Identifier: Apache-2.0
// Where something new is to appear once it is whole.
#pragma once

#include <string>

#include "protocol/error.h"

namespace onemarket {

std::string folder_of(const std::string& path);

// A name in the same folder, for what is not whole yet.
std::string temporary_beside(const std::string& path);

// Where a link leads to, be there something or not; the path itself where there is none. Throws
// Error where it has no end.
std::string followed(const std::string& path);

// Before all of it has come: throws Error for what cannot have the name in the end.
void check_name(const std::string& path);

// Why nothing can be made at the path; what is missing is its folder.
Error place_error(int error, const std::string& path);

}  // namespace onemarket
