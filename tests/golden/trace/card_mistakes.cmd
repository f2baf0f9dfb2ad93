# what the card refuses, and what is no packet for it: what is said, and the last line of the answer
t() {
	echo "\$ trace $*"
	$B/xoffload trace "$@" >$T/stdout 2>$T/stderr
	status=$?
	head -n 2 $T/stderr
	tail -n 1 $T/stdout
	echo "exit $status"
}
S=tests/golden/samples
t $S/xdp_counter.v3.o -i pcaps/icmp.pcap
t $S/xdp_counter.v3.o -i pcaps/icmp.pcap -m auto -n 1 --what-if app_id=1
t $S/xdp_counter.v3.o -i pcaps/icmp.pcap -m xdpoffload
t $S/xdp_counter.v3.o -i pcaps/icmp.pcap -m xdpdrv
t $S/xdp_drop.v3.o -i pcaps/icmp.pcap -m skip_sw
t $S/xdp_drop.v3.o -i pcaps/icmp.pcap -n 48
t $S/tc_nat.v3.o -i pcaps/icmp.pcap
t $S/tc_nat.v3.o -i pcaps/icmp.pcap -m skip_sw
t $S/xdp_drop.v3.o -i pcaps/malformed.pcap -n 78
t $S/xdp_flows.v3.o -i pcaps/icmp.pcap --card nowhere
