# A tc program on the host: its context is numbers that helpers change, its packet may move to a
# larger buffer, a tag is in the fields and in the packet again when it leaves.
exec 2>&1
t() { $B/xoffload trace $B/tests/objects/tc_shape.o "$@" -i pcaps/vlan.pcap | sed 's|@ .*/tests/|@ tests/|'; }
t -p grow --bpf -n 2
t -p tag -m skip_hw -n 2
t -p untag -m skip_hw -n 2
t -p any_action -n 2
