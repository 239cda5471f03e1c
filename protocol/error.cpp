// SPDX-License-Identifier: Apache-2.0
#include "protocol/error.h"

#include <cerrno>
#include <new>
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
            return ErrorKind::permission;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return ErrorKind::no_space;
        case EINVAL:
        case ENAMETOOLONG:
        case ELOOP:
            return ErrorKind::bad_request;
        default:  // a disk that went read-only, descriptors or memory that somebody else has now
            return ErrorKind::unavailable;
    }
}

}  // namespace

Error system_error(int error_number, const std::string& what) {
    // generic_category() uses the thread-safe form of strerror.
    return Error(kind_of(error_number),
                 what + ": " + std::generic_category().message(error_number));
}

Error caught_error() {
    try {
        throw;
    } catch (const Error& error) {
        return error;
    } catch (const std::bad_alloc&) {
        return Error(ErrorKind::unavailable, "out of memory");
    } catch (const std::system_error& error) {
        if (error.code() == std::errc::resource_unavailable_try_again)
            return system_error(EAGAIN, "no thread could be started");
        return Error(ErrorKind::internal, std::string("Internal error: ") + error.what());
    } catch (const std::exception& error) {
        return Error(ErrorKind::internal, std::string("Internal error: ") + error.what());
    }
}

}  // namespace onemarket
