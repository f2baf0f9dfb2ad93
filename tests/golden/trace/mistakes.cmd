# what is asked for and is not there
t() { echo "\$ trace $*"; $B/xoffload trace "$@"; echo "exit $?"; }
exec 2>&1
t --bpf $B/bpf/programs/xdp_drop.o
t --bpf $B/bpf/programs/xdp_drop.o -i pcaps/icmp.pcap -n 1000000
t --bpf $B/bpf/programs/xdp_drop.o -i pcaps/icmp.pcap --filter 'ip and and'
t --bpf $B/bpf/programs/xdp_drop.o -i pcaps/icmp.pcap --count 3
t --bpf $B/bpf/programs/xdp_drop.o -i pcaps/nowhere.pcap
t --bpf $B/bpf/programs/xdp_drop.o -i pcaps/malformed.pcap -n 0
t --bpf $B/bpf/programs/tc_nat.o -i pcaps/malformed.pcap -n 17
