// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/oned_conf.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "daemon/new_file.h"
#include "daemon/text_file.h"
#include "protocol/error.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

constexpr std::string_view kKey = "MARKET_MAD";
constexpr std::string_view kDriver = "onemarketd";
constexpr std::string_view kStockDriver = "one_market";
constexpr std::string_view kMark =
    "# MARKET_MAD as it was before `onemarketctl oned-conf --apply`; `--revert` puts it back:";
constexpr std::string_view kKept = "#| ";                // begins a line of the block that was
constexpr const char* kInBetween = ".onemarketctl-new";  // added to a name for a moment
constexpr size_t kContext = 3;                           // lines around a change

[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorKind::bad_request, why);
}

std::string quoted(std::string_view text) {
    return '"' + std::string(text) + '"';
}

bool is_program(std::string_view executable, std::string_view name) {
    return executable.substr(executable.rfind('/') + 1) == name;
}

Template read(std::string_view text) {
    if (text.find('\0') != std::string_view::npos)
        refuse("it has a NUL byte, behind which oned does not read");
    Result<Template> parsed = parse_template(text);
    if (!parsed) refuse("oned could not read it: " + parsed.reason());
    return std::move(*parsed);
}

const Template::Attribute& only_mad(const Template& parsed) {
    const auto all = parsed.all(kKey);
    if (all.empty()) refuse("it has no MARKET_MAD; write the block into it that `oned-conf` shows");
    if (all.size() > 1)
        refuse("it has more than one MARKET_MAD, in the lines " + std::to_string(all[0].line) +
               " and " + std::to_string(all[1].line) + "; leave one of them");
    const std::string line = "line " + std::to_string(all[0].line) + ": ";
    if (all[0].vector() == nullptr) refuse(line + "MARKET_MAD is no list in brackets");
    if (!all[0].places.contains("EXECUTABLE")) refuse(line + "MARKET_MAD has no EXECUTABLE");
    return all[0];
}

[[noreturn]] void refuse_to_mislead() {
    refuse(
        "with another EXECUTABLE oned would read something else: a quote is not closed, or "
        "something stands right behind the value of EXECUTABLE");
}

Template::Place place_of_executable(std::string_view block) {
    const Template parsed = read(block);
    return only_mad(parsed).places.find("EXECUTABLE")->second;
}

// The block with another EXECUTABLE; `value` is as it is to be written.
std::string with_executable(std::string_view block, std::string_view value) {
    const Template::Place place = place_of_executable(block);
    std::string result(block);
    result.replace(place.begin, place.end - place.begin, value);
    if (!parse_template(result) || place_of_executable(result).end != place.begin + value.size())
        refuse_to_mislead();
    return result;
}

// Whether oned reads the same in both, but for the block.
bool is_same_but_for_mad(const Template& a, const Template& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.key == y.key && (x.key == kKey || x.value == y.value);
    });
}

size_t behind_line(std::string_view text, size_t from) {
    return std::min(text.find('\n', from), text.size() - 1) + 1;
}

std::string_view without_cr(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// A text's lines, their ends included.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        lines.push_back(text.substr(0, behind_line(text, 0)));
        text.remove_prefix(lines.back().size());
    }
    return lines;
}

std::string_view without_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    return line;
}

// The comment that begins at the line there: its end, and in `kept` the block in it.
size_t read_comment(std::string_view text, size_t begin, std::string& kept) {
    size_t end = behind_line(text, begin);
    bool first = true;
    while (end < text.size() && text.substr(end).starts_with("#|")) {
        const size_t next = behind_line(text, end);
        std::string_view line = without_end(text.substr(end, next - end));
        // An editor may have taken the blanks at its end.
        line.remove_prefix(line.starts_with(kKept) ? kKept.size() : 2);
        kept += (first ? "" : "\n") + std::string(line);
        first = false;
        end = next;
    }
    if (kept.ends_with('\r')) kept.pop_back();  // the comment's own: a block ends with its bracket
    return end;
}

}  // namespace

std::string default_market_mad() {
    return "MARKET_MAD = [\n    EXECUTABLE = \"onemarketd\",\n"
           "    ARGUMENTS  = \"-t 15 -m http,s3,one,linuxcontainers\"\n]\n";
}

OnedConf::OnedConf(std::string text) : text_(std::move(text)) {
    const Template parsed = read(text_);
    mad_ = only_mad(parsed);
    for (size_t at = 0; at < text_.size(); at = behind_line(text_, at)) {
        const std::string_view line =
            std::string_view(text_).substr(at, behind_line(text_, at) - at);
        const bool in_value = std::any_of(parsed.begin(), parsed.end(), [at](const auto& other) {
            return other.place.begin <= at && at < other.place.end;
        });
        if (in_value || without_cr(without_end(line)) != kMark) continue;
        if (comment_.end > 0) refuse("it has the comment \"" + std::string(kMark) + "\" twice");
        comment_ = {at, read_comment(text_, at, kept_)};
    }
}

std::string_view OnedConf::written(const Template::Place& place) const {
    return std::string_view(text_).substr(place.begin, place.end - place.begin);
}

std::string OnedConf::executable() const {
    return mad_.vector()->find("EXECUTABLE")->second;
}

std::string OnedConf::arguments() const {
    const auto found = mad_.vector()->find("ARGUMENTS");
    return found == mad_.vector()->end() ? "" : found->second;
}

bool OnedConf::runs_onemarketd() const {
    return is_program(executable(), kDriver);
}

std::string OnedConf::block() const {
    return with_executable(written(mad_.place), quoted(kDriver));
}

