#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What the card takes runs on it, and does what the host does: every sample over captures
# of all kinds.
# usage: run_card.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"

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

for object in "$programs"/xdp_*.o; do
	name=$(basename "$object" .o)
	case $name in *.debug) continue ;; esac
	for capture in "$pcaps"/{imix,malformed,vlan}.pcap; do
		same "$object" "$name" xdpdrv "$capture"
	done
done
# tc programs, which see a packet without its outermost tag on the host, and with it on the card:
# so over packets that have none, or not more than the program looks behind.
tc_shapes=$build_root/tests/objects/tc_card.o
"$xoffload" gen -n 600 --proto udp,vlan,udp6,tcp6,arp --flows 50 --size imix mixed.pcap >/dev/null
for capture in "$pcaps"/{imix,icmp,udp-flood}.pcap mixed.pcap; do
	same "$programs/tc_amplifiers.o" tc_amplifiers skip_hw "$capture"
	same "$programs/tc_nat.o" tc_nat skip_hw "$capture"
	same "$tc_shapes" each skip_hw "$capture"
done
echo "$on_card runs on the card were the host's"
[ $on_card -ge 38 ] || fail "only $on_card runs were on the card"

has_program xdp_counter
# The sum is the same whatever the number of microengines, entries that all of them add included.
"$xoffload" gen -n 20000 --flows 40 --proto udp,tcp,udp6 flows.pcap >/dev/null
alike() { # MODE OBJECT...
	local mode=$1
	shift
	for lcores in 1 2 4; do
		replay "$mode" "$lcores" "$@" --lcores "$lcores"
		diff <(told 1/report) <(told "$lcores/report") || fail "$lcores microengines count otherwise"
		cmp 1/verdicts "$lcores/verdicts"
		cmp 1/pass.pcap "$lcores/pass.pcap"
	done
}
alike xdpoffload "$programs/xdp_subprog.o" -i "$pcaps/imix.pcap" --repeat 50
alike xdpoffload "$programs/xdp_flows.o" -i flows.pcap
[ "$(grep -c '"key"' 4/report)" -eq 27 ] || fail 'not an entry for each flow over IPv4'
alike skip_sw "$programs/tc_amplifiers.o" -i flows.pcap
expect 1 "$xoffload" run "$programs/xdp_counter.o" -i "$pcaps/imix.pcap" -m xdpoffload
says err 'the card refuses program .xdp_counter.'
says err 'bpf_map_update_elem\(\) is required to initialize atomic counters to zero'
expect 1 "$xoffload" run "$programs/xdp_counter.o" -i "$pcaps/imix.pcap" -m xdpoffload --json
says out '"accepted": false'
expect 0 "$xoffload" run "$programs/xdp_counter.o" -i "$pcaps/imix.pcap"
says out '^placement  host, engine interp, mode xdpdrv'
says out 'refuses it: value at offset'
expect 0 "$xoffload" run "$programs/xdp_drop.o" -i "$pcaps/imix.pcap"
says out '^placement  card agilio-cx-2x40 \(firmware ebpf\), engine nfp, mode xdpoffload, 26'
says out '^bpf_app1_pkts +240  bpf_app1_bytes'
expect 0 "$xoffload" run "$programs/xdp_drop.o" -i "$pcaps/imix.pcap" --what-if app_id=1
says out '^placement  host'
expect 1 "$xoffload" run "$programs/xdp_drop.o" -i "$pcaps/imix.pcap" --what-if app_id=1 -m xdpoffload

# Events of a program: counted, lost ones too, and shown with the maps.
object=$build_root/tests/objects/other_maps.o
expect 0 "$xoffload" run "$object" -p events -i "$pcaps/imix.pcap" -m xdpoffload
says out '^events ring: 240 samples, 0 lost$'
expect 0 "$xoffload" run "$object" -p events -i "$pcaps/imix.pcap" -m xdpoffload --maps
[ "$(grep -c '^  sample: 01 00 00 00$' out)" -eq 240 ] || fail 'not 240 samples of the word 1'
expect 0 "$xoffload" run "$object" -p events -i "$pcaps/imix.pcap" -m xdpoffload --maps --json \
	--repeat 200 --lcores 3
