$B/xoffload trace tests/golden/samples/xdp_ipv6_filter.v3.o -i pcaps/ipv4-and-ipv6.pcap -n 3
