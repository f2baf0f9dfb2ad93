/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Helpers that the card does not have. What their results are good for does not matter here. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int
clock(struct xdp_md *ctx)
{
	/* first driver EOPNOTSUPP: unsupported function id: 5 */
	return bpf_ktime_get_ns() & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
boot_clock(struct xdp_md *ctx)
{
	/* first driver EOPNOTSUPP: unsupported function id: 125 */
	return bpf_ktime_get_boot_ns() & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
ticks(struct xdp_md *ctx)
{
	/* first driver EOPNOTSUPP: unsupported function id: 118 */
	return bpf_jiffies64() & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
processor(struct xdp_md *ctx)
{
	/* first driver EOPNOTSUPP: unsupported function id: 8 */
	return bpf_get_smp_processor_id() & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
printing(struct xdp_md *ctx)
{
	char text[] = "seen";

	/* first driver EOPNOTSUPP: unsupported function id: 6 */
	bpf_trace_printk(text, sizeof(text));
	return XDP_PASS;
}

SEC("xdp")
int
redirect(struct xdp_md *ctx)
{
	/* first driver EOPNOTSUPP: unsupported function id: 23 */
	return bpf_redirect(1, 0);
}

SEC("xdp")
int
sum(struct xdp_md *ctx)
{
	__be32 from = 1, to = 2;

	/* first driver EOPNOTSUPP: unsupported function id: 28 */
	return bpf_csum_diff(&from, sizeof(from), &to, sizeof(to), 0) & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
route(struct xdp_md *ctx)
{
	struct bpf_fib_lookup fib = { .family = 2 };

	/* first driver EOPNOTSUPP: unsupported function id: 69 */
	return bpf_fib_lookup(ctx, &fib, sizeof(fib), 0) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
metadata(struct xdp_md *ctx)
{
	/* first driver EOPNOTSUPP: unsupported function id: 54 */
	return bpf_xdp_adjust_meta(ctx, -4) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
length(struct xdp_md *ctx)
{
	/* first driver EOPNOTSUPP: unsupported function id: 188 */
	return bpf_xdp_get_buff_len(ctx) > 100 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
mtu(struct xdp_md *ctx)
{
	__u32 mtu = 0;

	/* first driver EOPNOTSUPP: unsupported function id: 163 */
	return bpf_check_mtu(ctx, 0, &mtu, 0, 0) ? XDP_PASS : XDP_DROP;
}

SEC("tc")
int
load_bytes(struct __sk_buff *skb)
{
	__u32 word = 0;

	/* first driver EOPNOTSUPP: unsupported function id: 26 */
	bpf_skb_load_bytes(skb, 0, &word, sizeof(word));
	return word == 0 ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int
store_bytes(struct __sk_buff *skb)
{
	__u32 word = 0;

	/* first driver EOPNOTSUPP: unsupported function id: 9 */
	bpf_skb_store_bytes(skb, 0, &word, sizeof(word), 0);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int
checksums(struct __sk_buff *skb)
{
	/* first driver EOPNOTSUPP: unsupported function id: 10 */
	bpf_l3_csum_replace(skb, 24, 1, 2, 2);
	/* then driver EOPNOTSUPP: unsupported function id: 11 */
	bpf_l4_csum_replace(skb, 36, 1, 2, 2);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int
tag(struct __sk_buff *skb)
{
	/* first driver EOPNOTSUPP: unsupported function id: 18 */
	bpf_skb_vlan_push(skb, 0x0081, 1);
	/* then driver EOPNOTSUPP: unsupported function id: 19 */
	bpf_skb_vlan_pop(skb);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int
pull(struct __sk_buff *skb)
{
	/* first driver EOPNOTSUPP: unsupported function id: 39 */
	bpf_skb_pull_data(skb, 54);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int
hash(struct __sk_buff *skb)
{
	/* first driver EOPNOTSUPP: unsupported function id: 34 */
	return bpf_get_hash_recalc(skb) & 1 ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
