// SPDX-License-Identifier: Apache-2.0
// The control socket: whatever is asked, the answer is a line of JSON that says whether it was
// done; what onemarketctl asks is understood.
#include "daemon/control.h"

#include "backends/io/json.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

using Kind = JsonValue::Kind;

struct Driver {
    int called = 0;
    ObjectId cancelled = -1;
    std::string fault;

    ControlActions actions() {
        return {[this] { return ++called, std::string("{}"); },
                [this](ObjectId app) { return ++called, cancelled = app, fault; },
                [this] { return ++called, fault; }};
    }
};

JsonValue answered(std::string_view line, Driver& driver) {
    const std::string answer = answer_control(line, driver.actions());
    must(is_one_line(answer), "an answer is one line");
    const Result<JsonValue> read = parse_json(answer);
    must(read && read->is(Kind::object), "an answer is a JSON object");
    const JsonValue* ok = read->find("ok");
    must(ok != nullptr && ok->is(Kind::boolean), "an answer says whether it was done");
    const JsonValue* error = read->find("error");
    must((ok->text == "true") == (error == nullptr), "an error is what was not done");
    return *read;
}

}  // namespace

void one_input(std::string_view input) {
    Driver driver;
    const JsonValue any = answered(input, driver);
    must(driver.called <= 1, "a line asks for one thing");
    must(any.find("ok")->text != "true" || driver.called == 1, "what is done is done");
    must(driver.cancelled >= -1, "an id is none below zero");

    driver.fault = input;
    const JsonValue reload =
        answered(JsonObject().add("version", 1).add("do", "reload").text(), driver);
    must((reload.find("ok")->text == "true") == input.empty(), "a fault is no success");

    const auto app = static_cast<ObjectId>(input.size());
    answered(JsonObject().add("version", 1).add("do", "cancel").add("app", app).text(), driver);
    must(driver.cancelled == app, "what onemarketctl asks is understood");
    const int called = driver.called;
    answered(JsonObject().add("version", 1).add("do", "x" + std::string(input)).text(), driver);
    must(driver.called == called, "what is not known is not done");
}

}  // namespace onemarket::fuzz
