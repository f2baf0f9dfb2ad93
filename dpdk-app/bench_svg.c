/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bench as a picture: Mpps against microengines, as a line, and against the size of frames, as
 * bars; what bounds above, and what this machine does, as lines across. SVG 1.1, no script.
 */
#include "dpdk-app/bench.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define WIDTH 1000
#define HEIGHT 500
#define TOP 96.0
#define BOTTOM 340.0
#define LEFT_FROM 70.0
#define LEFT_TO 470.0
#define RIGHT_FROM 560.0
#define RIGHT_TO 960.0
/* Nothing is written where lines and bars are. */
#define MARKS_AT (BOTTOM + 18)
#define BOUNDS_AT (BOTTOM + 38)
#define UNIT_AT (BOTTOM + 62)
#define LEGEND_AT 432
#define LETTER 7.0 /* width of one, wider than the usual fonts' mean */
#define UNVALIDATED "#b9d0ea"

struct chart {
	FILE *out;
	double from, to; /* x */
	double most;	 /* Mpps at the top */
	double step;	 /* between two marks */
};

enum style { PREDICTED, CEILING, WIRE, HOST, KERNEL, STYLE_CNT };
static const struct {
	const char *colour, *dashes, *name;
} styles[STYLE_CNT] = {
	[PREDICTED] = { "#1f5fa8", "", "predicted" },
	[CEILING] = { "#b03030", "7,4", "MACs' ceiling" },
	[WIRE] = { "#c98a00", "2,3", "wire, all ports" },
	[HOST] = { "#2e7d32", "10,3,2,3", "host engine here, 1 thread" },
	[KERNEL] = { "#6a3d9a", "5,2", "running kernel here, 1 thread" },
};

/* ---- scale ---- */

/* 1, 2 or 5 times a power of ten, so that there are at most 8 marks. */
static double
step_of(double most)
{
	double step = pow(10, floor(log10(most / 8)));

	while (most / step > 8)
		step *= most / step > 40 ? 10 : most / step > 16 ? 5 : 2;
	return step;
}

static double
y_of(const struct chart *c, double mpps)
{
	return BOTTOM - (BOTTOM - TOP) * fmin(mpps, c->most) / c->most;
}

static void
text(FILE *out, double x, double y, const char *anchor, const char *words)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
	for (; *words != '\0'; words++) {
		unsigned char c = (unsigned char)*words;

		if (c < ' ' || c > '~')
			fputc('?', out);
		else if (c == '<' || c == '>' || c == '&')
			fprintf(out, "&#%u;", c);
		else
			fputc(c, out);
	}
	fputs("</text>\n", out);
}

static void
line(FILE *out, double x1, double y1, double x2, double y2, enum style style)
{
	fprintf(out,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
		"stroke-dasharray=\"%s\" stroke-width=\"2\"/>\n",
		x1, y1, x2, y2, styles[style].colour, styles[style].dashes);
}

static void
axes(const struct chart *c, const char *title, const char *unit)
{
	char mark[32];

	text(c->out, (c->from + c->to) / 2, TOP - 16, "middle", title);
	for (double at = 0; at < c->most * 1.001; at += c->step) {
		fprintf(c->out,
			"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n",
			c->from, y_of(c, at), c->to, y_of(c, at));
		snprintf(mark, sizeof(mark), "%g", at);
		text(c->out, c->from - 8, y_of(c, at) + 4, "end", mark);
	}
	fprintf(c->out, "<path d=\"M%.1f %.1fV%.1fH%.1f\" fill=\"none\" stroke=\"#333\"/>\n",
		c->from, TOP, BOTTOM, c->to);
	text(c->out, c->from - 8, TOP - 16, "end", "Mpps");
	text(c->out, (c->from + c->to) / 2, UNIT_AT, "middle", unit);
}

/* ---- the two charts ---- */

static void
across(const struct chart *c, double mpps, enum style style)
{
	if (mpps > 0 && mpps <= c->most)
		line(c->out, c->from, y_of(c, mpps), c->to, y_of(c, mpps), style);
}

static void
measured_lines(const struct bench *b, const struct chart *c)
{
	across(c, bench_speed_mpps(&b->speeds[BENCH_HOST]), HOST);
	across(c, bench_speed_mpps(&b->speeds[BENCH_KERNEL]), KERNEL);
}

static double
x_of_mes(const struct bench *b, const struct chart *c, uint32_t mes)
{
	return c->from + (c->to - c->from) * mes / b->by_mes[b->row_cnt - 1].what;
}

