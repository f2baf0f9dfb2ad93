/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Suite verifier: what the driver refuses, and what it finds doubtful. Cases are those of
 * tests/verifier, with the driver's hook at work (README.md there).
 *
 *	run_nfp_cases [--show] [--only NAME] FILE.vt...
 */
#include "jit-nfp/jit.h"
#include "tests/verifier/cases.h"
#include "tests/verifier/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct {
	bool is_shown;
	const char *only;
	uint32_t passed, failed;
} run;

/* ---- the card ---- */

/* Everything that there is, in the sizes of the open firmware. */
static const struct jit_card usual_card = {
	.abi_version = 2,
	.insns_max = 2560,
	.start = 3072,
	.done = 1,
	.stack_bytes = 512,
	.packet_split_bytes = 1888,
	.helper = { 0x3e0, 0x3f0, 0x400, 0x410 },
	.adjust_head = { JIT_ADJUST_HEAD_NO_META, 44, 248, 84, 112 },
	.has_live_reload = true,
	.has_random = true,
	.has_queue_select = true,
	.has_adjust_tail = true,
};

static bool
set_one(struct jit_card *card, const char *key, uint32_t value)
{
	static const char *const helpers[] = { "lookup", "update", "delete", "event" };

	for (uint32_t i = 0; i < JIT_FW_HELPER_CNT; i++)
		if (!strcmp(key, helpers[i])) {
			card->helper[i] = value;
			return true;
		}
	if (!strcmp(key, "random"))
		card->has_random = value;
	else if (!strcmp(key, "queue"))
		card->has_queue_select = value;
	else if (!strcmp(key, "tail"))
		card->has_adjust_tail = value;
	else if (!strcmp(key, "head"))
		card->adjust_head.off_max = value;
	else if (!strcmp(key, "head_flags"))
		card->adjust_head.flags = value;
	else if (!strcmp(key, "stack"))
		card->stack_bytes = value;
	else if (!strcmp(key, "insns"))
		card->insns_max = value;
	else
		return false;
	return true;
}

/* "random=0 stack=64" */
static bool
make_card(struct jit_card *card, const char *text)
{
	char key[32];
	uint32_t value;
	int len;

	*card = usual_card;
	for (; sscanf(text, " %31[a-z_]=%u%n", key, &value, &len) == 2; text += len)
		if (!set_one(card, key, value))
			return false;
	return *text == '\0';
}

/* ---- one program ---- */

struct made {
	struct jit_card card;
	struct jit_map *maps[CASE_MAPS_MAX];
	struct jit_prog *prog;
	struct xb_log log;
	int32_t refused_at;
};

static int
verify(struct made *m, const struct test_case *c, const struct bpf_insn *insns, uint32_t cnt,
	bool go_on)
{
	const struct jit_input input = {
		.insns = insns,
		.insn_cnt = cnt,
		.type = c->type,
		.maps = m->maps,
		.map_cnt = c->map_cnt,
		.card = &m->card,
		.go_on = go_on,
	};
	struct xb_verify_opts opts = {
		.type = c->type,
		.gpl_compatible = !strcmp(c->license, "GPL"),
		.offloaded = true,
		.maps = c->maps,
		.map_cnt = c->map_cnt,
		.log_level = run.is_shown ? 2 : 0,
	};
	struct xb_facts facts;
	int err;

	jit_prog_free(m->prog);
	xb_log_free(&m->log);
	m->log = (struct xb_log){ 0 };
	m->prog = jit_prog_new(&input);
	if (m->prog == NULL)
		return -errno;
	opts.hooks = jit_prog_hooks(m->prog);
	err = xb_verify(insns, cnt, &opts, &facts, &m->log);
	m->refused_at = facts.refused_insn;
	if (!err)
		xb_facts_free(&facts);
	return err;
}

static void
make_maps(struct made *m, const struct test_case *c)
{
	for (uint32_t i = 0; i < c->map_cnt; i++) {
		jit_map_free(m->maps[i]);
		m->maps[i] = jit_map_new(&c->maps[i], 100 + i);
	}
}

