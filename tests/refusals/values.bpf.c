/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What programs may not do with values of maps, keys and the stack. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct value {
	__u64 a, b;
	__u32 words[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct value);
} values SEC(".maps");

static __always_inline struct value *
first_value(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&values, &key);
}

SEC("xdp")
int
direct_write(struct xdp_md *ctx)
{
	struct value *value = first_value();

	if (!value)
		return XDP_PASS;
	/* first driver EOPNOTSUPP: map writes not supported */
	value->a = 1;
	return XDP_PASS;
}

SEC("xdp")
int
other_atomic(struct xdp_md *ctx)
{
	struct value *value = first_value();

	if (!value)
		return XDP_PASS;
	/* first driver EOPNOTSUPP: atomic op not implemented: 64 */
	__sync_fetch_and_or(&value->a, 1);
	return XDP_PASS;
}

SEC("xdp")
int
atomic_that_fetches(struct xdp_md *ctx)
{
	struct value *value = first_value();

	if (!value)
		return XDP_PASS;
	/* first driver EOPNOTSUPP: atomic op not implemented: 1 */
	return __sync_fetch_and_add(&value->a, 1) & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
counter_is_read(struct xdp_md *ctx)
{
	struct value *value = first_value();

	if (!value)
		return XDP_PASS;
	__sync_fetch_and_add(&value->a, 1);
	/* first driver EOPNOTSUPP: map value use type conflict atomic vs read off: 0 */
	return value->a & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
variable_map_offset(struct xdp_md *ctx)
{
	struct value *value = first_value();
	__u32 i = bpf_get_prandom_u32() & 7;

	if (!value)
		return XDP_PASS;
	/* first driver EOPNOTSUPP: map value offset is variable */
	return value->words[i] & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
variable_stack_offset(struct xdp_md *ctx)
{
	volatile __u32 words[8] = { 0 };
	__u32 i = bpf_get_prandom_u32() & 7;

	/* first driver EINVAL: variable ptr stack access */
	return words[i] & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
unaligned_key(struct xdp_md *ctx)
{
	struct {
		char pad[1];
		char key[4];
		char rest[3];
	} at __attribute__((aligned(8))) = { { 0 }, { 0 }, { 0 } };

	/* first driver EOPNOTSUPP: map_lookup: unaligned stack pointer 7 */
	return bpf_map_lookup_elem(&values, &at.key) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
key_in_the_packet(struct xdp_md *ctx)
{
	__u32 *data = (void *)(long)ctx->data;

	if (data + 1 > (__u32 *)(long)ctx->data_end)
		return XDP_PASS;
	/* first driver EOPNOTSUPP: map_lookup: unsupported ptr type 8 */
	return bpf_map_lookup_elem(&values, data) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
key_in_a_value(struct xdp_md *ctx)
{
	struct value *value = first_value();

	if (!value)
		return XDP_PASS;
	/* first driver EOPNOTSUPP: map_lookup: unsupported ptr type 4 */
	return bpf_map_lookup_elem(&values, &value->words) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
pointer_from_two_places(struct xdp_md *ctx)
{
	struct value own = { 0 }, *value = first_value();
	volatile __u64 *at = value ? &value->a : &own.a;

	/* first driver EINVAL: ptr type changed for instruction * -> * */
	return *at & 1 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
