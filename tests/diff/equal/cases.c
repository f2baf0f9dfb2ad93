/* SPDX-License-Identifier: BSD-2-Clause */
/* See cases.h. */
#include "tests/diff/equal/cases.h"

#include "tests/diff/equal/predict.h"
#include "tests/diff/equal/random.h"
#include "tests/diff/quirk_cases.h"
#include "tests/verifier/bpf_asm.h"

#include <string.h>

#define INSNS_MAX 256u
#define SEED 1u

/* Programs that once differed and no finding said so: kept small by random.c, and mended. */
static const struct {
	const char *name, *text;
} same[] = {
	{ "array_update_with_a_lock_and_noexist",
		"r6 = r1\nr8 = 0\n*(u64 *)(r10 -8) = r8\n*(u64 *)(r10 -16) = r8\n"
		"*(u64 *)(r10 -24) = r8\n*(u64 *)(r10 -32) = r8\n*(u64 *)(r10 -40) = r8\n"
		"*(u64 *)(r10 -48) = r8\nr1 = map[idx:1]\nr2 = r10\nr2 += -8\nr3 = r10\n"
		"r3 += -48\nr4 = 5\ncall bpf_map_update_elem#2\nr0 &= 255\n"
		"if r0 != 0xef goto pc@out\nr0 = 2\nexit\nout:\nr0 = 1\nexit\n" },
	{ "array_update_with_a_lock_outside_of_the_array",
		"r6 = r1\nr8 = 99\n*(u64 *)(r10 -8) = r8\n*(u64 *)(r10 -16) = r8\n"
		"*(u64 *)(r10 -24) = r8\n*(u64 *)(r10 -32) = r8\n*(u64 *)(r10 -40) = r8\n"
		"*(u64 *)(r10 -48) = r8\nr1 = map[idx:1]\nr2 = r10\nr2 += -8\nr3 = r10\n"
		"r3 += -48\nr4 = 4\ncall bpf_map_update_elem#2\nr0 &= 255\n"
		"if r0 != 0xf9 goto pc@out\nr0 = 2\nexit\nout:\nr0 = 1\nexit\n" },
};

/* Which of a case's programs, for people. */
struct what {
	const char *name, *part;
};

static bool
complain(const struct lockstep *l, struct what what, const char *why)
{
	printf("case %s, %s: %s; %s\n", what.name, what.part, why, lockstep_text(l));
	return false;
}

/* On all packets. *foretold: how many runs differed so. False: it is not loaded, or differs. */
static bool
run_on_packets(
	struct lockstep *l, const struct xb_object *obj, struct what what, uint32_t *foretold)
{
	static uint8_t data[QUIRK_PACKET_BYTES];
	static struct run packet;

	*foretold = 0;
	if (lockstep_load(l, obj, obj->progs) != LOCKSTEP_LOADED)
		return complain(l, what, "it is not loaded everywhere");
	if (!equal_fill_maps(l, SEED))
		return complain(l, what, "its maps");
	for (uint32_t n = 0; (packet.len = quirk_packet(n, data)) > 0; n++) {
		enum lockstep_answer answer;

		memcpy(packet.data, data, packet.len);
		answer = lockstep_run(l, &packet, SEED, true);
		if (answer == LOCKSTEP_DIFFERENT)
			return complain(l, what, "it differs, and is not foretold");
		*foretold += answer == LOCKSTEP_FORETOLD;
	}
	return true;
}

/* The program of a text stays loaded. */
static bool
run_text(struct lockstep *l, enum bpf_prog_type type, const char *text, struct what what,
	uint32_t *foretold)
{
	static struct bpf_insn insns[INSNS_MAX];
	static struct xb_prog prog;
	static struct xb_object obj;
	char why[160];
	int cnt = asm_parse(text, insns, INSNS_MAX, why, sizeof(why));

	if (cnt < 0)
		return complain(l, what, why);
	lockstep_unload(l);
	prog = equal_program_of(type, insns, (uint32_t)cnt);
	obj = equal_object_of(&prog);
	return run_on_packets(l, &obj, what, foretold);
}

