$B/xoffload trace tests/golden/samples/xdp_flows.v3.o -i pcaps/imix.pcap -n 30 --filter udp
