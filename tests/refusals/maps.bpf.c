/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps that a card does not have, each in a program that looks into it. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define MAP(name_, type_, key_bytes, value_bytes, entries, flags)                                  \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_##type_);                                                \
		__uint(key_size, key_bytes);                                                       \
		__uint(value_size, value_bytes);                                                   \
		__uint(max_entries, entries);                                                      \
		__uint(map_flags, flags);                                                          \
	} name_ SEC(".maps")

/* clang-format off */
#define LOOKUP(name, key_bytes)                                                                    \
	SEC("xdp") int look_into_##name(struct xdp_md *ctx)                                        \
	{                                                                                          \
		char key[key_bytes] __attribute__((aligned(8))) = { 0 };                           \
		return bpf_map_lookup_elem(&name, key) ? XDP_PASS : XDP_DROP;                      \
	}

MAP(percpu_hash, PERCPU_HASH, 4, 8, 8, 0);
/* first map EINVAL: Invalid argument */
LOOKUP(percpu_hash, 4)

MAP(percpu_array, PERCPU_ARRAY, 4, 8, 8, 0);
/* first map EINVAL: Invalid argument */
LOOKUP(percpu_array, 4)

MAP(lru_hash, LRU_HASH, 4, 8, 8, 0);
/* first map EINVAL: Invalid argument */
LOOKUP(lru_hash, 4)

MAP(lru_percpu_hash, LRU_PERCPU_HASH, 4, 8, 8, 0);
/* first map EINVAL: Invalid argument */
LOOKUP(lru_percpu_hash, 4)

/* A trie must have a flag that the card does not have either, but is not asked for. */
MAP(lpm_trie, LPM_TRIE, 8, 8, 8, BPF_F_NO_PREALLOC);
/* first map EINVAL: Invalid argument */
LOOKUP(lpm_trie, 8)

MAP(devmap, DEVMAP, 4, 4, 8, 0);
/* first map EINVAL: Invalid argument */
LOOKUP(devmap, 4)

MAP(flags, HASH, 4, 8, 8, BPF_F_NO_PREALLOC);
/* first map EINVAL: map flags are not supported */
LOOKUP(flags, 4)

MAP(many, HASH, 4, 8, 4000000, 0);
/* first map ENOMEM: map with too many elements: 4000000, left: 3072000 */
LOOKUP(many, 4)

MAP(element, HASH, 32, 40, 8, 0);
/* first map ENOMEM: map elements too large: 72, FW max element size (key+value): 64 */
LOOKUP(element, 32)

/* All that is wrong with one map. */
MAP(all, HASH, 4, 64, 4000000, BPF_F_NO_PREALLOC);
/* first map EINVAL: map flags are not supported */
/* then map ENOMEM: map with too many elements: 4000000, left: 3072000 */
/* then map ENOMEM: map elements too large: 72, FW max element size (key+value): 64 */
/* then map ENOMEM: map value size 64, FW max is 56 */
LOOKUP(all, 4)
/* clang-format on */

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 2);
	__array(values, struct inner);
} array_of_maps SEC(".maps") = { .values = { &inner } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 2);
	__array(values, struct inner);
} hash_of_maps SEC(".maps") = { .values = { &inner } };

SEC("xdp")
int
array_in_array(struct xdp_md *ctx)
{
	__u32 key = 0;
	/* first map EINVAL: Invalid argument */
	void *map = bpf_map_lookup_elem(&array_of_maps, &key);

	return map && bpf_map_lookup_elem(map, &key) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
array_in_hash(struct xdp_md *ctx)
{
	__u32 key = 0;
	/* first map EINVAL: Invalid argument */
	void *map = bpf_map_lookup_elem(&hash_of_maps, &key);

	return map && bpf_map_lookup_elem(map, &key) ? XDP_PASS : XDP_DROP;
}

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

SEC("xdp")
int
into_a_ring(struct xdp_md *ctx)
{
	__u64 word = 0;

	/* first map EINVAL: Invalid argument */
	/* then driver EOPNOTSUPP: unsupported function id: 130 */
	bpf_ringbuf_output(&ring, &word, sizeof(word), 0);
	return XDP_PASS;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 4);
} programs SEC(".maps");

SEC("xdp")
int
tail_call(struct xdp_md *ctx)
{
	/* first map EINVAL: Invalid argument */
	/* then driver EOPNOTSUPP: unsupported function id: 12 */
	bpf_tail_call(ctx, &programs, 0);
	return XDP_PASS;
}

MAP(ports, DEVMAP, 4, 4, 8, 0);
MAP(hosts_cpus, CPUMAP, 4, 4, 8, 0);
MAP(sockets, XSKMAP, 4, 4, 8, 0);

SEC("xdp")
int
to_a_port(struct xdp_md *ctx)
{
	/* first map EINVAL: Invalid argument */
	/* then driver EOPNOTSUPP: unsupported function id: 51 */
	return bpf_redirect_map(&ports, 0, 0);
}

SEC("xdp")
int
to_a_cpu(struct xdp_md *ctx)
{
	/* first map EINVAL: Invalid argument */
	/* then driver EOPNOTSUPP: unsupported function id: 51 */
	return bpf_redirect_map(&hosts_cpus, 0, 0);
}

SEC("xdp")
int
to_a_socket(struct xdp_md *ctx)
{
	/* first map EINVAL: Invalid argument */
	/* then driver EOPNOTSUPP: unsupported function id: 51 */
	return bpf_redirect_map(&sockets, 0, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
