$B/xoffload dump $B/bpf/programs/xdp_subprog.o bpf --source