// The text with this block in the place of its own, and this in the place of our comment, which
// stands before the line of the block.
std::string OnedConf::edited(std::string_view comment, std::string_view block) const {
    std::string result = text_;
    result.replace(mad_.place.begin, mad_.place.end - mad_.place.begin, block);
    const size_t line = text_.rfind('\n', mad_.place.begin) + 1;
    const bool behind = comment_.begin > mad_.place.begin;
    if (behind)
        result.erase(comment_.begin + result.size() - text_.size(), comment_.end - comment_.begin);
    result.insert(line, comment);
    if (!behind) result.erase(comment_.begin, comment_.end - comment_.begin);
    const Result<Template> after = parse_template(result);
    if (!after || !is_same_but_for_mad(read(text_), *after) ||
        only_mad(*after).value != only_mad(read(block)).value)
        refuse_to_mislead();
    return result;
}

std::string OnedConf::applied(bool force) const {
    if (runs_onemarketd()) return text_;
    const std::string line = "line " + std::to_string(mad_.line) + ": ";
    if (!is_program(executable(), kStockDriver) && !force)
        refuse(line + "EXECUTABLE is " + quoted(one_line(executable(), 100)) +
               ", neither the stock driver nor this one; --force puts this one in its place");
    const size_t begin = text_.rfind('\n', mad_.place.begin) + 1;
    if (text_.find_first_not_of(" \t", begin) != mad_.place.begin)
        refuse(line + "something stands before MARKET_MAD; give it a line of its own");
    const std::string_view first = written(mad_.place);
    const bool crlf = without_end(first.substr(0, behind_line(first, 0))).ends_with('\r');
    const std::string end = crlf ? "\r\n" : "\n";
    std::string comment = std::string(kMark) + end;
    for (const std::string_view kept : lines_of(first)) comment += std::string(kKept) += kept;
    return edited(comment + end, block());
}

std::string OnedConf::reverted(bool force) const {
    const std::string line = "line " + std::to_string(mad_.line) + ": ";
    if (!runs_onemarketd())
        refuse(line + "EXECUTABLE is " + quoted(one_line(executable(), 100)) +
               ", not this driver: there is nothing to take back");
    const std::string_view now = written(mad_.place);
    if (comment_.end == 0) {
        if (!force)
            refuse(line +
                   "no comment keeps what MARKET_MAD was; --force makes EXECUTABLE \"one_market\"");
        return edited("", with_executable(now, quoted(kStockDriver)));
    }
    try {
        if (with_executable(kept_, quoted(kDriver)) == now) return edited("", kept_);
        const Template::Place place = place_of_executable(kept_);
        return edited("", with_executable(now, std::string_view(kept_).substr(
                                                   place.begin, place.end - place.begin)));
    } catch (const Error& error) {
        if (!force)
            refuse("the block in the comment above MARKET_MAD was changed (" +
                   std::string(error.what()) + "); --force makes EXECUTABLE \"one_market\"");
    }
    return edited("", with_executable(now, quoted(kStockDriver)));
}

void rewrite_oned_conf(const std::string& file, std::string_view before, std::string_view after) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) throw system_error(errno, file);
    if (status.st_nlink > 1)
        throw Error(ErrorKind::bad_request,
                    file + ": it has another name (a hard link), which would keep the old text");
    NewFile written(file, kInBetween);
    if (!written.lost().empty())
        throw Error(ErrorKind::permission, file + ": its " + written.lost() +
                                               " would be lost: do this as root, or by hand");
    written.sink().write(std::as_bytes(std::span(after)));
    if (read_text_file(file) != before)
        throw Error(ErrorKind::unavailable, file + ": somebody else is changing it; try again");
    written.publish();
}

std::string diff_of(const std::string& file, std::string_view before, std::string_view after) {
    if (before == after) return "";
    const auto old_lines = lines_of(before);
    const auto new_lines = lines_of(after);
    const size_t least = std::min(old_lines.size(), new_lines.size());
    size_t same = 0;
    while (same < least && old_lines[same] == new_lines[same]) ++same;
    size_t same_end = 0;
    while (same_end < least - same &&
           old_lines[old_lines.size() - 1 - same_end] == new_lines[new_lines.size() - 1 - same_end])
        ++same_end;
    const size_t begin = same - std::min(same, kContext);
    const size_t behind = std::min(same_end, kContext);
    const size_t old_end = old_lines.size() - same_end;
    const size_t new_end = new_lines.size() - same_end;

    const auto range = [begin](size_t end) {
        return std::to_string(begin + 1) + "," + std::to_string(end - begin);
    };
    std::string text = "--- " + file + "\n+++ " + file + "\n@@ -" + range(old_end + behind) + " +" +
                       range(new_end + behind) + " @@\n";
    const auto add = [&text](char sign, std::string_view line) {
        (text += sign) += line;
        if (!line.ends_with('\n')) text += "\n\\ No newline at end of file\n";
    };
    for (size_t i = begin; i < same; ++i) add(' ', old_lines[i]);
    auto next = new_lines.begin() + static_cast<ptrdiff_t>(same);
    const auto last = new_lines.begin() + static_cast<ptrdiff_t>(new_end);
    for (size_t i = same; i < old_end; ++i) {
        const auto found = std::find(next, last, old_lines[i]);
        if (found == last) {
            add('-', old_lines[i]);
            continue;
        }
        for (; next != found; ++next) add('+', *next);
        add(' ', *next++);
    }
    for (; next != last; ++next) add('+', *next);
    for (size_t i = old_end; i < old_end + behind; ++i) add(' ', old_lines[i]);
    return text;
}

}  // namespace onemarket
