#!/usr/bin/env python3
"""Writes a tree of source code for benchmarks: always the same bytes for the same arguments.

usage: generate.py FOLDER [--files 5000] [--lines 1000000] [--seed 1]

The mix of languages, of line lengths, of comments, of nesting and of declarations per line is that of
ordinary projects; a few blocks are repeated, so that the search for duplicates has something to find.
"""

import argparse
import os
import random

WORDS = (
    "account address adapter archive array batch block body buffer builder bundle cache call chain chunk client "
    "clock codec column command config context cookie counter cursor data deadline decoder delta digest driver "
    "edge encoder entry error event factory field filter flag format frame gateway graph group handle hash header "
    "heap image index input item job key label layer layout lease level line link list lock log map mask matrix "
    "merge message meter method metric model module node object offset order output owner packet page parser patch "
    "path pattern peer phase pool port prefix process profile proxy query queue quota range record region registry "
    "request resource result retry role route row rule sample schema scope score segment session shard signal slot "
    "socket source span stack stage state step stream string summary symbol table tag target task tenant ticket "
    "timer token topic trace tree tuple type union update user value vector version view volume window worker"
).split()


class Writer:
    def __init__(self, rng, lines):
        self.rng, self.limit, self.out = rng, lines, []

    def full(self):
        return len(self.out) >= self.limit

    def line(self, depth, text, unit="    "):
        self.out.append(unit * depth + text)

    def snake(self, n=2):
        return "_".join(self.rng.choice(WORDS) for _ in range(n))

    def camel(self, n=2):
        w = [self.rng.choice(WORDS) for _ in range(n)]
        return w[0] + "".join(x.capitalize() for x in w[1:])

    def pascal(self, n=2):
        return "".join(self.rng.choice(WORDS).capitalize() for _ in range(n))

    def sentence(self):
        return " ".join(self.rng.choice(WORDS) for _ in range(self.rng.randint(5, 12)))


def statements(w, depth, style, count, nest=0):
    """A body in a brace language: assignments, calls, conditions, loops."""
    end, r = style["end"], w.rng
    for _ in range(count):
        roll = r.random()
        a, b = w.camel(), w.camel()
        if roll < 0.12:
            w.line(depth, "%s %s" % (style["comment"], w.sentence()), style["unit"])
        elif roll < 0.45:
            w.line(depth, "%s%s = %s(%s, %d)%s" % (style["let"](w), a, w.camel(), b, r.randint(0, 4096), end), style["unit"])
        elif roll < 0.60:
            w.line(depth, '%s.%s("%s", %s)%s' % (a, w.camel(), w.sentence()[:40], b, end), style["unit"])
        elif roll < 0.66:
            w.line(depth, "", "")
        elif roll < 0.90 and nest < 3:
            cond = "%s %s %d" % (a, r.choice(["<", ">", "==", "!="]), r.randint(0, 99))
            if r.random() < 0.3:
                cond += " && %s" % b
            w.line(depth, style["if"] % cond, style["unit"])
            statements(w, depth + 1, style, r.randint(1, 4), nest + 1)
            if r.random() < 0.3:
                w.line(depth, "} else {", style["unit"])
                statements(w, depth + 1, style, r.randint(1, 3), nest + 1)
            w.line(depth, "}", style["unit"])
        elif nest < 3:
            w.line(depth, style["for"](w), style["unit"])
            statements(w, depth + 1, style, r.randint(1, 4), nest + 1)
            w.line(depth, "}", style["unit"])
        else:
            w.line(depth, "%s += %s%s" % (a, b, end), style["unit"])


