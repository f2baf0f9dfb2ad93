#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Captures that are cut, empty, snapped, odd, or none.
# usage: run_captures.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
has_program xdp_drop
run=("$xoffload" run "$programs/xdp_drop.o")

bytes() { # HEX...
	printf '%b' "$(printf '%s' "$*" | sed 's/ *\([0-9a-f][0-9a-f]\)/\\x\1/g')"
}
zeros() { head -c "$1" /dev/zero; }
header() { # LINK: of a pcap file
	bytes "d4 c3 b2 a1 02 00 04 00 00 00 00 00 00 00 00 00 00 00 04 00 $1 00 00 00"
}
record() { # CAPLEN LEN: two hex bytes each, low byte first
	bytes "00 10 5e 5f 00 00 00 00 $1 00 00 $2 00 00"
}

# Cut in the middle of a record: what was whole is processed and reported, the place is told.
expect 0 "$xoffload" gen --count 10 whole.pcap
head -c $((24 + 7 * 76 + 30)) whole.pcap >cut.pcap
expect 3 "${run[@]}" -i cut.pcap --verdicts verdicts
count XDP_DROP 7
says err "cut.pcap: packet 7 \(the first is 0\) at byte offset $((24 + 7 * 76)): "
[ "$(wc -l <verdicts)" -eq 7 ] || fail 'not 7 verdicts'
expect 3 "${run[@]}" -i - --json <cut.pcap
says err 'standard input: packet 7 \(the first is 0\): '
says out '"packets": 7,'

# No packets are fine.
header 01 >empty.pcap
expect 0 "${run[@]}" -i empty.pcap
count XDP_DROP 0

# Too short for Ethernet, and a snapped one.
{
	header 01
	record '00 00' '00 00'
	record '0d 00' '0d 00'
	zeros 13
	record '0e 00' '40 00'
	zeros 14
} >odd.pcap
expect 0 "${run[@]}" -i odd.pcap --verdicts verdicts
count XDP_DROP 1
count runt 2
says out '^note: 1 packets are cut short in the capture'
cmp verdicts <(printf '0\trunt\t0\n1\trunt\t13\n2\tXDP_DROP\t14\n')

# Giants: in the second pool, and beyond.
expect 0 "$xoffload" gen --count 200 --size 9000 jumbo.pcap
expect 0 "${run[@]}" -i jumbo.pcap
count XDP_DROP 200
{
	header 01
	bytes '00 10 5e 5f 00 00 00 00 00 00 01 00 00 00 01 00'
	zeros 65536
} >oversize.pcap
expect 0 "${run[@]}" -i oversize.pcap --verdicts verdicts
count oversize 1
cmp verdicts <(printf '0\toversize\t65536\n')

# pcapng: section header, interface, one enhanced packet of 16 bytes, little-endian.
{
	bytes '0a 0d 0d 0a 1c 00 00 00 4d 3c 2b 1a 01 00 00 00 ff ff ff ff ff ff ff ff 1c 00 00 00'
	bytes '01 00 00 00 14 00 00 00 01 00 00 00 00 00 04 00 14 00 00 00'
	bytes '06 00 00 00 30 00 00 00 00 00 00 00 00 b0 05 00 00 00 00 00 10 00 00 00 10 00 00 00'
	zeros 16
	bytes '30 00 00 00'
} >one.pcapng
expect 0 "${run[@]}" -i one.pcapng
count XDP_DROP 1
head -c 90 one.pcapng >cut.pcapng
expect 3 "${run[@]}" -i cut.pcapng
says err 'cut.pcapng: packet 0 \(the first is 0\) at byte offset [0-9]+: '

# What is no Ethernet capture.
header 71 >cooked.pcap
expect 3 "${run[@]}" -i cooked.pcap
says err 'cooked.pcap: its link type is Linux cooked v1, only Ethernet can be replayed'
echo 'text, not packets, and enough of it' >text
expect 3 "${run[@]}" -i text
says err 'text: not a capture: '
expect 3 "${run[@]}" -i .
expect 3 "${run[@]}" -i /dev/null
expect 3 "${run[@]}" -i nowhere
says err 'nowhere: No such file or directory'

# A pipe with a name can be read once, and nobody waits for it to come again.
mkfifo pipe
cat whole.pcap >pipe &
expect 2 timeout 20 "${run[@]}" -i pipe --repeat 2
says err '^xoffload: run: pipe can be read once, --repeat needs a file'
cat cut.pcap >pipe &
expect 3 timeout 20 "${run[@]}" -i pipe
count XDP_DROP 7
says err '^xoffload: pipe: packet 7 \(the first is 0\): truncated'

# Shorter than any frame of a wire: the card moves the head of one that has no room, Linux does not.
{
	header 01
	record '35 00' '35 00'
	zeros 53
	record '36 00' '36 00'
	zeros 54
	record '3c 00' '3c 00'
	zeros 60
} >short.pcap
run=("$xoffload" run "$build_root/tests/objects/head.o" -i short.pcap)
expect 0 "${run[@]}"
says out '^placement  card '
count XDP_TX 3
says out '^note: 2 packets have less than the 60 bytes of a wire.s shortest frame, and the program moves the head'
expect 0 "${run[@]}" -m xdpdrv
count XDP_TX 2
count XDP_DROP 1
! grep -q 'shortest frame' out || fail 'the host has a test of the length'
expect 0 "${run[@]}" --json
says out '"runts": 2,'
expect 0 "$xoffload" check "$build_root/tests/objects/head.o"
says out '^note, translate, bpf_xdp_adjust_head: bpf_xdp_adjust_head\(\) moves the head of frames of less than 54 bytes, too'
