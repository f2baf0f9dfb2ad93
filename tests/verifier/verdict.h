/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One question put to two verifiers: the running kernel's (bpf(2), where it is allowed) and ours.
 * Used by the case runner, the differential test and the benchmark.
 */
#ifndef TESTS_VERIFIER_VERDICT_H
#define TESTS_VERIFIER_VERDICT_H

#include "bpf/xb.h"

#include <stdbool.h>

#define SKIPPED 77 /* meson's exit status for a test that was */

struct question {
	enum bpf_prog_type type;
	const struct bpf_insn *insns;
	uint32_t cnt;
	const struct xb_map_def *maps; /* BPF_PSEUDO_MAP_IDX counts in these */
	uint32_t map_cnt;
	const int *map_fds;	/* the kernel's maps, from kernel_make_maps() */
	const char *license;	/* NULL: "GPL" */
	unsigned int log_level; /* 0: only the refusal; 2: every state of the walk */
};

struct verdict {
	int err;	    /* 0 accepted, or -errno */
	char sentence[256]; /* the log's last line before "processed"; "" when accepted */
	uint64_t usec;	    /* verification time; 0: unknown */
	uint32_t processed; /* instructions walked; 0: unknown */
	const char *log;    /* whole, until the next question to the same verifier */
};

/* NULL, or why the running kernel cannot be asked. */
const char *kernel_refuses_bpf(void);
/* 0 or -errno; fds has one for each map. Closed by kernel_close_maps(). */
int kernel_make_maps(const struct xb_map_def *maps, uint32_t cnt, int *fds);
void kernel_close_maps(const int *fds, uint32_t cnt);
void kernel_verify(const struct question *q, struct verdict *v);

void our_verify(const struct question *q, struct verdict *v);

/* The last line of a log before the statistics. */
void verdict_copy_sentence(const char *log, char *sentence, size_t size);
/* The symbolic name of -err ("EACCES"), "0" for none. */
const char *err_name(int err);

#endif
