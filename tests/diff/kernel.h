/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The running kernel as the oracle of the differential tests: BPF_PROG_TEST_RUN, and the page an
 * XDP program sees there, laid out the same way for our engine.
 */
#ifndef TESTS_DIFF_KERNEL_H
#define TESTS_DIFF_KERNEL_H

#include "bpf/xb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEST_SKIPPED 77 /* meson's exit status for it */

/* NULL, or why this kernel will not run XDP programs for us. */
const char *kernel_refusal(void);
/* Does its verifier know the instructions that clang calls cpu v4 (Linux 6.6)? */
bool kernel_knows_v4(void);

/* Load XDP instructions; a file descriptor, or -errno and the verifier's words in log. */
int kernel_load_xdp(const struct bpf_insn *insns, uint32_t cnt, char *log, size_t log_size);

/* The largest packet the kernel takes in one piece is shorter than this. */
#define PAGE_BYTES 4096
#define PAGE_HEADROOM 256 /* XDP_PACKET_HEADROOM */

/* A packet and what came of it; metadata, when the program makes some, is in front of it. */
struct run {
	uint8_t data[PAGE_BYTES];
	uint32_t len;
	uint64_t ret; /* the kernel tells only 32 bits */
};

/* Run once on run->data; 0 or -errno. EINVAL: the kernel refuses packets of less than 14 bytes. */
int kernel_run_xdp(int prog, struct run *run);

/* The same in our engine; 0 or the error of xb_vm_run_xdp(). */
int engine_run_xdp(struct xb_vm *vm, const struct xb_image *image, struct run *run);

#endif