STYLES = {
    "c": dict(end=";", comment="//", unit="\t", let=lambda w: w.rng.choice(["int ", "size_t ", "const char *", ""]), **{
        "if": "if (%s) {", "for": lambda w: "for (int i = 0; i < %s; i++) {" % w.snake()}),
    "java": dict(end=";", comment="//", unit="    ", let=lambda w: w.rng.choice(["int ", "final String ", "var ", ""]), **{
        "if": "if (%s) {", "for": lambda w: "for (int i = 0; i < %s.size(); i++) {" % w.camel()}),
    "js": dict(end=";", comment="//", unit="  ", let=lambda w: w.rng.choice(["const ", "let ", ""]), **{
        "if": "if (%s) {", "for": lambda w: "for (const %s of %s) {" % (w.camel(1), w.camel())}),
    "go": dict(end="", comment="//", unit="\t", let=lambda w: "", **{
        "if": "if %s {", "for": lambda w: "for _, %s := range %s {" % (w.camel(1), w.camel())}),
    "rs": dict(end=";", comment="//", unit="    ", let=lambda w: w.rng.choice(["let ", "let mut ", ""]), **{
        "if": "if %s {", "for": lambda w: "for %s in %s.iter() {" % (w.snake(1), w.snake())}),
}


def c_file(w, deps):
    w.line(0, "/* %s */" % w.sentence())
    for h in ["<stdio.h>", "<stdlib.h>"] + ['"%s"' % d for d in deps]:
        w.line(0, "#include %s" % h)
    w.line(0, "#define %s %d" % (w.snake().upper(), w.rng.randint(1, 999)))
    while not w.full():
        roll = w.rng.random()
        w.line(0, "")
        if roll < 0.2:
            w.line(0, "struct %s {" % w.snake())
            for _ in range(w.rng.randint(3, 9)):
                w.line(1, "%s %s;" % (w.rng.choice(["int", "char *", "uint64_t", "double"]), w.snake()), "\t")
            w.line(0, "};")
        elif roll < 0.3:
            w.line(0, "enum %s {" % w.snake())
            for _ in range(w.rng.randint(3, 8)):
                w.line(1, "%s," % w.snake(3).upper(), "\t")
            w.line(0, "};")
        else:
            w.line(0, "/* %s" % w.sentence())
            w.line(0, " * %s */" % w.sentence())
            w.line(0, "static int")
            w.line(0, "%s(struct %s *%s, int %s)" % (w.snake(3), w.snake(), w.snake(1), w.snake(1)))
            w.line(0, "{")
            statements(w, 1, STYLES["c"], w.rng.randint(6, 25))
            w.line(1, "return 0;", "\t")
            w.line(0, "}")


def cpp_file(w, deps):
    for h in ["<string>", "<vector>"] + ['"%s"' % d for d in deps]:
        w.line(0, "#include %s" % h)
    w.line(0, "namespace %s {" % w.snake(1))
    while not w.full():
        name = w.pascal()
        w.line(0, "")
        w.line(0, "// %s" % w.sentence())
        w.line(0, "class %s : public %s {" % (name, w.pascal()))
        w.line(0, " public:")
        w.line(1, "explicit %s(int %s) : %s_(%s) {}" % (name, w.snake(1), w.snake(1), w.snake(1)), "  ")
        for _ in range(w.rng.randint(2, 7)):
            w.line(1, "std::string %s(const std::vector<int>& %s) const {" % (w.pascal(), w.snake()), "  ")
            statements(w, 2, dict(STYLES["c"], unit="  "), w.rng.randint(4, 15))
            w.line(2, "return {};", "  ")
            w.line(1, "}", "  ")
        w.line(0, " private:")
        for _ in range(w.rng.randint(1, 5)):
            w.line(1, "int %s_ = 0;" % w.snake(), "  ")
        w.line(0, "};")
    w.line(0, "}  // namespace")


def python_body(w, depth, count, nest=0):
    for _ in range(count):
        roll = w.rng.random()
        if roll < 0.12:
            w.line(depth, "# %s" % w.sentence())
        elif roll < 0.55:
            w.line(depth, "%s = %s(%s, %d)" % (w.snake(), w.snake(), w.snake(), w.rng.randint(0, 999)))
        elif roll < 0.65:
            w.line(depth, 'self.%s.%s("%s")' % (w.snake(1), w.snake(1), w.sentence()[:40]))
        elif roll < 0.70:
            w.line(0, "")
        elif nest < 3:
            head = w.rng.choice(["if %s > %d:" % (w.snake(), w.rng.randint(0, 9)), "for %s in %s:" % (w.snake(1), w.snake())])
            w.line(depth, head)
            python_body(w, depth + 1, w.rng.randint(1, 4), nest + 1)
            w.line(depth + 1, "%s += 1" % w.snake())
        else:
            w.line(depth, "return %s" % w.snake())


