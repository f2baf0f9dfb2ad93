#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Help, wrong usage, and which program of an object.
# usage: usage.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"

expect 0 "$xoffload" --help
says out '^usage: xoffload COMMAND'
expect 0 "$xoffload" --version
says out '^xoffload [0-9]'
for command in run check exec dump trace cards gen; do
	expect 0 "$xoffload" help $command
	says out '^example:'
	mv out help
	expect 0 "$xoffload" $command --help
	cmp out help
	grep -q "xoffload $command" "$source_root/docs/xoffload.1" || fail "no $command in the man page"
done
for command in check bench trace asm disasm; do # no argument, or not before they work
	expect 2 "$xoffload" $command
done
expect 2 "$xoffload"
says err '^usage: '
expect 2 "$xoffload" rum x
says err "^xoffload: no command 'rum', did you mean run\?"
expect 2 "$xoffload" run x --verdcts y
says err 'did you mean --verdicts\?'
expect 2 "$xoffload" run x
says err 'give the packets with -i FILE, or a port with --vdev'
expect 3 "$xoffload" run nowhere.o -i x
says err '^xoffload: nowhere.o: '

has_program xdp_tail
expect 2 "$xoffload" dump "$programs/xdp_drop.o" jit
expect 2 "$xoffload" run "$programs/xdp_tail.o" -i "$pcaps/imix.pcap"
says err 'which program\? name one with -p: .*xdp_tail \(xdp, section "xdp"\)'
expect 0 "$xoffload" run "$programs/xdp_tail.o" -p xdp_tail -i "$pcaps/imix.pcap"
object=$programs/xdp_tail.o
for command in "run $object -i $pcaps/imix.pcap" "check $object" "dump $object bpf" \
	"trace $object -i $pcaps/imix.pcap -n 1"; do # a name that is none is wrong usage
	for option in -p -s; do
		# shellcheck disable=SC2086 # its words
		expect 2 "$xoffload" $command $option nowhere
		says err "xdp_tail.o: no program .*nowhere'; there is .*'xdp_tail' in 'xdp'"
	done
done
expect 2 "$xoffload" run "$programs/tc_nat.o" -m xdpdrv -i "$pcaps/imix.pcap"
says err '^xoffload: run: --mode xdpdrv is not for tc programs'
expect 2 "$xoffload" run "$programs/xdp_drop.o" -m skip_hw -i "$pcaps/imix.pcap"
says err '^xoffload: run: --mode skip_hw is not for xdp programs'
expect 4 "$xoffload" gen /nowhere/out.pcap
# A full disk is a failure, not a success without words.
"$xoffload" gen --json x.pcap >/dev/full 2>err && fail 'the result was lost silently'
says err 'standard output cannot be written'
"$xoffload" help >/dev/full 2>err && fail 'the help was lost silently'
says err 'standard output cannot be written'
expect 2 "$xoffload" help run exec
says err "help takes one command, there is also 'exec'"
# - is standard output, as for tcpdump -w; what is said of it goes elsewhere.
expect 0 "$xoffload" gen -n 3 -
says err '^-: 3 packets'
mv out stdout.pcap
expect 0 "$xoffload" gen -n 3 file.pcap
cmp stdout.pcap file.pcap
