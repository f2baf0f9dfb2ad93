#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What runs and counts the tests can fail: the sum of scripts/test, golden cases, generated pages.
# usage: runners_test.sh ROOT
set -euo pipefail
root=$1
unset UPDATE
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
mkdir -p tests/golden
failed=0

# EXIT STATUS, WHAT MUST BE SAID (a regular expression of one line), COMMAND...
expect() {
	local want_status=$1 want=$2 said status=0
	shift 2
	said=$("$@" 2>&1) || status=$?
	if [ $status -ne "$want_status" ] || ! grep -qE "$want" <<<"$said"; then
		printf 'FAIL: exit %d, wanted %d and "%s": %s\n%s\n' \
			$status "$want_status" "$want" "$*" "$said"
		failed=$((failed + 1))
	fi
}

# MESON'S EXIT STATUS, RESULT... as meson writes them
sum_of() {
	local status=$1 n=0 result
	shift
	for result in "$@"; do
		n=$((n + 1))
		printf '{"name": "t%d", "result": "%s", "stdout": "[  SKIPPED ] inner\\nno bpf(2)\\n"}\n' \
			$n "$result"
	done >log.json
	"$root/scripts/test-sum.py" log.json "$status"
}

expect 0 '^2 passed, 0 failed$' sum_of 0 OK OK
expect 0 '^1 passed, 0 failed, 1 skipped$' sum_of 0 OK SKIP
expect 0 '^skipped: t1: no bpf\(2\)$' sum_of 0 SKIP
expect 0 '^skipped: t1: inner$' sum_of 0 OK
expect 1 '^1 passed, 1 failed$' sum_of 1 OK FAIL
expect 1 '^failed: t2 \(TIMEOUT\)$' sum_of 1 OK TIMEOUT
expect 1 '^1 passed, 1 failed$' sum_of 2 OK
expect 1 '^0 passed, 1 failed$' sum_of 0
rm log.json
expect 1 '^failed: no test was run$' "$root/scripts/test-sum.py" log.json 0

# shellcheck disable=SC2016 # expanded by the case
echo 'echo "from $B and $T"; echo oops >&2; exit 3' >tests/golden/a.cmd
golden() { "$root/tests/golden/run.sh" "$tree" "$tree/build" a; }
expect 1 'no longer prints' golden
UPDATE=1 expect 0 '' golden
expect 0 '' golden
expect 0 '^from BUILD and TMP$' cat tests/golden/a.out
expect 0 '^oops$' cat tests/golden/a.out
expect 0 '^--- exit 3$' cat tests/golden/a.out
echo 'echo other' >tests/golden/a.cmd
expect 1 '^\+other$' golden

printf '#!/bin/sh\necho page\n' >program
chmod +x program
generated() { "$root/docs/generated.sh" page.md ./program; }
echo old >page.md
expect 1 'make docs' generated
UPDATE=1 expect 0 '' generated
expect 0 '' generated
expect 0 '^page$' cat page.md

[ $failed -eq 0 ]
