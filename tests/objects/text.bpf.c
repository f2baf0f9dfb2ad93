/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A program without a section: it lies in .text, and only the command can say what it is. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} count SEC(".maps");

int
no_section(struct xdp_md *ctx)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&count, &zero) ? XDP_PASS : XDP_DROP;
}
