#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`xoffload check` of the programs here finds what the comments in their sources say, no more and no
less: stage, errno, sentence, source line, and which one the kernel ends with; every finding has a
why and a fix. README.md has the form.

usage: refusals.py XOFFLOAD SOURCE.bpf.c OBJECT.o
"""
import collections
import errno
import json
import re
import shlex
import subprocess
import sys

WANT = re.compile(r"(first|then) (whole )?(load|map|verifier|driver|translate|attach) ([A-Z0-9]+): (.*)")
NAME = re.compile(r'LOOKUP\((\w+), \d+\)|PROGRAM\("[^"]+", (\w+)\)|(\w+)\(struct \w+ \*')
Want = collections.namedtuple("Want", "first stage errno message line")


def comments_and_code(text):
    """(line number, comment text) and (line number, code) of a source, comments joined."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if line.startswith("/*"):
            begin, words = at, []
            while True:
                words.append(lines[at].strip().removeprefix("/*").removesuffix("*/").lstrip("* ").strip())
                if lines[at].strip().endswith("*/"):
                    break
                at += 1
            yield begin + 1, " ".join(w for w in words if w), True
        elif line:
            yield at + 1, line, False
        at += 1


def wants(text):
    """What each program is refused for; a comment before a program's macro is that program's."""
    found, waiting, program = collections.defaultdict(list), [], None
    for number, line, is_comment in comments_and_code(text):
        want = WANT.fullmatch(line) if is_comment else None
        if want:
            waiting.append(want)
            continue
        if is_comment:
            continue
        name = NAME.match(line)
        if name:
            program = f"look_into_{name[1]}" if name[1] else name[2] or name[3]
            found[program] += []
        for w in waiting:
            found[program].append(
                Want(w[1] == "first", w[3], w[4], w[5], None if w[2] else number)
            )
        waiting = []
    return found


def is_same(want, finding):
    pattern = re.escape(want.message).replace(r"\*", r"-?\d+")
    return (
        want.first == finding["first"]
        and want.stage == finding["stage"]
        and getattr(errno, want.errno) == finding["errno"]
        and re.fullmatch(pattern, finding["message"]) is not None
        and (want.line is None or want.line == finding["line"])
    )


def told(finding):
    return "{first} {stage} {errno}: {message} (line {line})".format(**finding)


def compare(program, expected, findings):
    """Complaints."""
    bad, left = [], [f for f in findings if f["severity"] == "error"]
    for want in expected:
        same = next((f for f in left if is_same(want, f)), None)
        if same:
            left.remove(same)
        else:
            bad.append(f"{program}: not found: {want}")
    bad += [f"{program}: found and not expected: {told(f)}" for f in left]
    bad += [f"{program}: no {k} of: {told(f)}" for f in findings for k in ("why", "fix") if not f[k]]
    return bad


def main():
    xoffload, source, obj = sys.argv[1:]
    with open(source, encoding="utf-8") as f:
        text = f.read()
    options = re.search(r"^ \* options: (.*)$", text, re.M)
    command = [xoffload, "check", "--json", obj, *shlex.split(options[1] if options else "")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    programs = {p["program"]["name"]: p["offload"] for p in json.loads(run.stdout)["programs"]}
    expected, bad = wants(text), []
    if run.returncode != 1:
        bad.append(f"exit status {run.returncode}, not 1")
    if run.stderr:
        bad.append(f"standard error: {run.stderr}")
    if set(programs) != set(expected):
        bad.append(f"programs: {sorted(set(programs) ^ set(expected))} on one side only")
    for program, offload in programs.items():
        bad += compare(program, expected.get(program, []), offload["findings"])
    print("\n".join(bad) or f"{len(programs)} programs, {sum(map(len, expected.values()))} refusals")
    return 1 if bad or not programs else 0


if __name__ == "__main__":
    sys.exit(main())
