// SPDX-License-Identifier: Apache-2.0
// The one file that includes tinyxml2.
#include "protocol/xml.h"

#include <tinyxml2.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

using Parsed = Result<XmlDocument>;

// What tinyxml2 would take without a word, looked for outside CDATA, comments and tags: a reference
// to a character there is none of (it takes `&#0;` as the end of the text around it, so that a
// value could be cut short unseen), and a declaration like DOCTYPE.
class Scanner {
  public:
    static constexpr int kMaxAttributes = 64;  // of one element

    explicit Scanner(std::string_view text) : rest_(text) {}

    // Empty when there is nothing wrong.
    std::string fault() {
        while (skip_to_first_of("&<")) {
            if (skip("<!--", "-->") || skip("<![CDATA[", "]]>") || skip("<?", "?>")) continue;
            if (rest_.starts_with("<!")) return "a declaration (DOCTYPE or the like)";
            if (rest_.front() == '<' ? !tag_is_right() : !reference_is_right())
                return "too many attributes, or a reference to a character there is none of";
        }
        return "";
    }

  private:
    // Looks at each byte of a document: find_first_of would call memchr for each.
    bool skip_to_first_of(std::string_view characters) {
        const auto wanted = [characters](char c) {
            for (const char one : characters)
                if (c == one) return true;
            return false;
        };
        const auto found = std::find_if(rest_.begin(), rest_.end(), wanted);
        rest_.remove_prefix(static_cast<size_t>(found - rest_.begin()));
        return !rest_.empty();
    }

    bool skip(std::string_view begin, std::string_view end) {
        if (!rest_.starts_with(begin)) return false;
        const size_t found = rest_.find(end, begin.size());
        rest_.remove_prefix(found == std::string_view::npos ? rest_.size() : found + end.size());
        return true;
    }

    // Past the tag; attributes may hold any `<` or `>` between quotes, and references.
    bool tag_is_right() {
        rest_.remove_prefix(1);
        // tinyxml2 compares each attribute with all before it; the documents here have none.
        for (int attributes = 0; attributes <= kMaxAttributes && skip_to_first_of("\"'>");
             ++attributes) {
            const char quote[] = {rest_.front(), '&'};
            rest_.remove_prefix(1);
            if (quote[0] == '>') return true;
            while (skip_to_first_of({quote, 2}) && rest_.front() == '&')
                if (!reference_is_right()) return false;
            if (!rest_.empty()) rest_.remove_prefix(1);
        }
        return rest_.empty();  // a tag without its end is the parser's business
    }

    // At `&`, and past it. tinyxml2 reads a number backwards from its `;`, so one that is malformed
    // may still end in a zero for it.
    bool reference_is_right() {
        rest_.remove_prefix(1);
        if (!rest_.starts_with('#')) return true;
        const bool hex = rest_.substr(1).starts_with('x');
        const std::string_view digits = rest_.substr(hex ? 2 : 1);
        uint64_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
        const bool whole = end < digits.data() + digits.size() && *end == ';';
        return whole && error == std::errc{} && value > 0 && value <= 0x10FFFF;
    }

    std::string_view rest_;
};

// Why the document's top level is not exactly one element called `root`; empty when it is.
std::string top_level_fault(const tinyxml2::XMLDocument& document, std::string_view root) {
    const tinyxml2::XMLElement* found = nullptr;
    for (const auto* node = document.FirstChild(); node != nullptr; node = node->NextSibling()) {
        if (node->ToComment() != nullptr || node->ToDeclaration() != nullptr) continue;
        const auto* element = node->ToElement();
        if (element == nullptr) return "text or a DOCTYPE beside the root element";
        if (found != nullptr) return "two root elements";
        found = element;
    }
    if (found == nullptr) return "no root element";
    if (found->Name() != root) return "root element is not " + std::string(root);
    return "";
}

// All its text and CDATA; nothing for null.
std::optional<std::string> text_of(const tinyxml2::XMLElement* element) {
    if (element == nullptr) return std::nullopt;
    std::string value;
    for (const auto* node = element->FirstChild(); node != nullptr; node = node->NextSibling())
        if (const auto* piece = node->ToText()) value += piece->Value();
    return value;
}

}  // namespace

XmlDocument::XmlDocument(std::unique_ptr<tinyxml2::XMLDocument> document)
    : document_(std::move(document)) {}
XmlDocument::XmlDocument(std::string_view root)
    : document_(std::make_unique<tinyxml2::XMLDocument>()) {
    document_->InsertEndChild(document_->NewElement(std::string(root).c_str()));
}
XmlDocument::XmlDocument(XmlDocument&&) noexcept = default;
XmlDocument& XmlDocument::operator=(XmlDocument&&) noexcept = default;
XmlDocument::~XmlDocument() = default;

