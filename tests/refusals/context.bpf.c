/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Context fields that the card does not have, and verdicts of tc that it cannot give. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int
read_of_xdp(struct xdp_md *ctx)
{
	/* first translate EINVAL: Translation failed with error -95 (translated: *) */
	return ctx->ingress_ifindex == 1 ? XDP_PASS : XDP_DROP;
}

SEC("tc")
int
read_of_tc(struct __sk_buff *skb)
{
	/* first translate EINVAL: Translation failed with error -95 (translated: *) */
	return skb->mark == 1 ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int
write_of_tc(struct __sk_buff *skb)
{
	/* first driver EOPNOTSUPP: unsupported store to context field */
	skb->mark = 1;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int
verdict_ok(struct __sk_buff *skb)
{
	/* first driver EINVAL: unsupported exit state: 1, imm: 0 */
	return TC_ACT_OK;
}

SEC("tc")
int
verdict_pipe(struct __sk_buff *skb)
{
	/* first driver EINVAL: unsupported exit state: 1, imm: 3 */
	return TC_ACT_PIPE;
}

SEC("tc")
int
verdict_unknown(struct __sk_buff *skb)
{
	/* first driver EINVAL: unsupported exit state: 1, var_off: (0x0; 0xffffffffffffffff) */
	return bpf_get_prandom_u32();
}

char _license[] SEC("license") = "Dual BSD/GPL";
