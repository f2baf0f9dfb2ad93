/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The older iproute2 form: struct bpf_elf_map (36 bytes), default section "prog", tail sections
 * ID/KEY, subprograms in .text, map of maps, key and value types by annotation.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct bpf_elf_map {
	__u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};

struct bpf_elf_map SEC("maps") jumps = {
	.type = BPF_MAP_TYPE_PROG_ARRAY,
	.id = 7,
	.size_key = 4,
	.size_value = 4,
	.max_elem = 4,
};

struct bpf_elf_map SEC("maps") counts = {
	.type = BPF_MAP_TYPE_ARRAY,
	.id = 42,
	.size_key = 4,
	.size_value = 8,
	.max_elem = 16,
	.pinning = 2,
	.inner_idx = 1,
};

struct bpf_elf_map SEC("maps") outer = {
	.type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
	.size_key = 4,
	.size_value = 4,
	.max_elem = 2,
	.inner_id = 42,
};

struct ____btf_map_counts {
	__u32 key;
	__u64 value;
} ____btf_map_counts __attribute__((section(".maps.counts"), used));

static __noinline int
count(__u32 slot)
{
	__u64 *n = bpf_map_lookup_elem(&counts, &slot);

	if (n)
		__sync_fetch_and_add(n, 1);
	return n != 0;
}

__noinline int
twice(__u32 slot)
{
	volatile int n = count(slot);

	return n + count(slot + 1);
}

SEC("prog")
int
entry(struct xdp_md *ctx)
{
	if (twice(ctx->rx_queue_index))
		bpf_tail_call(ctx, &jumps, 2);
	return XDP_DROP;
}

SEC("7/2")
int
after(struct xdp_md *ctx)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&outer, &zero) ? XDP_PASS : XDP_TX;
}

char _license[] SEC("license") = "GPL";
