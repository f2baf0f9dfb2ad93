/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast is the microengine? A program of the driver's own sequences (tests/golden/nfp/), in
 * which, as in real programs, about one instruction in eight is a branch and one in twenty a
 * command, is run from its beginning to its end again and again, exactly and fast in turns; the
 * medians of instructions a second of processor time, and their ratio. A second row runs it on four
 * contexts.
 *
 *	microengine_bench [ROUNDS]
 */
#include "nic/nic.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define END 8000u
#define ROUNDS_MAX 101
#define PACKET 1u

/* The driver's sequences, one after the other; where r4 or r3 must be an address it is one again
 * before: the copy of a register, as between any two uses in a program. */
static const struct {
	const char *name;
	char r4, r3; /* 'p' packet, 'm' map value */
} sections[] = {
	{ "xdp_data", 0, 0 },
	{ "xdp_data_end", 0, 0 },
	{ "add64_k_1", 0, 0 },
	{ "jgt_x", 0, 0 },
	{ "jne_k_0", 0, 0 },
	{ "ldx_pkt_w_single", 'p', 0 },
	{ "ldx_pkt_cache_range", 'p', 0 },
	{ "be16", 0, 0 },
	{ "jeq_k_5", 0, 0 },
	{ "mov64_k_0x12345678", 0, 0 },
	{ "and64_k_0xff", 0, 0 },
	{ "jset_k_8", 0, 0 },
	{ "lsh64_k_8", 0, 0 },
	{ "add64_x", 0, 0 },
	{ "jne_k_5", 0, 0 },
	{ "ldx_map_w_off4", 'm', 0 },
	{ "or64_x", 0, 0 },
	{ "rsh64_k_8", 0, 0 },
	{ "jeq32_x", 0, 0 },
	{ "stx_stack_dw_-8_d64", 0, 0 },
	{ "mov64_x", 0, 0 },
	{ "ldx_stack_dw_-8_d64", 0, 0 },
	{ "xor64_x", 0, 0 },
	{ "jge_k_5", 0, 0 },
	{ "stx_pkt_dw", 0, 'p' },
	{ "add32_x_z", 0, 0 },
	{ "mov32_k_5", 0, 0 },
	{ "jne_x", 0, 0 },
	{ "sub64_k_1", 0, 0 },
	{ "rsh64_x_any", 0, 0 },
	{ "stx_stack_b_-1_d64", 0, 0 },
	{ "jlt_x", 0, 0 },
	{ "xadd32_off0_maybe16=1_over16=0", 'm', 0 },
	{ "ldx_stack_b_-1_d64_z", 0, 0 },
	{ "jeq_k_0", 0, 0 },
	{ "mul32_x_u32", 0, 0 },
	{ "ldx_pkt_w_single", 'p', 0 },
	{ "be32", 0, 0 },
	{ "jle32_k_5", 0, 0 },
	{ "jsgt32_k_5", 0, 0 },
	{ "jeq32_k_0", 0, 0 },
	{ "sub64_x", 0, 0 },
	{ "ld_imm64_0x5511223344", 0, 0 },
	{ "neg64", 0, 0 },
};

struct subject {
	const char *name;
	enum nic_me_end (*run)(struct nic_me *me, uint64_t max_insns, struct nic_fault *fault);
	uint32_t passes;
	double rates[ROUNDS_MAX];
};

static struct nic_me *me;
static uint64_t words[NIC_CODE_WORDS];
static uint32_t size; /* words of the program */
static uint8_t packet[256];

static void
die(const char *what)
{
	fprintf(stderr, "microengine_bench: %s\n", what);
	exit(1);
}

/* ---- the program ---- */

static void
put(uint64_t word)
{
	word = nic_ecc_add(nic_reloc_set(word, NIC_RELOC_NONE));
	words[size] = word;
	if (nic_me_load(me, size++, &word, 1))
		die("the program is too long");
}

static void
put_text(const char *text)
{
	struct nic_asm_error error;
	uint64_t word;

	if (nic_parse(text, &word, &error))
		die(error.text);
	put(word);
}

/* A branch within the section stays in it; whatever leaves it goes to the next. */
static void
put_section_word(uint64_t word, uint32_t begin, uint32_t end)
{
	struct nic_insn insn;
	uint32_t to;

	if (nic_reloc_get(word) == NIC_RELOC_NONE) {
		put(word);
		return;
	}
	if (nic_decode(word, &insn))
		die("a word that is no instruction");
	to = nic_reloc_get(word) == NIC_RELOC_BR_REL && insn.addr < end ? insn.addr : end;
	insn.addr = begin + to - 2;
	if (nic_encode(&insn, &word))
		die("a branch that is none");
	put(word);
}

/* What is between the intro (2 words) and the exit. */
static void
put_section(const char *name)
{
	FILE *f = fopen(GOLDEN_DIR "/sections.txt", "r");
	char line[512], want[128], *rest;
	const uint32_t begin = size;
	uint32_t end = 0;

	if (!f)
		die(GOLDEN_DIR "/sections.txt");
	snprintf(want, sizeof(want), "= %s ", name);
	while (fgets(line, sizeof(line), f)) {
		uint32_t at = (uint32_t)strtoul(line, &rest, 10);

		if (line[0] == '=') {
			const char *abort_at = strstr(line, "abort=");
			bool is_it = !strncmp(line, want, strlen(want)) && abort_at;

			/* before abort is the branch of the exit */
			end = is_it ? (uint32_t)strtoul(abort_at + 6, NULL, 10) - 1 : 0;
		} else if (line[0] != '#' && at >= 2 && at < end) {
			put_section_word(strtoull(rest, NULL, 16), begin, end);
		}
	}
	fclose(f);
	if (size == begin)
		die(name);
}

