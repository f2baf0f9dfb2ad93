#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sum up a run of `meson test` from its testlog.json; the last line is `N passed, N failed`.

Called by scripts/test. A skipped test is listed with the last thing it printed, which by our
convention is the reason; so is each test a cmocka program skipped. No test run is a failure, and
so is a non-zero exit of meson that no test accounts for.
usage: test-sum.py TESTLOG_JSON EXIT_STATUS_OF_MESON
"""
import json
import re
import sys

PASSED = {'OK', 'EXPECTEDFAIL'}


def read_log(path):
    try:
        with open(path, encoding='utf-8') as log:
            return [json.loads(line) for line in log]
    except FileNotFoundError:
        return []


def last_line(test):
    lines = [l.strip() for l in (test.get('stdout') or '').splitlines() if l.strip()]
    return re.sub(r'^skipped: ', '', lines[-1], flags=re.I) if lines else 'no reason printed'


def name_of(test):
    """Without the suites, which meson puts before it when there are several."""
    return test['name'].rsplit(' / ', 1)[-1]


def skipped_inside(test):
    text = (test.get('stdout') or '') + (test.get('stderr') or '')
    return sorted(set(re.findall(r'^\[  SKIPPED \] (?!.*test\(s\))(\S+)', text, re.M)))


def main():
    tests = read_log(sys.argv[1])
    skipped = [t for t in tests if t['result'] == 'SKIP']
    passed = [t for t in tests if t['result'] in PASSED]
    failed = [t for t in tests if t not in skipped and t not in passed]

    print()
    for test in skipped:
        print(f"skipped: {name_of(test)}: {last_line(test)}")
    for test in passed:
        for name in skipped_inside(test):
            print(f"skipped: {name_of(test)}: {name}")
    for test in failed:
        print(f"failed: {name_of(test)} ({test['result']})")
    failures = len(failed)
    if not tests:
        print('failed: no test was run')
    elif sys.argv[2] != '0' and not failed:
        print(f'failed: meson test ended with {sys.argv[2]}')
    if not failed and (not tests or sys.argv[2] != '0'):
        failures = 1

    tail = f', {len(skipped)} skipped' if skipped else ''
    print(f'{len(passed)} passed, {failures} failed{tail}')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
