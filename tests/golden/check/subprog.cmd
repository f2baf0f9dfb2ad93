$B/xoffload check $B/bpf/programs/xdp_subprog.o --firmware corenic
# As the driver sees other cards.
$B/xoffload check $B/bpf/programs/xdp_subprog.o --what-if stack_bytes=64
$B/xoffload check $B/bpf/programs/xdp_subprog.o --what-if max_len=100
$B/xoffload check $B/bpf/programs/xdp_subprog.o --what-if app_id=1
$B/xoffload check $B/bpf/programs/xdp_subprog.o --what-if map_types=none --what-if adjust_head_off_min=300
