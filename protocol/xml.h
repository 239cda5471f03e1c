// SPDX-License-Identifier: Apache-2.0
// The XML documents of the protocol: read by slash paths, changed a little, written again.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.h"

namespace tinyxml2 {
class XMLDocument;
class XMLElement;
}  // namespace tinyxml2

namespace onemarket {

// The largest document parsed. The tree takes about 23 times the text's size where elements are
// small, so this bounds one request at some 280 MB.
inline constexpr size_t kMaxXmlBytes = size_t{12} << 20;

// One well-formed document. Paths are element names below the root, joined by slashes
// ("MARKETPLACE/TEMPLATE/BASE_URL"); of equal siblings the first counts. Not thread-safe.
class XmlDocument {
  public:
    // Fails on text that is not exactly one element called `root`: malformed, over the limit,
    // another root, two roots, a DOCTYPE, a NUL.
    static Result<XmlDocument> parse(std::string_view text, std::string_view root);

    // An empty document: only the root.
    explicit XmlDocument(std::string_view root);

    XmlDocument(XmlDocument&&) noexcept;
    XmlDocument& operator=(XmlDocument&&) noexcept;
    ~XmlDocument();

    // The text of an element, of all its text and CDATA children together; nothing when there is
    // no such element.
    std::optional<std::string> text(std::string_view path) const;

    // For a list: of each element at `path` (all siblings of the last name, in order) the text of
    // its children of these names; nothing for one that is not there.
    using Row = std::vector<std::optional<std::string>>;
    std::vector<Row> rows(std::string_view path,
                          std::initializer_list<std::string_view> children) const;

    // Calls `visit` with each element below the one at `path`, in order. What it returns for one is
    // `around` for those in it; false for the outermost.
    using Visit = std::function<bool(std::string_view name, const std::string& text, bool around)>;
    void visit_below(std::string_view path, const Visit& visit) const;

    // The texts of all elements at `path`, in order.
    std::vector<std::string> texts(std::string_view path) const;

    // Gives a child of the element at `path` ("" is the root) this text, adding what is missing.
    void set(std::string_view path, std::string_view child, std::string_view text);

    // Copies the element at `path` of another document to the end of this one's root. Nothing
    // happens when it is not there.
    void append_copy(const XmlDocument& from, std::string_view path);

    // Removes all children called `child` of the element at `path`.
    void remove_children(std::string_view path, std::string_view child);

    XmlDocument copy() const;

    // The document as compact XML, without a declaration.
    std::string to_string() const;

  private:
    explicit XmlDocument(std::unique_ptr<tinyxml2::XMLDocument> document);
    tinyxml2::XMLElement* find(std::string_view path) const;

    std::unique_ptr<tinyxml2::XMLDocument> document_;
};

}  // namespace onemarket
