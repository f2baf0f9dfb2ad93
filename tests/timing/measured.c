/* SPDX-License-Identifier: BSD-2-Clause */
/* The measured programs, recorded. PROGRAMS is the directory of their microcode. */
#include "tests/timing/measured.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 1024u
#define EMEM_BYTES 4096u
#define FRAME_BYTES 60u
#define BUFFER_BYTES 2048u
#define PACKET_AT 136u /* in its buffer; firmware-facts.md 3 */
#define PACKET 1u
#define VECTOR_AT 0x20u /* of the first context, in local memory; firmware-facts.md 4 */
#define FRAME_AT 0x800u
#define ENTRY_AT UINT64_C(0x100) /* the map's, in the EMEM */

const char *const measured_titles[ROW_CNT] = {
#define X(id, program, firmware, title) [ROW_##id] = (title),
	MEASURED_ROWS(X)
#undef X
};
const char *const measured_firmwares[ROW_CNT] = {
#define X(id, program, firmware, title) [ROW_##id] = (firmware),
	MEASURED_ROWS(X)
#undef X
};
static const char *const programs[ROW_CNT] = {
#define X(id, program, firmware, title) [ROW_##id] = (program),
	MEASURED_ROWS(X)
#undef X
};

const uint32_t measured_mes[MEASURED_COLUMNS] = { 5, 10, 15, 20, 25, 30, 50 };
const double measured_mpps[ROW_CNT][MEASURED_COLUMNS] = {
	[ROW_DROP] = { 9.508, 19.415, 28.873, 38.499, 47.775, 53.196, 53.191 },
	[ROW_SLOW] = { 3.166, 6.305, 9.457, 12.620, 15.789, 18.951, 31.614 },
	[ROW_READS_4] = { 11.840, 23.526, 34.900, 46.423, 49.568, 49.493, 49.422 },
	[ROW_READS_8] = { 9.147, 17.958, 24.813, 24.739, 24.846, 24.807, 24.905 },
	[ROW_READS_12] = { 7.450, 14.318, 16.633, 16.616, 16.624, 16.602, 16.632 },
};

/* Rates at 5 microengines are the published ones, which are scaled to 50, by 10; at 50 the sender
 * was shaped. Of quic-lb the path is the one the source's estimator has 841 cycles for, of
 * cloudflare the likeliest of those with its 546, and the rate the slowest that was measured. */
const struct measured_other measured_others[MEASURED_OTHERS] = {
	{ "quic-lb",
		"27 ctm:28! 59 ctm:4! 34 ctm:4! 39 ctm:4! 42 ctm:4! 173 ctm:4! 205 ctm:4! "
		"3 ctm:4! 7 ctm:4! 17",
		5, 4.909 },
	{ "cloudflare",
		"16 ctm:4! 33 ctm:4! 29 ctm:4! 24 ctm:4! 26 ctm:4! 18 ctm:4! 29 ctm:4! 29 ctm:4! "
		"24 ctm:4! 25 ctm:4! 25 ctm:4! 25 ctm:4! 30",
		5, 7.254 },
	{ "count-min 4",
		"18 ctm:4! 63 ctm:4! 30 ctm:4! 108 ctm:4! 14 ctm:4! 32 ctm:4! 129 atomic:4 "
		"65 atomic:4 65 atomic:4 65 atomic:4 17",
		50, 50.04 },
	{ "count-min 5",
		"18 ctm:4! 63 ctm:4! 30 ctm:4! 108 ctm:4! 14 ctm:4! 32 ctm:4! 129 atomic:4 "
		"65 atomic:4 66 atomic:4 65 atomic:4 66 atomic:4 17",
		50, 46.17 },
};

