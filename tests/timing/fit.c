/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fits the timing model's parameters to what was measured, and shows what is left.
 *
 *	timing_fit              residuals of the card files as they are, and with each row left out
 *	timing_fit --search [SWAP_CYCLES]
 *	                        fits first, from the card files' numbers, and prints what to
 *	                        write there
 *
 * The scale of latencies and swap_cycles can stand for each other to some extent, and a search that
 * goes along one of them at a time does not see that: give SWAP_CYCLES, which is then not searched,
 * and compare the costs.
 *
 * Few numbers are fitted (parameters[]); one of them scales nine latencies whose proportions are
 * those of firmware-facts.md 2.4. Everything else is counted or measured.
 */
#include "tests/timing/measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEARCH_EVENTS 150000u
#define ANCHORS 5
#define ANCHOR_MES 10u
#define ANCHOR_WEIGHT 1.0
#define CTM_ACCESSES 32u
#define CTM_WEIGHT 0.25	  /* "at least 16": two digits */
#define MEMORY_WEIGHT 4.0 /* these cells repeat to 0.2 %, the others to 1 % */

static struct nic_mix *rows[ROW_CNT], *anchors[ANCHORS], *accesses[2];
static const double anchor_cycles[ANCHORS] = { 19, 60, 120, 250, 500 };
static struct nic_card cards[2]; /* research, corenic */
static bool has_swap;		 /* P_SWAP is given and not searched */
static uint32_t events;		 /* of a prediction; 0: as many as for users */

/* ---- parameters ---- */

/* Latencies of firmware-facts.md 2.4, at scale 1. */
static const struct {
	enum nic_card_key key;
	double cycles;
} scaled[] = {
	{ NIC_KEY_nbi_latency, 77 },
	{ NIC_KEY_cls_latency, 26 },
	{ NIC_KEY_stats_latency, 102 },
	{ NIC_KEY_imem_latency, 90 },
	{ NIC_KEY_emem_write_latency, 90 },
	{ NIC_KEY_emem_atomic_latency, 90 },
	{ NIC_KEY_emem_cam_latency, 100 },
	{ NIC_KEY_remote_latency, 85 },
	{ NIC_KEY_emem_ring_latency, 94 },
};

enum { P_SWAP, P_SCALE, P_EMEM, P_CTM, P_FIRMWARE, P_CNT };
static struct {
	const char *name;
	double value, step;
} parameters[P_CNT] = {
	[P_SCALE] = { "scale of latencies", 0, 0.04 },
	[P_SWAP] = { "swap_cycles", 0, 0.5 },
	[P_EMEM] = { "emem_latency", 0, 2 },
	[P_CTM] = { "ctm_latency", 0, 2 },
	[P_FIRMWARE] = { "emem_firmware_cycles", 0, 0.02 },
};

static void
set(enum nic_card_key key, double value)
{
	for (int i = 0; i < 2; i++)
		*(uint32_t *)((char *)&cards[i] + nic_card_key_info(key)->at) =
			(uint32_t)lround(value * 1e3);
}

static double
get(enum nic_card_key key)
{
	return *(uint32_t *)((char *)&cards[0] + nic_card_key_info(key)->at) / 1e3;
}

static void
take_from_card(void)
{
	parameters[P_SCALE].value = get(NIC_KEY_nbi_latency) / scaled[0].cycles;
	parameters[P_SWAP].value = get(NIC_KEY_swap_cycles);
	parameters[P_EMEM].value = get(NIC_KEY_emem_latency);
	parameters[P_CTM].value = get(NIC_KEY_ctm_latency);
	parameters[P_FIRMWARE].value = get(NIC_KEY_emem_firmware_cycles);
}

static void
put_to_card(void)
{
	for (size_t i = 0; i < sizeof(scaled) / sizeof(scaled[0]); i++)
		set(scaled[i].key, parameters[P_SCALE].value * scaled[i].cycles);
	set(NIC_KEY_swap_cycles, fmax(0, parameters[P_SWAP].value));
	set(NIC_KEY_emem_latency, parameters[P_EMEM].value);
	set(NIC_KEY_ctm_latency, parameters[P_CTM].value);
	set(NIC_KEY_emem_firmware_cycles, fmax(0, parameters[P_FIRMWARE].value));
}

