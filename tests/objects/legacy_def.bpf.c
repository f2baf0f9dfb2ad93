/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* struct bpf_map_def of the kernel's samples, whose size grew: MAP_DEF_BYTES is 16, 20, 24, 28. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct old_map_def {
	__u32 type, key_size, value_size, max_entries;
#if MAP_DEF_BYTES >= 20
	__u32 map_flags;
#endif
#if MAP_DEF_BYTES >= 24
	__u32 inner_map_idx;
#endif
#if MAP_DEF_BYTES >= 28
	__u32 numa_node;
#endif
};

struct old_map_def SEC("maps") zero = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = 4,
	.value_size = 8,
	.max_entries = 100,
#if MAP_DEF_BYTES >= 28
	.map_flags = BPF_F_NUMA_NODE,
	.numa_node = 1,
#elif MAP_DEF_BYTES >= 20
	.map_flags = BPF_F_NO_PREALLOC,
#endif
};

struct old_map_def SEC("maps") one = {
#if MAP_DEF_BYTES >= 24
	.type = BPF_MAP_TYPE_HASH_OF_MAPS,
	.inner_map_idx = 0,
#else
	.type = BPF_MAP_TYPE_ARRAY,
#endif
	.key_size = 4,
	.value_size = 4,
	.max_entries = 1,
};

SEC("xdp_first")
int
first(struct xdp_md *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&one, &key) ? XDP_PASS : XDP_DROP;
}

SEC("xdp_second")
int
second(struct xdp_md *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&zero, &key) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
