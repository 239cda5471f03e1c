// SPDX-License-Identifier: Apache-2.0
#include "backends/published_app.h"

#include <initializer_list>
#include <utility>

#include "protocol/ascii.h"
#include "protocol/template.h"

namespace onemarket {

std::string PublishedApp::text() const {
    TemplateWriter writer;
    writer.add("SOURCE", source);
    writer.add("MD5", md5);
    writer.add("SIZE", size_mb);
    writer.add("FORMAT", format);
    return writer.text();
}

Result<PublishedApp> parse_published_app(std::string_view text) {
    const Result<Template> attributes = parse_template(text);
    if (!attributes) return Result<PublishedApp>::failure("is no template: " + attributes.reason());
    PublishedApp app;
    for (const auto& [key, value] :
         std::initializer_list<std::pair<std::string_view, std::string*>>{
             {"SOURCE", &app.source},
             {"MD5", &app.md5},
             {"SIZE", &app.size_mb},
             {"FORMAT", &app.format}}) {
        const std::string* found = attributes->find(key);
        *value = found == nullptr ? "" : ascii::trim(*found);
        if (value->empty()) return Result<PublishedApp>::failure("has no " + std::string(key));
    }
    return app;
}

}  // namespace onemarket
