"""Runs the commands shown in the documentation and compares their output.

A fenced block that begins with ```console is a session: a line "$ command" is run by bash in a
scratch copy of the example project (tests/EndToEnd/Fixtures/polyglot) with a home of its own and no
network, and the lines up to the next "$" are what it must print (standard output and standard
error together). In the expected text a line that is only "…" stands for any number of lines, and
"…" within a line for any text. A command whose exit code matters is followed by "echo $?".
A page's sessions share one scratch folder, in the order of the page. A block marked
```console no-run is shown only (it needs a server, root, or minutes); those are counted and printed.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURE = ROOT / "tests/EndToEnd/Fixtures/polyglot"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```console *(?P<info>[^\n]*)\n(?P<body>.*?)^```", re.M | re.S)


def sessions(text):
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield line, match["info"].strip(), match["body"]


def steps(body, line):
    """(line number, command, expected output) of each command of a session."""
    found = []
    for offset, text in enumerate(body.split("\n")[:-1], start=1):
        if text.startswith("$ "):
            found.append((line + offset, text[2:], []))
        elif found:
            found[-1][2].append(text)
    return [(n, c, "\n".join(e).strip("\n")) for n, c, e in found]


def matches(expected, actual):
    parts = []
    for text in expected.split("\n"):
        if text.strip() == "…":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(r"[^\n]*?".join(re.escape(p) for p in text.rstrip().split("…")) + r" *\n")
    return re.fullmatch("".join(parts), actual.rstrip() + "\n") is not None


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    if not binary.is_file():
        sys.exit(f"check-docs: {binary} is missing; build it first")
    passed, failed, shown_only = 0, 0, []
    for page in PAGES:
        with tempfile.TemporaryDirectory(prefix="memfun-docs-") as scratch:
            scratch = pathlib.Path(scratch)
            project = scratch / "project"
            if FIXTURE.is_dir():
                shutil.copytree(FIXTURE, project, symlinks=True)
            else:
                project.mkdir()
            (scratch / "home").mkdir()
            status = 0
            environment = {
                "PATH": f"{binary.parent}:{ROOT}/.tools/bin:/usr/local/bin:/usr/bin:/bin",
                "HOME": str(scratch / "home"),
                "LANG": "C.UTF-8",
                "COLUMNS": "100",
            }
            for line, info, body in sessions(page.read_text()):
                name = page.relative_to(ROOT)
                if info.startswith("no-run"):
                    shown_only.append(f"{name}:{line}")
                    continue
                for number, command, expected in steps(body, line):
                    # "echo $?" speaks of the command before it, so each runs with the last status.
                    result = subprocess.run(
                        ["/bin/bash", "-c", f"(exit {status}); {command}"], cwd=project, env=environment,
                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
                    status = result.returncode
                    actual = result.stdout.decode(errors="replace")
                    if matches(expected, actual) if expected else not actual.strip() or "…" in expected:
                        passed += 1
                    else:
                        failed += 1
                        print(f"check-docs: {name}:{number}: $ {command}\n--- documented\n{expected}\n--- printed\n{actual}")
    for place in shown_only:
        print(f"check-docs: {place}: shown only, not run")
    print(f"check-docs: {passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
