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

static struct off_nfp_map *
nfp_map(const struct off_map *map)
{
	return map->priv;
}

/* ---- a map ---- */

static int
alloc_on_card(struct off_nfp *nfp, const struct off_map *map, struct off_nfp_map *m)
{
	int err = off_ccm_map_alloc(&nfp->ccm, &map->def, &m->ccm);

	if (err)
		return err;
	m->jit = jit_map_new(&map->def, m->ccm.id);
	if (m->jit)
		return 0;
	off_ccm_map_free(&nfp->ccm, &m->ccm);
	return -ENOMEM;
}

/* Some rules are the kernel's, or silent. */
static int
refuse_map(struct off_nfp *nfp, enum jit_rule rule, const char *message)
{
	if (rule != JIT_RULE_MAP_KERNEL_TYPE && rule != JIT_RULE_MAP_NONE)
		off_klog_add(nfp->ccm.log, "NFP net bpf: %s", message);
	return -jit_rule_info(rule)->err;
}

int
off_nfp_map_alloc(struct off_netdev *dev, struct off_map *map)
{
	struct off_nfp *nfp = off_nfp(dev->asic);
	struct jit_maps_used used = nfp->used;
	char message[JIT_MESSAGE_BYTES] = "";
	enum jit_rule rule = jit_map_create_check(&map->def, &nfp->card, &used, message);
	struct off_nfp_map *m;
	int err;

	if (rule != JIT_RULE_CNT)
		return refuse_map(nfp, rule, message);
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

/* What the card does not let go is leaked there; the driver counts it as free all the same. */
void
off_nfp_map_free(struct off_netdev *dev, struct off_map *map)
{
	struct off_nfp *nfp = off_nfp(dev->asic);
	struct off_nfp_map *m = nfp_map(map);

	off_ccm_map_free(&nfp->ccm, &m->ccm);
	nfp->used.maps--;
	nfp->used.elems -= map->def.max_entries;
	jit_map_free(m->jit);
	free(m);
	map->priv = NULL;
}

int
off_nfp_map_number(struct off_kernel *k, int fd, uint32_t *number)
{
	const struct off_map *map;
	int err = -EBADF;

	off_lock(k);
	map = off_fd_map(k, fd);
	if (map && map->dev && map->dev->driver == &off_nfp_driver) {
		*number = nfp_map(map)->ccm.id;
		err = 0;
	}
	return off_unlock(k, err);
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

static int
operate(struct off_map *map, const struct off_ccm_operation *op)
{
	return off_ccm_map_operate(&off_nfp(map->dev->asic)->ccm, &nfp_map(map)->ccm, op);
}

int
off_nfp_map_lookup(struct off_map *map, const void *key, void *value)
{
	int err =
		operate(map, &(struct off_ccm_operation){
				     .type = NIC_CCM_MAP_LOOKUP, .key = key, .value_out = value });

	if (!err)
		swap_counters(map, value);
	return err;
}

int
off_nfp_map_update(struct off_map *map, const void *key, const void *value, uint64_t flags)
{
	uint8_t swapped[NIC_CCM_BYTES_MAX]; /* no slot is longer */

	memcpy(swapped, value, map->def.value_size);
	swap_counters(map, swapped);
	note_nonzero(map, value);
	return operate(map,
		&(struct off_ccm_operation){
			.type = NIC_CCM_MAP_UPDATE, .flags = flags, .key = key, .value = swapped });
}

int
off_nfp_map_delete(struct off_map *map, const void *key)
{
	if (map->def.type == BPF_MAP_TYPE_ARRAY)
		return -EINVAL;
	return operate(map, &(struct off_ccm_operation){ .type = NIC_CCM_MAP_DELETE, .key = key });
}

int
off_nfp_map_next_key(struct off_map *map, const void *key, void *next)
{
	return operate(map, &(struct off_ccm_operation){
				    .type = key ? NIC_CCM_MAP_GETNEXT : NIC_CCM_MAP_GETFIRST,
				    .key = key,
				    .key_out = next });
}
