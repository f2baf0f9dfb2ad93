$B/xoffload dump $B/bpf/programs/legacy_counter.o bpf
