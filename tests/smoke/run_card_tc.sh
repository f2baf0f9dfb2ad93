#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tc programs on the card do what they do on the host.
# usage: run_card_tc.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
. "$source_root/tests/smoke/card.sh"
has_program tc_amplifiers

# They see a packet without its outermost tag on the host, and with it on the card:
# so over packets that have none, or not more than the program looks behind.
tc_shapes=$build_root/tests/objects/tc_card.o
"$xoffload" gen -n 600 --proto udp,vlan,udp6,tcp6,arp --flows 50 --size imix mixed.pcap >/dev/null
for capture in "$pcaps"/{imix,icmp,udp-flood}.pcap mixed.pcap; do
	same "$programs/tc_amplifiers.o" tc_amplifiers skip_hw "$capture"
	same "$programs/tc_nat.o" tc_nat skip_hw "$capture"
	same "$tc_shapes" each skip_hw "$capture"
done
echo "$on_card runs on the card were the host's"
[ "$on_card" -eq 8 ] || fail "$on_card runs were on the card"

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
