/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a card refuses and a host runs: packets that go elsewhere, events nobody reads, addresses
 * looked up by their longest prefix. No loader has put a device into the maps.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct prefix {
	__u32 bits;
	__u8 addr[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16);
	__type(key, struct prefix);
	__type(value, __u32);
} sources SEC(".maps");

SEC("xdp")
int
to_port(struct xdp_md *ctx)
{
	return bpf_redirect_map(&ports, ctx->rx_queue_index, XDP_TX);
}

SEC("xdp")
int
to_all(struct xdp_md *ctx)
{
	return bpf_redirect_map(&ports, 0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS);
}

/* As AF_XDP's own default program does. */
SEC("xdp")
int
to_socket(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;

	if (bpf_map_lookup_elem(&sockets, &queue))
		return bpf_redirect_map(&sockets, queue, 0);
	return bpf_xdp_get_buff_len(ctx) > 80 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
to_user(struct xdp_md *ctx)
{
	__u64 now = bpf_ktime_get_boot_ns();

	if (bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &now, sizeof(now)) == -2)
		return XDP_DROP; /* -ENOENT: no reader */
	return XDP_PASS;
}

/* 255 records of 8 bytes fill the ring. */
SEC("xdp")
int
to_ring(struct xdp_md *ctx)
{
	__u32 *record = bpf_ringbuf_reserve(&ring, 8, 0);

	if (!record)
		return XDP_DROP;
	record[0] = ctx->rx_queue_index;
	record[1] = ctx->data_end - ctx->data;
	if (record[1] & 1)
		bpf_ringbuf_discard(record, 0);
	else
		bpf_ringbuf_submit(record, 0);
	return XDP_PASS;
}

/* 198.18.0.0/29 is dropped, but for 198.18.0.4/31. */
SEC("xdp")
int
by_prefix(struct xdp_md *ctx)
{
	struct prefix wide = { 29, { 198, 18, 0, 3 } }, narrow = { 31, { 198, 18, 0, 4 } };
	struct prefix source = { 32, { 0 } };
	const __u8 *data = (const void *)(long)ctx->data;
	__u32 drop = XDP_DROP, pass = XDP_PASS, *verdict;

	if (data + ETH_HLEN + 20 > (const __u8 *)(long)ctx->data_end ||
		*(const __u16 *)(data + 12) != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	bpf_map_update_elem(&sources, &wide, &drop, BPF_NOEXIST);
	bpf_map_update_elem(&sources, &narrow, &pass, BPF_NOEXIST);
	__builtin_memcpy(source.addr, data + ETH_HLEN + 12, 4);
	verdict = bpf_map_lookup_elem(&sources, &source);
	return verdict ? *verdict : XDP_PASS;
}

SEC("tc")
int
to_device(struct __sk_buff *skb)
{
	return bpf_redirect(skb->ifindex, skb->len > 80 ? 0 : 2);
}

char _license[] SEC("license") = "Dual BSD/GPL";
