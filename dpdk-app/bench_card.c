/* SPDX-License-Identifier: BSD-2-Clause */
/* What the timing model says of the card: for numbers of microengines, sizes of frames, paths. */
#include "dpdk-app/bench.h"
#include "dpdk-app/gen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RANK_EVENTS 20000u /* are enough to say which of two paths is slower */
#define RANKED_MAX 64u
#define EACH 3u /* commonest, and slowest */

/* Bytes with CRC. */
static const uint32_t sizes[BENCH_SIZES] = { 64, 128, 256, 512, 1024, 1500, BENCH_IMIX };

const char *
bench_size_name(uint32_t size, char buf[16])
{
	snprintf(buf, 16, "%u", size);
	return size == BENCH_IMIX ? "IMIX" : buf;
}

static struct nic_predict_options
options_of(const struct bench *b)
{
	return (struct nic_predict_options){ .has_anomaly = b->opt->anomaly };
}

/* ---- tables ---- */

/* One microengine, then tenths of what there are. */
static int
predict_by_mes(struct bench *b)
{
	const struct nic_predict_options options = options_of(b);
	struct nic_card card = b->card.nic;
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < BENCH_ROWS_MAX; i++) {
		struct bench_row *row = &b->by_mes[b->row_cnt];

		row->what = i == 0 ? 1 : b->card.nic.mes * i / (BENCH_ROWS_MAX - 1);
		if (row->what == 0 || (b->row_cnt > 0 && row->what <= row[-1].what))
			continue;
		card.mes = row->what;
		err = nic_predict(&card, b->profile.mix, &options, &row->p);
		b->row_cnt++;
	}
	return err;
}

static int
add_sized(struct nic_mix *mix, const struct nic_class *class, uint32_t bytes, uint32_t times)
{
	struct nic_path path = class->path;

	path.frame_bytes = bytes - BENCH_CRC_BYTES;
	return class->packets == 0 || nic_mix_add(mix, &path, class->packets * times) >= 0
		       ? 0
		       : -ENOMEM;
}

/* The same paths, taken by frames of another size. */
static int
predict_size(struct bench *b, struct bench_row *row)
{
	const struct nic_predict_options options = options_of(b);
	const uint32_t cnt = nic_mix_class_cnt(b->profile.mix);
	struct nic_mix *mix = nic_mix_new();
	int err = mix != NULL ? 0 : -ENOMEM;

	for (uint32_t i = 0; err == 0 && i < cnt; i++) {
		const struct nic_class *class = nic_mix_class(b->profile.mix, i);

		if (row->what != BENCH_IMIX)
			err = add_sized(mix, class, row->what, 1);
		for (size_t k = 0; row->what == BENCH_IMIX && err == 0 && k < GEN_IMIX_SIZES; k++)
			err = add_sized(mix, class, gen_imix[k].bytes + BENCH_CRC_BYTES,
				gen_imix[k].frames);
	}
	if (err == 0)
		err = nic_predict(&b->card.nic, mix, &options, &row->p);
	nic_mix_free(mix);
	return err;
}

static int
predict_by_size(struct bench *b)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < BENCH_SIZES; i++) {
		b->by_size[i].what = sizes[i];
		err = predict_size(b, &b->by_size[i]);
	}
	return err;
}

/* ---- paths ---- */

struct ranked {
	uint32_t class;
	uint64_t packets;
	double cycles;
};

static int
compare_packets(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return x->class < y->class ? -1 : x->class > y->class;
}

static int
compare_cycles(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->cycles < y->cycles || x->cycles > y->cycles)
		return x->cycles > y->cycles ? -1 : 1;
	return compare_packets(a, b);
}

/* The place of a class among b->paths, which has room. */
static struct bench_path *
path_of(struct bench *b, uint32_t class)
{
	uint32_t i = 0;

	while (i < b->path_cnt && b->paths[i].class != class)
		i++;
	if (i == b->path_cnt)
		b->paths[b->path_cnt++] = (struct bench_path){ .class = class };
	return &b->paths[i];
}

/* Cycles by a short simulation, of the longest by what they issue. */
static int
rank_cycles(struct bench *b, struct ranked *ranked, uint32_t cnt)
{
	struct nic_predict_options options = options_of(b);
	struct nic_prediction p;
	int err = 0;

	options.events = RANK_EVENTS;
	for (uint32_t i = 0; i < cnt; i++)
		ranked[i].cycles = nic_steps_cycles(
			&nic_mix_class(b->profile.mix, ranked[i].class)->path.steps);
	qsort(ranked, cnt, sizeof(*ranked), compare_cycles);
	for (uint32_t i = 0; err == 0 && i < cnt; i++) {
		if (i >= RANKED_MAX) {
			ranked[i].cycles = 0;
			continue;
		}
		err = nic_predict_class(
			&b->card.nic, b->profile.mix, ranked[i].class, &options, &p);
		ranked[i].cycles = p.cycles_per_packet;
	}
	qsort(ranked, cnt, sizeof(*ranked), compare_cycles);
	return err;
}

