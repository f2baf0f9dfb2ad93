#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A run may end early: a signal, a count; and may take its packets from any DPDK port.
# usage: run_ends.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
has_program xdp_drop

# Does the process with this id write into a file of this directory that is not whole yet?
writes() { # PID
	local fd
	for fd in /proc/"$1"/fd/*; do
		case $(readlink "$fd") in
		"$dir"/*' (deleted)' | "$dir"/verdicts.*) [ "$(stat -Lc %s "$fd")" -eq 0 ] || return 0 ;;
		esac
	done
	return 1
}
interrupted() { # SIGNAL OPTIONS...
	local signal=$1 status=0
	shift
	"$xoffload" run "$programs/xdp_drop.o" "$@" >out 2>err &
	local pid=$!
	for ((i = 0; i < 300; i++)); do
		writes $pid && break
		sleep 0.1
	done
	kill -"$signal" $pid
	wait $pid || status=$?
	[ $status -eq 0 ] || fail "exit $status after SIG$signal: $(cat err)"
	says out '^note: ended before everything was read'
	says out '^XDP_DROP +[1-9]'
	local packets
	packets=$(sed -n 's/^XDP_DROP *//p' out)
	[ "$(wc -l <verdicts)" -eq "$packets" ] || fail 'verdicts and report do not agree'
	rm verdicts
}
expect 0 "$xoffload" gen --count 10000 --flows 50 in.pcap
interrupted INT -i in.pcap --repeat 1000000 --verdicts verdicts
interrupted TERM -i in.pcap --repeat 1000000 --lcores 2 --verdicts verdicts
interrupted INT --vdev net_null0 --lcores 2 --verdicts verdicts

expect 0 "$xoffload" run "$programs/xdp_drop.o" -i in.pcap --repeat 3 --count 25000
count XDP_DROP 25000
expect 0 "$xoffload" run "$programs/xdp_drop.o" -i - --count 7 <in.pcap
count XDP_DROP 7
expect 2 "$xoffload" run "$programs/xdp_drop.o" -i - --repeat 2 <in.pcap
expect 0 "$xoffload" run "$programs/xdp_drop.o" -i in.pcap --filter 'udp port 53 and greater 60'
count XDP_DROP '[1-9][0-9]+'
says out '^note: the filter left out [1-9]'
expect 2 "$xoffload" run "$programs/xdp_drop.o" -i in.pcap --filter 'udp port'
says err "^xoffload: --filter 'udp port': "

expect 0 "$xoffload" gen --count 100 --size imix live.pcap

# A signal also ends the wait for more of a pipe, and that is no defect of the capture.
mkfifo idle
"$xoffload" run "$programs/xdp_drop.o" -i - <idle >out 2>err &
pid=$!
exec 9>idle
cat live.pcap >&9
for ((i = 0; i < 100; i++)); do
	kill -INT $pid 2>/dev/null || break
	sleep 0.1
done
status=0
wait $pid || status=$?
exec 9>&-
[ $status -eq 0 ] || fail "exit $status after SIGINT in a read: $(cat err)"
says out '^note: ended before everything was read'

# Live ports: what net_pcap reads passes to the host port.
expect 0 "$xoffload" run "$programs/xdp_pass.o" --vdev net_pcap0,rx_pcap=live.pcap,tx_pcap=none.pcap \
	--vdev net_pcap1,rx_pcap=live.pcap,tx_pcap=passed.pcap --count 100
count XDP_PASS 100
payload() { "$xoffload" run "$programs/xdp_pass.o" -i "$1" --verdicts /dev/stdout 2>/dev/null | grep -P '\t' | cut -f 3; }
cmp <(payload live.pcap) <(payload passed.pcap)
expect 2 "$xoffload" run "$programs/xdp_drop.o" --vdev net_nonsense0 --count 1
says err '^xoffload: --vdev net_nonsense0: no port comes of it'
