$B/xoffload trace tests/golden/samples/tc_amplifiers.v3.o -i pcaps/vlan.pcap -n 1
