// SPDX-License-Identifier: Apache-2.0
#include "daemon/control.h"

#include "backends/io/json.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

JsonObject answer(bool ok) {
    JsonObject object;
    object.add("version", kControlVersion).add("ok", ok);
    return object;
}

std::string refusal(std::string_view why) {
    return answer(false).add("error", why).text();
}

std::string_view scalar(const JsonValue& request, std::string_view name) {
    const JsonValue* value = request.find(name);
    return value != nullptr && value->is_scalar() ? std::string_view(value->text) : "";
}

// `fault`: empty where it was done.
std::string outcome(const std::string& fault) {
    return fault.empty() ? answer(true).text() : refusal(fault);
}

std::string cancel(const JsonValue& request, const ControlActions& actions) {
    const auto app = ascii::parse_number<ObjectId>(scalar(request, "app"));
    return app ? outcome(actions.cancel(*app)) : refusal("cancel: expected \"app\", an app's id");
}

}  // namespace

std::string answer_control(std::string_view line, const ControlActions& actions) {
    const Result<JsonValue> request = parse_json(line);
    if (!request) return refusal("no JSON: " + request.reason());
    if (!request->is(JsonValue::Kind::object)) return refusal("expected a JSON object");
    if (scalar(*request, "version") != std::to_string(kControlVersion))
        return refusal("expected \"version\": " + std::to_string(kControlVersion));
    const std::string_view what = scalar(*request, "do");
    if (what == "status") return answer(true).add_json("status", actions.status()).text();
    if (what == "cancel") return cancel(*request, actions);
    if (what == "reload") return outcome(actions.reload());
    return refusal("expected \"do\": status, cancel or reload");
}

}  // namespace onemarket
