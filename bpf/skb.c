/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet of a tc program as the kernel would have it in struct sk_buff: made on arrival, room
 * around it, its VLAN tag. After net/ethernet/eth.c and net/core/skbuff.c of Linux 6.12. Used by
 * helpers_skb*.c, by vm.c, and by who has packets.
 */
#include "bpf/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>

#define TAG_BYTES 4 /* VLAN_HLEN */
#define TAG_AT (2 * ETH_ALEN)

uint32_t
xb_skb_len(const struct xb_skb *skb)
{
	return (uint32_t)(skb->pkt.data_end - skb->pkt.data);
}

uint32_t
xb_skb_field_bytes(int off)
{
	switch (off & ~3) {
	case offsetof(struct __sk_buff, pkt_type): return 1; /* some bits of one */
	case offsetof(struct __sk_buff, gso_segs):
	case offsetof(struct __sk_buff, gso_size):
	case offsetof(struct __sk_buff, protocol):
	case offsetof(struct __sk_buff, queue_mapping):
	case offsetof(struct __sk_buff, tc_classid):
	case offsetof(struct __sk_buff, tc_index):
	case offsetof(struct __sk_buff, vlan_proto):
	case offsetof(struct __sk_buff, vlan_tci): return 2;
	default: return 4;
	}
}

int
xb_skb_load_off(int off, uint32_t size)
{
	return xb_skb_field_bytes(off) < 4 && size >= xb_skb_field_bytes(off) ? off & ~3 : off;
}

static uint16_t
half_at(const struct xb_skb *skb, uint32_t off)
{
	uint16_t half = 0;

	if (off + sizeof(half) <= xb_skb_len(skb))
		memcpy(&half, skb->pkt.data + off, sizeof(half));
	return half;
}

/* ---- arrival ---- */

/* What an Ethernet type at off says of what follows it: below 1536 it is a length, and Novell's
 * raw 802.3 is known by its first bytes (eth_type_trans(), vlan_set_encap_proto()). */
static uint16_t
protocol_at(const struct xb_skb *skb, uint32_t off)
{
	uint16_t type = half_at(skb, off);

	if (ntohs(type) >= ETH_P_802_3_MIN)
		return type;
	return htons(half_at(skb, off + 2) == 0xffff ? ETH_P_802_3 : ETH_P_802_2);
}

/* To whom a packet is. Which address the device has nobody said: it is taken to be the one that a
 * packet for one host is sent to. */
static uint32_t
packet_type(const uint8_t *dst)
{
	static const uint8_t all[ETH_ALEN] = { 255, 255, 255, 255, 255, 255 };

	if (memcmp(dst, all, ETH_ALEN) == 0)
		return PACKET_BROADCAST;
	return dst[0] & 1 ? PACKET_MULTICAST : PACKET_HOST;
}

void
xb_skb_init(struct xb_skb *skb, uint8_t *hard_start, uint8_t *data, uint8_t *data_end,
	uint8_t *hard_end)
{
	*skb = (struct xb_skb){
		.pkt = { .hard_start = hard_start,
			.data_meta = data,
			.data = data,
			.data_end = data_end,
			.hard_end = hard_end },
		.network = ETH_HLEN,
		.transport = ETH_HLEN,
		.has_transport = true,
	};
	skb->md.len = xb_skb_len(skb);
	skb->md.protocol = protocol_at(skb, TAG_AT);
	skb->md.pkt_type = packet_type(data);
}

/* ---- room ---- */

/* The kernel gets a new buffer as often as it likes (pskb_expand_head()); here there is one more,
 * in whose middle the packet goes. */
int
xb_skb_make_room(struct xb_skb *skb, uint32_t head, uint32_t tail)
{
	struct xb_xdp *p = &skb->pkt;
	uint32_t len = xb_skb_len(skb);
	uint64_t want = (uint64_t)len + head + tail;
	uint8_t *to;

	if (head <= (size_t)(p->data - p->hard_start) &&
		tail <= (size_t)(p->hard_end - p->data_end))
		return 0;
	if (want > skb->spare_bytes)
		return -ENOMEM;
	to = skb->spare + head + (skb->spare_bytes - want) / 2;
	memmove(to, p->data, len);
	p->hard_start = skb->spare;
	p->data_meta = p->data = to;
	p->data_end = to + len;
	p->hard_end = skb->spare + skb->spare_bytes;
	return 0;
}

