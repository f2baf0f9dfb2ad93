$B/xoffload trace --bpf $B/bpf/programs/xdp_icmp_toobig.o -i pcaps/imix.pcap -n 18
