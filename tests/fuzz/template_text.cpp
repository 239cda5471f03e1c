// SPDX-License-Identifier: Apache-2.0
// Template text: what is written is read as the writer promises, and brings nothing else with it;
// what is read can be written. Parts of an input: keys and values by turns, or any text.
#include <algorithm>
#include <string>

#include "protocol/template.h"
#include "protocol/template_lexer.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

using Pair = TemplateWriter::Pair;

// TemplateWriter's contract, a rule at a time.
std::string as_read(std::string_view value) {
    std::string text = repair_utf8(value);
    std::erase_if(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
    });
    for (size_t at = 0; (at = text.find("]]>", at)) != std::string::npos; at += 3)
        text.insert(at + 2, " ");
    if (text.ends_with('\\')) text += ' ';
    return text;
}

bool is_key(std::string_view key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), is_template_word);
}

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return result;
}

void check_written(const std::vector<Pair>& pairs) {
    TemplateWriter writer;
    Template::Vector vector;
    for (const auto& [key, value] : pairs) {
        writer.add(key, value);
        vector.emplace(upper(key), as_read(value));
    }
    writer.add_vector("VECTOR__", pairs);
    const Result<Template> read = parse_template(writer.text());
    must(static_cast<bool>(read), "what is written can be read");
    must(read->size() == pairs.size() + 1, "no value becomes an attribute");
    for (const auto& [key, value] : pairs) {
        const auto values = read->values(upper(key));
        must(std::find(values.begin(), values.end(), as_read(value)) != values.end(),
             "a value is read as it was written");
    }
    const Template::Vector* found = read->find_vector("VECTOR__");
    must(found != nullptr && *found == vector, "a vector is read as it was written");
}

void check_place(std::string_view text, const Template::Place& place) {
    must(place.begin < place.end && place.end <= text.size(), "a place is in the text");
}

// Of any text: what oned would make of it, and whether that can be written.
void check_read(std::string_view text) {
    const Result<Template> read = parse_template(text);
    if (!read) return must(is_one_line(read.reason()), "a reason is one line");
    TemplateWriter writer;
    for (const Template::Attribute& attribute : *read) {
        check_place(text, attribute.place);
        must(is_key(attribute.key) && attribute.key == upper(attribute.key), "a key is a key");
        must(upper(text.substr(attribute.place.begin, attribute.key.size())) == attribute.key,
             "a key stands in its place");
        for (const auto& [name, place] : attribute.places) check_place(text, place);
        if (const std::string* value = attribute.single()) writer.add(attribute.key, *value);
        if (const Template::Vector* vector = attribute.vector()) {
            const std::vector<Pair> pairs(vector->begin(), vector->end());
            writer.add_vector(attribute.key, pairs);
        }
    }
    const Result<Template> again = parse_template(writer.text());
    must(again && again->size() == read->size(), "what was read can be written");
    for (auto a = read->begin(), b = again->begin(); a != read->end(); ++a, ++b) {
        must(a->key == b->key && a->value.index() == b->value.index(), "keys stay");
        if (a->single()) must(as_read(*a->single()) == *b->single(), "values stay");
    }
}

}  // namespace

void one_input(std::string_view input) {
    check_read(input);
    const auto parts = parts_of(input);
    std::vector<Pair> pairs;
    for (size_t i = 0; i + 1 < parts.size(); i += 2)
        if (is_key(parts[i])) pairs.emplace_back(parts[i], parts[i + 1]);
    check_written(pairs);
}

}  // namespace onemarket::fuzz
