// SPDX-License-Identifier: Apache-2.0
#include "protocol/xml.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onemarket {
namespace {

using std::string_literals::operator""s;

std::string repeated(std::string_view text, size_t times) {
    std::string all;
    for (size_t i = 0; i < times; ++i) all += text;
    return all;
}

std::string nested(size_t depth) {
    return "<R>" + repeated("<a>", depth) + "x" + repeated("</a>", depth) + "</R>";
}

XmlDocument parsed(std::string_view text) {
    Result<XmlDocument> document = XmlDocument::parse(text, "R");
    if (!document) throw std::runtime_error(document.reason());
    return std::move(*document);
}

struct Case {
    const char* name;
    std::string text;
};

TEST(Xml, AcceptsOneRoot) {
    const std::vector<Case> cases = {
        {"empty root", "<R/>"},
        {"with an end tag", "<R></R>"},
        {"with a declaration", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R/>"},
        {"comments around it", "<!-- a --><R/><!-- b -->"},
        {"white space around it", "\n  <R/>\n\n"},
        {"attributes", "<R a=\"1\"><A b='2'/></R>"},
        {"as deep as messages are, and deeper", nested(50)},
        {"many siblings", "<R>" + repeated("<a/>", 100'000) + "</R>"},
    };
    for (const auto& c : cases) {
        const Result<XmlDocument> document = XmlDocument::parse(c.text, "R");
        EXPECT_TRUE(document) << c.name << ": " << document.reason();
    }
}

TEST(Xml, RefusesEverythingElse) {
    const std::vector<Case> cases = {
        {"empty text", ""},
        {"only blanks", " \n"},
        {"no XML", "hello"},
        {"base64", "PFIvPg=="},
        {"two roots", "<R/><R/>"},
        {"two roots of other names", "<R/><S/>"},
        {"a root before it", "<S/><R/>"},
        {"wrong root", "<S><R/></S>"},
        {"wrong case", "<r/>"},
        {"longer name", "<RR/>"},
        {"text before the root", "x<R/>"},
        {"text behind the root", "<R/>x"},
        {"CDATA behind the root", "<R/><![CDATA[x]]>"},
        {"CDATA before the root", "<![CDATA[x]]><R/>"},
        {"only a comment", "<!-- <R/> -->"},
        {"only a declaration", "<?xml version=\"1.0\"?>"},
        {"DOCTYPE", "<!DOCTYPE R><R/>"},
        {"DOCTYPE with a subset", "<!DOCTYPE R [<!ENTITY a \"b\">]><R>&a;</R>"},
        {"DOCTYPE of a system file", "<!DOCTYPE R SYSTEM \"file:///etc/passwd\"><R/>"},
        {"DOCTYPE behind the root", "<R/><!DOCTYPE R>"},
        {"DOCTYPE inside the root", "<R><!DOCTYPE R></R>"},
        {"not closed", "<R>"},
        {"not closed inside", "<R><A></R>"},
        {"crossed", "<R><A><B></A></B></R>"},
        {"cut in a tag", "<R><A"},
        {"cut in CDATA", "<R><![CDATA[x</R>"},
        {"end tag only", "</R>"},
        {"garbage", "\xFF\xFE\x01\x02"},
    };
    for (const auto& c : cases) EXPECT_FALSE(XmlDocument::parse(c.text, "R")) << c.name;
}

// The parser compares each attribute with all before it: a document of a few hundred kB would keep
// a worker busy for seconds, and one of 12 MiB for an hour.
TEST(Xml, RefusesElementsOfManyAttributes) {
    const auto element = [](int attributes) {
        std::string text = "<R><A";
        for (int i = 0; i < attributes; ++i) text += " x" + std::to_string(i) + "='1'";
        return text + "/></R>";
    };
    EXPECT_TRUE(XmlDocument::parse(element(50), "R"));
    EXPECT_FALSE(XmlDocument::parse(element(100), "R"));
    EXPECT_FALSE(XmlDocument::parse(element(100'000), "R"));
}

TEST(Xml, RefusesNul) {
    const std::vector<Case> cases = {
        {"in the text", "<R><A>x\0y</A></R>"s},
        {"in CDATA", "<R><![CDATA[\0]]></R>"s},
        {"at the end", "<R/>\0"s},
        {"at the front", "\0<R/>"s},
        {"&#0;", "<R><A>x&#0;y</A></R>"},
        {"&#000;", "<R><A>x&#000;y</A></R>"},
        {"&#x0;", "<R><A>x&#x0;y</A></R>"},
        {"&#x00;", "<R><A>x&#x00;y</A></R>"},
        {"behind CDATA", "<R><![CDATA[x]]>&#0;</R>"},
        {"behind CDATA that shows one", "<R><![CDATA[&#0;]]>&#x00;</R>"},
        {"behind the start of another reference", "<R>&&#0;</R>"},
        {"in an attribute", "<R a=\"&#0;\"/>"},
    };
    for (const auto& c : cases) EXPECT_FALSE(XmlDocument::parse(c.text, "R")) << c.name;
}

// Whatever a reference to NUL is hidden behind: no value may be cut short unseen.
TEST(Xml, NoValueIsCutByAHiddenNul) {
    const std::string fine = "<A>before&#32;after</A>";
    ASSERT_EQ(parsed("<R>" + fine + "</R>").text("A"), "before after");
    const std::vector<Case> cases = {
        {"2^32, which a narrow reader takes for 0", "<R><A>before&#x100000000;after</A></R>"},
        {"10^33, likewise", "<R><A>before&#1" + std::string(33, '0') + ";after</A></R>"},
        {"no digits", "<R><A>before&#;after</A></R>"},
        {"no hex digits", "<R><A>before&#x;after</A></R>"},
        {"a second #", "<R><A>before&#1#0;after</A></R>"},
        {"a second x", "<R><A>before&#x1x0;after</A></R>"},
        {"no digits, then x0", "<R><A>before&#xyzx0;after</A></R>"},
        {"upper-case X", "<R><A>before&#X0;after</A></R>"},
        {"behind a comment that begins CDATA",
         "<R><!-- <![CDATA[ --><A>before&#0;after</A><!-- ]]> --></R>"},
        {"behind an attribute that begins CDATA",
         "<R a=\"<![CDATA[\"><A>before&#0;after</A><B>]]></B></R>"},
    };
    for (const auto& c : cases) {
        const Result<XmlDocument> document = XmlDocument::parse(c.text, "R");
        if (!document) continue;
        EXPECT_TRUE(document->text("A").value_or("").ends_with("after")) << c.name;
    }
}

// The same with all that can be made of these words.
TEST(Xml, NoValueIsCutByWhateverIsBefore) {
    constexpr std::array<std::string_view, 14> markup{
        "<![CDATA[", "]]>",     "<!--", "-->", "<?",   "?>", "<B>",
        "</B>",      "<B a=\"", "\"/>", "'",   "&#0;", "&",  ">"};
    constexpr std::array<std::string_view, 8> reference{"&", "#", "x", "0", "1", ";", "&#", "A"};
    std::mt19937 random(3);
    int accepted = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::string text = "<R>";
        for (auto count = random() % 5; count > 0; --count)
            text += markup[random() % markup.size()];
        text += "<A>before";
        for (auto count = random() % 8; count > 0; --count)
            text += reference[random() % reference.size()];
        text += "after</A>";
        for (auto count = random() % 3; count > 0; --count)
            text += markup[random() % markup.size()];
        text += "</R>";
        const Result<XmlDocument> document = XmlDocument::parse(text, "R");
        if (!document) continue;
        ++accepted;
        const std::optional<std::string> value = document->text("A");
        ASSERT_TRUE(!value || value->ends_with("after")) << text;
    }
    EXPECT_GT(accepted, 1'000);
}

TEST(Xml, ReferencesThatOnlyLookLikeNul) {
    EXPECT_EQ(parsed("<R><A><![CDATA[&#0;]]></A></R>").text("A"), "&#0;");
    EXPECT_EQ(parsed("<R><A><![CDATA[a&#x00;b]]></A></R>").text("A"), "a&#x00;b");
    EXPECT_EQ(parsed("<R><A>&amp;#0;</A></R>").text("A"), "&#0;");
    EXPECT_EQ(parsed("<R><A>&#048;&#x30;</A></R>").text("A"), "00");
    EXPECT_EQ(parsed("<R><A>0;</A></R>").text("A"), "0;");
}

TEST(Xml, DepthBomb) {
    EXPECT_FALSE(XmlDocument::parse(nested(1'000), "R"));
    EXPECT_FALSE(XmlDocument::parse(nested(1'000'000), "R"));
    EXPECT_FALSE(XmlDocument::parse(repeated("<R>", 1'000'000), "R"));
}

TEST(Xml, EntitiesAreNotExpanded) {
    const std::string laughs =
        "<!DOCTYPE R [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><R><A>&b;&b;</A></R>";
    EXPECT_FALSE(XmlDocument::parse(laughs, "R"));
    EXPECT_EQ(parsed("<R><A>&xxe;</A></R>").text("A"), "&xxe;");
    EXPECT_EQ(parsed("<R><A>&lt;&gt;&amp;&quot;&apos;</A></R>").text("A"), "<>&\"'");
}

TEST(Xml, SizeLimit) {
    const std::string frame = "<R></R>";
    std::string text = "<R>" + std::string(kMaxXmlBytes - frame.size(), 'x') + "</R>";
    ASSERT_EQ(text.size(), kMaxXmlBytes);
    EXPECT_TRUE(XmlDocument::parse(text, "R"));
    text.insert(3, "x");
    EXPECT_FALSE(XmlDocument::parse(text, "R"));
}

// A parser reads as far as the view goes, not to the next NUL.
TEST(Xml, ReadsTheViewAndNoFurther) {
    const std::string buffer = "<R>a</R><R>b</R>";
    EXPECT_EQ(*XmlDocument::parse(std::string_view(buffer).substr(0, 8), "R")->text(""), "a");
    EXPECT_FALSE(XmlDocument::parse(std::string_view(buffer).substr(0, 7), "R"));
}

TEST(Xml, TextByPath) {
    const XmlDocument document =
        parsed("<R>top<A><B>deep</B></A><A><B>second</B></A><E/><F></F><B>shallow</B></R>");
    EXPECT_EQ(document.text(""), "top");
    EXPECT_EQ(document.text("A/B"), "deep");  // the first of repeated siblings
    EXPECT_EQ(document.text("B"), "shallow");
    EXPECT_EQ(document.text("E"), "");
    EXPECT_EQ(document.text("F"), "");
    EXPECT_EQ(document.text("A"), "");
    EXPECT_EQ(document.text("C"), std::nullopt);
    EXPECT_EQ(document.text("A/B/C"), std::nullopt);
    EXPECT_EQ(document.text("E/A/B/C/D"), std::nullopt);
    EXPECT_EQ(document.text("b"), std::nullopt);
    EXPECT_EQ(document.text("R"), std::nullopt);  // paths begin below the root
}

TEST(Xml, CdataAndTextPiecesAreJoined) {
    EXPECT_EQ(parsed("<R><A><![CDATA[x < y & z]]></A></R>").text("A"), "x < y & z");
    EXPECT_EQ(parsed("<R><A>a<![CDATA[b]]>c<![CDATA[d]]></A></R>").text("A"), "abcd");
    EXPECT_EQ(parsed("<R><A>a<!-- no -->b<X>no</X>c</A></R>").text("A"), "abc");
    EXPECT_EQ(parsed("<R><A><![CDATA[a]]]]><![CDATA[>b]]></A></R>").text("A"), "a]]>b");
    EXPECT_EQ(parsed("<R><A><![CDATA[]]></A></R>").text("A"), "");
    EXPECT_EQ(parsed("<R><A><![CDATA[ a\n b ]]></A></R>").text("A"), " a\n b ");
}

TEST(Xml, RowsOfAList) {
    const auto document = XmlDocument::parse(
        "<L><C><K>a</K><S>1</S></C><D/><C><S>2</S></C><C><K><![CDATA[b]]>c</K><S/></C></L>", "L");
    ASSERT_TRUE(document);
    const auto rows = document->rows("C", {"K", "S"});
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0], (XmlDocument::Row{"a", "1"}));
    EXPECT_EQ(rows[1], (XmlDocument::Row{std::nullopt, "2"}));
    EXPECT_EQ(rows[2], (XmlDocument::Row{"bc", ""}));
    EXPECT_TRUE(document->rows("X", {"K"}).empty());
}

TEST(Xml, SetReplacesAndAdds) {
    XmlDocument document = parsed("<R><A>1</A><A>2</A><B><C/></B></R>");
    document.set("", "A", "new");
    document.set("", "D", "at the end");
    document.set("B", "C", "deep");
    document.set("X/Y", "Z", "made");
    EXPECT_EQ(document.to_string(),
              "<R><A>new</A><A>2</A><B><C>deep</C></B><D>at the end</D>"
              "<X><Y><Z>made</Z></Y></X></R>");
    document.set("", "B", "");
    EXPECT_EQ(document.text("B"), "");
    EXPECT_EQ(document.text("B/C"), std::nullopt);
}

TEST(Xml, WhatIsSetIsTextWhateverItLooksLike) {
    for (const auto& value : {"</A><A>2</A>"s, "a & b < c > d \" '"s, "]]>"s, "<![CDATA[x]]>"s,
                              "&amp;"s, "&#0;"s, "über 漢字 😀"s, "a\nb"s}) {
        XmlDocument document("R");
        document.set("", "A", value);
        EXPECT_EQ(parsed(document.to_string()).text("A"), value);
    }
}

TEST(Xml, AppendCopy) {
    const XmlDocument from = parsed("<R><A x=\"1\"><B><![CDATA[<&>]]></B></A><A>2</A></R>");
    XmlDocument document("S");
    document.append_copy(from, "A");
    document.append_copy(from, "A/B");
    document.append_copy(from, "NONE");
    EXPECT_EQ(document.to_string(),
              "<S><A x=\"1\"><B><![CDATA[<&>]]></B></A><B><![CDATA[<&>]]></B></S>");
    EXPECT_EQ(from.text("A/B"), "<&>");
}

TEST(Xml, RemoveChildren) {
    XmlDocument document = parsed("<R><L><ID>1</ID><X/><ID>2</ID></L><ID>3</ID></R>");
    document.remove_children("L", "ID");
    EXPECT_EQ(document.to_string(), "<R><L><X/></L><ID>3</ID></R>");
    document.remove_children("NONE", "ID");
    document.remove_children("L", "NONE");
    document.remove_children("", "ID");
    EXPECT_EQ(document.to_string(), "<R><L><X/></L></R>");
}

TEST(Xml, ACopyIsIndependent) {
    const XmlDocument document = parsed("<R><A>1</A></R>");
    XmlDocument copy = document.copy();
    copy.set("", "A", "2");
    EXPECT_EQ(document.text("A"), "1");
    EXPECT_EQ(copy.text("A"), "2");
}

TEST(Xml, IsWrittenCompactAndWithoutDeclaration) {
    const std::string compact = "<R><A>1</A><B><![CDATA[ <x> ]]></B><C a=\"&lt;\"/></R>";
    EXPECT_EQ(parsed("<?xml version=\"1.0\"?>\n" + compact).to_string(), compact);
    EXPECT_EQ(XmlDocument("R").to_string(), "<R/>");
}

}  // namespace
}  // namespace onemarket
