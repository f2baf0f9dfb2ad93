#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The commands of scripts/demo, in this build directory, end with the report the README promises.
# usage: demo.sh SOURCE_ROOT BUILD_ROOT
set -euo pipefail
cd "$1"

while read -r line; do
	read -ra words <<<"$line"
	report=$("${words[@]/#build\//$2/}" </dev/null)
done <scripts/demo.cmd

echo "$report"
for want in 'XDP_PASS +10' 'XDP_DROP +10'; do
	if ! grep -qE "$want\b" <<<"$report"; then
		echo "the report has no line '$want'"
		exit 1
	fi
done
