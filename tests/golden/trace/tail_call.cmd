$B/xoffload trace --bpf $B/bpf/programs/xdp_tail.o -p xdp_tail -i pcaps/ipv4-and-ipv6.pcap -n 1 --filter ip6
