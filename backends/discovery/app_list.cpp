// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/app_list.h"

#include "protocol/base64.h"
#include "protocol/template.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

constexpr size_t kTolerated = 10;  // one in so many entries may be malformed
constexpr size_t kMaxLabel = 80;   // bytes of an entry's name in a log line
constexpr size_t kAround = 64;     // bytes around the values of an attribute, rounded up

std::string label(std::string_view name) {
    return "'" + std::string(truncate_utf8(name, kMaxLabel)) + "'";
}

// About the bytes of its line in the list, and no less than it takes until then.
size_t line_size(const DiscoveredApp& app) {
    size_t size = app.name.size() + app.id.size() + app.head.size() + app.tail.size() + kAround;
    for (const DiscoveredApp::Reference& reference : app.references)
        size += reference.name.size() + reference.app.size() + kMaxAppName + kAround;
    return size / 3 * 4;
}

std::string render(const DiscoveredApp& app, const std::string& name, const AppNames& names) {
    TemplateWriter text;
    text.add("NAME", name);
    text.append(app.head);
    for (const DiscoveredApp::Reference& reference : app.references)
        text.add_vector(reference.key,
                        {{"NAME", reference.name}, {"APP", names.referred(reference.app)}});
    text.append(app.tail);
    return text.take();
}

}  // namespace

void AppList::add(DiscoveredApp app) {
    if (!ids_.insert(app.id).second)
        return add_malformed(app.name, "its id " + app.id + " is another's too");
    if (apps_.size() == kMaxApps)
        throw Error(ErrorKind::limit, "it lists more than " + std::to_string(kMaxApps) + " apps");
    bytes_ += line_size(app);
    if (bytes_ > kMaxListBytes)
        throw Error(ErrorKind::limit,
                    "its list would be larger than " + std::to_string(kMaxListBytes >> 20) + " MB");
    ++entries_;
    for (const std::string& warning : app.warnings) warn(label(app.name) + ": " + warning);
    app.warnings = {};
    names_.add(app.name, app.id);
    app.name = app.id = {};
    app.head.shrink_to_fit();
    app.tail.shrink_to_fit();
    apps_.push_back(std::move(app));
}

void AppList::add_malformed(std::string_view entry, std::string_view reason) {
    ++entries_;
    ++malformed_;
    const std::string text =
        "entry " + std::to_string(entries_) + ", " + label(entry) + ": " + std::string(reason);
    if (first_malformed_.empty()) first_malformed_ = text;
    warn(text + "; left out");
}

void AppList::warn(const std::string& text) {
    if (++warnings_ <= kMaxListWarnings) log_.log(LogLevel::warning, text);
}

void AppList::end_warnings() const {
    if (warnings_ > kMaxListWarnings)
        log_.log(LogLevel::warning,
                 std::to_string(warnings_ - kMaxListWarnings) + " more warnings of this kind");
}

void AppList::check() const {
    if (malformed_ * kTolerated <= entries_) return;
    end_warnings();
    throw Error(ErrorKind::corrupt, std::to_string(malformed_) + " of " + std::to_string(entries_) +
                                        " entries are malformed; the first: " + first_malformed_);
}

void AppList::check_references() {
    for (size_t i = 0; i < apps_.size(); ++i)
        for (const DiscoveredApp::Reference& reference : apps_[i].references)
            if (!names_.has(reference.app))
                warn(label(names_.name(i)) + ": its " + reference.key + " is the app " +
                     label(reference.app) + ", which is not listed");
}

std::string AppList::take_text(const Context& context) {
    names_.settle();
    check_references();
    end_warnings();
    std::string text;
    text.reserve(bytes_);
    for (size_t i = 0; i < apps_.size(); ++i) {
        context.check();
        text += "APP=\"";
        base64_append(text, render(apps_[i], names_.name(i), names_));
        text += "\"\n";
        apps_[i] = {};
    }
    // oned is never given an empty text: this is what it makes of one.
    if (text.empty()) text = "USED_MB=0\nFREE_MB=0\nTOTAL_MB=0\n";
    return text;
}

size_t count_apps(std::string_view monitor_text) {
    constexpr std::string_view begin = "APP=";
    size_t apps = monitor_text.starts_with(begin) ? 1 : 0;
    for (size_t at = 0; (at = monitor_text.find('\n', at)) != std::string_view::npos;)
        if (monitor_text.substr(++at).starts_with(begin)) ++apps;
    return apps;
}

}  // namespace onemarket
