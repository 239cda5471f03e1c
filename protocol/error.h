// SPDX-License-Identifier: Apache-2.0
// What can go wrong, in one closed list, and the two ways to say it: a value or an exception.
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace onemarket {

// Closed: a new kind is a decision for the whole house (retries, metrics and the operator's
// documents are keyed by it).
enum class ErrorKind {
    bad_request,  // the driver message or a template attribute is wrong
    unsupported,  // asked for something this driver or market does not do
    not_found,    // the image, object, file or program is not there
    permission,   // the system or the peer said no
    unavailable,  // the peer, or what the system lends, is not to be had just now, or a script
                  // failed
    corrupt,      // bytes are not what was promised
    limit,        // more than this driver is willing to hold
    cancelled,    // the operator, oned or the shutdown stopped it
    timeout,      // no answer, or no progress, within the time allowed
    no_space,     // disk full, quota reached
    internal,     // a defect of this driver
};

// All of them.
inline constexpr std::array kErrorKinds{
    ErrorKind::bad_request, ErrorKind::unsupported, ErrorKind::not_found, ErrorKind::permission,
    ErrorKind::unavailable, ErrorKind::corrupt,     ErrorKind::limit,     ErrorKind::cancelled,
    ErrorKind::timeout,     ErrorKind::no_space,    ErrorKind::internal};
static_assert(kErrorKinds.size() == static_cast<size_t>(ErrorKind::internal) + 1);

// Whether it is the peer that cannot be reached just now.
bool is_unreachable(ErrorKind kind);
// Whether the same request may go well another time, though nobody changes anything.
bool is_passing(ErrorKind kind);
// The same of clearing away what is left: a folder or a service that refuses it today may be
// another tomorrow.
bool may_be_cleared_later(ErrorKind kind);

// The kind's name as it stands in logs and metrics; static storage.
std::string_view to_string(ErrorKind kind);

// Ends a request. Thrown by backends, caught at one place (daemon/worker), which turns it into the
// FAILURE line. The text is for an administrator: it names the thing and the reason, one line,
// never a payload or a credential.
class Error : public std::runtime_error {
  public:
    Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
    ErrorKind kind() const noexcept { return kind_; }

  private:
    ErrorKind kind_;
};

// `what: reason` for an errno value, with the kind that fits it (ENOENT is not_found, ENOSPC and
// EDQUOT are no_space, ...).
Error system_error(int error_number, const std::string& what);

// The exception that is being handled, one of the standard's, as an Error.
Error caught_error();

// An outcome of normal traffic: a value, or the one-line reason why there is none. Parsers return
// it, since a wrong line is not exceptional.
template <class T>
class Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: converts
    static Result failure(std::string reason) { return Result(Failed{std::move(reason)}); }

    explicit operator bool() const noexcept { return state_.index() == 0; }
    const T& operator*() const { return std::get<0>(state_); }
    T& operator*() { return std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }
    T* operator->() { return &std::get<0>(state_); }
    const std::string& reason() const { return std::get<1>(state_).reason; }

  private:
    struct Failed {
        std::string reason;
    };
    explicit Result(Failed failed) : state_(std::in_place_index<1>, std::move(failed)) {}
    std::variant<T, Failed> state_;
};

}  // namespace onemarket
