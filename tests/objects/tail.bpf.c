/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A program array filled in the source; one of its programs is a kind that does not run here. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

int step_one(struct xdp_md *ctx);
int step_two(struct xdp_md *ctx);
int probe(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} steps SEC(".maps") = {
	.values = {
		[1] = (void *)&step_one,
		[4] = (void *)&step_two,
		[5] = (void *)&probe,
	},
};

SEC("xdp")
int
entry(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &steps, 1);
	return XDP_ABORTED;
}

SEC("xdp")
int
step_one(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &steps, 4);
	return XDP_ABORTED;
}

SEC("xdp")
int
step_two(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int
alone(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("kprobe/do_exit")
int
probe(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
