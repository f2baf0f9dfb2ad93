# What a pass left: the copy that gather made of loads and stores, on standard error.
$B/xoffload dump tests/golden/samples/xdp_lb.v3.o nfp --raw --debug-jit g 2>&1 >/dev/null | grep gather
# Passes in their order, whatever the order of the letters; a program that is refused has none.
$B/xoffload check tests/golden/samples/xdp_drop.v1.o --debug-jit crn
$B/xoffload check tests/golden/samples/xdp_lb.v1.o --debug-jit r 2>&1 >/dev/null
# A constant that neg_imm turned around, and packet loads that share a read.
$B/xoffload check tests/golden/samples/xdp_ipip.v3.o --debug-jit nc 2>&1 >/dev/null
