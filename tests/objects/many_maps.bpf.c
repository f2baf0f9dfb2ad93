/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A hundred maps, more than a program may use, of which the one program uses two. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define MAP(n)                                                                                     \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, 1);                                                            \
		__type(key, __u32);                                                                \
		__type(value, __u64);                                                              \
	} m##n SEC(".maps");
#define TEN(n)                                                                                     \
	MAP(n##0)                                                                                  \
	MAP(n##1)                                                                                  \
	MAP(n##2)                                                                                  \
	MAP(n##3)                                                                                  \
	MAP(n##4)                                                                                  \
	MAP(n##5)                                                                                  \
	MAP(n##6)                                                                                  \
	MAP(n##7)                                                                                  \
	MAP(n##8)                                                                                  \
	MAP(n##9)

TEN(0)
TEN(1)
TEN(2)
TEN(3)
TEN(4)
TEN(5)
TEN(6)
TEN(7)
TEN(8)
TEN(9)

SEC("xdp")
int
first_and_last(struct xdp_md *ctx)
{
	__u32 zero = 0;

	if (bpf_map_lookup_elem(&m00, &zero) && bpf_map_lookup_elem(&m99, &zero))
		return XDP_PASS;
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
