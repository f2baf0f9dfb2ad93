#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every rule of jit-nfp/rules.def has a test that provokes it. Prints those that have none.

A test is one of:
  a case of tests/verifier/nfp/*.vt that is refused with the rule's errno, at an instruction, with
    its sentence; of what is no error, a case with that finding
  a finding in an output of tests/golden/check/ or tests/golden/samples/, with severity, stage,
    errno, sentence and why
  a sentence that a test of tests/unit/jit-nfp/ or tests/diff/quirk_cases.c expects (what
    no object provokes: the kernel never asks for it, or it is told when a port changes); of what is
    no error, or has no sentence of its own, the rule's id

usage: rules_test.py ROOT
"""
import glob
import re
import sys

STRING = r'"(?:[^"\\]|\\.)*"'
STRINGS = rf"{STRING}(?:\s*{STRING})*"


def text_of(strings):
    """What adjacent C strings say."""
    return "".join(s[1:-1].replace('\\"', '"') for s in re.findall(STRING, strings))


def sentence_of(text):
    """A regular expression of what printf makes of the text; of %s alone, nothing."""
    parts = re.split(r"%#?0?\d*(?:ll|hh)?[a-z]", text)
    return ".+".join(re.escape(p) for p in parts) if "".join(parts) else None


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def rules(root):
    row = re.compile(
        rf'^RULE\((\w+), (\w+), "(\w+)", (\w+),\s*({STRINGS}),\s*({STRINGS}),\s*({STRINGS})\)', re.M
    )
    source = read(f"{root}/jit-nfp/rules.def")
    found = [m.groups() for m in row.finditer(source)]
    if len(found) != len(re.findall(r"^RULE\(", source, re.M)):
        sys.exit("rules.def has rows this does not read")
    return [
        (i, severity.lower(), stage, err, text_of(text), text_of(why))
        for i, severity, stage, err, text, why, _ in found
    ]


def evidence(root):
    """Refusals (errno, sentence) and findings of cases; findings in outputs; unit tests' strings."""
    cases = "".join(read(p) for p in sorted(glob.glob(f"{root}/tests/verifier/nfp/*.vt")))
    refused = re.findall(r"^-- refused (\w+) at -?\d+\n\[nfp\] (.*)$", cases, re.M)
    noted = re.findall(r"^-?\d+: (.*)$", cases, re.M)
    outputs = glob.glob(f"{root}/tests/golden/check/*.out")
    outputs += glob.glob(f"{root}/tests/golden/samples/*.out")
    printed = []
    for block in "".join(read(p) for p in sorted(outputs)).split("\n\n"):
        why = re.search(r"^    why: (.*)$", block, re.M)
        heads = r"^(error|warning|note), (\w+)(?:, ([A-Z]+))?(?:, [^:]*)?: (?:\[nfp\] )?(.*)$"
        printed += [(*head, why[1]) for head in re.findall(heads, block, re.M) if why]
    sources = glob.glob(f"{root}/tests/unit/jit-nfp/*_test.c") + [f"{root}/tests/diff/quirk_cases.c"]
    units = "".join(read(p) for p in sorted(sources))
    strings = [text_of(s) for s in re.findall(STRINGS, units)]
    said = [s.removeprefix("[nfp] ").removesuffix("\\n") for s in strings]
    return refused, noted, printed, said, set(re.findall(r"\b(?:JIT_RULE_)?([A-Z_0-9]+)\b", units))


def has_test(rule, refused, noted, printed, said, ids):
    name, severity, stage, err, text, why = rule
    want = sentence_of(text)
    if (want is None or severity != "error") and name in ids:
        return True
    want = re.compile(want or "(?!)")
    if any(e == err and want.fullmatch(s) for e, s in refused):
        return True
    if severity != "error" and any(want.fullmatch(s) for s in noted):
        return True
    err = "" if err == "0" else err
    if any((v, g, e, w) == (severity, stage, err, why) and want.fullmatch(s) for v, g, e, s, w in printed):
        return True
    # The errno's own text says nothing of the rule.
    return text != "Invalid argument" and any(want.fullmatch(s) for s in said)


def main():
    root = sys.argv[1]
    rows = rules(root)
    seen = evidence(root)
    missing = [rule for rule in rows if not has_test(rule, *seen)]
    for rule in missing:
        print(f"{rule[0]} has no test: {rule[1]}, {rule[2]}, {rule[3]}: {rule[4]}")
    print(f"{len(rows)} rules, {len(missing)} without a test")
    return 1 if missing or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
