// SPDX-License-Identifier: Apache-2.0
#include "protocol/error.h"

#include <cerrno>
#include <system_error>

namespace onemarket {

bool is_unreachable(ErrorKind kind) {
    return kind == ErrorKind::unavailable || kind == ErrorKind::timeout;
}

bool is_passing(ErrorKind kind) {
    return is_unreachable(kind) || kind == ErrorKind::no_space || kind == ErrorKind::internal ||
           kind == ErrorKind::cancelled;
}

bool may_be_cleared_later(ErrorKind kind) {
    return is_passing(kind) || kind == ErrorKind::permission;
}

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::bad_request:
            return "bad_request";
        case ErrorKind::unsupported:
            return "unsupported";
        case ErrorKind::not_found:
            return "not_found";
        case ErrorKind::permission:
            return "permission";
        case ErrorKind::unavailable:
            return "unavailable";
        case ErrorKind::corrupt:
            return "corrupt";
        case ErrorKind::limit:
            return "limit";
        case ErrorKind::cancelled:
            return "cancelled";
        case ErrorKind::timeout:
            return "timeout";
        case ErrorKind::no_space:
            return "no_space";
        case ErrorKind::internal:
            return "internal";
    }
    return "internal";
}

namespace {

ErrorKind kind_of(int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
            return ErrorKind::not_found;
        case EACCES:
        case EPERM:
        case EROFS:
            return ErrorKind::permission;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return ErrorKind::no_space;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
            return ErrorKind::limit;
        case EINVAL:
        case ENAMETOOLONG:
        case ELOOP:
            return ErrorKind::bad_request;
        default:
            return ErrorKind::unavailable;
    }
}

}  // namespace

Error system_error(int error_number, const std::string& what) {
    // generic_category() uses the thread-safe form of strerror.
    return Error(kind_of(error_number),
                 what + ": " + std::generic_category().message(error_number));
}

}  // namespace onemarket
