#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tc programs on the host: verdicts by their names, tags that go and come back, packets that outgrow
# their buffer.
# usage: run_tc.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
has_program tc_nat
shapes=$build_root/tests/objects/tc_shape.o

# What the card refuses runs here; without a service nothing changes, tags included.
expect 1 "$xoffload" check "$programs/tc_nat.o"
says out '\[nfp\] unsupported function id: 11'
expect 0 "$xoffload" run "$programs/tc_nat.o" -i "$pcaps/vlan.pcap" --pass-out pass.pcap
says out '^placement  host, engine interp, mode skip_hw'
count TC_ACT_OK 48
cmp "$pcaps/vlan.pcap" pass.pcap
expect 0 "$xoffload" run "$programs/tc_nat.o" -i "$pcaps/imix.pcap" --json
says out '"TC_ACT_OK": 240,?$'
says out '"mode": "skip_hw"'
grep -q XDP_ out && fail 'a tc program has no XDP verdicts'

# The outermost tag is in the fields, not in the packet.
"$xoffload" gen -n 1 --proto vlan vlan.pcap >/dev/null
"$xoffload" gen -n 1 --proto udp plain.pcap >/dev/null
expect 0 "$xoffload" run "$shapes" -p untag -i vlan.pcap --verdicts v
count TC_ACT_OK 1
cmp v <(printf '0\tTC_ACT_OK\t56\n')
expect 0 "$xoffload" run "$shapes" -p untag -i plain.pcap
count TC_ACT_SHOT 1
# With one pushed outside: both are in the packet when it leaves, the new one first.
expect 0 "$xoffload" run "$shapes" -p tag -i vlan.pcap --verdicts v --pass-out pass.pcap
cmp v <(printf '0\tTC_ACT_OK\t64\n')
[ "$(tail -c +53 pass.pcap | head -c 6 | od -An -tx1 | tr -d ' ')" = 88a800078100 ] ||
	fail 'not the tag that was pushed before the one that was there'

# Packets that no ordinary buffer holds; in order, and the same with more lcores.
"$xoffload" gen -n 2000 --flows 50 --proto udp,vlan in.pcap >/dev/null
for lcores in 1 3; do
	expect 0 "$xoffload" run "$shapes" -p grow -i in.pcap --lcores $lcores --pass-out g$lcores \
		--verdicts v$lcores
	count TC_ACT_OK 2000
done
cmp v1 v3
cmp g1 g3
[ "$(stat -c %s g1)" -gt $((2000 * 16064)) ] || fail 'the packets did not grow'

# r0 from -2 to 8: eight are verdicts of an action or a classifier, the rest is TC_ACT_UNSPEC.
for len in $(seq 60 70); do
	"$xoffload" gen -n 1 --size "$len" --proto udp one.pcap >/dev/null
	tail -c +25 one.pcap
done >packets
{ head -c 24 one.pcap && cat packets; } >lengths.pcap
expect 0 "$xoffload" run "$shapes" -p any -i lengths.pcap
says out '^note: 5 of TC_ACT_UNSPEC are return values that are no verdict'
count TC_ACT_UNSPEC 6
for verdict in OK SHOT STOLEN REDIRECT TRAP; do count TC_ACT_$verdict 1; done
expect 0 "$xoffload" run "$shapes" -p any_action -i lengths.pcap
says out '^note: 5 of TC_ACT_UNSPEC are return values that are no verdict'
count TC_ACT_UNSPEC 6
for verdict in OK RECLASSIFY SHOT PIPE REDIRECT; do count TC_ACT_$verdict 1; done

# Cut in its tag: the kernel frees it before any program sees it.
{
	head -c 32 vlan.pcap
	printf '\x12\0\0\0\x12\0\0\0'
	tail -c +41 vlan.pcap | head -c 18
} >cut.pcap
expect 0 "$xoffload" run "$shapes" -p any -i cut.pcap
count runt 1