static void
put_address(const char *low, const char *high, char what)
{
	if (!what)
		return;
	put_text(low);
	if (what == 'm')
		put_text(high);
}

static void
put_program(void)
{
	put_text("immed[gprB_22, 0x3fff]");
	put_text("alu[gprB_22, gprB_22, AND, *l$index1]");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		put_address(sections[i].r4 == 'p' ? "alu[gprA_8, --, B, gprA_24], gpr_wrboth"
						  : "alu[gprA_8, --, B, gprA_26], gpr_wrboth",
			"alu[gprA_9, --, B, gprB_27], gpr_wrboth", sections[i].r4);
		put_address("alu[gprA_6, --, B, gprA_24], gpr_wrboth", NULL, sections[i].r3);
		put_section(sections[i].name);
	}
	put_text("br[.8000], defer[2]");
	put_text("alu[gprA_0, --, B, 0x0]");
	put_text("ld_field[gprA_0, 1100, gprB_2, <<16]");
}

static void
set_up(uint32_t ctx)
{
	*nic_me_gpr(me, ctx, false, 22) = 512 * ctx / 2;
	*nic_me_gpr(me, ctx, false, 24) = NIC_PACKET_ADDRESS | PACKET << 16;
	*nic_me_gpr(me, ctx, false, 26) = 64 * ctx;
	*nic_me_gpr(me, ctx, true, 27) = NIC_ISLAND_EMEM << (NIC_ISLAND_SHIFT - 8);
	nic_me_set_lm_addr(me, ctx, 0, 512 * ctx / 2);
	nic_me_set_lm_addr(me, ctx, 1, 2048 + 64 * ctx);
	nic_me_set_lm_addr(me, ctx, 2, 0);
	nic_me_set_lm_addr(me, ctx, 3, 0);
	*nic_me_lm(me, 512 + 16 * ctx) = 64;
	*nic_me_lm(me, 512 + 16 * ctx + 2) = NIC_PACKET_ADDRESS | PACKET << 16;
}

/* ---- time ---- */

/* The program once on each of so many contexts, side by side. */
static void
pass(const struct subject *s, uint32_t contexts)
{
	struct nic_fault fault;

	for (uint32_t i = 0; i < contexts; i++)
		nic_me_start(me, 2 * i, 0);
	for (uint32_t i = 0; i < contexts; i++) {
		if (s->run(me, 100000, &fault) != NIC_ME_STOPPED)
			die("the program does not get to its end");
		nic_me_kill(me, nic_me_active(me));
	}
}

/* Instructions a second. */
static double
measure(const struct subject *s, uint32_t contexts)
{
	const uint64_t before = nic_me_insns(me);
	struct timespec from, to;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (uint32_t i = 0; i < s->passes; i++)
		pass(s, contexts);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	return (double)(nic_me_insns(me) - before) /
	       ((double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9);
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *rates, unsigned int cnt)
{
	qsort(rates, cnt, sizeof(*rates), compare_doubles);
	return rates[cnt / 2];
}

static void
bench(uint32_t contexts, unsigned int rounds)
{
	static struct subject subjects[] = {
		{ .name = "exact", .run = nic_me_run, .passes = 1000 },
		{ .name = "fast", .run = nic_me_run_fast, .passes = 20000 },
	};
	double m[2];

	for (unsigned int round = 0; round < rounds; round++)
		for (unsigned int i = 0; i < 2; i++)
			subjects[i].rates[round] = measure(&subjects[i], contexts);
	for (unsigned int i = 0; i < 2; i++)
		m[i] = median(subjects[i].rates, rounds) / 1e6;
	printf("%u context%s: fast %.0f M instructions/s, exact %.1f, ratio %.1f\n", contexts,
		contexts == 1 ? "" : "s", m[1], m[0], m[1] / m[0]);
}

/* What was executed, by stepping through it once. */
static void
print_proportions(void)
{
	unsigned int all = 0, branches = 0, commands = 0;
	struct nic_fault fault;

	nic_me_start(me, 0, 0);
	while (nic_me_run(me, 1, &fault) == NIC_ME_LIMIT && nic_me_pc(me, 0) != END) {
		const struct nic_op_info *info = nic_op_info(nic_op_find(words[nic_me_pc(me, 0)]));

		all++;
		branches += info->writes == NIC_E_PC;
		commands += (info->writes & NIC_E_MEMORY) != 0;
	}
	nic_me_kill(me, 0);
	printf("%u instructions a pass, one in %.1f a branch, one in %.1f a command\n", all,
		(double)all / branches, (double)all / commands);
}

int
main(int argc, char **argv)
{
	const unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 15;
	struct nic_mem *mem = nic_mem_new(4096);

	me = mem ? nic_me_new(mem) : NULL;
	if (!me || rounds < 1 || rounds > ROUNDS_MAX)
		die("usage: microengine_bench [ROUNDS]");
	nic_mem_set_packet(mem, PACKET, packet, sizeof(packet));
	put_program();
	nic_me_set_stop(me, END, true);
	for (uint32_t ctx = 0; ctx < NIC_CONTEXTS; ctx += 2)
		set_up(ctx);
	print_proportions();
	bench(1, (unsigned int)rounds);
	bench(4, (unsigned int)rounds);
	nic_me_free(me);
	nic_mem_free(mem);
	return 0;
}
