/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of verifier cases (*.vt); README.md shows how one is written. */
#ifndef TESTS_VERIFIER_CASES_H
#define TESTS_VERIFIER_CASES_H

#include "bpf/xb.h"

#define CASE_MAPS_MAX 8
#define CASE_STATES_MAX 24
#define CASE_INSNS_MAX 4096
#define CASE_EARLIER_MAX 64
#define CASE_FINDINGS_MAX 16

/* "R1=scalar(umax=5)" is what the log must say of r1 at some place. */
struct case_state {
	enum { BEFORE, AFTER, TAKEN } when; /* of the instruction asked about */
	char text[200];
};

struct test_case {
	char name[96];
	int line; /* in its file */
	enum bpf_prog_type type;
	char license[32];
	struct xb_map_def own_maps[CASE_MAPS_MAX];
	const struct xb_map_def *maps;
	uint32_t map_cnt;
	char differs[160];     /* why the running kernel's answer is another; "" when it is not */
	char unsupported[160]; /* what our verifier refuses by name here; "" when nothing */
	struct bpf_insn insns[CASE_INSNS_MAX];
	uint32_t cnt;
	bool is_refused;
	char err[16]; /* "EACCES" */
	char sentence[256];
	int32_t refused_at; /* the instruction; -1: not asked */
	/* Of a case for the card (nfp/run_nfp_cases.c). */
	char card[160];				   /* "card:", what is other than usual */
	struct bpf_insn earlier[CASE_EARLIER_MAX]; /* a program that had the same maps before */
	uint32_t earlier_cnt;
	char findings[CASE_FINDINGS_MAX][256]; /* "3: text", all of them, in order */
	uint32_t finding_cnt;
	bool has_findings;
	/* A case of one instruction: which, and what is known around it. */
	bool is_one_insn;
	uint32_t at;
	struct case_state states[CASE_STATES_MAX];
	uint32_t state_cnt;
};

/*
 * Call visit with every case of a file. Returns 0, or -1 when the file cannot be read or one of
 * its cases is malformed: the reason went to stdout, with file and line.
 */
int cases_read(const char *path, void (*visit)(const char *path, const struct test_case *c));

#endif
