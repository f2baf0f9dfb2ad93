/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to nic/firmware/. */
#ifndef NIC_FIRMWARE_INTERNAL_H
#define NIC_FIRMWARE_INTERNAL_H

#include "nic/ccm.h"
#include "nic/firmware/firmware.h"
#include "nic/internal.h"

#include <pthread.h>

/* nfp-isa.md 8.7: what r4 of perf_event_output points to, told in A1 */
enum fw_data_type {
	FW_DATA_SCALAR = 1,
	FW_DATA_MAP_VALUE = 4,
	FW_DATA_STACK = 6,
	FW_DATA_PACKET = 8
};

/* ---- table.c, map.c: maps ---- */

/* One table for all maps (firmware-facts.md 1.1). A bucket holds an entry, and tags of and
 * references to FW_OVERFLOWS more. */
#define FW_BUCKETS (UINT32_C(1) << 22)
#define FW_BUCKET_BYTES 128u
#define FW_ENTRY_BYTES 64u
#define FW_OVERFLOWS 8u
#define FW_POOL_ENTRIES (UINT32_C(1) << 23)
#define FW_MAP_IDS 255u /* 0 is none, from 255 on an id is none; firmware-facts.md 1.1 */
#define FW_KEY_WORDS_MAX (FW_ENTRY_BYTES / 4)

struct fw_map {
	bool is_used;
	bool is_array; /* of elements that are all there, in FW_ARRAYS; else entries of the table */
	uint32_t type; /* enum bpf_map_type */
	uint32_t key_bytes, value_bytes, entries_max;
	uint32_t key_words;
	uint32_t tail_mask; /* the bytes of the last key word that are the key's */
	uint32_t value_at;  /* in an entry */
	uint32_t entries;   /* used; atomic */
	uint64_t array_at;  /* of is_array: offset in EMEM */
	uint32_t stride;    /* bytes of an element */
};

/* Where an entry's value is. */
struct fw_hit {
	enum nic_found found;
	uint64_t base, offset; /* in EMEM: a constant of the firmware, and the rest */
	uint32_t compared;     /* words of other keys that were looked at */
};

struct fw_table;
struct fw_table *fw_table_new(struct nic_mem *mem);
void fw_table_free(struct fw_table *table);
/* Bytes of EMEM that tables and arrays take, with so many array elements at most. */
uint64_t fw_emem_bytes(uint32_t elements_max);
#define FW_ARRAY_ELEMENT_BYTES_MAX 56u

/* A key is map->key_words words, what is behind its last byte zero. Any thread. */
bool fw_table_find(struct fw_table *t, const struct fw_map *map, uint32_t id, const uint32_t *key,
	struct fw_hit *hit);
/* value: value_bytes, padded to 8. */
enum nic_ccm_rc fw_table_update(struct fw_table *t, struct fw_map *map, uint32_t id,
	const uint32_t *key, const uint8_t *value, uint64_t flags);
enum nic_ccm_rc fw_table_delete(
	struct fw_table *t, struct fw_map *map, uint32_t id, const uint32_t *key);
/* The entry behind key, or the first one (key NULL, or not there). */
enum nic_ccm_rc fw_table_next(struct fw_table *t, const struct fw_map *map, uint32_t id,
	const uint32_t *key, uint32_t *next);
/* All entries of the map; how many there were. */
uint32_t fw_table_clear(struct fw_table *t, struct fw_map *map, uint32_t id);

/* Of a map that is used; else NULL. */
struct fw_map *fw_map_of(struct nic_fw *fw, uint32_t id);
/* With fw->control held. */
enum nic_ccm_rc fw_map_alloc(struct nic_fw *fw, const struct fw_map *wanted, uint32_t *id);
uint32_t fw_map_free(struct nic_fw *fw, uint32_t id);
/* Any thread. Keys and values as above. */
bool fw_map_find(struct nic_fw *fw, uint32_t id, const uint32_t *key, struct fw_hit *hit);
enum nic_ccm_rc fw_map_update(
	struct nic_fw *fw, uint32_t id, const uint32_t *key, const uint8_t *value, uint64_t flags);
enum nic_ccm_rc fw_map_delete(struct nic_fw *fw, uint32_t id, const uint32_t *key);
enum nic_ccm_rc fw_map_next(struct nic_fw *fw, uint32_t id, const uint32_t *key, uint32_t *next);
uint8_t *fw_value(struct nic_fw *fw, const struct fw_hit *hit);

