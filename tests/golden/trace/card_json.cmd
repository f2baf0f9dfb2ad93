$B/xoffload trace --json tests/golden/samples/xdp_drop.v3.o -i pcaps/icmp.pcap -n 1
