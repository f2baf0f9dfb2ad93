/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A tc program the card takes, that comes to each verdict a card has, and writes the packet. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#define NOT_A_CONSTANT(value) asm volatile("" : "+r"(value))

SEC("tc")
int
each(struct __sk_buff *skb)
{
	unsigned char *data = (void *)(long)skb->data;
	unsigned int kind = skb->len & 3;

	if (data + 14 > (unsigned char *)(long)skb->data_end)
		return TC_ACT_SHOT;
	data[6] = 0xee;
	if (kind == 1)
		return TC_ACT_SHOT;
	NOT_A_CONSTANT(kind);
	if (kind == 2)
		return TC_ACT_STOLEN;
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
