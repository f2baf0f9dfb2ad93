#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# How fast does a program run on the simulated card, capture in, verdict out? In turns, on one capture
# of 60-byte packets of 1,000 flows: three programs, on the card and on the host's engine, with one
# lcore and two. Of each the fastest round: whoever else is there only slows. Microcode instructions a
# second; ratios. Then the peak memory of 1 M and of 10 M packets on the card, which must not differ by
# more than 5 %.
#
# The hash lookup is xdp_flows: once an entry for each flow is there, a lookup with a key of 16 bytes
# and an addition a packet. (xdp_counter is refused by the card.)
# usage: card_bench.sh XOFFLOAD PROGRAMS_DIR [ROUNDS]
set -euo pipefail

xoffload=$1 programs=$2 rounds=${3:-5}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
capture=$dir/1m.pcap

"$xoffload" gen --count 1000000 --size 60 --flows 1000 --proto udp --seed 1 "$capture"
cat "$capture" >/dev/null

read_report='
import json, sys
r = json.load(sys.stdin)
print(r["simulator"]["mpps"], r["simulator"]["nfp_insns_executed"] / r["packets"])'
run() { # PROGRAM MODE LCORES
	"$xoffload" run "$programs/$1.o" -i "$capture" -m "$2" --lcores "$3" --json |
		python3 -c "$read_report" >>"$dir/$1.$2.$3"
}
names=(xdp_drop xdp_ipv6_filter xdp_flows)
for ((i = 0; i < rounds; i++)); do
	for name in "${names[@]}"; do
		for lcores in 1 2; do
			run "$name" xdpoffload $lcores
			run "$name" xdpdrv $lcores
		done
	done
done

fastest() { # FILE: its two columns
	sort -g "$1" | tail -n 1
}
echo "1 M packets of 60 bytes, 1,000 flows, fastest of $rounds rounds:"
for name in "${names[@]}"; do
	for lcores in 1 2; do
		echo "$name $lcores $(fastest "$dir/$name.xdpoffload.$lcores") $(fastest "$dir/$name.xdpdrv.$lcores")" \
			"$(fastest "$dir/$name.xdpoffload.1")"
	done
done | awk '{
	printf "  %-16s %d lcore%s  card %6.2f Mpps, %6.1f ns a packet, %5.1f microcode instructions, %6.0f M/s;" \
		"  host %6.2f Mpps, %6.1f ns; %.2f x host, %.2f x one lcore\n",
		$1, $2, ($2 > 1 ? "s" : " "), $3, 1000 / $3, $4, $3 * $4, $5, 1000 / $5, $3 / $5, $3 / $7 }'

peak() { # KiB
	"$(dirname "$0")/peak.py" "$xoffload" run "$programs/xdp_flows.o" -i "$capture" -m xdpoffload "$@"
}
once=$(peak) ten=$(peak --repeat 10)
echo "peak memory of xdp_flows on the card: 1 M packets $once KiB, 10 M packets $ten KiB"
[ "$ten" -le $((once + once / 20)) ] || {
	echo "memory grows with the length of the capture"
	exit 1
}
