/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fits the timing model's parameters to what was measured, and shows what is left.
 *
 *	timing_fit              residuals of the card files as they are
 *	timing_fit --search     fits first, from the card files' numbers, and prints what to write
 *	                        there; then leaves each row out in turn
 *	--what-if KEY=VALUE     changes a key of the cards for this run, to see what would fit with
 *	                        it, or to begin a search elsewhere; may be repeated
 *
 * Few numbers are fitted (parameters[]); one of them scales nine latencies whose proportions are
 * those of firmware-facts.md 2.4. Everything else is counted or measured.
 */
#include "tests/timing/least_squares.h"
#include "tests/timing/measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEARCH_EVENTS 300000u
#define LEAST_MES 5u /* with so many the constants were measured, as every program was */
#define CTM_ACCESSES 32u
#define LEFT_OUT_FROM 0.95
/* Of a residual in per cent; that of a cell which a microengine bounds has 1. */
#define MEMORY_WEIGHT 2.0   /* these cells repeat to 0.2 %, the others to 1 % */
#define DROP_WEIGHT 2.0	    /* a row that a microengine bounds all along: 1 % is wanted, not 2 */
#define FIRMWARE_WEIGHT 0.5 /* "approximately 224" */
#define CTM_WEIGHT 0.5	    /* "at least 16": two digits */

static struct nic_mix *rows[ROW_CNT], *accesses[2];
static struct nic_card cards[2]; /* research, corenic */
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

enum { P_SCALE, P_EMEM, P_CTM, P_FIRMWARE, P_CNT };
static struct least_parameter parameters[P_CNT] = {
	[P_SCALE] = { "scale of latencies", 0, 0.04 },
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
	parameters[P_EMEM].value = get(NIC_KEY_emem_latency);
	parameters[P_CTM].value = get(NIC_KEY_ctm_latency);
	parameters[P_FIRMWARE].value = get(NIC_KEY_emem_firmware_cycles);
}

static void
put_to_card(void)
{
	for (size_t i = 0; i < sizeof(scaled) / sizeof(scaled[0]); i++)
		set(scaled[i].key, parameters[P_SCALE].value * scaled[i].cycles);
	set(NIC_KEY_emem_latency, parameters[P_EMEM].value);
	set(NIC_KEY_ctm_latency, parameters[P_CTM].value);
	set(NIC_KEY_emem_firmware_cycles, parameters[P_FIRMWARE].value);
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

/* Of the cycles around the least program. */
static double
firmware_error(void)
{
	double cycles = predict("research", accesses[0], LEAST_MES).cycles_per_packet;

	return 100 * (cycles / (MEASURED_LEAST_CYCLES + MEASURED_FIRMWARE_CYCLES) - 1);
}

static double
ctm_cycles(void)
{
	return (predict("research", accesses[1], LEAST_MES).cycles_per_packet -
		       predict("research", accesses[0], LEAST_MES).cycles_per_packet) /
	       CTM_ACCESSES;
}

static double
weight(int row, bool memory)
{
	return memory ? MEMORY_WEIGHT : row == ROW_DROP ? DROP_WEIGHT : 1;
}

/* arg: a row that does not count, or ROW_CNT. ROW_SLOW never does, as its program's length was
 * chosen to meet it. */
static uint32_t
residuals(const struct least_parameter *unused, void *arg, double *r)
{
	const int without = *(const int *)arg;
	enum nic_bound bound;
	uint32_t cnt = 0;

	(void)unused;
	put_to_card();
	for (int row = 0; row < ROW_CNT; row++)
		for (int c = 0; c < MEASURED_COLUMNS && row != ROW_SLOW && row != without; c++) {
			bool memory = is_ceiling(row, c);

			if (row != ROW_DROP || !memory)
				r[cnt++] = cell_error(row, c, &bound) * weight(row, memory);
		}
	r[cnt++] = firmware_error() * FIRMWARE_WEIGHT;
	r[cnt++] = 100 * (ctm_cycles() / MEASURED_CTM_CYCLES - 1) * CTM_WEIGHT;
	return cnt;
}

static double
search(int without)
{
	double sum;

	events = SEARCH_EVENTS;
	sum = least_squares(parameters, P_CNT, residuals, &without);
	put_to_card();
	events = 0;
	return sum;
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
print_constants(void)
{
	printf("research firmware around %.0f cycles: %+.2f %% of %.0f + %.0f\n",
		MEASURED_LEAST_CYCLES, firmware_error(), MEASURED_FIRMWARE_CYCLES,
		MEASURED_LEAST_CYCLES);
	printf("a packet access more: %.2f cycles, measured %.0f\n", ctm_cycles(),
		MEASURED_CTM_CYCLES);
}

/* Programs that nothing is fitted to. */
static void
print_others(void)
{
	double sum = 0;

	for (int i = 0; i < MEASURED_OTHERS; i++) {
		const struct measured_other *other = &measured_others[i];
		struct nic_mix *mix = measured_steps(other->steps);
		struct nic_prediction p = predict("research", mix, other->mes);
		double e = 100 * (p.mpps / other->mpps - 1);

		printf("%-14s %2u MEs: %.3f Mpps, measured %.3f: %+.2f %% %s\n", other->title,
			other->mes, p.mpps, other->mpps, e, nic_bound_name(p.bound));
		sum += fabs(e);
		nic_mix_free(mix);
	}
	printf("programs that the search does not see: mean absolute error %.2f %%\n",
		sum / MEASURED_OTHERS);
}

static void
print_parameters(void)
{
	for (int p = 0; p < P_CNT; p++)
		printf("  %-22s %.3f\n", parameters[p].name, parameters[p].value);
}

/* Fits without a row, and says how well that row is predicted. It begins away from what was fitted
 * with that row. */
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
		for (int p = 0; p < P_CNT; p++)
			parameters[p].value = keep[p] * LEFT_OUT_FROM;
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
		for (int p = 0; p < P_CNT; p++)
			printf(" %s %.3f", parameters[p].name, parameters[p].value);
		puts("");
		all += sum;
		cells += cnt;
	}
	printf("leave-one-out: mean absolute error %.2f %%\n", all / cells);
	for (int p = 0; p < P_CNT; p++)
		parameters[p].value = keep[p];
	put_to_card();
}

