"$B/xoffload" dump tests/golden/samples/xdp_ipv6_filter.v2.o nfp --source --cycles -i pcaps/ipv4-and-ipv6.pcap --firmware corenic
