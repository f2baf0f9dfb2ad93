#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What the card takes runs on it, and does what the host does: every XDP sample over captures of all
# kinds. What it refuses, events, predictions of its speed.
# usage: run_card.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
. "$source_root/tests/smoke/card.sh"

for object in "$programs"/xdp_*.o; do
	name=$(basename "$object" .o)
	case $name in *.debug) continue ;; esac
	for capture in "$pcaps"/{imix,malformed,vlan}.pcap; do
		same "$object" "$name" xdpdrv "$capture"
	done
done
echo "$on_card runs on the card were the host's"
[ "$on_card" -ge 30 ] || fail "only $on_card runs were on the card"

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