static void
draw_by_mes(const struct bench *b, const struct chart *c)
{
	const struct nic_prediction *all = &b->by_mes[b->row_cnt - 1].p;
	double x = c->from, y = BOTTOM;
	char mark[16];

	axes(c, "frames as captured", "microengines");
	across(c, all->limit_mpps[NIC_BOUND_MAC], CEILING);
	across(c, all->limit_mpps[NIC_BOUND_WIRE], WIRE);
	measured_lines(b, c);
	for (uint32_t i = 0; i < b->row_cnt; i++) {
		const double to_x = x_of_mes(b, c, b->by_mes[i].what);
		const double to_y = y_of(c, b->by_mes[i].p.mpps);

		line(c->out, x, y, to_x, to_y, PREDICTED);
		fprintf(c->out,
			"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\" stroke=\"%s\"/>\n",
			to_x, to_y, b->by_mes[i].p.is_validated ? styles[PREDICTED].colour : "#fff",
			styles[PREDICTED].colour);
		snprintf(mark, sizeof(mark), "%u", b->by_mes[i].what);
		text(c->out, to_x, MARKS_AT, "middle", mark);
		x = to_x;
		y = to_y;
	}
}

static void
draw_by_size(const struct bench *b, const struct chart *c)
{
	const double each = (c->to - c->from) / BENCH_SIZES;
	char buf[16];

	axes(c, "all microengines, the same paths", "bytes of a frame with CRC");
	across(c, b->by_mes[b->row_cnt - 1].p.limit_mpps[NIC_BOUND_MAC], CEILING);
	measured_lines(b, c);
	for (uint32_t i = 0; i < BENCH_SIZES; i++) {
		const struct nic_prediction *p = &b->by_size[i].p;
		const double x = c->from + each * i;

		fprintf(c->out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
			"fill=\"%s\" stroke=\"%s\"/>\n",
			x + 0.2 * each, y_of(c, p->mpps), 0.6 * each, BOTTOM - y_of(c, p->mpps),
			p->is_validated ? styles[PREDICTED].colour : UNVALIDATED,
			styles[PREDICTED].colour);
		if (p->limit_mpps[NIC_BOUND_WIRE] <= c->most)
			line(c->out, x + 0.05 * each, y_of(c, p->limit_mpps[NIC_BOUND_WIRE]),
				x + 0.95 * each, y_of(c, p->limit_mpps[NIC_BOUND_WIRE]), WIRE);
		text(c->out, x + each / 2, MARKS_AT, "middle",
			bench_size_name(b->by_size[i].what, buf));
		text(c->out, x + each / 2, BOUNDS_AT, "middle", nic_bound_name(p->bound));
	}
	text(c->out, c->from - 8, BOUNDS_AT, "end", "bound by");
}

static void
draw_legend(const struct bench *b, FILE *out)
{
	double x = LEFT_FROM;

	for (int i = 0; i < STYLE_CNT; i++) {
		if ((i == HOST && b->speeds[BENCH_HOST].seconds <= 0) ||
			(i == KERNEL && b->speeds[BENCH_KERNEL].seconds <= 0))
			continue;
		line(out, x, LEGEND_AT, x + 28, LEGEND_AT, (enum style)i);
		text(out, x + 34, LEGEND_AT + 4, "start", styles[i].name);
		x += 34 + LETTER * (double)strlen(styles[i].name) + 20;
	}
	text(out, LEFT_FROM, LEGEND_AT + 28, "start",
		"Bound by: me, microengines; emem and ctm, memories; mac and wire, ports; host, "
		"PCIe.");
	text(out, LEFT_FROM, LEGEND_AT + 48, "start",
		"Hollow points, pale bars: not validated. A line that is missing is above the "
		"scale.");
}

/* Of what is drawn, predictions are always within the scale; ceilings and this machine when they
 * are not much above. */
static struct chart
chart_of(const struct bench *b, FILE *out)
{
	struct chart c = { .out = out };

	for (uint32_t i = 0; i < b->row_cnt; i++)
		c.most = fmax(c.most, b->by_mes[i].p.mpps);
	for (uint32_t i = 0; i < BENCH_SIZES; i++)
		c.most = fmax(c.most, b->by_size[i].p.mpps);
	if (b->card.nic.mac_kpps / 1e3 < 3 * c.most)
		c.most = fmax(c.most, b->card.nic.mac_kpps / 1e3);
	c.step = step_of(c.most);
	c.most = c.step * ceil(1.05 * c.most / c.step);
	return c;
}

int
bench_svg(const struct bench *b, FILE *out)
{
	struct chart c = chart_of(b, out);
	char title[512];

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 "
		"0 %d "
		"%d\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	snprintf(title, sizeof(title), "%s on %s, firmware %s, %u MHz: predicted packet rate",
		b->program.prog->name, b->card.name, b->card.firmware, b->card.nic.mhz);
	text(out, WIDTH / 2.0, 28, "middle", title);
	snprintf(title, sizeof(title), "%s%s",
		b->forecast.p.is_validated ? "within what was measured on a real card"
					   : "not validated: ",
		b->forecast.p.is_validated ? "" : b->forecast.p.not_validated);
	text(out, WIDTH / 2.0, 50, "middle", title);
	c.from = LEFT_FROM;
	c.to = LEFT_TO;
	draw_by_mes(b, &c);
	c.from = RIGHT_FROM;
	c.to = RIGHT_TO;
	draw_by_size(b, &c);
	draw_legend(b, out);
	fputs("</svg>\n", out);
	return ferror(out) ? -EIO : 0;
}
