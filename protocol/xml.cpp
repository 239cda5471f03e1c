// SPDX-License-Identifier: Apache-2.0
// The one file that includes tinyxml2.
#include "protocol/xml.h"

#include <tinyxml2.h>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

using Parsed = Result<XmlDocument>;

// tinyxml2 takes `&#0;` as the end of the text around it, so a value could be cut short unseen.
// Inside CDATA the same characters are only text.
bool has_nul_reference(std::string_view text) {
    for (size_t at = text.find_first_of("&<"); at != std::string_view::npos;
         at = text.find_first_of("&<", at + 1)) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("<![CDATA[")) {
            at = text.find("]]>", at);
            if (at == std::string_view::npos) return false;  // malformed: the parser will say so
            continue;
        }
        if (!rest.starts_with("&#")) continue;
        const std::string_view digits = rest.substr(rest.substr(2).starts_with('x') ? 3 : 2);
        const size_t end = digits.find_first_not_of('0');
        if (end > 0 && end != std::string_view::npos && digits[end] == ';') return true;
    }
    return false;
}

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
    if (text.find('\0') != std::string_view::npos || has_nul_reference(text))
        return Parsed::failure("NUL in the document");
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
    const tinyxml2::XMLElement* element = find(path);
    if (element == nullptr) return std::nullopt;
    std::string value;
    for (const auto* node = element->FirstChild(); node != nullptr; node = node->NextSibling())
        if (const auto* piece = node->ToText()) value += piece->Value();
    return value;
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
