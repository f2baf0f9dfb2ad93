$B/xoffload trace --bpf $B/bpf/programs/xdp_counter.o -i pcaps/imix.pcap -n 2
