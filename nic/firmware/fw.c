/* SPDX-License-Identifier: BSD-2-Clause */
/* A card: its memories, the program its engines run, events on their way to the host. */
#include "nic/firmware/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct nic_fw *
nic_fw_new(const struct nic_card *card)
{
	struct nic_fw *fw = calloc(1, sizeof(*fw));

	if (!fw)
		return NULL;
	fw->card = card;
	fw->last_event = &fw->first_event;
	pthread_mutex_init(&fw->control, NULL);
	pthread_mutex_init(&fw->program_lock, NULL);
	pthread_mutex_init(&fw->event_lock, NULL);
	fw->mem = nic_mem_new(fw_emem_bytes(card->map_entries_max));
	fw->table = fw->mem ? fw_table_new(fw->mem) : NULL;
	if (fw->table)
		return fw;
	nic_fw_free(fw);
	errno = ENOMEM;
	return NULL;
}

void
nic_fw_free(struct nic_fw *fw)
{
	if (!fw)
		return;
	while (fw->first_event) {
		struct fw_event *event = fw->first_event;

		fw->first_event = event->next;
		free(event);
	}
	for (uint32_t port = 0; port < NIC_FW_PORTS; port++)
		free(fw->program[port]);
	fw_table_free(fw->table);
	nic_mem_free(fw->mem);
	pthread_mutex_destroy(&fw->control);
	pthread_mutex_destroy(&fw->program_lock);
	pthread_mutex_destroy(&fw->event_lock);
	free(fw);
}

const struct nic_card *
nic_fw_card(const struct nic_fw *fw)
{
	return fw->card;
}

/* ---- the program ---- */

static struct fw_program *
copy_of(const uint64_t *words, uint32_t cnt)
{
	struct fw_program *program = malloc(sizeof(*program) + cnt * sizeof(*words));

	if (!program)
		return NULL;
	program->users = 1;
	program->cnt = cnt;
	memcpy(program->words, words, cnt * sizeof(*words));
	return program;
}

static void
put_locked(struct fw_program *program)
{
	if (program && --program->users == 0)
		free(program);
}

uint32_t
nic_fw_start(const struct nic_fw *fw, uint32_t port)
{
	return fw->card->start + port * fw->card->max_len;
}

int
nic_fw_load(struct nic_fw *fw, uint32_t port, const uint64_t *words, uint32_t cnt)
{
	struct fw_program *program = NULL;

	if (port >= NIC_FW_PORTS)
		return -ENODEV;
	if (cnt > fw->card->max_len || nic_fw_start(fw, port) + cnt > NIC_CODE_WORDS)
		return -E2BIG;
	if (cnt > 0) {
		program = copy_of(words, cnt);
		if (!program)
			return -ENOMEM;
	}
	pthread_mutex_lock(&fw->program_lock);
	put_locked(fw->program[port]);
	fw->program[port] = program;
	__atomic_fetch_add(&fw->program_version, 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&fw->program_lock);
	return 0;
}

void
fw_program_swap(struct nic_fw *fw, struct fw_program *program[NIC_FW_PORTS], uint32_t *version)
{
	pthread_mutex_lock(&fw->program_lock);
	for (uint32_t port = 0; port < NIC_FW_PORTS; port++) {
		put_locked(program[port]);
		program[port] = fw->program[port];
		if (program[port])
			program[port]->users++;
	}
	*version = fw->program_version;
	pthread_mutex_unlock(&fw->program_lock);
}

void
fw_program_put(struct nic_fw *fw, struct fw_program *program)
{
	pthread_mutex_lock(&fw->program_lock);
	put_locked(program);
	pthread_mutex_unlock(&fw->program_lock);
}

/* ---- events ---- */

void
fw_event_add(struct nic_fw *fw, struct fw_event *event)
{
	bool is_full;

	event->next = NULL;
	pthread_mutex_lock(&fw->event_lock);
	is_full = fw->event_cnt == FW_EVENTS;
	if (is_full) {
		fw->events_lost++;
	} else {
		*fw->last_event = event;
		fw->last_event = &event->next;
		fw->event_cnt++;
	}
	pthread_mutex_unlock(&fw->event_lock);
	if (is_full)
		free(event);
}

size_t
nic_fw_event(struct nic_fw *fw, uint8_t *message, size_t size)
{
	struct fw_event *event;
	size_t bytes = 0;

	pthread_mutex_lock(&fw->event_lock);
	event = fw->first_event;
	if (event) {
		fw->first_event = event->next;
		if (!event->next)
			fw->last_event = &fw->first_event;
		fw->event_cnt--;
		if (event->bytes <= size)
			bytes = event->bytes;
		else
			fw->events_lost++;
	}
	pthread_mutex_unlock(&fw->event_lock);
	if (bytes > 0)
		memcpy(message, event->message, bytes);
	free(event);
	return bytes;
}

uint64_t
nic_fw_events_lost(struct nic_fw *fw)
{
	uint64_t lost;

	pthread_mutex_lock(&fw->event_lock);
	lost = fw->events_lost;
	pthread_mutex_unlock(&fw->event_lock);
	return lost;
}
