/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps with types, with sizes only, with flags, with a pin, and of an absurd size. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct key {
	__u32 address;
	__u16 port, pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct key);
	__type(value, __u64);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 24);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 0xffffffff);
	__type(key, __u32);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} pinned SEC(".maps");

SEC("xdp")
int
maps(struct xdp_md *ctx)
{
	struct key key = { .address = ctx->ingress_ifindex };
	__u32 zero = 0;
	__u64 *flow = bpf_map_lookup_elem(&flows, &key);

	if (!bpf_map_lookup_elem(&pinned, &zero))
		return XDP_DROP;
	return flow && bpf_map_lookup_elem(&stats, &zero) ? XDP_PASS : XDP_TX;
}

char _license[] SEC("license") = "GPL v2";