static void
make_mixes(void)
{
	char text[1024];

	for (int row = 0; row < ROW_CNT; row++)
		rows[row] = measured_mix((enum measured_row)row);
	snprintf(text, sizeof(text), "%g", MEASURED_LEAST_CYCLES);
	accesses[0] = measured_steps(text);
	snprintf(text, sizeof(text), "%g", MEASURED_LEAST_CYCLES - 5);
	for (uint32_t i = 0; i < CTM_ACCESSES; i++)
		strcat(text, " 5 ctm:4!");
	accesses[1] = measured_steps(strcat(text, " 5"));
}

static void
clear_mixes(void)
{
	for (int row = 0; row < ROW_CNT; row++)
		nic_mix_free(rows[row]);
	nic_mix_free(accesses[0]);
	nic_mix_free(accesses[1]);
}

/* False: it is used otherwise. */
static bool
read_arguments(int argc, char **argv, bool *has_search)
{
	char message[512];

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--search") == 0) {
			*has_search = true;
			continue;
		}
		if (strcmp(argv[i], "--what-if") != 0 || ++i == argc) {
			fprintf(stderr, "usage: timing_fit [--search] [--what-if KEY=VALUE]...\n");
			return false;
		}
		for (int c = 0; c < 2; c++)
			if (nic_card_set(&cards[c], argv[i], message, sizeof(message)) < 0) {
				fprintf(stderr, "timing_fit: %s\n", message);
				return false;
			}
	}
	return true;
}

int
main(int argc, char **argv)
{
	bool has_search = false;

	cards[0] = measured_card("research");
	cards[1] = measured_card("corenic");
	if (!read_arguments(argc, argv, &has_search))
		return 2;
	make_mixes();
	for (int row = 0; row < ROW_CNT; row++)
		printf("%s: %.0f cycles of issue\n", measured_titles[row],
			nic_steps_cycles(&nic_mix_class(rows[row], 0)->path.steps));
	if (has_search) {
		take_from_card();
		printf("sum of squares %.2f\n", search(ROW_CNT));
		print_parameters();
		for (size_t i = 0; i < sizeof(scaled) / sizeof(scaled[0]); i++)
			printf("  %-22s %.3f\n", nic_card_key_info(scaled[i].key)->name,
				get(scaled[i].key));
	}
	print_rows();
	print_constants();
	print_others();
	if (has_search)
		print_left_out();
	clear_mixes();
	return 0;
}
