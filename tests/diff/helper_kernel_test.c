/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of helpers against the running kernel's verifier, and bpf_csum_diff against its own.
 * Usage: helper_kernel_test [SEED]
 */
#include "bpf/internal.h"
#include "bpf/xb.h"
#include "tests/diff/oracle.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELPER_CNT 211

/* Linux 6.13 lets tc programs call 122 (get_netns_cookie), 6.16 all types the others. */
static const int32_t later[] = { 122, 15, 16, 17, 22, 37, 55, 109, 117, 141, 148, 156, 157, 176,
	180, 191 };

static bool
came_later(int32_t id)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(later); i++)
		if (later[i] == id)
			return true;
	return false;
}

/* What the verifier says to a program that calls it without setting up any argument. */
enum answer { MAY_CALL, NOT_THIS_TYPE, NOT_WITHOUT_GPL };

static enum answer
ask(enum bpf_prog_type type, const char *license, int32_t id)
{
	static char text[1 << 16];
	const struct bpf_insn insns[] = { { .code = BPF_JMP | BPF_CALL, .imm = id },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_buf = text, .log_size = sizeof(text),
		.log_level = 1);
	int fd;

	text[0] = '\0';
	fd = bpf_prog_load(type, "ask", license, insns, ARRAY_SIZE(insns), &opts);
	if (fd >= 0)
		close(fd);
	if (strstr(text, "cannot use helper") || strstr(text, "unknown func"))
		return NOT_THIS_TYPE;
	return strstr(text, "GPL-restricted") ? NOT_WITHOUT_GPL : MAY_CALL;
}

static void
compare_row(const struct xb_helper *h, enum bpf_prog_type type, bool ours)
{
	bool kernel = ask(type, "GPL", h->id) == MAY_CALL;

	if (kernel != ours && !(kernel && came_later(h->id)))
		die("%s: %s program %s call it, the table says otherwise", h->name,
			type == BPF_PROG_TYPE_XDP ? "an xdp" : "a tc", kernel ? "may" : "may not");
	if (kernel && ours && (ask(type, "BSD", h->id) == NOT_WITHOUT_GPL) != h->gpl_only)
		die("%s: gpl_only is %d, not so in the kernel", h->name, h->gpl_only);
}

/* ---- csum_diff ---- */

struct job {
	uint32_t from_size, to_size, seed, pad;
	uint8_t from[256];
	uint8_t to[256];
	uint64_t result;
};

#define ST(off, value)                                                                             \
	{                                                                                          \
		BPF_ST | BPF_MEM | BPF_W, 10, 0, off, value                                        \
	}
#define LD(dst, src, off)                                                                          \
	{                                                                                          \
		BPF_LDX | BPF_MEM | BPF_W, dst, src, off, 0                                        \
	}
#define MOV(dst, src)                                                                              \
	{                                                                                          \
		BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0                                        \
	}
#define SET(dst, value)                                                                            \
	{                                                                                          \
		BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value                                      \
	}
#define ADD(dst, value)                                                                            \
	{                                                                                          \
		BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value                                      \
	}
#define CALL(id)                                                                                   \
	{                                                                                          \
		BPF_JMP | BPF_CALL, 0, 0, 0, id                                                    \
	}

/* r0 of bpf_csum_diff on the job in element 0 goes to the element's result. */
static int
load_csum(int map)
{
	const struct bpf_insn insns[] = {
		ST(-4, 0),
		{ BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map },
		{ .code = 0 },
		MOV(2, 10),
		ADD(2, -4),
		CALL(1),
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 12, 0 },
		MOV(6, 0),
		LD(2, 6, offsetof(struct job, from_size)),
		{ BPF_JMP | BPF_JGT | BPF_K, 2, 0, 9, 256 },
		LD(4, 6, offsetof(struct job, to_size)),
		{ BPF_JMP | BPF_JGT | BPF_K, 4, 0, 7, 256 },
		LD(5, 6, offsetof(struct job, seed)),
		MOV(1, 6),
		ADD(1, offsetof(struct job, from)),
		MOV(3, 6),
		ADD(3, offsetof(struct job, to)),
		CALL(28),
		{ BPF_STX | BPF_MEM | BPF_DW, 6, 0, offsetof(struct job, result), 0 },
		SET(0, XDP_PASS),
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "csum", "GPL", insns, ARRAY_SIZE(insns), NULL);
}

static void
draw_job(struct job *j, uint64_t *seed)
{
	/* Ones and zeros are where carries hide. */
	static const uint8_t keep[] = { 0xff, 0xff, 0, 0, 1, 0x80 };
	static const uint8_t ones[] = { 0, 0, 0xff, 0, 0, 0 };
	uint32_t k = draw(seed, 6), l = draw(seed, 6);

	*j = (struct job){ .from_size = draw(seed, 2 + draw(seed, 64)) * 4,
		.to_size = draw(seed, 2 + draw(seed, 64)) * 4,
		.seed = (uint32_t[]){ 0, UINT32_MAX, 0xffff, 0xffff0000,
			draw(seed, UINT32_MAX) }[draw(seed, 5)] };
	for (unsigned int i = 0; i < sizeof(j->from); i++) {
		j->from[i] = (uint8_t)((draw(seed, 256) & keep[k]) | ones[k]);
		j->to[i] = (uint8_t)((draw(seed, 256) & keep[l]) | ones[l]);
	}
}

static void
compare_csum(uint64_t *seed)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "job", 4, sizeof(struct job), 1, NULL);
	uint8_t packet[64] = { 0 };
	int prog = load_csum(map);
	uint32_t key = 0;

	if (prog < 0)
		die("cannot load: %s", strerror(errno));
	for (unsigned int i = 0; i < 20000; i++) {
		LIBBPF_OPTS(
			bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));
		struct job j;
		uint64_t ours;

		draw_job(&j, seed);
		bpf_map_update_elem(map, &key, &j, BPF_ANY);
		if (bpf_prog_test_run_opts(prog, &opts) || opts.retval != XDP_PASS)
			die("cannot run: %s", strerror(errno));
		bpf_map_lookup_elem(map, &key, &j);
		ours = xb_helper_by_id(28)->fn(
			NULL, (uintptr_t)j.from, j.from_size, (uintptr_t)j.to, j.to_size, j.seed);
		if (ours != j.result)
			die("csum_diff(%u, %u, %#x): kernel %#llx, ours %#llx", j.from_size,
				j.to_size, j.seed, (unsigned long long)j.result,
				(unsigned long long)ours);
	}
	close(prog);
	close(map);
}

int
main(int argc, char **argv)
{
	uint64_t seed;

	need_bpf();
	need_linux(6, 13);
	seed = seed_of(argc, argv);
	for (int32_t id = 1; id <= HELPER_CNT; id++) {
		const struct xb_helper *h = xb_helper_by_id(id);

		compare_row(h, BPF_PROG_TYPE_XDP, h->xdp);
		compare_row(h, BPF_PROG_TYPE_SCHED_CLS, h->tc);
	}
	compare_csum(&seed);
	return 0;
}
