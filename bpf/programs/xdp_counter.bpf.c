/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Counts packets and bytes of each IPv4 source address in a hash, and passes everything. Sources
 * that come after the table is full are not counted.
 *
 * A new entry is made with zeros and then added to, never made with ones. On the host this is
 * merely harmless; on the card it is a rule: counters lie there in the other byte order, so the
 * driver must know that a word is a counter before anything but zero is put in ("may be non-zero,
 * bpf_map_update_elem() is required to initialize atomic counters to zero to avoid offload endian
 * issues", nfp_bpf_map_update_value_ok()).
 *
 * The card: depends on the firmware. HASH with 4-byte keys and 16-byte values fits every limit,
 * and atomic addition without a result is the one write to a map value that the card can do (a
 * plain store is refused: "map writes not supported"). But the program also inserts, and firmware
 * that exports only the lookup, as the open one does, refuses with "[nfp] map_update: not
 * supported by FW". With firmware that does update, the zeros must be zero bytes to the verifier:
 * since Linux 6.8 it keeps aligned 8-byte zeros as a spilled register, and the driver then says
 * "may be non-zero". `xoffload check` shows it.
 */
#include "parse.h"

struct count {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __be32);
	__type(value, struct count);
} sources SEC(".maps");

static __always_inline struct count *
count_of(__be32 source)
{
	const struct count zero = { 0 };
	struct count *count = bpf_map_lookup_elem(&sources, &source);

	if (count)
		return count;
	/* Another core may do the same at this moment: whoever comes second finds the first's. */
	bpf_map_update_elem(&sources, &source, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&sources, &source);
}

SEC("xdp")
int
xdp_counter(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx);
	__u64 bytes = at.end - at.pos;
	const struct iphdr *ip;
	struct count *count;
	__be16 proto;

	if (!take_eth(&at, &proto) || proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	ip = take_ipv4(&at);
	if (!ip)
		return XDP_PASS;
	count = count_of(ip->saddr);
	if (count) {
		__sync_fetch_and_add(&count->packets, 1);
		__sync_fetch_and_add(&count->bytes, bytes);
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
