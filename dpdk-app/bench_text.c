/* SPDX-License-Identifier: BSD-2-Clause */
/* A bench as text: tables whose rows end in a bar. */
#include "dpdk-app/bench.h"

#include <inttypes.h>
#include <math.h>

#define BAR 40 /* columns of the longest */

static double
greatest(const struct bench_row *rows, uint32_t cnt)
{
	double most = 0;

	for (uint32_t i = 0; i < cnt; i++)
		most = fmax(most, rows[i].p.mpps);
	return most;
}

static void
print_bar(double mpps, double most, FILE *out)
{
	int columns = (int)lround(BAR * mpps / most);

	fputs(columns > 0 ? "  " : "", out);
	for (int i = 0; i < columns; i++)
		fputc('#', out);
	fputc('\n', out);
}

static void
print_rows(const struct bench_row *rows, uint32_t cnt, bool are_sizes, FILE *out)
{
	const double most = greatest(rows, cnt);
	char buf[16];

	fprintf(out, "%6s %8s %8s  %-5s  %-9s\n", are_sizes ? "bytes" : "MEs", "Mpps", "Gbit/s",
		"bound", "validated");
	for (uint32_t i = 0; i < cnt; i++) {
		const struct nic_prediction *p = &rows[i].p;

		snprintf(buf, sizeof(buf), "%u", rows[i].what);
		fprintf(out, "%6s %8.2f %8.2f  %-5s  %-9s",
			are_sizes ? bench_size_name(rows[i].what, buf) : buf, p->mpps, p->gbps,
			nic_bound_name(p->bound), p->is_validated ? "yes" : "no");
		print_bar(p->mpps, most, out);
	}
}

static void
print_line(const struct bench_line *line, FILE *out)
{
	fprintf(out, "         %8.1f cycles %8.1f waits  %s:%u  %s\n", line->cycles, line->waits,
		line->line->file, line->line->line, line->line->text);
}

static void
print_paths(const struct bench *b, FILE *out)
{
	fprintf(out, "\npaths      %u%s, each as if all packets took it\n", b->forecast.path_cnt,
		b->forecast.path_cnt > b->path_cnt ? ", here the commonest and the slowest" : "");
	for (uint32_t i = 0; i < b->path_cnt; i++) {
		const struct bench_path *path = &b->paths[i];

		fprintf(out, "%7.2f%%  %-12s %6.0f bytes %9.1f cycles %8.2f Mpps, bound %-5s%s%s\n",
			100 * path->share, code_infos[path->code].name, path->bytes,
			path->p.cycles_per_packet, path->p.mpps, nic_bound_name(path->p.bound),
			path->is_common ? "  common" : "", path->is_slow ? "  slow" : "");
		for (uint32_t k = 0; path->has_lines && k < BENCH_LINES; k++)
			if (path->lines[k].line != NULL)
				print_line(&path->lines[k], out);
		if (!path->has_lines)
			fprintf(out, "          its lines are not known: none of its packets was "
				     "recorded\n");
	}
}

static void
print_speeds(const struct bench *b, FILE *out)
{
	const double host = bench_speed_mpps(&b->speeds[BENCH_HOST]);

	fprintf(out, "\nmeasured on this machine, one thread, the same packets in memory\n");
	for (int i = 0; i < BENCH_SPEED_CNT; i++) {
		const struct bench_speed *s = &b->speeds[i];
		const double mpps = bench_speed_mpps(s);

		if (s->skipped[0] != '\0') {
			fprintf(out, "  %-38s skipped: %s\n", bench_speed_titles[i], s->skipped);
			continue;
		}
		fprintf(out, "  %-38s %8.2f Mpps %9.1f ns", bench_speed_titles[i], mpps,
			1e3 / mpps);
		if (host > 0)
			fprintf(out, " %6.2f x host engine", mpps / host);
		if (s->insns > 0)
			fprintf(out, "; %.0f M microcode instructions/s",
				(double)s->insns / s->seconds / 1e6);
		fputc('\n', out);
	}
}

static void
print_head(const struct bench *b, FILE *out)
{
	const struct xb_prog *prog = b->program.prog;
	const struct finding *refusal = check_refusal(&b->check);

	fprintf(out, "program    %s (%s, section \"%s\", %u instructions) of %s\n", prog->name,
		xb_prog_type_name(prog->type), prog->section, prog->insn_cnt, b->program.obj->path);
	fprintf(out, "packets    %u of %s, %.1f bytes on average%s\n", b->packets.cnt, b->opt->in,
		b->packets.cnt ? (double)b->packets.total / b->packets.cnt : 0,
		b->packets.is_more ? "; it has more (-n)" : "");
	if (b->packets.unseen > 0)
		fprintf(out,
			"           %" PRIu64 " more are too short or too long for a program\n",
			b->packets.unseen);
	if (refusal != NULL)
		fprintf(out, "card       %s refuses it: %s (%s); xoffload check says more\n",
			b->card.name, refusal->message, finding_errno(refusal));
	else if (b->forecast.card == NULL)
		fprintf(out, "card       nothing is predicted: no packet came to its end there\n");
	if (b->profile.faults > 0)
		fprintf(out,
			"           %" PRIu64
			" packets ended in a device fault; they are left out\n",
			b->profile.faults);
}

void
bench_text(const struct bench *b, FILE *out)
{
	print_head(b, out);
	if (b->forecast.card != NULL) {
		forecast_print(&b->forecast, out);
		fprintf(out, "\npredicted against microengines (MEs), frames as captured\n");
		print_rows(b->by_mes, b->row_cnt, false, out);
		fprintf(out,
			"\npredicted against frames of so many bytes with CRC, on the same paths; "
			"IMIX: 7 of 64, 4 of 594, 1 of 1518\n");
		print_rows(b->by_size, BENCH_SIZES, true, out);
		print_paths(b, out);
	}
	print_speeds(b, out);
}
