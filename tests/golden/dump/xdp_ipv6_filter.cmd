$B/xoffload dump $B/bpf/programs/xdp_ipv6_filter.o bpf --source
