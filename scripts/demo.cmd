build/xoffload run build/bpf/programs/xdp_ipv6_filter.o -i pcaps/ipv4-and-ipv6.pcap
build/xoffload run build/bpf/programs/xdp_counter.o -i pcaps/ipv4-and-ipv6.pcap
