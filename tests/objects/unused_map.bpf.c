/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps that the card refuses, and a program that names none of them: it would fit, but a loader
 * makes all maps of an object before it loads a program. Nobody names `lost`. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} kept SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} shared SEC(".maps");

SEC("xdp")
int
fits(struct xdp_md *ctx)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&kept, &zero) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
fits_not(struct xdp_md *ctx)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&shared, &zero) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