/* ---- residuals ---- */

static struct nic_prediction
predict(const char *firmware, const struct nic_mix *mix, uint32_t mes)
{
	struct nic_card card = cards[strcmp(firmware, "research") != 0];
	struct nic_predict_options options = { .events = events };
	struct nic_prediction p;

	card.mes = mes;
	if (nic_predict(&card, mix, &options, &p) < 0)
		exit(1);
	return p;
}

static double
cell_error(int row, int column, enum nic_bound *bound)
{
	struct nic_prediction p = predict(measured_firmwares[row], rows[row], measured_mes[column]);

	*bound = p.bound;
	return 100 * (p.mpps / measured_mpps[row][column] - 1);
}

/* Cells at a ceiling of the memory or the MACs, as measured: nothing a microengine does changes it.
 */
static bool
is_ceiling(int row, int column)
{
	return measured_mpps[row][column] > 0.99 * measured_mpps[row][MEASURED_COLUMNS - 1] &&
	       row != ROW_SLOW;
}

static double
anchor_error(int i)
{
	double cycles = predict("research", anchors[i], ANCHOR_MES).cycles_per_packet;

	return 100 * (cycles / (anchor_cycles[i] + MEASURED_FIRMWARE_CYCLES) - 1);
}

static double
ctm_cycles(void)
{
	return (predict("research", accesses[1], ANCHOR_MES).cycles_per_packet -
		       predict("research", accesses[0], ANCHOR_MES).cycles_per_packet) /
	       CTM_ACCESSES;
}

/* without: a row that does not count, ROW_CNT: all do, ROW_SLOW never, as its program's length was
 * chosen to meet it. */
static double
cost(int without)
{
	double sum = 0, e;
	enum nic_bound bound;

	put_to_card();
	for (int row = 0; row < ROW_CNT; row++)
		for (int c = 0; c < MEASURED_COLUMNS && row != ROW_SLOW && row != without; c++) {
			if (row == ROW_DROP && is_ceiling(row, c))
				continue;
			e = cell_error(row, c, &bound);
			sum += e * e * (is_ceiling(row, c) ? MEMORY_WEIGHT : 1);
		}
	for (int i = 0; i < ANCHORS; i++) {
		e = anchor_error(i);
		sum += e * e * ANCHOR_WEIGHT;
	}
	e = 100 * (ctm_cycles() / MEASURED_CTM_CYCLES - 1);
	return sum + e * e * CTM_WEIGHT;
}

/* ---- search: one parameter after the other, with smaller and smaller steps ---- */

static double
walk(int p, double step, double best, int without)
{
	for (int way = -1; way <= 1; way += 2)
		for (double was = parameters[p].value;; was = parameters[p].value) {
			double now;

			parameters[p].value = was + way * step;
			now = cost(without);
			if (now >= best || parameters[p].value < 0) {
				parameters[p].value = was;
				break;
			}
			best = now;
		}
	return best;
}

static double
search(int without)
{
	double best, before;

	events = SEARCH_EVENTS;
	best = cost(without);
	for (double shrink = 1; shrink > 0.1; shrink /= 2)
		do {
			before = best;
			for (int p = has_swap; p < P_CNT; p++)
				best = walk(p, parameters[p].step * shrink, best, without);
		} while (before - best > 0.01 * before);
	put_to_card();
	events = 0;
	return best;
}

/* ---- what is printed ---- */

static void
print_rows(void)
{
	double sum[2] = { 0 }, worst[2] = { 0 };
	int cnt[2] = { 0 };

	printf("%-14s", "MEs");
	for (int c = 0; c < MEASURED_COLUMNS; c++)
		printf("%14u", measured_mes[c]);
	for (int row = 0; row < ROW_CNT; row++) {
		printf("\n%-14s", measured_titles[row]);
		for (int c = 0; c < MEASURED_COLUMNS; c++) {
			bool memory = is_ceiling(row, c);
			enum nic_bound bound;
			double e = cell_error(row, c, &bound);

			printf("%+8.2f %% %-4s", e, nic_bound_name(bound));
			if (bound == NIC_BOUND_MAC || row == ROW_SLOW)
				continue;
			sum[memory] += fabs(e);
			worst[memory] = fmax(worst[memory], fabs(e));
			cnt[memory]++;
		}
	}
	for (int memory = 0; memory < 2; memory++)
		printf("\n%s bound: mean absolute error %.2f %%, worst %.2f %%, %d cells",
			memory ? "memory" : "processor", sum[memory] / cnt[memory], worst[memory],
			cnt[memory]);
	puts("");
}

