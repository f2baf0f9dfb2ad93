$B/xoffload trace $B/bpf/programs/xdp_subprog.o -i pcaps/imix.pcap -n 11
