$B/xoffload trace --bpf $B/bpf/programs/xdp_subprog.o -i pcaps/imix.pcap -n 11
