#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The commands of scripts/demo, in this build directory, print what the README promises: one program
# on the card, one that the card refuses on the host.
# usage: demo.sh SOURCE_ROOT BUILD_ROOT
set -euo pipefail
cd "$1"
report=

while read -r line; do
	read -ra words <<<"$line"
	report+=$'\n'$("${words[@]/#build\//$2/}" </dev/null)
done <scripts/demo.cmd

echo "$report"
for want in 'XDP_PASS +10' 'XDP_DROP +10' 'placement  card .*engine nfp' 'placement  host, engine interp' \
	'refuses it: .*' 'XDP_PASS +20'; do
	if ! grep -qE "$want\b" <<<"$report"; then
		echo "the report has no line '$want'"
		exit 1
	fi
done