static int
choose_paths(struct bench *b)
{
	const uint32_t all = nic_mix_class_cnt(b->profile.mix);
	struct ranked *ranked = calloc(all + 1, sizeof(*ranked));
	uint32_t cnt = 0;
	int err = ranked != NULL ? 0 : -ENOMEM;

	for (uint32_t i = 0; err == 0 && i < all; i++)
		if (nic_mix_class(b->profile.mix, i)->packets > 0)
			ranked[cnt++] = (struct ranked){ .class = i,
				.packets = nic_mix_class(b->profile.mix, i)->packets };
	if (err == 0)
		qsort(ranked, cnt, sizeof(*ranked), compare_packets);
	for (uint32_t i = 0; err == 0 && i < cnt && i < EACH; i++)
		path_of(b, ranked[i].class)->is_common = true;
	if (err == 0)
		err = rank_cycles(b, ranked, cnt);
	for (uint32_t i = 0; err == 0 && i < cnt && i < EACH; i++)
		path_of(b, ranked[i].class)->is_slow = true;
	free(ranked);
	return err;
}

static double
cost_of(const struct bench_line *line)
{
	return line->cycles + line->waits;
}

/* The line among the BENCH_LINES dearest, if it is one. */
static void
keep_line(struct bench_path *path, const struct bench_line *line)
{
	uint32_t i = BENCH_LINES;

	while (i > 0 && cost_of(&path->lines[i - 1]) < cost_of(line)) {
		if (i < BENCH_LINES)
			path->lines[i] = path->lines[i - 1];
		i--;
	}
	if (i < BENCH_LINES)
		path->lines[i] = *line;
}

static bool
is_same_line(const struct xb_line *a, const struct xb_line *b)
{
	return a == b ||
	       (a != NULL && b != NULL && a->line == b->line && strcmp(a->file, b->file) == 0);
}

static const struct xb_line *
line_of_word(const struct check *check, uint32_t word)
{
	const uint32_t insn = check->image.insns[word];

	return insn == JIT_NO_INSN ? NULL : xb_prog_line(check->prog, insn);
}

/* A line may have words in several places: all are of the first one's. */
static void
find_lines(const struct bench *b, struct bench_path *path)
{
	const struct costs *costs = &b->profile.paths[path->class].costs;
	const uint32_t cnt = b->check.image.cnt;

	for (uint32_t i = 0; i < cnt; i++) {
		struct bench_line line = { .line = line_of_word(&b->check, i) };
		uint32_t first = 0;

		while (!is_same_line(line_of_word(&b->check, first), line.line))
			first++;
		if (first < i || line.line == NULL)
			continue;
		for (uint32_t k = i; k < cnt; k++)
			if (is_same_line(line_of_word(&b->check, k), line.line)) {
				line.cycles += (double)costs->cycles[k] / (double)costs->packets;
				line.waits += costs->waits[k];
			}
		keep_line(path, &line);
	}
}

static enum code
code_of_fate(enum bpf_prog_type type, enum nic_fate fate)
{
	static const enum nic_verdict verdicts[NIC_FATE_CNT] = {
		[NIC_FATE_DROP] = NIC_VERDICT_DROP,
		[NIC_FATE_PASS] = NIC_VERDICT_PASS,
		[NIC_FATE_TX] = NIC_VERDICT_TX,
	};
	const struct nic_frame frame = { .verdict = verdicts[fate], .stat = NIC_STAT_bpf_app1 };

	return code_of_card(type, &frame);
}

static int
predict_path(struct bench *b, struct bench_path *path, uint64_t packets)
{
	const struct nic_predict_options options = options_of(b);
	const struct nic_class *class = nic_mix_class(b->profile.mix, path->class);
	int err;

	path->share = (double)class->packets / (double)packets;
	path->bytes = (double)class->bytes / (double)class->packets;
	path->has_lines = path->class < b->profile.path_cnt;
	path->code = path->has_lines ? b->profile.paths[path->class].code
				     : code_of_fate(b->program.prog->type, class->path.fate);
	if (!path->has_lines)
		return nic_predict_class(
			&b->card.nic, b->profile.mix, path->class, &options, &path->p);
	err = profile_path_waits(&b->profile, path->class, &options, &path->p);
	if (err == 0)
		find_lines(b, path);
	return err;
}

int
bench_card(struct bench *b)
{
	uint64_t packets = 0;
	int err = profile_make(&b->profile, &b->check, &b->packets, false);

	if (err == 0)
		err = forecast_make(&b->forecast, &b->card, b->profile.mix, b->opt->anomaly);
	if (err < 0 || b->forecast.card == NULL)
		return err;
	for (uint32_t i = 0; i < nic_mix_class_cnt(b->profile.mix); i++)
		packets += nic_mix_class(b->profile.mix, i)->packets;
	err = predict_by_mes(b);
	if (err == 0)
		err = predict_by_size(b);
	if (err == 0)
		err = choose_paths(b);
	for (uint32_t i = 0; err == 0 && i < b->path_cnt; i++)
		err = predict_path(b, &b->paths[i], packets);
	return err;
}
