/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers: what the firmware does when a program branches to an address of its capability TLVs
 * (nfp-isa.md 8.7, firmware-facts.md 1.3). Called by datapath.c with the microengine stopped there;
 * they are native code, and leave registers as the card's would: results in both banks, what the
 * firmware uses itself spoilt. What they would have cost is added to the engine's statistics.
 */
#include "nic/firmware/internal.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#define SPOILT UINT32_C(0xdeadbeef) /* what a clobbered register holds; on the card anything */
#define GPRS_SPOILT 12u		    /* firmware-facts.md 1.3: GPR 0 to 11 of both banks */
#define XFERS_SPOILT 16u
#define GPR_ALSO_SPOILT 23u /* of bank B */

typedef const char *helper_fn(struct nic_engine *engine);

/* ---- registers ---- */

static uint32_t
gpr(const struct nic_engine *e, uint32_t num)
{
	return e->a[num];
}

static void
set_both(const struct nic_engine *e, uint32_t num, uint32_t value)
{
	e->a[num] = e->b[num] = value;
}

static void
set_r0(const struct nic_engine *e, uint64_t value)
{
	set_both(e, 0, (uint32_t)value);
	set_both(e, 1, (uint32_t)(value >> 32));
}

static void
spoil_words(uint32_t *words, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		words[i] = SPOILT;
}

static void
spoil(const struct nic_engine *e)
{
	spoil_words(e->a, GPRS_SPOILT);
	spoil_words(e->b, GPRS_SPOILT);
	spoil_words(e->xfer, XFERS_SPOILT);
	e->b[GPR_ALSO_SPOILT] = SPOILT;
	e->ctx->lm_addr[3] = 0;
}

/* Where a local-memory pointer points to by now. */
static uint32_t
pointer(const struct nic_engine *e, uint32_t number)
{
	if (e->ctx->lm_due != NIC_NO_CYCLE)
		nic_me_settle_lm(e->me, e->ctx);
	return e->ctx->lm_addr[number];
}

