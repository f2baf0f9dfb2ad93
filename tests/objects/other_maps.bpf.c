/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * `plain` needs one array; `events` names a perf event array beside it, `queued` a queue, which is
 * not implemented; `stray` reads the packet without looking where it ends. To run the first,
 * nothing of the others may be in the way.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} unused SEC(".maps");

SEC("xdp")
int
plain(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *n = bpf_map_lookup_elem(&seen, &key);

	if (n)
		__sync_fetch_and_add(n, 1);
	return XDP_PASS;
}

SEC("xdp")
int
events(struct xdp_md *ctx)
{
	__u32 word = 1;

	bpf_perf_event_output(ctx, &ring, BPF_F_CURRENT_CPU, &word, sizeof(word));
	return XDP_PASS;
}

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 16);
	__type(value, __u32);
} line SEC(".maps");

SEC("xdp")
int
queued(struct xdp_md *ctx)
{
	__u32 word = 1;

	bpf_map_push_elem(&line, &word, BPF_EXIST);
	return XDP_PASS;
}

SEC("xdp")
int
stray(struct xdp_md *ctx)
{
	const __u8 *packet = (const void *)(long)ctx->data;

	return packet[12] == 8 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
