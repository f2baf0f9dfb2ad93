#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What `trace` shows of each packet of a capture is what `run` did with all of them: verdict, length,
# and the microcode instructions in sum; on the host and on the card.
# usage: trace.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
has_program xdp_flows
samples=$source_root/tests/golden/samples
"$xoffload" gen -n 10 --flows 4 --proto udp,vlan,tcp6 --size imix in.pcap >/dev/null

# Verdict, length and instructions of a trace.
told='
import json, sys
t = json.load(sys.stdin)
last = [s for s in t["steps"] if s.get("kind", "instruction") == "instruction"]
n = t["nfp"]["instructions"] if t["nfp"] else len(last)
assert n == len(last)
cycles = [s["cycle"] for s in t["steps"] if "cycle" in s]
assert cycles == sorted(cycles)
if t["nfp"]:
	waits = sum(s["cycles"] for s in t["steps"] if s["kind"] == "wait")
	helpers = sum(s["cycles"] for s in t["steps"] if s["kind"] == "helper")
	assert (waits, helpers) == (t["nfp"]["waits"], t["nfp"]["helper_cycles"])
print(t["packet"]["index"], t["verdict"], t["bytes"], n)'

alike() { # OBJECT PROGRAM MODE
	"$xoffload" run "$1" -p "$2" -i in.pcap -m "$3" --verdicts v --json >report
	for i in $(seq 0 9); do
		"$xoffload" trace "$1" -p "$2" -i in.pcap -m "$3" -n "$i" --json | python3 -c "$told"
	done >traced
	cut -d' ' -f1-3 traced | tr ' ' '\t' | cmp v - || fail "$2, $3: trace and run differ"
	case $3 in xdpdrv | skip_hw) return ;; esac
	says report "\"nfp_insns_executed\": $(awk '{ n += $4 } END { print n }' traced),?\$"
}
alike "$samples/xdp_flows.v3.o" xdp_flows xdpoffload
alike "$samples/xdp_flows.v3.o" xdp_flows xdpdrv
alike "$samples/xdp_subprog.v3.o" xdp_subprog xdpoffload
alike "$samples/xdp_ipv6_filter.v3.o" xdp_ipv6_filter xdpoffload
alike "$samples/tc_amplifiers.v3.o" tc_amplifiers skip_sw
alike "$samples/tc_amplifiers.v3.o" tc_amplifiers skip_hw
alike "$samples/tc_nat.v3.o" tc_nat skip_hw
for name in grow tag untag any any_action; do
	alike "$build_root/tests/objects/tc_shape.o" $name skip_hw
done

# The card is the default; --bpf does not ask it.
expect 0 "$xoffload" trace "$samples/xdp_flows.v3.o" -i in.pcap -n 4
says out 'on the card agilio-cx-2x40 \(firmware ebpf\)'
says out 'waits 59 cycles: read32_swap, 8 bytes at pkt\+26'
says out "the firmware's bpf_map_lookup_elem, [0-9]+ cycles +map = flows, key = .*, r0 = flows value$"
expect 0 "$xoffload" trace --bpf "$samples/xdp_flows.v3.o" -i in.pcap -n 4
says out 'on the host'
expect 0 "$xoffload" trace "$samples/xdp_flows.v3.o" -i in.pcap -n 4 --firmware corenic
says out 'on the host'
says err 'the card refuses program .xdp_flows.: map_update: not supported by FW'
expect 1 "$xoffload" trace "$samples/xdp_flows.v3.o" -i in.pcap --firmware corenic -m xdpoffload --json
says out '"accepted": false'
expect 3 "$xoffload" trace "$samples/xdp_flows.v3.o" -i in.pcap -n 10
says err 'no packet 10, there are 10'
