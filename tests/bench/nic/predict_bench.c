/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a prediction costs: for mixes of 1 and of 400 classes, and at the end of a replay of 1 M
 * frames that take 400 paths, beside the same replay without anybody watching. Processor time.
 * Aims: 0.1 s a class, 1 s more for the replay.
 *
 *	predict_bench [FRAMES]
 */
#include "nic/firmware/firmware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATHS 400u
#define FRAMES 1000000u
#define WORDS_MAX 16

static struct nic_card card;
static uint8_t buffer[NIC_FRAME_OFFSET + 2 * PATHS];

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "predict_bench: %s\n", what);
	exit(1);
}

static double
now(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void
read_card(void)
{
	const struct nic_card_file *files[] = { nic_card_find("corenic", true),
		nic_card_find(NIC_CARD_DEFAULT, false) };
	char message[256];

	for (int i = 0; i < 2; i++)
		if (nic_card_read(&card, files[i]->name, files[i]->text, strlen(files[i]->text),
			    message, sizeof(message)) < 0)
			die(message);
	if (nic_card_check(&card, message, sizeof(message)) < 0)
		die(message);
}

static double
predict(const struct nic_mix *mix, double *mpps)
{
	const struct nic_predict_options options = { 0 };
	const double before = now();
	struct nic_prediction p;

	if (nic_predict(&card, mix, &options, &p) < 0)
		die("no prediction");
	*mpps = p.mpps;
	return now() - before;
}

/* Packet and EMEM accesses, so that the EMEM's limits are simulated, too. */
static void
time_classes(uint32_t cnt)
{
	struct nic_mix *mix = nic_mix_new();
	char text[128];
	double mpps, seconds;

	for (uint32_t i = 0; i < cnt; i++) {
		struct nic_path path = { .frame_bytes = 60 };

		snprintf(text, sizeof(text), "%u ctm:4! 20 read:8! %u atomic:4 10", 10 + i, i % 9);
		if (nic_steps_read(&path.steps, text, 0, 0) || nic_mix_add(mix, &path, 1) < 0)
			die("no memory");
		nic_steps_clear(&path.steps);
	}
	seconds = predict(mix, &mpps);
	printf("  %3u class%-2s                    %7.3f s, %.2f Mpps predicted\n", cnt,
		cnt == 1 ? "" : "es", seconds, mpps);
	nic_mix_free(mix);
}

/* As many rounds as the frame has bytes above 60: PATHS paths of 19 to 19 + 5 * PATHS cycles. */
static struct nic_fw *
load(void)
{
	char back[16];
	const char *const lines[] = { "immed[gprB_22, 0x3fff]",
		"alu[gprA_2, gprB_22, AND, *l$index1]", "alu[gprA_2, gprA_2, -, 0x3b]",
		"alu[gprA_2, gprA_2, -, 0x1]", back, "immed[gprA_0, 0x0]",
		"ld_field[gprA_0, 1100, 0x22, <<16]", "br[.1]" };
	struct nic_fw *fw = nic_fw_new(&card);
	uint64_t words[WORDS_MAX];
	uint32_t cnt = 0;

	if (fw == NULL)
		die("no memory");
	snprintf(back, sizeof(back), "bne[.%u]", nic_fw_start(fw, 0) + 3);
	for (; cnt < sizeof(lines) / sizeof(lines[0]); cnt++) {
		struct nic_asm_error error;

		if (nic_parse(lines[cnt], &words[cnt], &error))
			die(error.text);
		words[cnt] = nic_ecc_add(nic_reloc_set(words[cnt], NIC_RELOC_NONE));
	}
	if (nic_fw_load(fw, 0, words, cnt) < 0)
		die("no memory");
	return fw;
}

static double
replay(struct nic_engine *engine, uint32_t frames)
{
	const double before = now();

	for (uint32_t i = 0; i < frames; i++) {
		struct nic_frame frame = { .data = buffer + NIC_FRAME_OFFSET,
			.bytes = 60 + (uint32_t)((uint64_t)i * 7919 % PATHS) };

		if (nic_engine_run(engine, &frame) < 0 || frame.verdict != NIC_VERDICT_DROP)
			die("a frame is not dropped");
	}
	return now() - before;
}

static void
time_replay(uint32_t frames)
{
	struct nic_fw *fw = load();
	struct nic_engine *alone = nic_engine_new(fw, 0, false);
	struct nic_engine *watched = nic_engine_new(fw, 1, false);
	struct nic_mix *mix = nic_mix_new();
	double seconds, more, mpps, last;

	if (!alone || !watched || !mix || nic_engine_watch(watched, false, NULL) < 0)
		die("no memory");
	seconds = replay(alone, frames);
	more = replay(watched, frames);
	last = now();
	if (nic_engine_paths(watched, mix) < 0)
		die("no memory");
	predict(mix, &mpps);
	last = now() - last;
	printf("  %u frames, %3u paths        %7.3f s, and %.3f s more to watch them, %.3f s to "
	       "predict %.2f Mpps\n",
		frames, nic_mix_class_cnt(mix), seconds, more - seconds, last, mpps);
	nic_mix_free(mix);
	nic_engine_free(alone);
	nic_engine_free(watched);
	nic_fw_free(fw);
}

int
main(int argc, char **argv)
{
	read_card();
	puts("prediction of the card's speed, processor time:");
	time_classes(1);
	time_classes(PATHS);
	time_replay(argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : FRAMES);
	return 0;
}
