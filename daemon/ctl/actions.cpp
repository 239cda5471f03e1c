// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/actions.h"

#include <iostream>

#include "daemon/in_flight.h"
#include "daemon/worker.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"

namespace onemarket {
namespace {

Error another_action(Action action) {
    return {ErrorKind::bad_request,
            "this is the message of another action: " + std::string(to_string(action))};
}

}  // namespace

Given parse_given(Action action, const std::string& text) {
    const std::string_view trimmed = ascii::trim(text);
    if (const Result<Request> request = parse_request(trimmed)) {
        if (request->action == action) return {request->id, request->payload};
        throw another_action(request->action);
    }
    Given given;
    given.payload = trimmed.starts_with('<') ? base64_encode(trimmed) : std::string(trimmed);
    std::erase_if(given.payload, ascii::is_space);  // base64(1) breaks its lines
    const Result<DriverMessage> message = DriverMessage::decode(given.payload);
    if (!message)
        throw Error(ErrorKind::bad_request,
                    "neither a line to the driver, nor its base64, nor XML: " + message.reason());
    if (action == Action::remove && message->has("IMAGE")) throw another_action(Action::import);
    const std::string path = action == Action::monitor ? "MARKETPLACE/ID" : "MARKETPLACEAPP/ID";
    given.id = ascii::parse_number<ObjectId>(message->required(path)).value_or(0);
    return given;
}

Outcome run_action(const Services& services, Action action, const Given& given,
                   const std::stop_token& stop) {
    InFlight in_flight({1, std::string::npos});
    Outcome outcome{true,
                    "no answer: apps that are templates are READY before a driver hears of them"};
    const Worker worker(
        services, in_flight,
        {[&outcome](const FlightPtr&, const Reply& reply, std::optional<ErrorKind>) {
             outcome.success = reply.success;
             const Result<std::string> decoded = base64_decode(reply.info);
             outcome.text = reply.success && decoded ? *decoded : reply.info;
         },
         [](LogLevel, ObjectId, std::string_view text) { std::cerr << one_line(text) << "\n"; },
         [](LogLevel, std::string_view) {}});
    const FlightPtr flight = in_flight.add({action, given.id, given.payload});
    const std::stop_callback cancel(stop, [&in_flight] { in_flight.stop_all(false); });
    worker.run(flight);
    return outcome;
}

}  // namespace onemarket