python3 -c '
import json, sys
report = json.load(open("out"))
(events,) = report["events"]
lost = events["lost"] + report["events_lost_on_card"]
assert events["map"] == "ring" and events["samples"] + lost == 48000, report["events"]
(ring,) = report["maps"]
assert ring["entries"] == [] and ring["samples"] == ["01 00 00 00"] * 1024' ||
	fail 'events of three microengines'
expect 0 "$xoffload" run "$programs/xdp_drop.o" -i "$pcaps/imix.pcap" --json
says out '"events": \[\]'

# A tc program: its verdicts by their names, from what the card did.
expect 0 "$xoffload" run "$tc_shapes" -i "$pcaps/vlan.pcap" -m skip_sw
says out '^placement  card agilio-cx-2x40 .*, engine nfp, mode skip_sw, 57'
count TC_ACT_UNSPEC 24
count TC_ACT_SHOT 12
count TC_ACT_STOLEN 12
says out '^bpf_pass_pkts +24 '
says out '^bpf_app1_pkts +12 '
expect 0 "$xoffload" run "$tc_shapes" -i "$pcaps/vlan.pcap" --json
says out '"mode": "skip_sw"'
says out '"TC_ACT_STOLEN": 12'
expect 1 "$xoffload" run "$programs/tc_nat.o" -i "$pcaps/vlan.pcap" -m skip_sw
says err 'the card refuses program .tc_nat.'
expect 0 "$xoffload" run "$programs/tc_nat.o" -i "$pcaps/vlan.pcap"
says out '^placement  host, engine interp, mode skip_hw'
says out 'refuses it: unsupported function id: 11'
expect 2 "$xoffload" run "$programs/tc_nat.o" -i "$pcaps/vlan.pcap" -m xdpoffload
expect 2 "$xoffload" run "$programs/xdp_drop.o" -i "$pcaps/vlan.pcap" -m skip_sw
# What the host's receive path frees before tc, the card gives its program.
expect 0 "$xoffload" run "$tc_shapes" -i "$pcaps/malformed.pcap" -m skip_hw
says out '^runt '
expect 0 "$xoffload" run "$tc_shapes" -i "$pcaps/malformed.pcap" -m skip_sw
if grep -q '^runt ' out; then fail 'the card looks at tags'; fi
# How fast the card would be. Inside what was measured it is said to be validated; a microengine
# less is not faster; the mix is the same for any number of threads.
"$xoffload" gen --count 3000 --size 60 --flows 50 small.pcap >/dev/null
predicted() { # KEY, and what to run
	local key=$1
	shift
	expect 0 "$xoffload" run "$programs/xdp_drop.o" -i small.pcap --json "$@"
	python3 -c 'import json, sys; print(json.load(open("out"))["card"][sys.argv[1]])' "$key"
}
for firmware in research corenic; do
	[ "$(predicted validated --firmware $firmware)" = True ] || fail "$firmware is not validated"
	[ "$(predicted bottleneck --firmware $firmware)" = mac ] || fail "$firmware is not bound by the MACs"
done
[ "$(predicted validated)" = False ] || fail "the vendor's firmware is validated"
[ "$(predicted bottleneck --firmware corenic --what-if mes=10)" = me ] || fail "10 microengines are not the bound"
python3 -c 'import sys; a, b = map(float, sys.argv[1:]); assert abs(a / b - 19.415 / 9.508) < 0.05, (a, b)' \
	"$(predicted mpps --firmware corenic --what-if mes=10)" "$(predicted mpps --firmware corenic --what-if mes=5)"
[ "$(predicted mpps --lcores 4)" = "$(predicted mpps)" ] || fail "four threads predict otherwise"
expect 0 "$xoffload" run "$programs/xdp_drop.o" -i small.pcap --firmware corenic
says out '^card       53\.[0-9]* Mpps, .* of 50 microengines at 800 MHz, firmware corenic'
says out '^           bound by mac \(the MACs. ceiling\); without that [0-9.]+ Mpps, [0-9]+ % more'
says out '^           in use: me [0-9]+ %, emem [0-9]+ %, ctm '
says out '^           latency [0-9.]+ us, unvalidated'
says out '^           validated: measurements cover this'
expect 0 "$xoffload" run "$programs/xdp_drop.o" -i small.pcap --firmware research --what-if mes=13 --anomaly
says out '^card       32.50 Mpps'
expect 0 "$xoffload" run "$programs/xdp_drop.o" -i small.pcap -n 0
grep -q '^card' out && fail "a prediction without a packet"
true
