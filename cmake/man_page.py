#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a man page of its source in docs/man, which is Markdown and says little itself: the rest it
takes from where it stands already.

    man_page.py SOURCE.md VERSION [PROGRAM=PATH...] > PAGE

    # NAME(SECTION): what it is      the first line
    {docs/operations.md#Signals and exit}
                                     that section of that document, without its heading
    {help onemarketctl}              what the program says of itself and its subcommands with --help
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


# ---- Markdown to roff, as much of it as the documents have ---------------------------------------

def escaped(text):
    return text.replace("\\", "\\e").replace("-", "\\-")


def inline(text):
    """Code and bold are bold; a link is its text, one in parentheses the document to look at."""
    text = re.sub(r"\(\[[^]]*\]\((?!#)([^)#]*/)?([^)#]+)(#[^)]*)?\)\)", r"(see `\2`)", text)
    text = re.sub(r"\(\[([^]]*)\]\(#[^)]*\)\)", r"(see “\1”)", text)
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    out = []
    for part in re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", text.replace("\\|", "|")):
        if part.startswith("`"):
            out.append(rf"\fB{escaped(part[1:-1])}\fR")
        elif part.startswith("**"):
            out.append(rf"\fB{part[2:-2]}\fR")
        else:
            out.append(part.replace("\\", "\\e").replace("--", "\\-\\-"))
    return guarded("".join(out))


def guarded(line):
    """What begins like a request of roff is text all the same."""
    return "\\&" + line if line[:1] in (".", "'") else line


def literal(lines):
    return [".PP", ".RS 4", ".nf", *(guarded(escaped(line)) for line in lines), ".fi", ".RE"]


def cells(row):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def table(rows):
    """The first column is what is explained; the last explains it; those between are told by name."""
    names, out = cells(rows[0]), []
    for row in map(cells, rows[2:]):
        told = [f"{name}: {cell}." for name, cell in zip(names[1:-1], row[1:-1]) if cell]
        last = f"{names[-1]}: {row[-1]}" if len(names) > 2 and row[-1] and told else row[-1]
        # Without words the plain value is enough.
        if len(names) == 3 and names[1] == "Default":
            told, last = [], row[-1] + (f" (default: {row[1]})" if row[1] else "")
        # A bare number says nothing by itself.
        term = f"{names[0]} {row[0]}" if row[0].isdigit() else row[0]
        out += [".TP", inline(term), inline(" ".join(told + [last])) or "\\&"]
    return out


def blocks(lines):
    """(kind, lines) of a text: heading, table, code, list or paragraph."""
    at = 0
    while at < len(lines):
        line, start = lines[at], at
        if not line.strip():
            at += 1
        elif line.startswith("```"):
            at = lines.index("```", at + 1) + 1
            yield "code", lines[start + 1:at - 1]
        elif line.startswith("#"):
            at += 1
            yield "heading", [line]
        elif line.startswith("|"):
            while at < len(lines) and lines[at].startswith("|"):
                at += 1
            yield "table", lines[start:at]
        elif line.startswith("    "):
            while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
                at += 1
            text = [each[4:] for each in lines[start:at]]
            while not text[-1]:
                text.pop()
            yield "code", text
        elif re.match(r"(- |\d+\. )", line):
            at += 1
            while at < len(lines) and (lines[at].startswith("  ") or (
                    not lines[at].strip() and at + 1 < len(lines) and lines[at + 1].startswith("      "))):
                at += 1
            yield "item", lines[start:at]
        else:
            at += 1
            while at < len(lines) and lines[at].strip() and not re.match(r"(- |\d+\. |\||#|```)", lines[at]):
                at += 1
            yield "text", lines[start:at]


def item(lines):
    mark, first = re.match(r"(- |\d+\. )(.*)", lines[0]).groups()
    inner = [first] + [line[len(mark):] if line[:1] == " " else line for line in lines[1:]]
    out = [r".IP \(bu 2" if mark == "- " else f".IP {mark.strip()} 4"]
    body = roff(inner)
    return out + (body[1:] if body[0] == ".PP" else body)


def roff(lines):
    out = []
    for kind, block in blocks(lines):
        if kind == "heading":
            level, title = block[0].split(" ", 1)
            out.append(f".SH {title.upper()}" if level == "##" else f".SS {inline(title)}")
        elif kind == "table":
            out += table(block)
        elif kind == "code":
            out += literal(block)
        elif kind == "item":
            out += item(block)
        else:
            out += [".PP", *(inline(line) for line in " ".join(block).split("\n"))]
    return out


# ---- What is taken from elsewhere ----------------------------------------------------------------

def section(document, title):
    lines = (ROOT / document).read_text().splitlines()
    heads = [(number, *line.split(" ", 1)) for number, line in enumerate(lines)
             if re.match(r"#+ ", line)]
    for at, (number, level, name) in enumerate(heads):
        if name == title:
            end = next((n for n, other, _ in heads[at + 1:] if len(other) <= len(level)), len(lines))
            return [re.sub(r"^#+ ", "### ", line) for line in lines[number + 1:end]]
    raise SystemExit(f"{document} has no section '{title}'")


def help_of(command):
    """The usage line, what it does, its [(option, text)] and the names of its subcommands."""
    text = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True,
                          stdin=subprocess.DEVNULL).stdout
    usage, about, options, subcommands, group = "", [], [], [], ""
    for line in text.splitlines():
        line = re.sub(r"^(\s+-\w),\s+--", r"\1,--", line)
        head = re.match(r"(\w+):\s*$", line)
        entry = re.match(r"  (\S.*?)(?:\s{2,}(\S.*))?$", line)
        if line.lstrip().startswith("Usage:"):
            usage = line.split("Usage:", 1)[1].strip()
        elif head:
            group = head[1].lower()
        elif line.startswith(" " * 10) and group and options:
            options[-1][1] += " " + line.strip()
        elif entry and group == "subcommands":
            subcommands.append(entry[1])
        elif entry and group:
            value = " VALUE" if entry[1].startswith("-") else ""
            options.append([re.sub(r" TEXT( REQUIRED)?( \.\.\.)?", value, entry[1]), entry[2] or ""])
        elif line.strip() and not group:
            about.append(line.strip())
    return usage, about, options, subcommands


