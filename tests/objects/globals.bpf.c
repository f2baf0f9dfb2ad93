/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Global data: .rodata, .data, .bss, and sections of a user's own name. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile __u32 limit = 0x11223344;
__u64 start = 0x0102030405060708;
__u32 counter[4];
const volatile char greeting[8] SEC(".rodata.words") = "hello";
__u32 tuned SEC(".data.tuned") = 42;

SEC("xdp")
int
globals(struct xdp_md *ctx)
{
	counter[ctx->rx_queue_index & 3]++;
	start += limit;
	return greeting[ctx->ingress_ifindex & 7] == tuned ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "MIT";