static bool
is_found(const struct lockstep *l, enum jit_rule rule)
{
	uint32_t cnt;
	const struct jit_finding *findings = jit_prog_findings(lockstep_jit(l), &cnt);

	for (uint32_t i = 0; i < cnt; i++)
		if (findings[i].rule == rule)
			return true;
	return false;
}

/* Found and shown; otherwise written, neither. */
static unsigned int
run_quirks(struct lockstep *l, enum bpf_prog_type type, const struct quirk_case *cases, size_t cnt)
{
	unsigned int bad = 0;
	uint32_t foretold;

	for (size_t i = 0; i < cnt; i++) {
		const struct quirk_case *c = &cases[i];
		const struct what wrong = { c->name, "as it is" }, right = { c->name, "mended" };

		if (!run_text(l, type, c->wrong, wrong, &foretold))
			bad++;
		else if (!is_found(l, c->rule))
			bad += !complain(l, wrong, "it is not found");
		else if (!predict_has_shown(c->rule))
			bad += !complain(l, wrong, "it does not show");
		if (!c->right)
			continue;
		if (!run_text(l, type, c->right, right, &foretold))
			bad++;
		else if (foretold || is_found(l, c->rule))
			bad += !complain(l, right, "it is found");
	}
	return bad;
}

static unsigned int
run_crashes(struct lockstep *l)
{
	unsigned int bad = 0;
	uint32_t foretold;

	for (size_t i = 0; i < quirk_crash_cases_cnt; i++) {
		const struct what what = { quirk_crash_cases[i].name, "as it is" };

		if (!run_text(l, BPF_PROG_TYPE_XDP, quirk_crash_cases[i].wrong, what, &foretold))
			bad++;
		else if (foretold || !is_found(l, quirk_crash_cases[i].rule))
			bad += !complain(l, what, "it shows, or is not found");
	}
	return bad;
}

/* A head that is moved without a test leaves no Ethernet header of a frame that no wire carries:
 * the shortest that does what it should, and one byte less. */
static unsigned int
run_short(struct lockstep *l)
{
	static const char text[] = "r2 = 40\ncall bpf_xdp_adjust_head#44\nr0 += 2\nexit\n";
	static const uint32_t lengths[] = { 54, 53 };
	static const struct what what = { "head_of_a_short_frame", "as it is" };
	static struct run packet;
	uint32_t foretold;

	if (!run_text(l, BPF_PROG_TYPE_XDP, text, what, &foretold))
		return 1;
	if (foretold || !is_found(l, JIT_RULE_HEAD_SHORT))
		return !complain(l, what, "it differs for long frames, or is not noted");
	for (uint32_t i = 0; i < 2; i++) {
		packet.len = lengths[i];
		if (lockstep_run(l, &packet, SEED, true) !=
			(i == 0 ? LOCKSTEP_SAME : LOCKSTEP_FORETOLD))
			return !complain(l, what, "it differs where it should not, or does not");
	}
	return 0;
}

unsigned int
cases_run(struct lockstep *l)
{
	const enum bpf_prog_type xdp = BPF_PROG_TYPE_XDP;
	unsigned int bad = run_quirks(l, xdp, quirk_cases, quirk_cases_cnt);
	uint32_t foretold;

	bad += run_quirks(l, xdp, quirk_firmware_cases, quirk_firmware_cases_cnt);
	bad += run_quirks(l, BPF_PROG_TYPE_SCHED_CLS, quirk_tc_cases, quirk_tc_cases_cnt);
	bad += run_crashes(l);
	bad += run_short(l);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		const struct what what = { same[i].name, "as it is" };

		if (!run_text(l, xdp, same[i].text, what, &foretold))
			bad++;
		else if (foretold || lockstep_ret(l) != XDP_PASS)
			bad += !complain(l, what, "it does not do what it should");
	}
	lockstep_unload(l);
	printf("%zu named cases, %u not as they should be\n",
		quirk_cases_cnt + quirk_firmware_cases_cnt + quirk_tc_cases_cnt +
			quirk_crash_cases_cnt + 1 + sizeof(same) / sizeof(same[0]),
		bad);
	return bad;
}