static void
print_anchors(void)
{
	for (int i = 0; i < ANCHORS; i++)
		printf("research firmware around %3.0f cycles: %+.2f %% of 224 + %.0f\n",
			anchor_cycles[i], anchor_error(i), anchor_cycles[i]);
	printf("a packet access more: %.2f cycles, measured %.0f\n", ctm_cycles(),
		MEASURED_CTM_CYCLES);
}

static void
print_parameters(void)
{
	for (int p = 0; p < P_CNT; p++)
		printf("  %-22s %.3f\n", parameters[p].name, parameters[p].value);
}

/* Fits without a row, and says how well that row is predicted. */
static void
print_left_out(void)
{
	double keep[P_CNT], all = 0;
	int cells = 0;

	for (int p = 0; p < P_CNT; p++)
		keep[p] = parameters[p].value;
	for (int row = 0; row < ROW_CNT; row++) {
		double sum = 0;
		int cnt = 0;

		if (row == ROW_SLOW)
			continue;
		search(row);
		for (int c = 0; c < MEASURED_COLUMNS; c++) {
			enum nic_bound bound;
			double e = cell_error(row, c, &bound);

			if (bound != NIC_BOUND_MAC) {
				sum += fabs(e);
				cnt++;
			}
		}
		printf("without %-9s it is predicted to %.2f %%:", measured_titles[row], sum / cnt);
		for (int p = 0; p < P_CNT; p++) {
			printf(" %s %.3f", parameters[p].name, parameters[p].value);
			parameters[p].value = keep[p];
		}
		puts("");
		all += sum;
		cells += cnt;
	}
	printf("leave-one-out: mean absolute error %.2f %%\n", all / cells);
	put_to_card();
}

static void
make_mixes(void)
{
	char text[1024];

	for (int row = 0; row < ROW_CNT; row++)
		rows[row] = measured_mix((enum measured_row)row);
	for (int i = 0; i < ANCHORS; i++) {
		snprintf(text, sizeof(text), "%g", anchor_cycles[i]);
		anchors[i] = measured_steps(text);
	}
	accesses[0] = measured_steps("19");
	strcpy(text, "14");
	for (uint32_t i = 0; i < CTM_ACCESSES; i++)
		strcat(text, " 5 ctm:4!");
	accesses[1] = measured_steps(strcat(text, " 5"));
}

int
main(int argc, char **argv)
{
	cards[0] = measured_card("research");
	cards[1] = measured_card("corenic");
	make_mixes();
	for (int row = 0; row < ROW_CNT; row++)
		printf("%s: %.0f cycles of issue\n", measured_titles[row],
			nic_steps_cycles(&nic_mix_class(rows[row], 0)->path.steps));
	if (argc > 1 && strcmp(argv[1], "--search") == 0) {
		take_from_card();
		has_swap = argc > 2;
		if (has_swap)
			parameters[P_SWAP].value = atof(argv[2]);
		printf("cost %.2f\n", search(ROW_CNT));
		fflush(stdout);
		print_parameters();
		for (size_t i = 0; i < sizeof(scaled) / sizeof(scaled[0]); i++)
			printf("  %-22s %.3f\n", nic_card_key_info(scaled[i].key)->name,
				get(scaled[i].key));
	}
	print_rows();
	print_anchors();
	if (argc > 1) {
		print_left_out();
	}
	for (int row = 0; row < ROW_CNT; row++)
		nic_mix_free(rows[row]);
	for (int i = 0; i < ANCHORS; i++)
		nic_mix_free(anchors[i]);
	nic_mix_free(accesses[0]);
	nic_mix_free(accesses[1]);
	return 0;
}
