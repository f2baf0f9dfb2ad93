# Every mistake is told in a sentence; the exit status is the last one's.
$B/xoffload rum
$B/xoffload run
$B/xoffload run $B/bpf/programs/xdp_pass.o --lcores 0 -i pcaps/icmp.pcap
$B/xoffload run $B/bpf/programs/xdp_pass.o --vdew x
$B/xoffload run none.o -i pcaps/icmp.pcap
$B/xoffload run $B/bpf/programs/xdp_pass.o -i none.pcap
$B/xoffload run pcaps/icmp.pcap -i pcaps/icmp.pcap
$B/xoffload dump $B/bpf/programs/xdp_pass.o jit
$B/xoffload dump $B/bpf/programs/xdp_pass.o bpf --raw
$B/xoffload dump $B/bpf/programs/xdp_pass.o nfp --raw --json
$B/xoffload dump $B/bpf/programs/xdp_globals.o nfp
$B/xoffload check $B/bpf/programs/xdp_pass.o --jit opt
$B/xoffload check $B/bpf/programs/xdp_pass.o --debug-jit rx
$B/xoffload dump $B/bpf/programs/xdp_pass.o nfp --debug-jit ''
$B/xoffload dump $B/bpf/programs/xdp_pass.o bpf --debug-jit r
$B/xoffload check $B/bpf/programs/xdp_pass.o --card agilio
$B/xoffload check $B/bpf/programs/xdp_pass.o --firmware none.ini
$B/xoffload check $B/bpf/programs/xdp_pass.o --what-if mhz
$B/xoffload check $B/bpf/programs/xdp_pass.o --what-if stack_bytes=100
$B/xoffload check $B/bpf/programs/xdp_pass.o --card pcaps/icmp.pcap
$B/xoffload cards ebpf --firmware corenic
$B/xoffload cards --what-if mhz=1
$B/xoffload run $B/bpf/programs/xdp_tail.o -i pcaps/icmp.pcap
