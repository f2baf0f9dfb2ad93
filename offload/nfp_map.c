/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nfp driver's maps: what the card may have, and elements by control messages
 * (nfp-offload-rules.md 7). Words that programs add to are big endian on the card; the host sees
 * them as its own.
 */
#include "offload/nfp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_BYTES_MAX NIC_CCM_SLOT_BYTES

static struct off_nfp_map *
nfp_map(const struct off_map *map)
{
	return map->priv;
}

static struct off_ccm *
ccm_of(const struct off_map *map)
{
	return &off_nfp(map->dev->asic)->ccm;
}

static struct off_ccm_entry
entry_of(const struct off_map *map)
{
	return (struct off_ccm_entry){ .map = nfp_map(map)->id,
		.key_bytes = map->def.key_size,
		.value_bytes = map->def.value_size };
}

/* ---- a map ---- */

static int
alloc_on_card(struct off_nfp *nfp, const struct off_map *map, struct off_nfp_map *m)
{
	const struct xb_map_def *def = &map->def;
	int err = off_ccm_map_alloc(
		&nfp->ccm, def->key_size, def->value_size, def->max_entries, def->type, &m->id);

	if (err)
		return err;
	m->jit = jit_map_new(def, m->id);
	if (m->jit)
		return 0;
	off_ccm_map_free(&nfp->ccm, m->id);
	return -ENOMEM;
}

int
off_nfp_map_alloc(struct off_netdev *dev, struct off_map *map)
{
	struct off_nfp *nfp = off_nfp(dev->asic);
	struct jit_maps_used used = nfp->used;
	char message[JIT_MESSAGE_BYTES];
	enum jit_rule rule = jit_map_create_check(&map->def, &nfp->card, &used, 0, message);
	struct off_nfp_map *m;
	int err;

	if (rule != JIT_RULE_CNT)
		return off_nfp_refuse_map(map, rule, message);
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	err = alloc_on_card(nfp, map, m);
	if (err) {
		free(m);
		return err;
	}
	nfp->used = used;
	map->priv = m;
	return 0;
}

void
off_nfp_map_free(struct off_netdev *dev, struct off_map *map)
{
	struct off_nfp *nfp = off_nfp(dev->asic);
	struct off_nfp_map *m = nfp_map(map);

	off_ccm_map_free(&nfp->ccm, m->id);
	nfp->used.maps--;
	nfp->used.elems -= map->def.max_entries;
	jit_map_free(m->jit);
	free(m);
	map->priv = NULL;
}

/* ---- its elements ---- */

static void
swap_word(uint8_t *word)
{
	uint32_t value;

	memcpy(&value, word, 4);
	value = __builtin_bswap32(value);
	memcpy(word, &value, 4);
}

/* Words that are counters, one way or the other. */
static void
swap_counters(const struct off_map *map, uint8_t *value)
{
	for (uint32_t i = 0; 4 * i + 4 <= map->def.value_size; i++)
		if (jit_map_word_use(nfp_map(map)->jit, i) == JIT_USE_ATOMIC)
			swap_word(value + 4 * i);
}

/* A program that adds to such a word later would add to what is swapped. */
static void
note_nonzero(const struct off_map *map, const uint8_t *value)
{
	for (uint32_t i = 0; 4 * i + 4 <= map->def.value_size; i++) {
		uint32_t word;

		memcpy(&word, value + 4 * i, 4);
		if (jit_map_word_use(nfp_map(map)->jit, i) == JIT_USE_UNUSED &&
			word != __builtin_bswap32(word))
			jit_map_word_set_nonzero(nfp_map(map)->jit, i);
	}
}

int
off_nfp_map_lookup(struct off_map *map, const void *key, void *value)
{
	struct off_ccm_entry entry = entry_of(map);
	int err;

	entry.key = key;
	entry.value_out = value;
	err = off_ccm_map_operate(ccm_of(map), NIC_CCM_MAP_LOOKUP, &entry);
	if (!err)
		swap_counters(map, value);
	return err;
}

int
off_nfp_map_update(struct off_map *map, const void *key, const void *value, uint64_t flags)
{
	struct off_ccm_entry entry = entry_of(map);
	uint8_t swapped[VALUE_BYTES_MAX];

	if (flags >> 32 || map->def.value_size > sizeof(swapped))
		return -EOPNOTSUPP;
	memcpy(swapped, value, map->def.value_size);
	swap_counters(map, swapped);
	note_nonzero(map, value);
	entry.flags = (uint32_t)flags;
	entry.key = key;
	entry.value = swapped;
	return off_ccm_map_operate(ccm_of(map), NIC_CCM_MAP_UPDATE, &entry);
}

int
off_nfp_map_delete(struct off_map *map, const void *key)
{
	struct off_ccm_entry entry = entry_of(map);

	if (map->def.type == BPF_MAP_TYPE_ARRAY)
		return -EINVAL;
	entry.key = key;
	return off_ccm_map_operate(ccm_of(map), NIC_CCM_MAP_DELETE, &entry);
}

int
off_nfp_map_next_key(struct off_map *map, const void *key, void *next)
{
	struct off_ccm_entry entry = entry_of(map);

	entry.key = key;
	entry.key_out = next;
	return off_ccm_map_operate(
		ccm_of(map), key ? NIC_CCM_MAP_GETNEXT : NIC_CCM_MAP_GETFIRST, &entry);
}
