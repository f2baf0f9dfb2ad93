/* SPDX-License-Identifier: BSD-2-Clause */
/* Profiles of microcode, by the exact microengine and the timing model. */
#include "dpdk-app/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
costs_new(struct costs *costs, uint32_t words)
{
	*costs = (struct costs){
		.runs = calloc(words, sizeof(*costs->runs)),
		.cycles = calloc(words, sizeof(*costs->cycles)),
		.waits = calloc(words, sizeof(*costs->waits)),
	};
	return costs->runs && costs->cycles && costs->waits ? 0 : -ENOMEM;
}

void
costs_free(struct costs *costs)
{
	free(costs->runs);
	free(costs->cycles);
	free(costs->waits);
	*costs = (struct costs){ 0 };
}

/* Room for the path of that number, and those before it. */
static int
reserve(struct profile *p, uint32_t path)
{
	while (p->path_cnt <= path) {
		if (p->path_cnt == p->path_room) {
			uint32_t room = p->path_room ? 2 * p->path_room : 16;
			struct profile_path *more = realloc(p->paths, room * sizeof(*more));

			if (more == NULL)
				return -ENOMEM;
			p->paths = more;
			p->path_room = room;
		}
		p->paths[p->path_cnt] = (struct profile_path){ 0 };
		if (costs_new(&p->paths[p->path_cnt++].costs, p->check->image.cnt) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The packet that ran was recorded: what it took is its path's. */
static int
add_packet(struct profile *p, enum code code)
{
	const uint32_t start = p->check->card->jit.start;
	int class = nic_engine_class(p->engine);
	struct costs *costs;

	if (class >= 0 && reserve(p, (uint32_t) class) < 0)
		return -ENOMEM;
	costs = class >= 0 ? &p->paths[class].costs : NULL;
	for (uint32_t i = 0; i < p->check->image.cnt; i++) {
		if (costs != NULL) {
			costs->runs[i] += p->last->runs[start + i];
			costs->cycles[i] += p->last->cycles[start + i];
		}
		p->last->runs[start + i] = p->last->cycles[start + i] = 0;
	}
	if (costs == NULL)
		return 0;
	costs->packets++;
	p->paths[class].code = code;
	return 0;
}

static int
run_packet(struct profile *p, const struct packets *packets, uint32_t index, uint8_t *buf)
{
	const uint32_t len = packets->packets[index].len;
	struct nic_frame frame = {
		.data = packets_put(packets, index, buf),
		.bytes = len,
		.tailroom = PACKETS_BUF_BYTES - PKT_HEADROOM - len,
	};

	if (nic_engine_run(p->engine, &frame) < 0)
		return 0; /* the hardware would not give it to a program */
	p->faults += frame.verdict == NIC_VERDICT_FAULT;
	return add_packet(p, code_of_card(p->check->prog->type, &frame));
}

int
profile_make(
	struct profile *p, const struct check *check, const struct packets *packets, bool every)
{
	uint8_t *buf = calloc(1, PACKETS_BUF_BYTES);
	int err = buf != NULL ? 0 : -ENOMEM;

	*p = (struct profile){ .check = check };
	if (err == 0) {
		p->engine = nic_engine_new(check->offload.fw, 0, false);
		p->mix = nic_mix_new();
		p->last = calloc(1, sizeof(*p->last));
		if (p->engine == NULL || p->mix == NULL || p->last == NULL)
			err = -ENOMEM;
	}
	if (err == 0)
		err = nic_engine_watch(p->engine, every, p->last);
	for (uint32_t i = 0; err == 0 && i < packets->cnt; i++)
		err = run_packet(p, packets, i, buf);
	if (err == 0)
		err = nic_engine_paths(p->engine, p->mix);
	free(buf);
	return err;
}

void
profile_free(struct profile *p)
{
	for (uint32_t i = 0; i < p->path_cnt; i++)
		costs_free(&p->paths[i].costs);
	free(p->paths);
	free(p->last);
	nic_mix_free(p->mix);
	nic_engine_free(p->engine);
	*p = (struct profile){ 0 };
}

/* ---- waits, which only a simulation of the whole card knows ---- */

static int
predict_waits(const struct profile *p, uint32_t class, const struct nic_predict_options *options,
	struct nic_prediction *prediction, double *waits)
{
	struct nic_predict_options with = *options;
	int err;

	with.waits = calloc(NIC_CODE_WORDS, sizeof(*with.waits));
	if (with.waits == NULL)
		return -ENOMEM;
	err = nic_predict_class(&p->check->card->nic, p->mix, class, &with, prediction);
	if (err == 0)
		memcpy(waits, with.waits + p->check->card->jit.start,
			p->check->image.cnt * sizeof(*waits));
	free(with.waits);
	return err;
}

int
profile_path_waits(struct profile *p, uint32_t path, const struct nic_predict_options *options,
	struct nic_prediction *prediction)
{
	return predict_waits(p, path, options, prediction, p->paths[path].costs.waits);
}

int
profile_costs(const struct profile *p, struct costs *costs)
{
	const struct nic_predict_options options = { 0 };
	struct nic_prediction prediction;
	int err = costs_new(costs, p->check->image.cnt);

	for (uint32_t i = 0; err == 0 && i < p->path_cnt; i++) {
		const struct costs *its = &p->paths[i].costs;

		costs->packets += its->packets;
		for (uint32_t w = 0; w < p->check->image.cnt; w++) {
			costs->runs[w] += its->runs[w];
			costs->cycles[w] += its->cycles[w];
		}
	}
	if (err == 0)
		err = predict_waits(p, UINT32_MAX, &options, &prediction, costs->waits);
	return err == -EINVAL ? 0 : err; /* no packet, no waits */
}