def python_file(w, deps):
    w.line(0, '"""%s."""' % w.sentence())
    w.line(0, "import os")
    for d in deps:
        w.line(0, "from %s import %s" % (d, w.pascal()))
    while not w.full():
        w.line(0, "")
        w.line(0, "")
        if w.rng.random() < 0.6:
            w.line(0, "class %s(%s):" % (w.pascal(), w.pascal()))
            w.line(1, '"""%s."""' % w.sentence())
            for _ in range(w.rng.randint(2, 7)):
                w.line(0, "")
                w.line(1, "def %s(self, %s, %s=None):" % (w.snake(), w.snake(1), w.snake()))
                python_body(w, 2, w.rng.randint(4, 16))
                w.line(2, "return %s" % w.snake())
        else:
            w.line(0, "def %s(%s, %s):" % (w.snake(3), w.snake(1), w.snake()))
            python_body(w, 1, w.rng.randint(4, 20))
            w.line(1, "return %s" % w.snake())


def go_file(w, deps):
    w.line(0, "package %s" % w.rng.choice(WORDS))
    w.line(0, "import (")
    for d in ["fmt", "errors"] + deps:
        w.line(1, '"%s"' % d, "\t")
    w.line(0, ")")
    while not w.full():
        w.line(0, "")
        name = w.pascal()
        w.line(0, "// %s %s" % (name, w.sentence()))
        w.line(0, "type %s struct {" % name)
        for _ in range(w.rng.randint(2, 7)):
            w.line(1, "%s %s" % (w.pascal(), w.rng.choice(["int", "string", "[]byte", "map[string]int"])), "\t")
        w.line(0, "}")
        for _ in range(w.rng.randint(2, 6)):
            w.line(0, "")
            w.line(0, "func (x *%s) %s(%s string) (int, error) {" % (name, w.pascal(), w.camel()))
            statements(w, 1, STYLES["go"], w.rng.randint(5, 18))
            w.line(1, "return 0, nil", "\t")
            w.line(0, "}")


def java_file(w, deps):
    w.line(0, "package org.example.%s;" % w.rng.choice(WORDS))
    w.line(0, "import java.util.List;")
    for d in deps:
        w.line(0, "import org.example.%s;" % d)
    w.line(0, "/** %s. */" % w.sentence())
    w.line(0, "public class %s extends %s {" % (w.pascal(), w.pascal()))
    while not w.full():
        w.line(1, "private %s %s;" % (w.rng.choice(["int", "String", "List<String>"]), w.camel()))
        for _ in range(w.rng.randint(1, 4)):
            w.line(0, "")
            w.line(1, "/** %s. */" % w.sentence())
            w.line(1, "public int %s(String %s, int %s) {" % (w.camel(3), w.camel(1), w.camel()))
            statements(w, 2, STYLES["java"], w.rng.randint(5, 18))
            w.line(2, "return 0;")
            w.line(1, "}")
    w.line(0, "}")


def script_file(w, deps, typed):
    for d in deps:
        w.line(0, "import { %s } from '%s';" % (w.pascal(), d))
    while not w.full():
        roll = w.rng.random()
        w.line(0, "")
        annotation = (lambda t: ": " + t) if typed else (lambda t: "")
        if typed and roll < 0.2:
            w.line(0, "export interface %s {" % w.pascal())
            for _ in range(w.rng.randint(2, 7)):
                w.line(1, "%s: %s;" % (w.camel(), w.rng.choice(["string", "number", "boolean", "Date"])), "  ")
            w.line(0, "}")
        elif roll < 0.5:
            w.line(0, "export class %s extends %s {" % (w.pascal(), w.pascal()))
            for _ in range(w.rng.randint(2, 6)):
                w.line(1, "async %s(%s%s, %s%s) {" % (w.camel(), w.camel(1), annotation("string"), w.camel(), annotation("number")), "  ")
                statements(w, 2, STYLES["js"], w.rng.randint(4, 15))
                w.line(1, "}", "  ")
            w.line(0, "}")
        elif roll < 0.8:
            w.line(0, "export function %s(%s%s) {" % (w.camel(3), w.camel(), annotation("unknown")))
            statements(w, 1, STYLES["js"], w.rng.randint(5, 18))
            w.line(0, "}")
        else:
            w.line(0, "export const %s = (%s%s) => {" % (w.camel(3), w.camel(), annotation("string[]")))
            statements(w, 1, STYLES["js"], w.rng.randint(4, 12))
            w.line(0, "};")


