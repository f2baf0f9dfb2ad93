/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A map of maps: the inner map's form as a template, two slots filled in the source. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} odd SEC(".maps"), even SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { [0] = &even, [2] = &odd },
};

SEC("xdp")
int
map_in_map(struct xdp_md *ctx)
{
	__u32 zero = 0, which = ctx->rx_queue_index;
	void *map = bpf_map_lookup_elem(&outer, &which);

	return map && bpf_map_lookup_elem(map, &zero) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
