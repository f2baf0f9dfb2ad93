$B/xoffload trace --bpf $B/bpf/programs/xdp_globals.o --json -i pcaps/icmp.pcap -n 1
