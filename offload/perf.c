/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events of programs: perf_event_open(2) of PERF_COUNT_SW_BPF_OUTPUT with its ring, and the cells
 * of perf event arrays (kernel: kernel/bpf/arraymap.c, kernel/trace/bpf_trace.c, kernel/events/).
 * Records have the kernel's sizes, so that a ring is full when the kernel's is.
 */
#include "offload/internal.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u
#define RING_BYTES_MAX (1u << 27)
#define HEADER_BYTES 8u /* struct perf_event_header */
#define LOST_BYTES (HEADER_BYTES + 16)
/* Interrupts of cards go to this one. */
#define INTERRUPT_CPU 0u

/* A record in a ring. */
struct off_perf_entry {
	TAILQ_ENTRY(off_perf_entry) in_ring;
	struct off_perf_record record;
	uint8_t data[];
};

static struct off_perf *
perf_of(struct off_kernel *k, int fd)
{
	return (struct off_perf *)off_fd_object(k, fd, OFF_KIND_PERF);
}

/* ---- an event and its ring ---- */

int
off_perf_open(const struct off_caller *who, uint32_t cpu, uint32_t ring_bytes)
{
	struct off_perf *perf;

	if (!off_has(who, OFF_CAP_SYS_ADMIN))
		return off_refuse(NULL, OFF_RULE_PE_1);
	if (ring_bytes < PAGE_BYTES || ring_bytes > RING_BYTES_MAX ||
		(ring_bytes & (ring_bytes - 1)))
		return off_refuse(NULL, OFF_RULE_PE_2);
	perf = calloc(1, sizeof(*perf));
	if (!perf)
		return -ENOMEM;
	off_lock(who->k);
	off_object_init(&perf->o, who->k, OFF_KIND_PERF);
	perf->cpu = cpu;
	perf->ring_bytes = ring_bytes;
	TAILQ_INIT(&perf->ring);
	return off_unlock(who->k, off_fd_new(&perf->o));
}

void
off_perf_free(struct off_perf *perf)
{
	struct off_perf_entry *entry;

	while ((entry = TAILQ_FIRST(&perf->ring))) {
		TAILQ_REMOVE(&perf->ring, entry, in_ring);
		free(entry);
	}
	free(perf);
}

static uint32_t
bytes_in_ring(const struct off_perf_record *record)
{
	return record->is_lost ? LOST_BYTES
			       : HEADER_BYTES + 8 /* time */ + 4 /* size */ + record->bytes;
}

/* A ring is never quite full. */
static bool
has_room(const struct off_perf *perf, uint32_t bytes)
{
	return bytes < perf->ring_bytes - perf->used;
}

static void
append(struct off_perf *perf, struct off_perf_entry *entry)
{
	perf->used += bytes_in_ring(&entry->record);
	TAILQ_INSERT_TAIL(&perf->ring, entry, in_ring);
}

/* What was lost is told as soon as there is room for that and a record. */
static bool
tell_lost(struct off_perf *perf)
{
	struct off_perf_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return false;
	entry->record.is_lost = true;
	entry->record.lost = perf->lost;
	entry->record.time_ns = off_now(&perf->o.k->opts.clock);
	perf->lost = 0;
	append(perf, entry);
	return true;
}

/* The data, the packet behind it, and zeros so that the record is whole double words. The kernel
 * leaves there what was in the ring. */
static struct off_perf_entry *
entry_of(const struct off_perf *perf, const struct off_perf_data *data)
{
	const uint32_t sum = data->data_bytes + data->packet_bytes;
	const uint32_t bytes = (sum + 4 + 7) / 8 * 8 - 4;
	struct off_perf_entry *entry = calloc(1, sizeof(*entry) + bytes);

	if (!entry)
		return NULL;
	entry->record.bytes = bytes;
	entry->record.time_ns = off_now(&perf->o.k->opts.clock);
	if (data->data_bytes)
		memcpy(entry->data, data->data, data->data_bytes);
	if (data->packet_bytes)
		memcpy(entry->data + data->data_bytes, data->packet, data->packet_bytes);
	return entry;
}

static void
output(struct off_perf *perf, const struct off_perf_data *data)
{
	struct off_perf_entry *entry = entry_of(perf, data);
	const uint32_t more = perf->lost ? LOST_BYTES : 0;

	if (!entry || !has_room(perf, bytes_in_ring(&entry->record) + more) ||
		(more && !tell_lost(perf))) {
		free(entry);
		perf->lost++;
		return;
	}
	append(perf, entry);
}

int
off_perf_read(const struct off_caller *who, int fd, struct off_perf_record *record, void *data,
	uint32_t size)
{
	struct off_perf_entry *entry;
	struct off_perf *perf;
	int err = -EBADF;

	off_lock(who->k);
	perf = perf_of(who->k, fd);
	entry = perf ? TAILQ_FIRST(&perf->ring) : NULL;
	if (perf)
		err = !entry ? -EAGAIN : entry->record.bytes > size ? -ENOSPC : 0;
	if (err)
		return off_unlock(who->k, err);
	*record = entry->record;
	memcpy(data, entry->data, entry->record.bytes);
	perf->used -= bytes_in_ring(&entry->record);
	TAILQ_REMOVE(&perf->ring, entry, in_ring);
	free(entry);
	return off_unlock(who->k, 0);
}

/* ---- cells of a perf event array ---- */

static void
set_cell(struct off_map *map, uint32_t i, struct off_perf *perf, int map_fd)
{
	struct off_perf *before = map->events[i].perf;

	if (perf)
		off_object_get(&perf->o);
	map->events[i] = (struct off_perf_cell){ perf, map_fd };
	if (before)
		off_object_put(&before->o);
}

int
off_perf_update(struct off_map *map, int map_fd, uint32_t i, int fd, uint64_t flags)
{
	struct off_perf *perf = perf_of(map->o.k, fd);

	if (flags != BPF_ANY)
		return off_refuse(NULL, OFF_RULE_PE_3);
	if (i >= map->def.max_entries)
		return off_refuse(NULL, OFF_RULE_PE_4);
	if (!perf)
		return off_refuse(NULL, OFF_RULE_PE_5);
	set_cell(map, i, perf, map_fd);
	return 0;
}

int
off_perf_delete(struct off_map *map, uint32_t i)
{
	if (i >= map->def.max_entries)
		return off_refuse(NULL, OFF_RULE_PE_4);
	if (!map->events[i].perf)
		return off_refuse(NULL, OFF_RULE_PE_6);
	set_cell(map, i, NULL, -1);
	return 0;
}

void
off_perf_forget(struct off_map *map, int map_fd)
{
	for (uint32_t i = 0; map->events && i < map->def.max_entries; i++)
		if (map->events[i].perf && map->events[i].map_fd == map_fd &&
			!(map->def.flags & BPF_F_PRESERVE_ELEMS))
			set_cell(map, i, NULL, -1);
}

void
off_perf_clear(struct off_map *map)
{
	for (uint32_t i = 0; map->events && i < map->def.max_entries; i++)
		set_cell(map, i, NULL, -1);
}

/* Nobody hears of an event that goes nowhere. */
void
off_perf_output(struct off_map *map, uint32_t index, const struct off_perf_data *data)
{
	struct off_perf *perf;

	if (index == UINT32_MAX) /* BPF_F_CURRENT_CPU */
		index = INTERRUPT_CPU;
	perf = map->events && index < map->def.max_entries ? map->events[index].perf : NULL;
	if (perf && perf->cpu == INTERRUPT_CPU)
		output(perf, data);
}
