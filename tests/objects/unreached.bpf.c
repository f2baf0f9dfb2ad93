/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The verifier ends the walk at the first access; what the driver refuses of the rest whatever is
 * given to it is noted: a helper and an atomic operation that no card has. The helper before it is
 * an error. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int
stray(struct xdp_md *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	const __u8 *data = (void *)(long)ctx->data;

	if (data[12] == 8)
		return bpf_redirect(1, 0);
	__sync_fetch_and_xor(&now, 1);
	return now > 1 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