def rust_file(w, deps):
    w.line(0, "//! %s." % w.sentence())
    for d in deps:
        w.line(0, "use crate::%s::%s;" % (d, w.pascal()))
    while not w.full():
        name = w.pascal()
        w.line(0, "")
        w.line(0, "/// %s." % w.sentence())
        w.line(0, "pub struct %s {" % name)
        for _ in range(w.rng.randint(2, 6)):
            w.line(1, "%s: %s," % (w.snake(), w.rng.choice(["u32", "String", "Vec<u8>", "Option<usize>"])))
        w.line(0, "}")
        w.line(0, "")
        w.line(0, "impl %s {" % name)
        for _ in range(w.rng.randint(2, 5)):
            w.line(1, "pub fn %s(&mut self, %s: &str) -> Result<(), Error> {" % (w.snake(), w.snake(1)))
            statements(w, 2, STYLES["rs"], w.rng.randint(4, 15))
            w.line(2, "Ok(())")
            w.line(1, "}")
        w.line(0, "}")


KINDS = [
    ("c", "c", 20), ("h", "c", 6), ("cpp", "cpp", 12), ("py", "python", 17), ("go", "go", 12),
    ("java", "java", 12), ("js", "js", 7), ("ts", "ts", 7), ("rs", "rust", 7),
]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder")
    arguments.add_argument("--files", type=int, default=5000)
    arguments.add_argument("--lines", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    rng = random.Random(options.seed)
    mean = options.lines / options.files
    endings = rng.choices(KINDS, weights=[k[2] for k in KINDS], k=options.files)
    # Sizes as in real trees: many small files, a few of several thousand lines.
    sizes = [rng.lognormvariate(0, 0.9) for _ in range(options.files)]
    scale = options.lines / sum(sizes)
    known = {}
    total = written = 0
    shared = []
    for index, ((ending, kind, _), size) in enumerate(zip(endings, sizes)):
        # What is left is spread over what is to come, so that the sum is right.
        lines = max(8, int(size * scale))
        if index == options.files - 1:
            lines = max(8, options.lines - total)
        w = Writer(rng, lines)
        stem = "%s_%d" % (w.snake(2), index)
        folder = "%s/%s" % (rng.choice(WORDS), rng.choice(WORDS[:24]))
        earlier = known.setdefault(ending, [])
        picks = [rng.choice(earlier) for _ in range(rng.randint(0, 4))] if earlier else []
        if kind == "c":
            c_file(w, ["%s/%s.h" % p for p in (known.get("h") or [])[-3:]])
        elif kind == "cpp":
            cpp_file(w, ["%s/%s.h" % p for p in (known.get("h") or [])[-3:]])
        elif kind == "python":
            python_file(w, ["%s.%s" % (f.replace("/", "."), s) for f, s in picks])
        elif kind == "go":
            go_file(w, ["example.org/%s" % f for f, _ in picks])
        elif kind == "java":
            java_file(w, ["%s.%s" % (f.replace("/", "."), s) for f, s in picks])
        elif kind == "rust":
            rust_file(w, [s for _, s in picks])
        else:
            script_file(w, ["../../%s/%s" % p for p in picks], kind == "ts")
        body = w.out[:lines]
        # One file in twenty-five has a block that stands elsewhere too.
        if index % 25 == 0 and len(body) > 60:
            shared = [(ending, body[20:50])] + shared[:40]
        for other, block in shared[:3]:
            if other == ending and index % 7 == 0:
                body += block
        total += len(body)
        earlier.append((folder, stem))
        os.makedirs(os.path.join(options.folder, folder), exist_ok=True)
        text = "\n".join(body) + "\n"
        written += len(text)
        with open(os.path.join(options.folder, folder, "%s.%s" % (stem, ending)), "w") as f:
            f.write(text)
    print("files=%d lines=%d bytes=%d" % (options.files, total, written))


if __name__ == "__main__":
    main()
