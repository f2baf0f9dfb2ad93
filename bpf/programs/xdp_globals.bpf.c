/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Global variables. The compiler puts them into sections of the object, .rodata (constants that
 * the host may change before loading), .data (with a first value), .bss (zero at first), and the
 * loader makes an array map with one element of each; the program holds their addresses in its
 * instructions and needs no lookup.
 *
 * The program passes one packet in `sample_every`, and drops the rest.
 *
 * The card: refuses it. libbpf makes these maps with the flag BPF_F_MMAPABLE so that the host can
 * look into them, and the driver takes no flags: "map flags are not supported" in the kernel log,
 * -EINVAL (nfp_bpf_map_alloc()). Even without the flag the stores would be refused ("[nfp] map
 * writes not supported"). What to do instead: constants by #define; counters in an ARRAY, by
 * atomic addition, see xdp_blacklist.
 */
#include "parse.h"

struct totals {
	__u64 packets;
	__u64 bytes;
	__u32 shortest;
	__u32 longest;
};

const volatile __u32 sample_every = 4;		   /* .rodata */
struct totals totals = { .shortest = 0xffffffff }; /* .data */
__u64 packets_of_verdict[XDP_REDIRECT + 1];	   /* .bss */

SEC("xdp")
int
xdp_globals(struct xdp_md *ctx)
{
	__u32 bytes = ctx->data_end - ctx->data;
	__u64 n = totals.packets++;
	int verdict;

	totals.bytes += bytes;
	if (bytes < totals.shortest)
		totals.shortest = bytes;
	if (bytes > totals.longest)
		totals.longest = bytes;
	verdict = n % sample_every ? XDP_DROP : XDP_PASS;
	packets_of_verdict[verdict]++;
	return verdict;
}

char _license[] SEC("license") = "Dual BSD/GPL";