def helped(program, path, names=()):
    _, about, options, subcommands = help_of([path, *names])
    out = []
    if not subcommands or not names:
        if names:
            positionals = [option for option, _ in options if not option.startswith("-")]
            out += [f".SS {escaped(' '.join([program, *names]))} [OPTIONS] {' '.join(positionals)}".rstrip(),
                    inline(" ".join(about)) + "."]
        for option, text in options:
            # Every subcommand has it.
            if not (names and option == "-h,--help"):
                out += [".TP", rf"\fB{escaped(option.replace(',', ', '))}\fR", inline(text)]
    for name in subcommands:
        out += helped(program, path, (*names, name))
    return out


def page(source, version, programs):
    lines = source.read_text().splitlines()
    name, number, about = re.match(r"# (\S+)\((\d)\): (.*)", lines[0]).groups()
    out = [f'.TH "{name.upper()}" "{number}" "" "onemarketd {version}" "onemarketd"', ".SH NAME",
           f"{escaped(name)} \\- {about}"]
    text = []
    for line in lines[1:] + [None]:
        taken = re.match(r"\{(.*)\}$", line or "")
        if line is not None and not taken:
            text.append(line)
            continue
        out += roff(text)
        text = []
        if taken and taken[1].startswith("help "):
            program = taken[1].split(" ", 1)[1]
            out += helped(program, programs[program])
        elif taken:
            out += roff(section(*taken[1].split("#", 1)))
    return "\n".join(line for before, line in zip([""] + out, out)
                     if line != ".PP" or not before.startswith((".SH", ".SS"))) + "\n"


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(page(pathlib.Path(sys.argv[1]), sys.argv[2],
                          dict(pair.split("=", 1) for pair in sys.argv[3:])))