/* Words and double words are never half written or half read, whoever else is there. */
void fw_copy_in(uint8_t *to, const uint8_t *from, uint32_t bytes);
void fw_copy_out(uint8_t *to, const uint8_t *from, uint32_t bytes);

/* ---- fw.c ---- */

struct fw_program {
	uint32_t users; /* the firmware, and engines that have it; of fw->program_lock */
	uint32_t cnt;
	uint64_t words[];
};

#define FW_EVENTS 1024u /* that wait for the host; not known of the card */

struct nic_fw {
	const struct nic_card *card;
	struct nic_mem *mem;
	struct fw_table *table;
	pthread_mutex_t control; /* one message at a time; maps come and go */
	struct fw_map maps[FW_MAP_IDS];
	uint32_t map_cnt, elements;
	pthread_mutex_t program_lock;
	struct fw_program *program[NIC_FW_PORTS]; /* NULL: none */
	uint32_t program_version;		  /* atomic; changes with them */
	pthread_mutex_t event_lock;
	struct fw_event *first_event, **last_event;
	uint32_t event_cnt;
	uint64_t events_lost;
};

struct fw_event {
	struct fw_event *next;
	size_t bytes;
	uint8_t message[];
};

/* The programs now, used once more, in the place of those that were there (NULL: none). */
void fw_program_swap(
	struct nic_fw *fw, struct fw_program *program[NIC_FW_PORTS], uint32_t *version);
void fw_program_put(struct nic_fw *fw, struct fw_program *program);
/* Takes the event. */
void fw_event_add(struct nic_fw *fw, struct fw_event *event);

/* ---- datapath.c, helper.c ---- */

struct nic_engine {
	struct nic_fw *fw;
	struct nic_me *me;
	struct nic_ctx *ctx; /* of it, that runs frames */
	/* of the context: GPRs of both banks, what memory has read, and the packet vector */
	uint32_t *a, *b, *xfer, *vector;
	struct nic_packet *packet;
	uint32_t start[NIC_FW_PORTS]; /* of each port's program */
	uint32_t number;
	uint32_t packet_bits; /* its packet's number, where addresses and lengths have it */
	bool exact;
	struct fw_program *program[NIC_FW_PORTS];
	uint32_t program_version;
	struct nic_engine_stats stats;
	struct nic_fault fault;
	bool has_fault;
	struct nic_fault_count faults[NIC_FAULT_KINDS_MAX + 1];
	struct nic_frame *frame; /* that is being run */
	uint8_t *buffer;	 /* of it */
	uint32_t buffer_bytes;	 /* all of it; a packet address reaches NIC_PACKET_BYTES_MAX */
	struct fw_watch *watch;	 /* NULL: nobody asks for paths */
};

/* Bytes of the frame as the program has it now: NIC_FRAME_BYTES_MAX is all that the word can say.
 */
static inline uint32_t
fw_frame_bytes(const struct nic_engine *e)
{
	return e->vector[NIC_VECTOR_LENGTH] & NIC_FRAME_BYTES_MAX;
}

/* The context that runs frames. Contexts take turns on the card; the result of a frame does not
 * show it, so one is enough. */
#define FW_CTX 0u
/* firmware-facts.md 4 */
#define FW_STACK_AT 0x800u
#define FW_VECTOR_AT 0x20u
#define FW_METADATA_AT 0x300u /* where LM2 points is not known; somewhere else */

/* Runs it as the card's would and sets where the program goes on. NULL, or why it is a device
 * fault. */
const char *fw_helper(struct nic_engine *engine, uint32_t address);

/* ---- watch.c: which paths frames take; all but the last of an engine that has a watch ---- */

struct fw_watch;
enum fw_change { FW_LOOKUP, FW_UPDATE, FW_DELETE };

void fw_watch_begin(struct nic_engine *engine);
void fw_watch_end(struct nic_engine *engine);
void fw_watch_helper(struct nic_engine *engine, enum fw_change change, const struct fw_map *map,
	uint32_t id, const uint32_t *key, const struct fw_hit *hit);
/* What an event is made of. */
struct fw_event_parts {
	uint32_t packet_bytes, data_bytes;
	uint32_t data_type; /* enum fw_data_type */
};
void fw_watch_event(struct nic_engine *engine, const struct fw_event_parts *parts);
void fw_watch_free(struct fw_watch *watch);

#endif
