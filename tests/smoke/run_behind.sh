#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# --host-program: what the card passes goes on to a program of the host, which sees it as the card
# left it. Both at once is what one after the other would be.
# usage: run_behind.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
has_program xdp_counter
behind=$build_root/tests/objects/behind.o

# The maps of a report, or of the host's program in it.
maps_of() { # REPORT [KEY]
	python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
for key in sys.argv[2:]:
	report = report[key]
for m in report["maps"]:
	print(m["name"], sorted(str(e) for e in m["entries"]))' "$@"
}

# CARD_OBJECT NAME HOST_OBJECT NAME: first one, then on what it passed the other; and both.
chain() {
	"$xoffload" run "$1" -p "$2" -i in.pcap --verdicts v1 --pass-out p1 --tx-out t1 >/dev/null
	"$xoffload" run "$3" -p "$4" -i p1 -m "$5" --verdicts v2 --pass-out p2 --tx-out t2 --maps --json >r2
	expect 0 "$xoffload" run "$1" -p "$2" -i in.pcap --host-program "$3:$4" --verdicts v --pass-out p \
		--tx-out t --maps --json --lcores "$6"
	says out '"placement": "card"'
	cmp p p2 || fail "$2, $4: other packets pass"
	diff <(maps_of out host_program) <(maps_of r2) || fail "$2, $4: other maps"
	# Verdicts of the card stay, those of the host come in its order.
	diff <(awk '$4 == "host" { print $2, $3 }' v) <(awk '{ print $2, $3 }' v2) || fail "$4: other verdicts"
	diff <(awk '$4 == "card" { print $1, $2, $3 }' v) <(awk '$2 !~ /PASS|UNSPEC/ { print $1, $2, $3 }' v1) ||
		fail "$2: other verdicts"
	[ "$(wc -l <v)" = "$(wc -l <v1)" ]
}
"$xoffload" gen -n 3000 --flows 30 --proto udp,udp6,tcp,vlan --size imix in.pcap >/dev/null
for lcores in 1 2; do
	chain "$programs/xdp_ipv6_filter.o" xdp_ipv6_filter "$programs/xdp_counter.o" xdp_counter xdpdrv $lcores
	chain "$programs/xdp_flows.o" xdp_flows "$programs/xdp_counter.o" xdp_counter xdpdrv $lcores
	chain "$programs/tc_amplifiers.o" tc_amplifiers "$programs/tc_nat.o" tc_nat skip_hw $lcores
	chain "$programs/xdp_ipv6_filter.o" xdp_ipv6_filter "$programs/tc_nat.o" tc_nat skip_hw $lcores
	chain "$programs/tc_amplifiers.o" tc_amplifiers "$programs/xdp_counter.o" xdp_counter xdpdrv $lcores
done
# Whose verdicts depend on the order.
chain "$programs/xdp_flows.o" xdp_flows "$programs/xdp_globals.o" xdp_globals xdpdrv 1

# The queue that the card chose, the length it left, a headroom of the host's own.
"$xoffload" gen -n 10 --size 60 in.pcap >/dev/null
"$xoffload" gen -n 7 --size 200 long.pcap >/dev/null
tail -c +25 long.pcap >>in.pcap
expect 0 "$xoffload" run "$behind" -p shorten -i in.pcap --host-program "$behind:tell_queue" --verdicts v
says out '^what the card passed goes to a program of the host:$'
says out '^program    tell_queue \(xdp'
says out '^placement  host, engine interp, mode xdpdrv'
[ "$(grep -c '^XDP_TX  *7$' out)" = 1 ] || fail 'not 7 packets with the queue of the card'
[ "$(grep -c '^XDP_DROP  *10$' out)" = 1 ] || fail 'not 10 packets without'
[ "$(grep -c '	XDP_TX	192	host' v)" = 7 ] || fail 'not the length that the card left'
expect 0 "$xoffload" run "$behind" -p shorten -i in.pcap --host-program "$behind:tell_queue_tc"
says out 'mode skip_hw'
count TC_ACT_SHOT 7
count TC_ACT_OK 10
expect 0 "$xoffload" run "$behind" -p shorten -i in.pcap --json
says out '"host_program": null'

# A file with a colon in its name; what cannot be.
cp "$programs/xdp_pass.o" odd:name.o
expect 0 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap --host-program odd:name.o
expect 3 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap --host-program nowhere.o:xdp_pass
expect 2 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap --host-program "$behind"
says err 'which program\? name one with -p'
expect 1 "$xoffload" run "$programs/xdp_counter.o" -i in.pcap --host-program odd:name.o
says err "host-program is for packets that a card passes, and program 'xdp_counter' is not on one:"
expect 2 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap -m xdpdrv --host-program odd:name.o
expect 1 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap --host-program "$behind:shorten"
says err 'the verifier refuses program .shorten.'