static void __attribute__((noreturn)) give_up(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

struct nic_card
measured_card(const char *firmware)
{
	const struct nic_card_file *files[] = {
		nic_card_find(firmware, true),
		nic_card_find(NIC_CARD_DEFAULT, false),
	};
	struct nic_card card = { 0 };
	char message[512];

	for (int i = 0; i < 2; i++)
		if (nic_card_read(&card, files[i]->name, files[i]->text, strlen(files[i]->text),
			    message, sizeof(message)) < 0)
			give_up(firmware, message);
	if (nic_card_check(&card, message, sizeof(message)) < 0)
		give_up(firmware, message);
	/* Each port got the same packet all the time: two flows, of which each has one sequencer's
	 * numbers (firmware-facts.md 3). */
	card.sequencers = 2;
	return card;
}

static struct nic_mix *
mix_of(const struct nic_path *path)
{
	struct nic_mix *mix = nic_mix_new();

	if (mix == NULL || nic_mix_add(mix, path, 1) < 0)
		give_up("mix", "no memory");
	return mix;
}

struct nic_mix *
measured_steps(const char *text)
{
	struct nic_path path = { .frame_bytes = FRAME_BYTES };
	const char *reason = nic_steps_read(&path.steps, text, 0, 0);
	struct nic_mix *mix;

	if (reason != NULL)
		give_up(text, reason);
	for (uint32_t i = 0; i < path.steps.cnt; i++)
		path.steps.step[i].place_cnt = path.steps.step[i].timed >= NIC_TIMED_EMEM_READ &&
					       path.steps.step[i].timed <= NIC_TIMED_EMEM_CAM;
	mix = mix_of(&path);
	nic_steps_clear(&path.steps);
	return mix;
}

/* ---- microcode, run ---- */

static uint32_t
read_words(const char *program, uint64_t words[WORDS_MAX])
{
	char name[512];
	uint32_t cnt = 0;
	FILE *in;

	snprintf(name, sizeof(name), PROGRAMS "/%s.hex", program);
	in = fopen(name, "r");
	if (in == NULL)
		give_up(name, "cannot be read");
	while (cnt < WORDS_MAX && fscanf(in, "%" SCNx64, &words[cnt]) == 1)
		cnt++;
	fclose(in);
	return cnt;
}

/* As the firmware leaves a context to a program: nfp-isa.md 8. */
static void
enter(struct nic_me *me, struct nic_mem *mem, const struct nic_card *card)
{
	static uint8_t buffer[BUFFER_BYTES];
	uint32_t *vector = nic_me_lm(me, VECTOR_AT / 4);
	const uint64_t entry = (uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT | ENTRY_AT;

	for (uint32_t i = 0; i < FRAME_BYTES; i++)
		buffer[PACKET_AT + i] = (uint8_t)(i * 7);
	nic_mem_set_packet(mem, PACKET, buffer, sizeof(buffer));
	vector[0] = FRAME_BYTES;
	vector[2] = NIC_PACKET_ADDRESS | PACKET << 16 | PACKET_AT;
	*nic_me_gpr(me, 0, false, 22) = FRAME_AT;
	nic_me_set_lm_addr(me, 0, 0, FRAME_AT);
	nic_me_set_lm_addr(me, 0, 1, VECTOR_AT);
	nic_me_set_stop(me, card->done, true);
	/* of the array, by the research patches */
	*nic_me_gpr(me, 0, true, 23) = (uint32_t)(entry >> 8);
}

static void
record(struct nic_me *me, const struct nic_card *card, struct nic_recorder *rec, const char *name)
{
	struct nic_fault fault;
	enum nic_me_end end;

	nic_me_set_recorder(me, rec);
	nic_record_begin(rec, nic_me_cycles(me));
	nic_me_start(me, 0, card->start);
	end = nic_me_run(me, 100000, &fault);
	if (end != NIC_ME_STOPPED)
		give_up(name, end == NIC_ME_FAULT ? fault.reason : "does not end");
	if (nic_record_end(rec, nic_me_cycles(me), FRAME_BYTES, NIC_FATE_DROP) < 0)
		give_up(name, "no memory");
	nic_me_set_recorder(me, NULL);
}

struct nic_mix *
measured_mix(enum measured_row row)
{
	struct nic_card card = measured_card("research");
	struct nic_mem *mem = nic_mem_new(EMEM_BYTES);
	struct nic_me *me = mem != NULL ? nic_me_new(mem) : NULL;
	struct nic_recorder rec = { 0 };
	uint64_t words[WORDS_MAX];
	uint32_t cnt = read_words(programs[row], words);
	struct nic_mix *mix;

	if (me == NULL || nic_me_load(me, card.start, words, cnt) < 0)
		give_up(programs[row], "no memory, or the program is too long");
	enter(me, mem, &card);
	record(me, &card, &rec, programs[row]);
	mix = mix_of(&rec.path);
	nic_recorder_clear(&rec);
	nic_me_free(me);
	nic_mem_free(mem);
	return mix;
}
