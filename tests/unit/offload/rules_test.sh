#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every rule of offload/rules.def, every check of the kernel's own selftest and every behaviour that
# the vendor's suite adds has a test whose name begins with its id and which is in a list of tests to
# run. Prints those that have none.
# usage: rules_test.sh ROOT
set -euo pipefail
cd "$1"

mapfile -t rules < <(sed -n 's/^RULE(\([A-Z0-9_]*\),.*/\1/p' offload/rules.def | tr '[:upper:]' '[:lower:]')
# reference/kernel-offload.md 5: letter, first and last number; 79 of them.
checks=(a:1:9 b:10:16 c:17:25 d:26:30 e:31:34 f:35:39 g:40:46 h:47:52 i:53:53 j:54:59 k:60:68 l:69:79)
# reference/kernel-offload.md 5b, without what is only seen in traffic between hosts (2).
vendor=(1 3 4 5 6 7 8 9 10)
names=$(sed -n 's/^[[:space:]]*TEST(\([a-z0-9_]*\)),\{0,1\}$/_\1_/p' tests/unit/offload/*_test.c)
missing=0
count=0

has_test() { # ID: at the beginning of a name, or after other ids of checks there
	if ! grep -qE "^(_[a-l][0-9]+)*_$1_" <<<"$names"; then
		echo "$1 has no test: tests/unit/offload/ wants one named $1_..."
		missing=$((missing + 1))
	fi
}

for rule in "${rules[@]}"; do
	has_test "$rule"
done
for check in "${checks[@]}"; do
	IFS=: read -r letter first last <<<"$check"
	for n in $(seq "$first" "$last"); do
		has_test "$letter$n"
	done
	count=$((count + last - first + 1))
done
for n in "${vendor[@]}"; do
	has_test "v$n"
done
echo "${#rules[@]} rules, $count checks, ${#vendor[@]} of the vendor's, $missing ids without a test"
[ ${#rules[@]} -gt 0 ] && [ "$count" -eq 79 ] && [ "$missing" -eq 0 ]
