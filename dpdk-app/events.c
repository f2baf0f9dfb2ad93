/* SPDX-License-Identifier: BSD-2-Clause */
/* A reader of perf event arrays, as "bpftool map event_pipe" is one. */
#include "dpdk-app/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RING_BYTES (1u << 20)
#define CPU 0u /* that the card interrupts, and that the firmware names */

static bool
is_events(const struct offload *offload, uint32_t i)
{
	return offload->maps[i] >= 0 && offload->obj->maps[i].type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

static bool
has_events(const struct offload *offload)
{
	for (uint32_t i = 0; i < offload->obj->map_cnt; i++)
		if (is_events(offload, i))
			return true;
	return false;
}

static int
open_event(struct events *e, uint32_t i)
{
	const uint32_t cell = CPU;
	int fd = off_perf_open(&e->offload->who, CPU, RING_BYTES);

	e->of[i].fd = fd;
	e->of[i].last = &e->of[i].first;
	return fd < 0 ? fd
		      : off_map_update(&e->offload->who, e->offload->maps[i], &cell, &fd, BPF_ANY);
}

int
events_start(struct events *e, struct offload *offload, bool keep)
{
	int err = 0;

	*e = (struct events){ .offload = offload, .keep = keep };
	if (!has_events(offload))
		return 0;
	e->of = calloc(offload->obj->map_cnt, sizeof(*e->of));
	if (e->of == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < offload->obj->map_cnt; i++) {
		e->of[i].fd = -1;
		if (err == 0 && is_events(offload, i))
			err = open_event(e, i);
	}
	return err;
}

static void
keep_sample(struct event_counts *c, const uint8_t *data, uint32_t bytes)
{
	struct event_sample *sample = malloc(sizeof(*sample) + bytes);

	if (sample == NULL)
		return;
	sample->next = NULL;
	sample->bytes = bytes;
	memcpy(sample->data, data, bytes);
	*c->last = sample;
	c->last = &sample->next;
}

static void
read_ring(struct events *e, struct event_counts *c)
{
	static uint8_t data[1u << 16]; /* no record is longer */
	struct off_perf_record record;

	while (off_perf_read(&e->offload->who, c->fd, &record, data, sizeof(data)) == 0) {
		if (record.is_lost) {
			c->lost += record.lost;
			continue;
		}
		if (e->keep && c->samples < EVENTS_KEPT)
			keep_sample(c, data, record.bytes);
		c->samples++;
	}
}

void
events_poll(struct events *e)
{
	if (e->of == NULL || off_nfp_poll(e->offload->asic) == 0)
		return;
	for (uint32_t i = 0; i < e->offload->obj->map_cnt; i++)
		if (e->of[i].fd >= 0)
			read_ring(e, &e->of[i]);
}

uint64_t
events_lost_on_card(const struct events *e)
{
	return e->of != NULL ? nic_fw_events_lost(e->offload->fw) : 0;
}

void
events_end(struct events *e)
{
	for (uint32_t i = 0; e->of != NULL && i < e->offload->obj->map_cnt; i++) {
		struct event_sample *sample = e->of[i].first;

		while (sample != NULL) {
			struct event_sample *next = sample->next;

			free(sample);
			sample = next;
		}
	}
	free(e->of);
	*e = (struct events){ 0 };
}
