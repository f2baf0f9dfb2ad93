/* SPDX-License-Identifier: BSD-2-Clause */
/* A bench as JSON; the names are a contract. */
#include "dpdk-app/bench.h"
#include "dpdk-app/json.h"

#include <errno.h>

/* key: "mes", "bytes" */
static json_t *
json_row(const char *key, json_t *what, const struct nic_prediction *p)
{
	return json_pack("{s:o, s:f, s:f, s:f, s:s, s:b}", key, what, "mpps", p->mpps, "gbps",
		p->gbps, "cycles_per_packet", p->cycles_per_packet, "bottleneck",
		nic_bound_name(p->bound), "validated", p->is_validated);
}

static json_t *
json_lines(const struct bench_path *path)
{
	json_t *lines = json_array();

	for (uint32_t k = 0; path->has_lines && k < BENCH_LINES; k++) {
		const struct bench_line *line = &path->lines[k];

		if (line->line != NULL)
			json_array_append_new(lines,
				json_pack("{s:o, s:i, s:o, s:f, s:f}", "source",
					json_text(line->line->file), "line", (int)line->line->line,
					"text", json_text(line->line->text), "cycles", line->cycles,
					"waits", line->waits));
	}
	return lines;
}

static json_t *
json_paths(const struct bench *b)
{
	json_t *paths = json_array();

	for (uint32_t i = 0; i < b->path_cnt; i++) {
		const struct bench_path *path = &b->paths[i];
		json_t *json = json_row("bytes", json_real(path->bytes), &path->p);

		json_object_set_new(json, "share", json_real(path->share));
		json_object_set_new(json, "verdict", json_string(code_infos[path->code].name));
		json_object_set_new(json, "commonest", json_boolean(path->is_common));
		json_object_set_new(json, "slowest", json_boolean(path->is_slow));
		json_object_set_new(json, "lines", json_lines(path));
		json_array_append_new(paths, json);
	}
	return paths;
}

static json_t *
json_speeds(const struct bench *b)
{
	json_t *speeds = json_object();

	for (int i = 0; i < BENCH_SPEED_CNT; i++) {
		const struct bench_speed *s = &b->speeds[i];
		const double mpps = bench_speed_mpps(s);

		if (s->skipped[0] != '\0')
			json_object_set_new(speeds, bench_speed_names[i],
				json_pack("{s:n, s:n, s:o}", "mpps", "ns", "skipped",
					json_text(s->skipped)));
		else
			json_object_set_new(speeds, bench_speed_names[i],
				json_pack("{s:f, s:f, s:n}", "mpps", mpps, "ns", 1e3 / mpps,
					"skipped"));
	}
	return speeds;
}

int
bench_json(const struct bench *b, FILE *out)
{
	json_t *by_mes = json_array(), *by_size = json_array();

	for (uint32_t i = 0; i < b->row_cnt; i++)
		json_array_append_new(
			by_mes, json_row("mes", json_integer(b->by_mes[i].what), &b->by_mes[i].p));
	for (uint32_t i = 0; b->row_cnt > 0 && i < BENCH_SIZES; i++)
		json_array_append_new(by_size,
			json_row("bytes",
				b->by_size[i].what == BENCH_IMIX ? json_string("imix")
								 : json_integer(b->by_size[i].what),
				&b->by_size[i].p));
	return json_print(
		json_pack("{s:o, s:o, s:o, s:i, s:I, s:b, s:o, s:o, s:o, s:o, s:o}", "program",
			json_program(b->program.obj, b->program.prog), "offload",
			json_check(&b->check), "input", json_text(b->opt->in), "packets",
			(int)b->packets.cnt, "bytes", (json_int_t)b->packets.total, "is_cut",
			b->packets.is_more, "card", forecast_json(&b->forecast), "by_mes", by_mes,
			"by_size", by_size, "paths", json_paths(b), "measured", json_speeds(b)),
		out);
}
