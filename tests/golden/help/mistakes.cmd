# Every mistake is told in a sentence; the exit status is the last one's.
$B/xoffload rum
$B/xoffload run
$B/xoffload run $B/bpf/programs/xdp_pass.o --lcores 0 -i pcaps/icmp.pcap
$B/xoffload run $B/bpf/programs/xdp_pass.o --vdew x
$B/xoffload run none.o -i pcaps/icmp.pcap
$B/xoffload run $B/bpf/programs/xdp_pass.o -i none.pcap
$B/xoffload run pcaps/icmp.pcap -i pcaps/icmp.pcap
$B/xoffload dump $B/bpf/programs/xdp_pass.o nfp
$B/xoffload run $B/bpf/programs/xdp_tail.o -i pcaps/icmp.pcap
