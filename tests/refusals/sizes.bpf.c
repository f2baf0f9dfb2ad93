/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps of sizes that a firmware with large elements and few maps does not take.
 * options: --what-if map_entry_bytes_max=256 --what-if map_cnt_max=1
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct large {
	__u64 word[9];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct large);
	__type(value, __u64);
} large_keys SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct large);
} large_values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} one SEC(".maps"), two SEC(".maps");

SEC("xdp")
int
large_key(struct xdp_md *ctx)
{
	struct large key = { 0 };

	/* first map ENOMEM: map key size 72, FW max is 56 */
	return bpf_map_lookup_elem(&large_keys, &key) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
large_value(struct xdp_md *ctx)
{
	__u32 key = 0;

	/* first map ENOMEM: map value size 72, FW max is 56 */
	return bpf_map_lookup_elem(&large_values, &key) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
two_maps(struct xdp_md *ctx)
{
	__u32 key = 0;

	if (bpf_map_lookup_elem(&one, &key))
		return XDP_DROP;
	/* first map ENOMEM: too many maps for a device */
	return bpf_map_lookup_elem(&two, &key) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