static void
unmake(struct made *m, const struct test_case *c)
{
	jit_prog_free(m->prog);
	for (uint32_t i = 0; i < c->map_cnt; i++)
		jit_map_free(m->maps[i]);
	xb_log_free(&m->log);
}

/* ---- what came out, against what the case says ---- */

static char reason[1024];

static bool
is_earlier_accepted(struct made *m, const struct test_case *c)
{
	int err;

	if (c->earlier_cnt == 0)
		return true;
	err = verify(m, c, c->earlier, c->earlier_cnt, false);
	if (err)
		snprintf(reason, sizeof(reason), "the earlier program: %s: %s", err_name(err),
			xb_log_text(&m->log));
	return err == 0;
}

static bool
is_verdict_right(struct made *m, const struct test_case *c)
{
	char sentence[256];
	int err = verify(m, c, c->insns, c->cnt, false);

	verdict_copy_sentence(xb_log_text(&m->log), sentence, sizeof(sentence));
	if (run.is_shown)
		printf("== %s\n%s\n", c->name, xb_log_text(&m->log));
	if (strcmp(c->is_refused ? c->err : "0", err_name(err)) ||
		(c->is_refused && strcmp(c->sentence, sentence))) {
		snprintf(reason, sizeof(reason), "expected %s '%s', got %s '%s'",
			c->is_refused ? c->err : "accepted", c->sentence, err_name(err), sentence);
		return false;
	}
	if (c->is_refused && c->refused_at != m->refused_at) {
		snprintf(reason, sizeof(reason), "expected at %d, got at %d", c->refused_at,
			m->refused_at);
		return false;
	}
	return true;
}

static bool
is_finding(const char *want, const struct jit_finding *finding)
{
	char got[JIT_MESSAGE_BYTES + 16];

	snprintf(got, sizeof(got), "%d: %s", finding->insn, finding->message);
	return !strcmp(want, got);
}

/* All that is found when nothing ends at the first refusal. */
static bool
are_findings_right(struct made *m, const struct test_case *c)
{
	const struct jit_finding *findings;
	struct jit_image image;
	uint32_t cnt, same = 0;

	/* Whatever is refused has words, and there is no end but the verifier's. */
	if (verify(m, c, c->insns, c->cnt, true) == 0 && jit_translate(m->prog, &image) == 0)
		jit_image_free(&image);
	if (!c->has_findings)
		return true;
	findings = jit_prog_findings(m->prog, &cnt);
	while (same < cnt && same < c->finding_cnt &&
		is_finding(c->findings[same], &findings[same]))
		same++;
	if (same == cnt && same == c->finding_cnt)
		return true;
	snprintf(reason, sizeof(reason), "finding %u of %u: expected '%s', got '%d: %s'", same, cnt,
		same < c->finding_cnt ? c->findings[same] : "",
		same < cnt ? findings[same].insn : 0,
		same < cnt ? findings[same].message : "nothing");
	return false;
}

static void
visit(const char *path, const struct test_case *c)
{
	struct made m = { 0 };
	bool is_right;

	if (run.only && !strstr(c->name, run.only))
		return;
	snprintf(reason, sizeof(reason), "card: '%s' is not KEY=VALUE...", c->card);
	make_maps(&m, c);
	is_right = make_card(&m.card, c->card) && is_earlier_accepted(&m, c) &&
		   is_verdict_right(&m, c);
	make_maps(&m, c);
	is_right = is_right && is_earlier_accepted(&m, c) && are_findings_right(&m, c);
	unmake(&m, c);
	if (!is_right)
		printf("%s:%d: %s: %s\n", path, c->line, c->name, reason);
	run.passed += is_right;
	run.failed += !is_right;
}

int
main(int argc, char **argv)
{
	bool is_bad = false;
	int first = 1;

	for (; first < argc && !strncmp(argv[first], "--", 2); first++)
		if (!strcmp(argv[first], "--show"))
			run.is_shown = true;
		else if (!strcmp(argv[first], "--only") && argv[first + 1])
			run.only = argv[++first];
	for (int i = first; i < argc; i++)
		is_bad |= cases_read(argv[i], visit) != 0;
	printf("%u cases passed, %u failed\n", run.passed, run.failed);
	return is_bad || run.failed || run.passed == 0;
}
