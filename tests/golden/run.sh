#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# One golden case: run NAME.cmd with bash from the top of the tree, compare what it prints, what it
# says on standard error and its exit status with NAME.out. UPDATE=1 rewrites NAME.out instead.
# usage: run.sh SOURCE_ROOT BUILD_ROOT NAME
# The command sees $B, the build directory; that path is printed as BUILD. $T is a directory of
# its own, printed as TMP, gone afterwards.
set -uo pipefail
source=$1 B=$2 name=$3
export B
cd "$source" || exit 1
T=$(mktemp -d)
export T
trap 'rm -rf "$T"' EXIT
case=tests/golden/$name

mkdir "$T/out"
(cd "$source" && bash "$case.cmd") >"$T/out/stdout" 2>"$T/out/stderr" </dev/null
status=$?
{
	cat "$T/out/stdout"
	if [ -s "$T/out/stderr" ]; then
		echo "--- standard error"
		cat "$T/out/stderr"
	fi
	[ $status -eq 0 ] || echo "--- exit $status"
} | sed "s|$T|TMP|g; s|$B|BUILD|g" >"$T/out/all"

if [ "${UPDATE-}" = 1 ]; then
	cmp -s "$T/out/all" "$case.out" || cp "$T/out/all" "$case.out" && exit 0
fi
if ! diff -u "$case.out" "$T/out/all"; then
	echo "$case.cmd no longer prints $case.out (above: - expected, + printed)"
	echo "if that is meant: make golden UPDATE=1, and look at the diff"
	exit 1
fi
