// SPDX-License-Identifier: Apache-2.0
// oned.conf: what is applied and reverted is what it was, byte for byte; oned reads the rest of it
// as before.
#include "daemon/ctl/oned_conf.h"

#include <optional>

#include "protocol/template.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

std::optional<OnedConf> read(std::string_view text) {
    try {
        return OnedConf(std::string(text));
    } catch (const Error& error) {
        must(is_one_line(error.what()), "a reason is one line");
        return std::nullopt;
    }
}

std::optional<std::string> applied(const OnedConf& conf, bool force) {
    try {
        return conf.applied(force);
    } catch (const Error& error) {
        must(is_one_line(error.what()), "a reason is one line");
        return std::nullopt;
    }
}

// All attributes but EXECUTABLE of MARKET_MAD.
bool is_same_but_for_driver(std::string_view a, std::string_view b) {
    const Result<Template> first = parse_template(a), second = parse_template(b);
    if (!first || !second || first->size() != second->size()) return false;
    for (auto x = first->begin(), y = second->begin(); x != first->end(); ++x, ++y) {
        if (x->key != y->key) return false;
        if (x->key != "MARKET_MAD") {
            if (x->value != y->value) return false;
            continue;
        }
        Template::Vector one = *x->vector(), other = *y->vector();
        one.erase("EXECUTABLE");
        other.erase("EXECUTABLE");
        if (one != other) return false;
    }
    return true;
}

void check(const OnedConf& conf, bool force) {
    const auto text = applied(conf, force);
    if (!text) return;
    const auto with_driver = read(*text);
    must(with_driver.has_value(), "what is applied can be read");
    must(with_driver->runs_onemarketd(), "what is applied is this driver");
    must(with_driver->applied(force) == *text, "what is applied stays");
    must(is_same_but_for_driver(conf.text(), *text), "oned reads the rest of it as before");
    diff_of("oned.conf", conf.text(), *text);
    if (conf.runs_onemarketd()) return;
    const std::string back = with_driver->reverted(false);
    must(is_same_but_for_driver(conf.text(), back), "what is reverted is read as before");
    must(read(back)->executable() == conf.executable(), "what is reverted has its driver back");
    // A comment of ours that an edit by hand has left behind goes.
    must(back == conf.text() || conf.text().find("`--revert` puts it back:") != std::string::npos,
         "what is reverted is what it was");
}

}  // namespace

void one_input(std::string_view input) {
    const auto conf = read(input);
    if (!conf) return;
    check(*conf, false);
    check(*conf, true);
    const std::string back = conf->reverted(true);
    must(read(back).has_value(), "what is reverted can be read");
    must(is_same_but_for_driver(input, back), "oned reads the rest of it as before");
}

}  // namespace onemarket::fuzz
