$B/xoffload dump $B/bpf/programs/xdp_globals.o bpf --source
