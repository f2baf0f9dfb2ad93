#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Is PAGE what PROGRAM prints? UPDATE=1 makes it so.
# usage: generated.sh PAGE PROGRAM
set -eu
now=$(mktemp)
trap 'rm -f "$now"' EXIT
"$2" >"$now"
[ -s "$now" ] || { echo "$2 prints nothing" && exit 1; }
if [ "${UPDATE-}" = 1 ]; then
	cmp -s "$now" "$1" || cat "$now" >"$1"
	exit 0
fi
if ! diff -u "$1" "$now"; then
	echo "$1 is not what its program prints now: make docs"
	exit 1
fi
