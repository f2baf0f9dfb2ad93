/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps of the older form: structs in a section "maps", one at each global symbol. Called by
 * object_legacy.c; programs have their numbers already.
 */
#include "bpf/object_internal.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#define ELF_MAP_MIN 16u

/* iproute2 counts only these. */
static bool
is_map_symbol(const struct obj_elf *elf, const struct obj_sym *sym)
{
	return sym->sec == elf->legacy_maps && sym->bind == STB_GLOBAL &&
	       (sym->type == STT_NOTYPE || sym->type == STT_OBJECT);
}

static const char *
map_name(const struct obj_elf *elf, uint64_t offset)
{
	for (uint32_t i = 1; i < elf->sym_cnt; i++)
		if (is_map_symbol(elf, &elf->syms[i]) && elf->syms[i].value == offset)
			return elf->syms[i].name;
	return NULL;
}

/* The size of an entry is not written anywhere: it is the section's, divided by its symbols. */
static int
measure_maps(struct obj_legacy *l)
{
	const struct obj_elf *elf = &l->b->elf;
	const struct obj_sec *sec = &elf->secs[elf->legacy_maps];
	uint64_t cnt = 0;

	for (uint32_t i = 1; i < elf->sym_cnt; i++)
		cnt += is_map_symbol(elf, &elf->syms[i]);
	if (cnt > XB_OBJECT_MAX_MAPS)
		return obj_fail(elf, EFBIG, sec->name, "%llu maps, more than %u",
			(unsigned long long)cnt, XB_OBJECT_MAX_MAPS);
	if (cnt == 0 && sec->size == 0)
		return 0;
	if (cnt == 0 || sec->size % cnt || sec->size / cnt % 4)
		return obj_fail(elf, ENOEXEC, sec->name,
			"%llu bytes and %llu symbols: not a struct for each",
			(unsigned long long)sec->size, (unsigned long long)cnt);
	if (sec->size / cnt < ELF_MAP_MIN || sec->size / cnt > sizeof(struct obj_elf_map))
		return obj_fail(elf, ENOEXEC, sec->name,
			"%llu bytes for each map; struct bpf_map_def and bpf_elf_map have %u to "
			"%zu",
			(unsigned long long)(sec->size / cnt), ELF_MAP_MIN,
			sizeof(struct obj_elf_map));
	l->map_cnt = (uint32_t)cnt;
	l->entry_bytes = (uint32_t)(sec->size / cnt);
	return 0;
}