void
xb_skb_push(struct xb_skb *skb, uint32_t bytes)
{
	skb->pkt.data -= bytes;
	skb->pkt.data_meta = skb->pkt.data;
	skb->md.len += bytes;
	skb->network += (int32_t)bytes;
	skb->transport += (int32_t)bytes;
}

void
xb_skb_pull(struct xb_skb *skb, uint32_t bytes)
{
	skb->pkt.data += bytes;
	skb->pkt.data_meta = skb->pkt.data;
	skb->md.len -= bytes;
	skb->network -= (int32_t)bytes;
	skb->transport -= (int32_t)bytes;
}

/* ---- VLAN tags ---- */

static bool
is_vlan(uint32_t protocol)
{
	return protocol == htons(ETH_P_8021Q) || protocol == htons(ETH_P_8021AD);
}

/* __vlan_hwaccel_put_tag() */
static void
put_tag(struct xb_skb *skb, uint16_t proto, uint16_t tci)
{
	skb->md.vlan_present = 1;
	skb->md.vlan_proto = proto;
	skb->md.vlan_tci = tci;
}

static void
clear_tag(struct xb_skb *skb)
{
	skb->md.vlan_present = skb->md.vlan_proto = skb->md.vlan_tci = 0;
}

/* The tag in the fields goes between the addresses and the type. */
static int
insert_tag(struct xb_skb *skb)
{
	uint16_t tag[] = { (uint16_t)skb->md.vlan_proto, htons((uint16_t)skb->md.vlan_tci) };
	int err = xb_skb_make_room(skb, TAG_BYTES, xb_skb_missing(skb, TAG_AT));

	if (err)
		return err;
	xb_skb_push(skb, TAG_BYTES);
	memmove(skb->pkt.data, skb->pkt.data + TAG_BYTES, TAG_AT);
	memcpy(skb->pkt.data + TAG_AT, tag, sizeof(tag));
	skb->md.protocol = skb->md.vlan_proto;
	skb->network -= TAG_BYTES; /* the tag is of what comes after the Ethernet header */
	return 0;
}

/* __skb_vlan_pop(): the packet's own outermost tag is cut out. */
static int
cut_tag(struct xb_skb *skb, uint16_t *tci)
{
	if (xb_skb_len(skb) < ETH_HLEN + TAG_BYTES)
		return -ENOMEM;
	*tci = ntohs(half_at(skb, ETH_HLEN));
	skb->md.protocol = protocol_at(skb, ETH_HLEN + 2);
	memmove(skb->pkt.data + TAG_BYTES, skb->pkt.data, TAG_AT);
	xb_skb_pull(skb, TAG_BYTES);
	if (skb->network < ETH_HLEN)
		skb->network = ETH_HLEN;
	return 0;
}

int
xb_skb_vlan_push(struct xb_skb *skb, uint16_t proto, uint16_t tci)
{
	int err = skb->md.vlan_present ? insert_tag(skb) : 0;

	if (!err)
		put_tag(skb, proto, tci);
	return err;
}

/* The outermost tag goes, wherever it is; the next one, if any, moves to the fields. */
int
xb_skb_vlan_pop(struct xb_skb *skb)
{
	uint16_t proto, tci;
	int err = 0;

	if (skb->md.vlan_present)
		clear_tag(skb);
	else if (is_vlan(skb->md.protocol))
		err = cut_tag(skb, &tci);
	else
		return 0;
	if (err || !is_vlan(skb->md.protocol))
		return err;
	proto = (uint16_t)skb->md.protocol;
	err = cut_tag(skb, &tci);
	if (!err)
		put_tag(skb, proto, tci);
	return err;
}

int
xb_skb_untag(struct xb_skb *skb)
{
	uint16_t proto = (uint16_t)skb->md.protocol, tci;

	if (!is_vlan(proto))
		return 0;
	/* and the two bytes that tell 802.3 from 802.2 */
	if (xb_skb_len(skb) < ETH_HLEN + TAG_BYTES + 2)
		return -EINVAL;
	cut_tag(skb, &tci);
	put_tag(skb, proto, tci);
	skb->transport = skb->network;
	return 0;
}

int
xb_skb_retag(struct xb_skb *skb)
{
	int err = skb->md.vlan_present ? insert_tag(skb) : 0;

	if (!err)
		clear_tag(skb);
	return err;
}
