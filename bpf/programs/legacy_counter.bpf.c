/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The older form of an object file, as iproute2's own loader takes it: maps are initialised
 * structures in the section "maps", not types in ".maps", and the program is in the section
 * "prog", which says nothing of its kind (`ip link set dev ... xdp obj` does). libbpf refuses
 * such objects since 1.0, and much of what was written for XDP and tc between 2015 and 2020 looks
 * like this.
 *
 * Counts IPv4 packets of each protocol number in an array, and passes everything.
 *
 * The card: accepts it, with the open firmware too: a lookup, a key on the stack and an atomic
 * addition (see xdp_blacklist; see xdp_lb for the doubt about arrays on the open firmware). It
 * was with objects of this form that the offload was first shown.
 */
#include "parse.h"

/* As iproute2 has it, include/bpf_elf.h: nine 32-bit words. */
struct bpf_elf_map {
	__u32 type;
	__u32 size_key;
	__u32 size_value;
	__u32 max_elem;
	__u32 flags;
	__u32 id;
	__u32 pinning;
	__u32 inner_id;
	__u32 inner_idx;
};

struct bpf_elf_map packets_of_proto SEC("maps") = {
	.type = BPF_MAP_TYPE_ARRAY,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 256,
};

SEC("prog")
int
legacy_counter(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx);
	const struct iphdr *ip;
	__u64 *packets;
	__be16 proto;
	__u32 index;

	if (!take_eth(&at, &proto) || proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	ip = take_ipv4(&at);
	if (!ip)
		return XDP_PASS;
	index = ip->protocol;
	packets = bpf_map_lookup_elem(&packets_of_proto, &index);
	if (packets)
		__sync_fetch_and_add(packets, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