static bool
is_map_in_map(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/*
 * 24 and 28 bytes are either struct. The flag that gives numa_node a meaning tells; so does a map
 * of maps, whose inner map the short bpf_elf_map could not name. Else it is as iproute2 reads it.
 */
static bool
is_samples_map(const struct obj_legacy *l, const struct obj_elf_map *m)
{
	if (l->entry_bytes == sizeof(struct obj_elf_map) || l->entry_bytes <= 20)
		return false;
	return (m->flags & BPF_F_NUMA_NODE) || is_map_in_map(m->type);
}

/* iproute2's BPF_ANNOTATE_KV_PAIR: a struct ____btf_map_NAME with members key and value. */
static void
find_types(const struct btf *btf, struct xb_map_def *def)
{
	const struct btf_type *t;
	char name[512];
	int id;

	if (!btf)
		return;
	snprintf(name, sizeof(name), "____btf_map_%s", def->name);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	if (!t || btf_vlen(t) != 2)
		return;
	def->btf_key_type_id = btf_members(t)[0].type;
	def->btf_value_type_id = btf_members(t)[1].type;
}

static int
take_map(struct obj_legacy *l, uint32_t i)
{
	const struct obj_elf *elf = &l->b->elf;
	const struct obj_sec *sec = &elf->secs[elf->legacy_maps];
	uint64_t offset = (uint64_t)i * l->entry_bytes;
	const char *name = map_name(elf, offset);
	struct obj_elf_map *m = &l->raw[i];

	if (!name)
		return obj_fail(elf, ENOEXEC, sec->name,
			"no symbol at byte %llu, where map %u begins", (unsigned long long)offset,
			i);
	memcpy(m, sec->data + offset, l->entry_bytes);
	l->maps[i] = (struct xb_map_def){
		.name = obj_strdup(l->b->out, name),
		.type = m->type,
		.key_size = m->size_key,
		.value_size = m->size_value,
		.max_entries = m->max_elem,
		.flags = m->flags,
		.inner = -1,
		.pinned = m->pinning != 0 && !is_samples_map(l, m),
	};
	if (!l->maps[i].name)
		return obj_fail(elf, ENOMEM, NULL, "out of memory");
	find_types(l->b->btf, &l->maps[i]);
	return 0;
}

/* ---- maps of maps --------------------------------------------------------------------------- */

static int
add_slot(struct obj_legacy *l, struct xb_map_def *def, struct xb_prog_slot slot)
{
	struct xb_prog_slot *slots =
		obj_alloc(l->b->out, (size_t)def->slot_cnt + 1, sizeof(*slots));

	if (!slots)
		return obj_fail(&l->b->elf, ENOMEM, NULL, "out of memory");
	if (def->slot_cnt)
		memcpy(slots, def->slots, def->slot_cnt * sizeof(*slots));
	slots[def->slot_cnt++] = slot;
	def->slots = slots;
	return 0;
}

static int
no_inner(const struct obj_legacy *l, uint32_t i, uint32_t which)
{
	return obj_fail(&l->b->elf, ENOEXEC, "maps", "map '%s': its inner map %u is not there",
		l->maps[i].name, which);
}

/* The outer map names the inner one by id; the inner one says in which slot it wants to be. */
static int
link_inner(struct obj_legacy *l, uint32_t i)
{
	const struct obj_elf_map *outer = &l->raw[i];
	int err = 0;

	if (is_samples_map(l, outer)) {
		if (outer->id >= l->map_cnt || outer->id == i)
			return no_inner(l, i, outer->id);
		l->maps[i].inner = (int)outer->id;
		return 0;
	}
	for (uint32_t k = 0; k < l->map_cnt && !err; k++) {
		const struct obj_elf_map *inner = &l->raw[k];

		if (k == i || !inner->id || inner->id != outer->inner_id)
			continue;
		if (l->maps[i].inner < 0)
			l->maps[i].inner = (int)k;
		if (!inner->inner_id && inner->inner_idx != UINT32_MAX)
			err = add_slot(l, &l->maps[i],
				(struct xb_prog_slot){ .key = inner->inner_idx, .map = k });
	}
	return err ? err : l->maps[i].inner < 0 ? no_inner(l, i, outer->inner_id) : 0;
}

/* Sections ID/KEY: a program for slot KEY of the program array with that id. */
static int
link_tail(struct obj_legacy *l, const struct obj_cand *c)
{
	for (uint32_t i = 0; i < l->map_cnt; i++)
		if (l->maps[i].type == BPF_MAP_TYPE_PROG_ARRAY &&
			l->raw[i].id == (uint32_t)c->tail_id)
			return add_slot(l, &l->maps[i],
				(struct xb_prog_slot){
					.key = (uint32_t)c->tail_key, .prog = c->prog });
	xb_log_add(l->b->log,
		"note: %s: section '%s': there is no program array with id %d; nothing leads to "
		"it\n",
		l->b->elf.path, c->section, c->tail_id);
	return 0;
}

int
obj_legacy_maps(struct obj_legacy *l)
{
	int err;

	if (!l->b->elf.legacy_maps)
		return 0;
	err = measure_maps(l);
	if (err)
		return err;
	l->maps = obj_alloc(l->b->out, l->map_cnt + 1, sizeof(*l->maps));
	if (!l->maps)
		return obj_fail(&l->b->elf, ENOMEM, NULL, "out of memory");
	for (uint32_t i = 0; i < l->map_cnt && !err; i++)
		err = take_map(l, i);
	for (uint32_t i = 0; i < l->map_cnt && !err; i++)
		if (is_map_in_map(l->maps[i].type))
			err = link_inner(l, i);
	for (uint32_t i = 0; i < l->b->cand_cnt && !err; i++)
		if (l->b->cands[i].taken && l->b->cands[i].is_tail)
			err = link_tail(l, &l->b->cands[i]);
	l->b->out->maps = l->maps;
	l->b->out->map_cnt = l->map_cnt;
	return err;
}
