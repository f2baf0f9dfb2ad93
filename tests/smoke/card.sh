# SPDX-License-Identifier: BSD-2-Clause
# What the smoke tests of the card share. Sourced behind lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154

replay() { # MODE DIRECTORY, and what to run
	local mode=$1 dir=$2
	shift 2
	mkdir -p "$dir"
	expect 0 "$xoffload" run "$@" -m "$mode" --maps --json --verdicts "$dir/verdicts" \
		--pass-out "$dir/pass.pcap" --tx-out "$dir/tx.pcap"
	mv out "$dir/report"
}

# The placement of a report, and its maps in one order.
told() {
	python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
print(report["placement"])
for m in report["maps"]:
	print(m["name"], m["type"])
	print("\n".join(sorted(str(e) for e in m["entries"])))' "$1"
}

on_card=0
same() { # OBJECT PROGRAM HOST_MODE CAPTURE
	replay "$3" host "$1" -p "$2" -i "$4"
	replay auto card "$1" -p "$2" -i "$4"
	for file in verdicts pass.pcap tx.pcap; do
		cmp "host/$file" "card/$file" || fail "$2 over $4: the card's $file differs"
	done
	told host/report >host/told
	told card/report >card/told
	diff <(tail -n +2 host/told) <(tail -n +2 card/told) || fail "$2 over $4: the card's maps differ"
	[ "$(head -n 1 card/told)" = host ] || on_card=$((on_card + 1))
}