/* Bytes of local memory; false: some are outside. */
static bool
read_lm(const struct nic_engine *e, uint32_t address, uint8_t *to, uint32_t bytes)
{
	if (address > 4 * NIC_LM_WORDS || bytes > 4 * NIC_LM_WORDS - address)
		return false;
	for (uint32_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(e->me->lm[(address + i) / 4] >> 8 * ((address + i) % 4));
	return true;
}

/* ---- maps ---- */

/* What lookups cost without waits, n words of key, k of other keys compared (firmware-facts.md
 * 1.3). */
static const struct {
	uint16_t insns, cycles, a_word, a_compared;
} costs[NIC_FOUND_CNT] = {
	[NIC_FOUND_PRIMARY] = { 114, 127, 6, 0 },
	[NIC_FOUND_OVERFLOW] = { 165, 191, 6, 2 },
	[NIC_FOUND_EMPTY] = { 86, 99, 4, 0 },
	[NIC_FOUND_OTHER] = { 110, 128, 4, 2 },
};

static void
charge(struct nic_engine *e, enum fw_change change, const struct fw_map *map, uint32_t id,
	const uint32_t *key, const struct fw_hit *hit)
{
	const uint32_t more = costs[hit->found].a_word * map->key_words +
			      costs[hit->found].a_compared * hit->compared;

	e->stats.helper_calls++;
	e->stats.helper_insns += costs[hit->found].insns + more;
	e->stats.helper_cycles += costs[hit->found].cycles + more;
	e->stats.lookups[hit->found]++;
	if (e->watch)
		fw_watch_helper(e, change, map, id, key, hit);
}

/* The key LM0 points to. What is behind its last byte in the last word becomes zero, in the
 * program's stack too. */
static const char *
take_key(const struct nic_engine *e, const struct fw_map *map, uint32_t *key)
{
	const uint32_t at = pointer(e, 0) / 4;
	uint32_t *words = e->me->lm + at;

	if (at > NIC_LM_WORDS || map->key_words > NIC_LM_WORDS - at)
		return "a helper's key is not in local memory";
	words[map->key_words - 1] &= map->tail_mask;
	for (uint32_t i = 0; i < map->key_words; i++)
		key[i] = words[i];
	return NULL;
}

/* NULL: the id is of no map, for which there is nothing to be found. */
static const struct fw_map *
map_of_call(const struct nic_engine *e, uint32_t *id)
{
	*id = gpr(e, 0);
	return fw_map_of(e->fw, *id);
}

static const char *
lookup(struct nic_engine *e)
{
	uint32_t id, key[FW_KEY_WORDS_MAX];
	const struct fw_map *map = map_of_call(e, &id);
	const char *reason;
	struct fw_hit hit;
	uint64_t base;

	if (!map) {
		spoil(e);
		set_r0(e, 0);
		return NULL;
	}
	reason = take_key(e, map, key);
	if (reason)
		return reason;
	spoil(e);
	if (!fw_map_find(e->fw, id, key, &hit)) {
		set_r0(e, 0);
	} else {
		base = ((uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT) + hit.base;
		set_both(e, 0, (uint32_t)hit.offset);
		set_both(e, 1, (uint32_t)(base >> 8));
	}
	charge(e, FW_LOOKUP, map, id, key, &hit);
	return NULL;
}

/* What r0 is, as the kernel's own helpers have it; not known of the card. */
static uint64_t
r0_of_rc(enum nic_ccm_rc rc)
{
	static const int errors[] = {
		[NIC_CCM_OK] = 0,
		[NIC_CCM_BAD_MAP] = -EBADF,
		[NIC_CCM_NO_ENTRY] = -ENOENT,
		[NIC_CCM_BAD_ARGUMENT] = -EINVAL,
		[NIC_CCM_BAD_MESSAGE] = -EINVAL,
		[NIC_CCM_EXISTS] = -EEXIST,
		[NIC_CCM_NO_MEMORY] = -ENOMEM,
		[NIC_CCM_TOO_BIG] = -E2BIG,
	};

	return (uint64_t)(int64_t)errors[rc];
}

/* As a lookup: what writing costs more is not known. */
static void
charge_change(struct nic_engine *e, enum fw_change change, const struct fw_map *map, uint32_t id,
	const uint32_t *key)
{
	struct fw_hit hit;

	fw_map_find(e->fw, id, key, &hit);
	charge(e, change, map, id, key, &hit);
}

static const char *
update(struct nic_engine *e)
{
	uint32_t id, key[FW_KEY_WORDS_MAX];
	const struct fw_map *map = map_of_call(e, &id);
	const uint64_t flags = gpr(e, 8) | (uint64_t)gpr(e, 9) << 32;
	uint8_t value[FW_ENTRY_BYTES] = { 0 };
	const char *reason = map ? take_key(e, map, key) : NULL;
	uint64_t r0 = r0_of_rc(NIC_CCM_BAD_MAP);

	if (reason)
		return reason;
	if (map && !read_lm(e, pointer(e, 2), value, map->value_bytes))
		return "a helper's value is not in local memory";
	if (map) {
		charge_change(e, FW_UPDATE, map, id, key);
		r0 = r0_of_rc(fw_map_update(e->fw, id, key, value, flags));
	}
	spoil(e);
	set_r0(e, r0);
	return NULL;
}

static const char *delete (struct nic_engine *e)
{
	uint32_t id, key[FW_KEY_WORDS_MAX];
	const struct fw_map *map = map_of_call(e, &id);
	const char *reason = map ? take_key(e, map, key) : NULL;
	uint64_t r0 = r0_of_rc(NIC_CCM_BAD_MAP);

	if (reason)
		return reason;
	if (map) {
		charge_change(e, FW_DELETE, map, id, key);
		r0 = r0_of_rc(fw_map_delete(e->fw, id, key));
	}
	spoil(e);
	set_r0(e, r0);
	return NULL;
}

/* ---- perf_event_output ---- */

/* The bytes r4 points to; false: they are in no memory. */
static bool
read_event_data(const struct nic_engine *e, uint8_t *to, uint32_t bytes)
{
	const uint64_t r4 = gpr(e, 8) | (uint64_t)gpr(e, 9) << 32;
	const uint8_t *from = NULL;

	switch (gpr(e, 1)) {
	case FW_DATA_SCALAR: return bytes == 0;
	case FW_DATA_STACK: return read_lm(e, (uint32_t)r4, to, bytes);
	case FW_DATA_MAP_VALUE:
		from = nic_mem_at(
			e->fw->mem, NIC_TARGET_MEM, ((r4 >> 32) << 8) + (uint32_t)r4, bytes);
		break;
	case FW_DATA_PACKET:
		from = nic_mem_at(e->fw->mem, NIC_TARGET_MEM, (uint32_t)r4, bytes);
		break;
	default: break;
	}
	if (from)
		memcpy(to, from, bytes);
	return from != NULL;
}

/* The frame as the program has it now. */
static const uint8_t *
frame_now(const struct nic_engine *e, uint32_t *bytes)
{
	*bytes = fw_frame_bytes(e);
	return nic_mem_at(e->fw->mem, NIC_TARGET_MEM, e->vector[NIC_VECTOR_POINTER], *bytes);
}

/* From the call's registers. */
static struct fw_event_parts
parts_of(const struct nic_engine *e)
{
	uint32_t frame_bytes, wanted = gpr(e, 7) & 0xfffff; /* BPF_F_CTXLEN_MASK */
	const bool has_frame = frame_now(e, &frame_bytes) != NULL;

	return (struct fw_event_parts){
		.packet_bytes = !has_frame	       ? 0
				: wanted < frame_bytes ? wanted
						       : frame_bytes,
		.data_bytes = gpr(e, 10),
		.data_type = gpr(e, 1),
	};
}

/* NULL: no memory, or data in none. */
static struct fw_event *
make_event(const struct nic_engine *e, const struct fw_event_parts *parts)
{
	const uint32_t data_at = NIC_CCM_EVENT_BYTES + (parts->packet_bytes + 3) / 4 * 4;
	const uint32_t cpu = gpr(e, 6);
	uint32_t frame_bytes;
	const uint8_t *frame = frame_now(e, &frame_bytes);
	struct fw_event *event;
	uint8_t *m;

	if (parts->data_bytes > NIC_CCM_BYTES_MAX - data_at)
		return NULL;
	event = calloc(1, sizeof(*event) + data_at + parts->data_bytes);
	if (!event)
		return NULL;
	event->bytes = data_at + parts->data_bytes;
	m = event->message;
	m[NIC_CCM_TYPE] = NIC_CCM_BPF_EVENT;
	m[NIC_CCM_VER] = NIC_CCM_VERSION;
	/* which one the current one is, is not known */
	nic_ccm_put(m + NIC_CCM_EVENT_CPU, cpu == UINT32_MAX ? 0 : cpu);
	nic_ccm_put(m + NIC_CCM_EVENT_MAP, gpr(e, 5));
	nic_ccm_put(m + NIC_CCM_EVENT_MAP + 4, gpr(e, 4));
	nic_ccm_put(m + NIC_CCM_EVENT_DATA_BYTES, parts->data_bytes);
	nic_ccm_put(m + NIC_CCM_EVENT_PACKET_BYTES, parts->packet_bytes);
	if (parts->packet_bytes)
		memcpy(m + NIC_CCM_EVENT_BYTES, frame, parts->packet_bytes);
	if (read_event_data(e, m + data_at, parts->data_bytes))
		return event;
	free(event);
	return NULL;
}

/* Success whatever becomes of it (nfp-offload-rules.md 8). */
static const char *
output_event(struct nic_engine *e)
{
	const struct fw_event_parts parts = parts_of(e);
	struct fw_event *event = make_event(e, &parts);

	e->stats.helper_calls++;
	if (e->watch)
		fw_watch_event(e, event ? &parts : &(struct fw_event_parts){ 0 });
	if (event)
		fw_event_add(e->fw, event);
	spoil(e);
	set_r0(e, 0);
	return NULL;
}

/* ---- which ---- */

static helper_fn *
find(const struct nic_fw *fw, uint32_t address)
{
	const struct nic_card *card = fw->card;

	if (address == 0)
		return NULL;
	if (address == card->map_lookup)
		return lookup;
	if (address == card->map_update)
		return update;
	if (address == card->map_delete)
		return delete;
	return address == card->perf_event_output ? output_event : NULL;
}

const char *
fw_helper(struct nic_engine *engine, uint32_t address)
{
	const uint32_t back = engine->b[0];
	const char *reason = find(engine->fw, address)(engine);

	if (reason)
		return reason;
	if (back >= NIC_CODE_WORDS)
		return "a helper returns to no address of the code store";
	nic_ctx_start(engine->me, engine->ctx, back);
	return NULL;
}
