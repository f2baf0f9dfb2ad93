/* SPDX-License-Identifier: BSD-2-Clause */
/* See sample.h. What is in their maps before the first packet is samples.c's. */
#include "tests/diff/equal/sample.h"

#include "tests/diff/equal/packets.h"
#include "tests/diff/samples.h"

#include <linux/pkt_cls.h>
#include <string.h>

#define ON_CARD_MIN 11u /* samples that a card takes; fewer, and something went wrong */

static bool
complain(const struct lockstep *l, const struct sample *sample, const char *where)
{
	printf("%s, %s: %s\n", sample->name, where, lockstep_text(l));
	return false;
}

static bool
fill(struct lockstep *l, const struct xb_object *obj, const struct sample *sample)
{
	for (size_t e = 0; e < sample->entry_cnt; e++)
		for (uint32_t i = 0; i < obj->map_cnt; i++)
			if (strcmp(obj->maps[i].name, sample->entries[e].map) == 0 &&
				!lockstep_put(
					l, i, sample->entries[e].key, sample->entries[e].value))
				return complain(l, sample, "maps");
	return true;
}

/* What is no verdict has a bit that no sample has. */
static uint32_t
bit_of(uint32_t ret)
{
	if (ret == (uint32_t)TC_ACT_UNSPEC)
		return 1u << SAMPLE_UNSPEC;
	return 1u << (ret < SAMPLE_UNSPEC ? ret : 31);
}

/* Over all captures, one after the other; its maps are those it left. */
static bool
run(struct lockstep *l, const struct sample *sample)
{
	static struct run packet;
	uint32_t verdicts = 0;

	for (uint32_t c = 0; packets_captures[c]; c++) {
		for (uint32_t n = 0; packets_get(c, n, &packet); n++) {
			if (lockstep_run(l, &packet, n, false) != LOCKSTEP_SAME) {
				printf("packet %u: ", n + 1);
				return complain(l, sample, packets_captures[c]);
			}
			verdicts |= bit_of((uint32_t)lockstep_ret(l));
		}
		if (lockstep_compare_maps(l) != LOCKSTEP_SAME)
			return complain(l, sample, packets_captures[c]);
	}
	if (verdicts == sample->verdicts)
		return true;
	printf("%s: verdicts %#x, should be %#x\n", sample->name, verdicts, sample->verdicts);
	return false;
}

static bool
load_and_run(struct lockstep *l, const struct xb_object *obj, const struct xb_prog *prog,
	const struct sample *sample, uint32_t *on_card)
{
	switch (lockstep_load(l, obj, prog)) {
	case LOCKSTEP_LOADED: ++*on_card; break;
	case LOCKSTEP_NO_CARD:
		printf("no card takes %s: %s\n", sample->name, lockstep_text(l));
		break;
	default: return complain(l, sample, "load");
	}
	return fill(l, obj, sample) && run(l, sample);
}

static bool
test(struct lockstep *l, const struct sample *sample, uint32_t *on_card)
{
	const struct xb_object_opts opts = { .type = BPF_PROG_TYPE_XDP, .btf = "none" };
	struct xb_log log = { 0 };
	struct xb_object *obj;
	bool is_good = false;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.o", SAMPLE_DIR, sample->name);
	obj = xb_object_open(path, &opts, &log);
	if (!obj)
		printf("%s\n", xb_log_text(&log));
	for (uint32_t i = 0; obj && i < obj->prog_cnt; i++)
		if (strcmp(obj->progs[i].name, sample->name) == 0)
			is_good = load_and_run(l, obj, &obj->progs[i], sample, on_card);
	lockstep_unload(l);
	xb_object_close(obj);
	xb_log_free(&log);
	return is_good;
}

unsigned int
sample_programs(struct lockstep *l)
{
	unsigned int bad = 0;
	uint32_t on_card = 0;

	for (size_t i = 0; i < sample_cnt; i++)
		bad += !test(l, &samples[i], &on_card);
	printf("%zu samples, %u of them on the cards, %u not as they should be\n", sample_cnt,
		on_card, bad);
	return bad + (on_card < ON_CARD_MIN);
}