Result<XmlDocument> XmlDocument::parse(std::string_view text, std::string_view root) {
    if (text.size() > kMaxXmlBytes)
        return Parsed::failure("document of " + std::to_string(text.size()) +
                               " bytes is over the limit");
    if (text.find('\0') != std::string_view::npos) return Parsed::failure("NUL in the document");
    if (std::string fault = Scanner(text).fault(); !fault.empty())
        return Parsed::failure(std::move(fault));
    auto document = std::make_unique<tinyxml2::XMLDocument>();
    if (document->Parse(text.data(), text.size()) != tinyxml2::XML_SUCCESS)
        return Parsed::failure(std::string("not well-formed: ") + document->ErrorName() +
                               " at line " + std::to_string(document->ErrorLineNum()));
    std::string fault = top_level_fault(*document, root);
    if (!fault.empty()) return Parsed::failure(std::move(fault));
    return XmlDocument(std::move(document));
}

tinyxml2::XMLElement* XmlDocument::find(std::string_view path) const {
    tinyxml2::XMLElement* element = document_->RootElement();
    for (const std::string_view name : ascii::split(path, "/")) {
        if (element == nullptr) return nullptr;
        element = element->FirstChildElement(std::string(name).c_str());
    }
    return element;
}

std::optional<std::string> XmlDocument::text(std::string_view path) const {
    return text_of(find(path));
}

std::vector<XmlDocument::Row> XmlDocument::rows(
    std::string_view path, std::initializer_list<std::string_view> children) const {
    std::vector<Row> rows;
    const std::vector<std::string> names(children.begin(), children.end());
    const tinyxml2::XMLElement* element = find(path);
    if (element == nullptr) return rows;
    const std::string sibling = element->Name();
    for (; element != nullptr; element = element->NextSiblingElement(sibling.c_str())) {
        Row& row = rows.emplace_back();
        row.reserve(names.size());
        for (const std::string& name : names)
            row.push_back(text_of(element->FirstChildElement(name.c_str())));
    }
    return rows;
}

void XmlDocument::visit_below(std::string_view path, const Visit& visit) const {
    const auto go_below = [&visit](const tinyxml2::XMLElement& parent, bool around,
                                   const auto& go_on) -> void {
        for (const auto* child = parent.FirstChildElement(); child != nullptr;
             child = child->NextSiblingElement())
            go_on(*child, visit(child->Name(), text_of(child).value_or(""), around), go_on);
    };
    if (const tinyxml2::XMLElement* parent = find(path)) go_below(*parent, false, go_below);
}

std::vector<std::string> XmlDocument::texts(std::string_view path) const {
    std::vector<std::string> texts;
    const tinyxml2::XMLElement* element = find(path);
    if (element == nullptr) return texts;
    const std::string sibling = element->Name();
    for (; element != nullptr; element = element->NextSiblingElement(sibling.c_str()))
        texts.push_back(text_of(element).value_or(""));
    return texts;
}

void XmlDocument::set(std::string_view path, std::string_view child, std::string_view text) {
    tinyxml2::XMLElement* parent = document_->RootElement();
    auto child_of = [this](tinyxml2::XMLElement* element, std::string_view name) {
        const std::string text_name(name);
        auto* found = element->FirstChildElement(text_name.c_str());
        if (found == nullptr) {
            found = document_->NewElement(text_name.c_str());
            element->InsertEndChild(found);
        }
        return found;
    };
    for (const std::string_view name : ascii::split(path, "/")) parent = child_of(parent, name);
    auto* element = child_of(parent, child);
    element->DeleteChildren();
    element->InsertEndChild(document_->NewText(std::string(text).c_str()));
}

void XmlDocument::append_copy(const XmlDocument& from, std::string_view path) {
    const tinyxml2::XMLElement* element = from.find(path);
    if (element == nullptr) return;
    document_->RootElement()->InsertEndChild(element->DeepClone(document_.get()));
}

void XmlDocument::remove_children(std::string_view path, std::string_view child) {
    tinyxml2::XMLElement* parent = find(path);
    if (parent == nullptr) return;
    const std::string name(child);
    while (auto* found = parent->FirstChildElement(name.c_str())) parent->DeleteChild(found);
}

XmlDocument XmlDocument::copy() const {
    auto document = std::make_unique<tinyxml2::XMLDocument>();
    document_->DeepCopy(document.get());
    return XmlDocument(std::move(document));
}

std::string XmlDocument::to_string() const {
    tinyxml2::XMLPrinter printer(nullptr, /*compact=*/true);
    document_->RootElement()->Accept(&printer);
    return {printer.CStr(), static_cast<size_t>(printer.CStrSize()) - 1};
}

}  // namespace onemarket
