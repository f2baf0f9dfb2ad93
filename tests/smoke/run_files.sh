#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What run writes: packets as they came, in their order, the same with any number of lcores.
# usage: run_files.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
has_program xdp_pass

expect 0 "$xoffload" gen --count 3000 --flows 100 --proto udp,tcp,icmp,udp6,tcp6,icmp6,vlan,arp \
	--size imix in.pcap

# What passes is what went in, byte for byte.
expect 0 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap --pass-out pass.pcap --tx-out tx.pcap
count XDP_PASS 3000
cmp in.pcap pass.pcap
[ "$(stat -c %s tx.pcap)" -eq 24 ] || fail 'packets were sent that passed'

# Nobody looks at what is sent: it leaves all the same.
expect 0 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap
count XDP_PASS 3000
expect 0 "$xoffload" run "$programs/xdp_icmp_toobig.o" -i in.pcap --repeat 10
count XDP_TX '[1-9][0-9]{2,}'

# The nanoseconds of the input are kept.
tcpdump=$(command -v tcpdump || true)
if [ -n "$tcpdump" ]; then
	"$tcpdump" -r in.pcap --time-stamp-precision=nano -w nano.pcap 2>/dev/null
	expect 0 "$xoffload" run "$programs/xdp_pass.o" -i nano.pcap --pass-out pass.pcap
	cmp <(tail -c +25 nano.pcap) <(tail -c +25 pass.pcap)
	cmp <(head -c 4 nano.pcap) <(head -c 4 pass.pcap)
fi

# Every file is the same, whatever the number of lcores; more packets than the window holds.
for lcores in 1 2 3; do
	expect 0 "$xoffload" run "$programs/xdp_lb.o" -i in.pcap --repeat 5 --lcores $lcores \
		--verdicts v$lcores --pass-out p$lcores --tx-out t$lcores
	grep '^XDP_' out >counts$lcores
	for file in v p t counts; do
		cmp ${file}1 $file$lcores
	done
done
[ "$(wc -l <v1)" -eq 15000 ] || fail "$(wc -l <v1) verdicts of 15000 packets"
cmp <(cut -f 1 v1) <(seq 0 14999)
cut -f 2 v1 | sort | uniq -c | awk '{ print $2, $1 }' |
	while read -r name n; do grep -qE "^$name +$n\$" counts1 || fail "$name $n is not the report's"; done

# A name is given to what is whole only, and the input is not overwritten.
head -c 1000 in.pcap >small.pcap
cp small.pcap kept.pcap
expect 2 "$xoffload" run "$programs/xdp_pass.o" -i small.pcap --pass-out small.pcap
says err 'small.pcap: is the input'
cmp small.pcap kept.pcap
expect 3 "$xoffload" run "$programs/xdp_pass.o" -i nowhere.pcap --pass-out new.pcap
[ ! -e new.pcap ] || fail 'a file was left by a run that did not begin'
expect 2 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap --verdicts one --pass-out ./one
says err '^xoffload: run: --verdicts, --pass-out and --tx-out: two name the same file'
[ ! -e one ] || fail 'a file was left by a run that did not begin'
expect 4 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap --pass-out /dev/full
says err '/dev/full: cannot be written: No space left on device'
expect 4 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap --verdicts /dev/full
says err '/dev/full: cannot be written: No space left on device'

# Who reads the report may go away before it is written; the files are there all the same.
"$xoffload" run "$programs/xdp_pass.o" -i in.pcap --pass-out gone.pcap | true || true
cmp in.pcap gone.pcap

# Nor does what is said get into a file, where nobody listens.
expect 0 "$xoffload" run "$programs/xdp_pass.o" -i in.pcap --verdicts heard --verbose
expect 4 bash -c '"$@" <&- >&- 2>&-' - "$xoffload" run "$programs/xdp_pass.o" -i in.pcap \
	--verdicts unheard --verbose
cmp heard unheard
