# All findings; the one the kernel ends with is marked.
$B/xoffload check $B/bpf/programs/xdp_globals.o
