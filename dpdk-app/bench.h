/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `xoffload bench`: what is predicted of the card and measured here, and how it is told.
 *
 *	cmd_bench.c --> bench_card.c   predictions: by microengines, by size, by path
 *	            --> bench_speed.c  host engine, simulator; bench_kernel.c: the running kernel
 *	            --> bench_text.c, bench_json.c, bench_svg.c
 */
#ifndef APP_BENCH_H
#define APP_BENCH_H

#include "dpdk-app/forecast.h"
#include "dpdk-app/profile.h"
#include "dpdk-app/program.h"

#define BENCH_ROWS_MAX 11
#define BENCH_SIZES 7
#define BENCH_PATHS_MAX 6
#define BENCH_LINES 3
#define BENCH_IMIX 0u	   /* in the place of a size */
#define BENCH_CRC_BYTES 4u /* sizes of frames are told with it, captures have none */

/* A prediction for so many microengines, or frames of so many bytes with CRC. */
struct bench_row {
	uint32_t what;
	struct nic_prediction p;
};

/* A C line; NULL: what is around the program's lines, verdict and length. */
struct bench_line {
	const struct xb_line *line;
	double cycles, waits; /* a packet */
};

/* A path, by itself. */
struct bench_path {
	uint32_t class;
	bool is_common, is_slow; /* one of the first of either kind */
	double share;		 /* of packets */
	double bytes;		 /* of a frame, without CRC */
	enum code code;
	bool has_lines; /* it was recorded */
	struct nic_prediction p;
	struct bench_line lines[BENCH_LINES]; /* that cost most; cycles 0: none */
};

/* X(id, name in JSON, title) */
#define BENCH_SPEED_LIST(X)                                                                        \
	X(HOST, "interp", "host engine, interpreter")                                              \
	X(KERNEL, "kernel", "running kernel, BPF_PROG_TEST_RUN")                                   \
	X(SIMULATOR, "nfp", "simulator of the card, fast mode")
enum bench_speed_id {
#define X(id, ...) BENCH_##id,
	BENCH_SPEED_LIST(X)
#undef X
		BENCH_SPEED_CNT
};

struct bench_speed {
	uint64_t packets;
	double seconds;
	uint64_t insns;	   /* of microcode; 0: not told */
	char skipped[256]; /* why there is none; "": there is */
};

struct bench {
	const struct options *opt;
	struct program program;
	struct card card;
	struct check check;
	struct packets packets;
	bool is_accepted; /* by the card; what follows up to paths is only then */
	struct profile profile;
	struct forecast forecast;
	uint32_t row_cnt, path_cnt;
	struct bench_row by_mes[BENCH_ROWS_MAX], by_size[BENCH_SIZES];
	struct bench_path paths[BENCH_PATHS_MAX];
	struct bench_speed speeds[BENCH_SPEED_CNT];
};

double bench_speed_mpps(const struct bench_speed *speed);
extern const char *const bench_speed_names[BENCH_SPEED_CNT],
	*const bench_speed_titles[BENCH_SPEED_CNT];

/* 0, or -errno and maybe a sentence. */
int bench_card(struct bench *b, struct xb_log *log);
/* All of speeds[]; what cannot be measured says why. */
void bench_speeds(struct bench *b);
void bench_kernel(struct bench *b, struct bench_speed *speed);

/* "64", "IMIX" */
const char *bench_size_name(uint32_t size, char buf[16]);
void bench_text(const struct bench *b, FILE *out);
int bench_json(const struct bench *b, FILE *out);
int bench_svg(const struct bench *b, FILE *out);

#endif
