/* SPDX-License-Identifier: BSD-2-Clause */
/* READS words of one map entry are read, one after the other, and each is looked at. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32[READS]);
} entry SEC(".maps");

SEC("xdp")
int
reads(struct xdp_md *ctx)
{
	struct {
		__u32 zero, none; /* the key is where the stack begins */
	} key;
	__u32 *word;

	key.zero = 0;
	word = bpf_map_lookup_elem(&entry, &key);

	(void)ctx;
	if (word == NULL)
		return XDP_PASS;
#pragma clang loop unroll(full)
	for (int i = 0; i < READS; i++)
		if (word[i] != 0)
			return XDP_DROP;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
