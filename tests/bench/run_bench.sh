#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# How fast is a replay on the host, end to end? (On the card: card_bench.sh.) In turns, on one capture
# of 60-byte packets: xoffload run with two small programs, dpdk-testpmd forwarding the same file
# through net_pcap, and a bare libpcap loop. Medians, and ratios to testpmd's. Then the peak memory of
# 1 M and of 10 M packets.
# usage: run_bench.sh XOFFLOAD PCAP_LOOP PROGRAMS_DIR [ROUNDS]
set -euo pipefail

xoffload=$1 pcap_loop=$2 programs=$3 rounds=${4:-7}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
capture=$dir/1m.pcap

"$xoffload" gen --count 1000000 --size 60 --flows 1000 --proto udp --seed 1 "$capture"
cat "$capture" >/dev/null

mpps='import json, sys; print(json.load(sys.stdin)["simulator"]["mpps"])'
run() { "$xoffload" run "$programs/$1.o" -m xdpdrv -i "$capture" --json | python3 -c "$mpps"; }
loop() { "$pcap_loop" "$capture" | cut -d' ' -f3; }

# testpmd reads the file once and then polls an empty port; it knows the cycles of the bursts that
# held packets, so that waiting does not count.
testpmd() {
	{
		sleep 1.5
		echo stop
		sleep 0.2
		echo quit
	} | dpdk-testpmd --no-huge -m 256 --no-pci --no-shconf -l 0-1 \
		--vdev="net_pcap0,rx_pcap=$capture" -- -i --auto-start --forward-mode=io \
		--port-topology=loop --no-flush-rx --total-num-mbufs=4096 --record-core-cycles 2>/dev/null |
		sed -n 's/.*cycles\/packet=\([0-9.]*\) .* at \([0-9]*\) MHz.*/\1 \2/p' | head -n 1 |
		awk '{ printf "%.2f\n", $2 / $1 }'
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%.2f", v[int((NR + 1) / 2)] }'; }

has_testpmd=$(command -v dpdk-testpmd || true)
[ -n "$has_testpmd" ] || echo "dpdk-testpmd is not installed (Debian: dpdk-dev): left out"
for ((i = 0; i < rounds; i++)); do
	run xdp_drop >>"$dir/xdp_drop"
	run xdp_ipv6_filter >>"$dir/xdp_ipv6_filter"
	loop >>"$dir/libpcap"
	[ -z "$has_testpmd" ] || testpmd >>"$dir/testpmd"
done

reference=libpcap
[ -z "$has_testpmd" ] || reference=testpmd
echo "1 M packets of 60 bytes, one lcore, median of $rounds rounds:"
for what in xdp_drop xdp_ipv6_filter testpmd libpcap; do
	[ -f "$dir/$what" ] || continue
	awk -v what="$what" -v m="$(median "$dir/$what")" -v r="$(median "$dir/$reference")" \
		-v of="$reference" 'BEGIN { printf "  %-16s %6.2f Mpps  %5.2f x %s\n", what, m, m / r, of }'
done

peak() { # KiB
	"$(dirname "$0")/peak.py" "$xoffload" run "$programs/xdp_drop.o" -m xdpdrv -i "$capture" "$@"
}
echo "peak memory: 1 M packets $(peak) KiB, 10 M packets $(peak --repeat 10) KiB"
