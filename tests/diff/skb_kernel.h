/* SPDX-License-Identifier: BSD-2-Clause */
/* tc programs in the running kernel and in both builds of our engine, on the same packet. */
#ifndef TESTS_DIFF_SKB_KERNEL_H
#define TESTS_DIFF_SKB_KERNEL_H

#include "bpf/xb.h"

#define SKB_BYTES_MAX 3520 /* the kernel takes a page less what it keeps */

/* A packet and its context before a run, and after it. Of ctx the kernel takes and tells mark,
 * priority, ingress_ifindex, ifindex, cb, tstamp, wire_len, gso_segs, gso_size. */
struct skb_run {
	uint8_t data[1u << 16];
	uint32_t len;
	struct __sk_buff ctx;
	uint64_t ret; /* the kernel tells only 32 bits */
};

/* A program, everywhere. */
struct skb_program {
	int kernel;
	struct xb_image *checked, *fast;
};

/* NULL, or why this kernel will not run tc programs for us. */
const char *skb_refusal(void);

/* Load. 0; 1: the kernel refuses (its words are in skb_verifier_log); -1: only we do, printed. */
int skb_load(struct skb_program *p, const struct bpf_insn *insns, uint32_t cnt);
extern char skb_verifier_log[65536];
void skb_unload(struct skb_program *p);

/* NULL when all have the same verdict, packet and context after a run, else who differs; *kernel
 * and *ours are then the runs. */
const char *skb_differs(const struct skb_program *p, struct xb_vm *vm, const struct skb_run *in,
	struct skb_run *kernel, struct skb_run *ours);
/* What skb_differs() says of a packet that the kernel does not run (-EINVAL). */
extern const char skb_not_run[];
/* Both halves of that. 0 or -errno. */
int skb_run_kernel(int prog, struct skb_run *run);
int skb_run_engine(struct xb_vm *vm, const struct xb_image *image, struct skb_run *run);
bool skb_is_same(const struct skb_run *a, const struct skb_run *b);
void skb_print(const char *who, const struct skb_run *run);

#endif
