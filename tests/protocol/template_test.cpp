// SPDX-License-Identifier: Apache-2.0
#include "protocol/template.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/utf8.h"

namespace onemarket {
namespace {

using std::string_literals::operator""s;
using Pairs = std::vector<TemplateWriter::Pair>;

// `KEY<value>` for a single attribute, `KEY[NAME<value>...]` for a vector, in the template's order;
// a failure is its reason.
std::string show(std::string_view text) {
    const auto parsed = parse_template(text);
    if (!parsed) return parsed.reason();
    std::string shown;
    for (const auto& attribute : *parsed) {
        shown += attribute.key;
        if (const auto* single = attribute.single()) {
            shown += "<" + *single + ">";
        } else {
            shown += "[";
            for (const auto& [name, value] : *attribute.vector()) shown += name + "<" + value + ">";
            shown += "]";
        }
    }
    return shown;
}

std::string unexpected(int line, const std::string& what) {
    return "line " + std::to_string(line) + ": syntax error, unexpected " + what;
}

std::string cdata(int line) {
    return "line " + std::to_string(line) + ": a value must not contain ]]>";
}

struct Case {
    const char* name;
    std::string text;
    std::string expected = {};
};

void check(const std::vector<Case>& cases) {
    for (const auto& c : cases) EXPECT_EQ(show(c.text), c.expected) << c.name;
}

// ---- reader ----

TEST(TemplateParser, Grammar) {
    check({
        {"nothing", "", ""},
        {"only blanks and newlines", " \t\n\n ", ""},
        {"single", "A=1", "A<1>"},
        {"single, quoted", "A=\"x y\"", "A<x y>"},
        {"empty quoted value", "A=\"\"", "A<>"},
        {"keys and names are upper-cased", "key=Value\nv=[name=Value]", "KEY<Value>V[NAME<Value>]"},
        {"attributes need no newline between", "A=1 B=2", "A<1>B<2>"},
        {"nor a blank, behind a bracket", "A=[]B=2", "A[]B<2>"},
        {"EQUAL_EMPTY is an empty single value", "A=\nB=1\n", "A<>B<1>"},
        {"vector", "A=[B=1,C=\"2\"]", "A[B<1>C<2>]"},
        {"empty vector", "A=[]", "A[]"},
        {"first of two equal names wins", "A=[B=1,b=2]", "A[B<1>]"},
        {"sorted by key, equal keys in order", "B=1\nA=2\nb=3\nA=4", "A<2>A<4>B<1>B<3>"},
        {"input ends at the first NUL", "A=1\nB=\0 2"s, unexpected(2, "end of file")},
        {"NUL before anything", "\0A=1"s, ""},
        {"unescapes quotes", R"(A="\"x\"")", R"(A<"x">)"},
        {"unescapes nothing else", R"(A="\n\\\t\'")", R"(A<\n\\\t\'>)"},
        {"of two backslashes before a quote one stays", R"(A="\\"")", R"(A<\">)"},
        {"unescapes an unquoted value too", R"(A=a\"b)", R"(A<a"b>)"},
        {"unescapes in a vector", R"(A=[B="\"",C=c\"])", R"(A[B<">C<c">])"},
    });
}

TEST(TemplateParser, SyntaxErrors) {
    check({
        {"key alone", "A", unexpected(1, "end of file")},
        {"two keys", "A\nB=1", unexpected(2, "VARIABLE")},
        {"no value", "A=", unexpected(1, "end of file")},
        {"no key", "\n=1", unexpected(2, "EQUAL")},
        {"no key, empty value", "=\n", unexpected(1, "EQUAL_EMPTY")},
        {"comma at the top", "A=1\n\n,", unexpected(3, "COMMA")},
        {"bracket at the top", "A=1\n ]", unexpected(2, "CBRACKET")},
        {"vector not closed", "A=[B=1", unexpected(1, "end of file")},
        {"vector starts with a comma", "A=[,B=1]", unexpected(1, "COMMA")},
        {"vector ends with a comma", "A=[B=1,\n]", unexpected(2, "CBRACKET")},
        {"vector without commas", "A=[B=1 C=2]", unexpected(1, "VARIABLE")},
        {"empty value in a vector", "A=[B=\n]", unexpected(1, "EQUAL_EMPTY")},
        {"vector in a vector", "A=[B=[C=1]]", unexpected(1, "OBRACKET")},
        {"name without a value", "A=[B]", unexpected(1, "CBRACKET")},
        {"CCDATA in a vector", "A=[\nB=]]>]", unexpected(2, "CCDATA")},
        {"behind a value of two lines", "A=\"1\n2\"\n=", unexpected(3, "EQUAL")},
    });
}

TEST(TemplateParser, RulesOfTheStateInitial) {
    check({
        {"1 comment", "# c\nA=1\n", "A<1>"},
        {"1 comment, blanks before", "A=1\n \t# B=2\nC=3", "A<1>C<3>"},
        {"1 comment behind a value", "A=1 # B=2\nC=3", "A<1>C<3>"},
        {"1 comment right behind a value", "A=1#B=2\nC=3", "A<1>C<3>"},
        {"1 comment in a vector", "A=[ # c\nB=1, # ]\nC=2 # ,\n]", "A[B<1>C<2>]"},
        {"1 ]]> in a comment", "# ]]>\nA=1", "A<1>"},
        {"1 without newline only '#' is skipped", "A=1\n # B=2", "A<1>B<2>"},
        {"1 the same, many", "###B=2", "B<2>"},
        {"2 blanks and newlines", "\n\n \tA=1\n \n", "A<1>"},
        {"3 digits and underscores", "_1a=1\n2=3", "2<3>_1A<1>"},
        {"3 ends at any other character", "A-B=1", unexpected(1, "VARIABLE")},
        {"4 blanks about '='", "A \t= \t1", "A<1>"},
        {"4 newline before '='", "A\n =1", "A<1>"},
        {"4 blanks to the end of the text", "A= ", unexpected(1, "end of file")},
        {"5 longer than 4", "A = \t\nB=1", "A<>B<1>"},
        {"5 not before a CR, which is a value", "A=\r\nB=1", "A<\r>B<1>"},
        {"5 not before a comment: 4, and '#' is skipped", "A= # c\nB=1", "A<c>B<1>"},
        {"6 comma, longer than 2", "A=[B=1 \n\t,\n \nC=2]", "A[B<1>C<2>]"},
        {"7 bracket, longer than 2", "A=[B=1\n ]\n C=2", "A[B<1>]C<2>"},
        {"unmatched characters are skipped", "\r$\"[>A;:\\\x80=1", "A<1>"},
    });
}

TEST(TemplateParser, RulesOfTheStateValue) {
    check({
        {"8 blanks and newlines about '['", "A= \t[ \n\t\n B=1]", "A[B<1>]"},
        {"8 only where a value begins", "A=x[B=1", "A<x>B<1>"},
        {"8 on a later line", "A=#\n\n \t[B=1]", "A[B<1>]"},
        {"9 ]]> alone", "A=]]>", cdata(1)},
        {"9 longer than 11", "A=x]]>y\n", cdata(1)},
        {"9 longer than 8", "A=[B=\"]]>\"]", cdata(1)},
        {"9 longer than 10, behind it", "A=\"x\" # ]]>\n", cdata(1)},
        {"9 longer than 11, in another value", "A=x B=]]>\n", cdata(1)},
        {"9 wins the tie with 10", "A=\"]]>\"\nB=1", cdata(1)},
        {"9 shorter than 10 over two lines", "A=\"]]>\n\"", "A<]]>\n>"},
        {"9 tie with 10 behind its newline", "A=\"\n]]>\"", "A<\n]]>>"},
        {"9 not on the next line", "A=x\n]]>", unexpected(2, "CBRACKET")},
        {"9 not over two lines", "A=]]\n>", "A<>>"},
        {"9 before blanks are skipped", "A=#\n \"]]>\n\"", cdata(2)},
        {"9 many brackets", "A=]]]]>", cdata(1)},
        {"10 wins the tie with 11", "A=\"abc\"", "A<abc>"},
        {"10 holds everything", "A=\"a=#\n,[]\t b\"", "A<a=#\n,[]\t b>"},
        {"10 escaped quote", R"(A="a\"b" B=1)", R"(A<a"b>B<1>)"},
        {"10 an escaped quote closes where no other can", R"(A="a\")", R"(A<a\>)"},
        {"10 the last of them", R"(A="a\"b\" B)", unexpected(1, "end of file")},
        {"10 the last of them, value", R"(A="a\"b\" )", R"(A<a"b\>)"},
        {"10 a later quote makes it an escape", "A=\"a\\\"\nB=\"C=1", "A<a\"\nB=>C<1>"},
        {"10 two backslashes escape as well", R"(A="a\\" B=" C=1)", R"(A<a\" B=>C<1>)"},
        {"10 a backslash is no escape elsewhere", R"(A="a\b\" )", R"(A<a\b\>)"},
        {"10 ends at the first bare quote", R"(A="a" "B=1)", "A<a>B<1>"},
        {"10 longer than 11, which stops at a blank", "A=\"a b\"C=1", "A<a b>C<1>"},
        {"10 without a closing quote is 11", "A=\"abc", "A<\"abc>"},
        {"10 the same, a quote alone", "A=\"", "A<\">"},
        {"11 longer than 10: CR", "A=\"abc\"\r\nB=1", "A<\"abc\"\r>B<1>"},
        {"11 longer than 10: text behind", R"(A="a"b)", R"(A<"a"b>)"},
        {"11 longer than 10: quote behind", R"(A="a"b")", R"(A<"a"b">)"},
        {"11 longer than 10: empty quotes", R"(A=""" B=1)", R"(A<""">B<1>)"},
        {"11 takes CR", "A=1\r\nB=2\r\n", "A<1\r>B<2\r>"},
        {"11 takes anything else", "A=-.;:/\\'<>{}\x01\xff\xC3\xA9$",
         "A<-.;:/\\'<>{}\x01\xff\xC3\xA9$>"},
        {"11 stops at '='", "A=a=b", unexpected(1, "EQUAL")},
        {"11 stops at ','", "A=a,b", unexpected(1, "COMMA")},
        {"11 stops at ']'", "A=a]b", unexpected(1, "CBRACKET")},
        {"11 stops at a tab", "A=a\tB=b", "A<a>B<b>"},
        {"unmatched '=' is skipped", "A==1", "A<1>"},
        {"unmatched ',', ']' and '#' are skipped", "A=,]# ,1", "A<1>"},
        {"unmatched newlines are skipped, in the same state", "A=#\n\nB=1", unexpected(3, "EQUAL")},
        {"an unmatched bracket takes the next key for its value", "A=[B=]\nC=1]",
         unexpected(2, "EQUAL")},
    });
}

TEST(TemplateParser, Accessors) {
    const auto parsed = parse_template("# c\nB=1\n\nA=[X=1]\n  a = 2\nA\n=3\nA=[Y=2] C=\"\n\" D=4");
    ASSERT_TRUE(parsed) << parsed.reason();
    const auto& t = *parsed;

    EXPECT_EQ(t.size(), 7U);
    EXPECT_FALSE(t.empty());
    EXPECT_TRUE(Template().empty());

    EXPECT_EQ(*t.find("A"), "2");
    EXPECT_EQ(t.find("X"), nullptr);
    EXPECT_EQ(t.find("a"), nullptr);
    EXPECT_EQ(t.values("A"), (std::vector<std::string_view>{"2", "3"}));
    EXPECT_TRUE(t.values("AA").empty());
    EXPECT_EQ(*t.find_vector("A"), (Template::Vector{{"X", "1"}}));
    EXPECT_EQ(t.find_vector("B"), nullptr);
    EXPECT_EQ(t.all("A").size(), 4U);
    EXPECT_TRUE(t.all("").empty());

    std::vector<std::size_t> lines;
    for (const auto& attribute : t) lines.push_back(attribute.line);
    EXPECT_EQ(lines, (std::vector<std::size_t>{4, 5, 6, 8, 2, 8, 9}));
}

// ---- writer ----

TEST(TemplateWriter, Quotes) {
    const std::vector<Case> cases = {
        {"empty", "", R"("")"},
        {"plain", "a b", R"("a b")"},
        {"what needs no escape", "a\n\t,=#[]{}'<>&é", "\"a\n\t,=#[]{}'<>&é\""},
        {"quote", R"(a"b)", R"("a\"b")"},
        {"quotes only", R"("")", R"("\"\"")"},
        {"backslash", R"(a\nb)", R"("a\nb")"},
        {"backslash before a quote", R"(a\"b)", R"("a\\"b")"},
        {"backslash at the end", R"(a\)", R"("a\ ")"},
        {"backslashes at the end", R"(a\\)", R"("a\\ ")"},
        {"backslash at the end once controls are gone", "a\\\r\x01", R"("a\ ")"},
        {"quote at the end", R"(a")", R"("a\"")"},
        {"controls", "a\0\x01\r\x1F\x7F\x62"s, R"("ab")"},
        {"invalid UTF-8", "a\xFFz", "\"a\uFFFDz\""},
        {"what XML cannot hold", "a\xEF\xBF\xBFz", "\"a\uFFFDz\""},
        {"a control does not mend invalid UTF-8", "\xC3\x01\xA9", "\"\uFFFD\uFFFD\""},
        {"C1 and DEL's neighbours stay", "~\u0080", "\"~\u0080\""},
        {"]]>", "a]]>b", R"("a]] >b")"},
        {"]]> with more brackets", "]]]>", R"("]]] >")"},
        {"]]> twice", "]]>]]>", R"("]] >]] >")"},
        {"]]> and nearly", "]>]] >>]]", R"("]>]] >>]]")"},
        {"]]> by dropping", "]\r]\x01>"s, R"("]] >")"},
        {"]] before a quote", R"(]]">)", R"("]]\">")"},
        {"> first", ">", R"(">")"},
        {"]> first", "]>", R"("]>")"},
    };
    for (const auto& c : cases) {
        TemplateWriter writer;
        writer.add("A", c.text);
        EXPECT_EQ(writer.text(), "A=" + std::string(c.expected) + "\n") << c.name;
    }
}

TEST(TemplateWriter, Writes) {
    TemplateWriter writer;
    writer.add("NAME", "a \"b\"");
    writer.add("EMPTY", "");
    writer.add_vector("V", {{"A", "x"}, {"B_1", "y]"}});
    writer.add_vector("ONE", {{"A", "x"}});
    writer.add_vector("NONE", {});
    writer.add_vector("SPAN", Pairs{{"A", "x"}, {"A", "z"}});
    const auto expected =
        "NAME=\"a \\\"b\\\"\"\n"
        "EMPTY=\"\"\n"
        "V=[A=\"x\", B_1=\"y]\"]\n"
        "ONE=[A=\"x\"]\n"
        "NONE=[]\n"
        "SPAN=[A=\"x\", A=\"z\"]\n"s;
    EXPECT_EQ(writer.text(), expected);
    EXPECT_EQ(writer.take(), expected);
    EXPECT_EQ(writer.text(), "");
    EXPECT_EQ(show(expected), "EMPTY<>NAME<a \"b\">NONE[]ONE[A<x>]SPAN[A<x>]V[A<x>B_1<y]>]");
}

// Neither `]]` before a value, nor '>' behind it, reaches over the quotes.
TEST(TemplateWriter, JointsAreSafe) {
    TemplateWriter writer;
    writer.add_vector("A", {{"B", "]]"}, {"C", ">"}, {"D", "]"}});
    writer.add("E", ">");
    EXPECT_EQ(writer.text(), "A=[B=\"]]\", C=\">\", D=\"]\"]\nE=\">\"\n");
    EXPECT_EQ(show(writer.text()), "A[B<]]>C<>>D<]>]E<>>");
}

TEST(TemplateWriter, RefusesOtherKeysAndStaysAsItWas) {
    TemplateWriter writer;
    writer.add("A", "1");
    for (const auto& key : {""s, "A B"s, "A="s, "A-B"s, "é"s, "A\n"s, "A\0"s}) {
        EXPECT_THROW(writer.add(key, "x"), Error) << key;
    }
    EXPECT_THROW(writer.add_vector("", {{"A", "x"}}), Error);
    EXPECT_THROW(writer.add_vector("V", {{"A", "x"}, {"B ", "x"}}), Error);
    try {
        writer.add("", "x");
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::internal);
    }
    EXPECT_EQ(writer.text(), "A=\"1\"\n");
}

// ---- both ----

// The normalisation TemplateWriter documents, step by step.
std::string normalised(std::string_view value) {
    auto text = repair_utf8(value);
    std::erase_if(text, [](char c) {
        return (c >= '\0' && c < ' ' && c != '\n' && c != '\t') || c == '\x7F';
    });
    for (auto at = text.find("]]>"); at != std::string::npos; at = text.find("]]>")) {
        text.insert(at + 2, " ");
    }
    if (text.ends_with('\\')) text += ' ';
    return text;
}

std::string hostile_value(std::mt19937& random) {
    static const std::vector<std::string> pieces = {
        "\"",  "\\",   "\\\"", "\\\\",    "]]>",   "]",        "]]",    ">",
        "[",   "=",    "#",    ",",       " ",     "\t",       "\n",    "\r",
        "\0"s, "\x01", "\x7F", "\x80",    "\xC3",  "\xE2\x82", "\xFF",  "\xED\xA0\x80",
        "é",   "😀",    "a",    "A=\"1\"", "\"]\n", "\"\n",     "# c\n", "KEY=[",
    };
    std::string value;
    for (auto count = random() % 10; count > 0; --count) value += pieces[random() % pieces.size()];
    return value;
}

TEST(TemplateRoundTrip, SingleAndVectorGiveBackTheNormalisedValue) {
    std::mt19937 random(20240607);
    for (int round = 0; round < 50000; ++round) {
        const auto value = hostile_value(random);
        TemplateWriter single;
        single.add("A", value);
        const auto parsed = parse_template(single.text());
        ASSERT_TRUE(parsed) << parsed.reason() << "\n" << single.text();
        ASSERT_EQ(parsed->size(), 1U) << single.text();
        ASSERT_EQ(*parsed->find("A"), normalised(value)) << single.text();

        TemplateWriter vector;
        vector.add_vector("V", {{"A", value}});
        const auto parsed_vector = parse_template(vector.text());
        ASSERT_TRUE(parsed_vector) << parsed_vector.reason() << "\n" << vector.text();
        ASSERT_EQ(*parsed_vector->find_vector("V"), (Template::Vector{{"A", normalised(value)}}));
    }
}

TEST(TemplateRoundTrip, AttributesDoNotDisturbEachOther) {
    std::mt19937 random(4711);
    for (int round = 0; round < 10000; ++round) {
        TemplateWriter writer;
        std::vector<std::string> singles;
        std::vector<Template::Vector> vectors;
        for (auto count = 1 + random() % 6; count > 0; --count) {
            const Pairs pairs = {{"X", hostile_value(random)}, {"Y", hostile_value(random)}};
            if (random() % 2 == 0) {
                writer.add("A", pairs[0].second);
                singles.push_back(normalised(pairs[0].second));
            } else {
                writer.add_vector("B", pairs);
                vectors.push_back(
                    {{"X", normalised(pairs[0].second)}, {"Y", normalised(pairs[1].second)}});
            }
        }
        const auto parsed = parse_template(writer.text());
        ASSERT_TRUE(parsed) << parsed.reason() << "\n" << writer.text();
        ASSERT_EQ(parsed->size(), singles.size() + vectors.size()) << writer.text();
        const auto values = parsed->values("A");
        ASSERT_TRUE(std::equal(values.begin(), values.end(), singles.begin(), singles.end()));
        const auto all = parsed->all("B");
        ASSERT_TRUE(std::equal(
            all.begin(), all.end(), vectors.begin(), vectors.end(),
            [](const auto& read, const auto& written) { return *read.vector() == written; }))
            << writer.text();
    }
}

// ---- linear time ----

std::string repeated(std::string_view piece, std::size_t bytes = 1'000'000) {
    std::string text;
    while (text.size() < bytes) text += piece;
    return text;
}

// Quadratic work over a million bytes takes minutes; linear work takes below a second, and a few
// under sanitizers without optimisation.
template <class Work>
void expect_linear(const char* name, Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(15)) << name;
}

TEST(TemplateLinear, ParserOnHostileText) {
    const std::vector<Case> cases = {
        {"escaped quotes, never closed", "A=\"" + repeated("\\\"")},
        {"escaped quotes before a newline", "A=\"" + repeated("\\\"") + "\nB=1"},
        {"backslashes behind a quote", "A=\"" + repeated("\\")},
        {"a quote never closed", "A=\"" + repeated("x ")},
        {"skipped ']'", "A=" + repeated("]")},
        {"skipped ']' by line", "A=" + repeated("]\n")},
        {"skipped '='", "A=" + repeated("=")},
        {"skipped '=', ]]> on the next line", "A=" + repeated("=") + "\n]]>"},
        {"blanks in a value", "A=#" + repeated(" ") + "x"},
        {"blanks and skipped in a value", "A=" + repeated("# ")},
        {"newlines in a value", "A=#" + repeated("\n") + "x"},
        {"'#' without newline", repeated("#")},
        {"blanks and '#' without newline", repeated(" #")},
        {"comments", repeated("#\n")},
        {"blanks", repeated(" ") + "A=1"},
        {"newlines", repeated("\n") + "A"},
        {"quotes at the top", repeated("\"")},
        {"values on one line", repeated("A=b ")},
        {"values on one line, ]]> on the next", repeated("A=b ") + "\n# ]]>\n"},
        {"quoted values on one line", repeated("A=\"b\" ")},
        {"unquoted value", "A=" + repeated("x")},
        {"key", repeated("x") + "=1"},
        {"empty values", repeated("A=\n")},
        {"pairs", "A=[" + repeated("B=1,") + "C=2]"},
        {"blanks about the commas", "A=[" + repeated("B=1 \n ,") + "C=2]"},
    };
    for (const auto& c : cases) expect_linear(c.name, [&] { parse_template(c.text); });
}

TEST(TemplateLinear, EscapedQuotesAreAllThere) {
    const auto parsed = parse_template("A=\"" + repeated("\\\"", 2'000'000));
    ASSERT_TRUE(parsed) << parsed.reason();
    EXPECT_TRUE(*parsed->find("A") == std::string(999'999, '"') + "\\");
}

TEST(TemplateLinear, Writer) {
    const std::vector<Case> cases = {
        {"18 MB of plain text", repeated("plain text ", 18'000'000)},
        {"quotes", repeated("\"")},
        {"]]>", repeated("]]>")},
        {"]]> once controls are gone", repeated("]\r]\r>\r")},
        {"escaped quotes and controls", repeated("\\\"\x01")},
        {"characters above ASCII", repeated("é")},
        {"invalid UTF-8", repeated("\xFF")},
    };
    for (const auto& c : cases) {
        expect_linear(c.name, [&] {
            TemplateWriter writer;
            writer.add("A", c.text);
            EXPECT_TRUE(writer.text().ends_with("\"\n"));
        });
    }
}

}  // namespace
}  // namespace onemarket
