// SPDX-License-Identifier: Apache-2.0
// What was looked at, and how it is, for people who set something up: `onemarketctl check` and
// `doctor`.
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "backends/context.h"

namespace onemarket {

struct Finding {
    enum class State { ok, warning, problem };
    State state = State::ok;
    std::string what;    // was looked at: "PUBLIC_DIR /srv/apps"
    std::string text;    // how it is
    std::string remedy;  // what to do, where it is not ok
};

// "ok", "warning", "problem".
const char* to_string(Finding::State state);

// What to do about a template that says something wrong.
inline constexpr const char* kCorrectTemplate =
    "correct the template: with `onemarket update` where the marketplace is made already";

// Tells each as soon as it is known.
class Findings {
  public:
    using Tell = std::function<void(const Finding&)>;
    explicit Findings(Tell tell) : tell_(std::move(tell)) {}

    void ok(std::string what, std::string text) {
        add({Finding::State::ok, std::move(what), std::move(text), {}});
    }
    void warning(std::string what, std::string text, std::string remedy) {
        add({Finding::State::warning, std::move(what), std::move(text), std::move(remedy)});
    }
    void problem(std::string what, std::string text, std::string remedy) {
        add({Finding::State::problem, std::move(what), std::move(text), std::move(remedy)});
    }
    // A text that begins with the thing, as those of Errors do, is told without it.
    void add(Finding finding);

    size_t warnings() const { return warnings_; }
    size_t problems() const { return problems_; }

    // Takes a step, which says itself what is ok. An Error of it is a problem, or a warning, and
    // false; where the context has ended, that Error is thrown. `remedy` is a text, or makes one of
    // the Error.
    template <class Remedy, class Step>
    bool attempt(const std::string& what, const Remedy& remedy, Context& context, const Step& step,
                 Finding::State otherwise = Finding::State::problem) {
        context.check();
        try {
            step();
            return true;
        } catch (const Error& error) {
            context.check();
            std::string text;
            if constexpr (std::is_invocable_v<const Remedy&, const Error&>)
                text = remedy(error);
            else
                text = remedy;
            add({otherwise, what, error.what(), std::move(text)});
            return false;
        }
    }

  private:
    Tell tell_;
    size_t warnings_ = 0, problems_ = 0;
};

}  // namespace onemarket
