/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* No section and no map, but a subprogram: all of .text is the program, as iproute2 sees it. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

static int helper(int x);

int
xdp_entry(struct xdp_md *ctx)
{
	return helper(ctx->rx_queue_index) ? XDP_PASS : XDP_DROP;
}

static __noinline int
helper(int x)
{
	volatile int y = x + 1;

	return y;
}
