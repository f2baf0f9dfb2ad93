/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* tc programs that leave a packet of another shape, and each verdict there is. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* The longest packet there may be: 16064 bytes, more than most buffers hold. */
SEC("tc")
int
grow(struct __sk_buff *skb)
{
	if (bpf_skb_change_tail(skb, 16000, 0) || bpf_skb_change_head(skb, 64, 0))
		return TC_ACT_SHOT;
	return bpf_skb_change_head(skb, 1, 0) ? TC_ACT_OK : TC_ACT_SHOT;
}

/* A tag of its own outside of what there is; what was in the fields goes to the packet. */
SEC("tc")
int
tag(struct __sk_buff *skb)
{
	bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 7);
	return TC_ACT_OK;
}

/* The fields say what the outermost tag was; without one, the packet is dropped. */
SEC("tc")
int
untag(struct __sk_buff *skb)
{
	if (!skb->vlan_present || skb->queue_mapping == 0 || skb->ifindex != 1)
		return TC_ACT_SHOT;
	bpf_skb_vlan_pop(skb);
	return TC_ACT_OK;
}

/* The first bytes of the payload's length choose. */
SEC("tc")
int
any(struct __sk_buff *skb)
{
	return (int)(skb->len % 11) - 2;
}

SEC("action")
int
any_action(struct __sk_buff *skb)
{
	return (int)(skb->len % 11) - 2;
}

char _license[] SEC("license") = "Dual BSD/GPL";
