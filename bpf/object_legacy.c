/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The older form of objects, as iproute2's own loader takes them (and libbpf 1.x does not): a
 * section is a program, .text is appended once to those that call into it, and maps are structs in
 * a section "maps". Called by object.c after the checks and the choice of programs.
 *
 * Also for objects of neither form that libbpf would refuse: all code in .text, or no symbols.
 */
#include "bpf/object_internal.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* struct bpf_elf_map of iproute2's include/bpf_elf.h. Shorter ones are its beginning. */
struct elf_map {
	uint32_t type;
	uint32_t size_key;
	uint32_t size_value;
	uint32_t max_elem;
	uint32_t flags;
	uint32_t id;
	uint32_t pinning;
	uint32_t inner_id;
	uint32_t inner_idx;
};
#define ELF_MAP_MIN 16u

/* struct bpf_map_def of the kernel's samples is the same up to flags; with 24 bytes it has
 * inner_map_idx where id is here, with 28 numa_node in the place of pinning. */

struct legacy {
	struct obj_build *b;
	uint32_t entry_bytes; /* of one map */
	uint32_t map_cnt;
	struct elf_map raw[XB_OBJECT_MAX_MAPS];
	struct xb_map_def *maps;
};

/* ---- maps ---------------------------------------------------------------------------------------
 */

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
measure_maps(struct legacy *l)
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
	if (sec->size / cnt < ELF_MAP_MIN || sec->size / cnt > sizeof(struct elf_map))
		return obj_fail(elf, ENOEXEC, sec->name,
			"%llu bytes for each map; struct bpf_map_def and bpf_elf_map have %u to "
			"%zu",
			(unsigned long long)(sec->size / cnt), ELF_MAP_MIN, sizeof(struct elf_map));
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
is_samples_map(const struct legacy *l, const struct elf_map *m)
{
	if (l->entry_bytes == sizeof(struct elf_map) || l->entry_bytes <= 20)
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
take_map(struct legacy *l, uint32_t i)
{
	const struct obj_elf *elf = &l->b->elf;
	const struct obj_sec *sec = &elf->secs[elf->legacy_maps];
	uint64_t offset = (uint64_t)i * l->entry_bytes;
	const char *name = map_name(elf, offset);
	struct elf_map *m = &l->raw[i];

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

/* ---- maps of maps -------------------------------------------------------------------------------
 */

static int
add_slot(struct legacy *l, struct xb_map_def *def, struct xb_prog_slot slot)
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
no_inner(const struct legacy *l, uint32_t i, uint32_t which)
{
	return obj_fail(&l->b->elf, ENOEXEC, "maps", "map '%s': its inner map %u is not there",
		l->maps[i].name, which);
}

/* The outer map names the inner one by id; the inner one says in which slot it wants to be. */
static int
link_inner(struct legacy *l, uint32_t i)
{
	const struct elf_map *outer = &l->raw[i];
	int err = 0;

	if (is_samples_map(l, outer)) {
		if (outer->id >= l->map_cnt || outer->id == i)
			return no_inner(l, i, outer->id);
		l->maps[i].inner = (int)outer->id;
		return 0;
	}
	for (uint32_t k = 0; k < l->map_cnt && !err; k++) {
		const struct elf_map *inner = &l->raw[k];

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
link_tail(struct legacy *l, const struct obj_cand *c)
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

static int
take_maps(struct legacy *l)
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

/* ---- programs -----------------------------------------------------------------------------------
 */

/* A program being put together: its own part, then .text when that is needed. */
struct part {
	uint32_t sec, insn, cnt; /* where it is from */
	uint32_t at;		 /* where it goes */
};

struct assembly {
	struct legacy *l;
	const struct obj_cand *c;
	struct part parts[2];
	uint32_t part_cnt;
	struct bpf_insn *insns;
	uint32_t insn_cnt;
	/* Records of .BTF.ext with their offsets as a kernel wants them, and names of symbols. */
	struct bpf_func_info *funcs;
	struct bpf_line_info *lines;
	struct xb_func *names;
	uint32_t func_cnt, line_cnt, name_cnt;
};

/* Where an instruction of a section went; -1 when it is not part of the program. */
static int64_t
place(const struct assembly *a, uint32_t sec, int64_t insn)
{
	for (uint32_t i = 0; i < a->part_cnt; i++) {
		const struct part *p = &a->parts[i];

		if (p->sec == sec && insn >= p->insn && insn < (int64_t)p->insn + p->cnt)
			return p->at + (insn - p->insn);
	}
	return -1;
}

static bool
calls_text(const struct obj_elf *elf, const struct part *p)
{
	for (uint32_t i = 0; i < elf->rel_cnt; i++) {
		const struct obj_rel *r = &elf->rels[i];
		uint32_t insn = r->off / OBJ_INSN_BYTES;

		if (r->sec == p->sec && insn >= p->insn && insn < p->insn + p->cnt && elf->text &&
			elf->syms[r->sym].sec == elf->text)
			return true;
	}
	return false;
}

static int
relocate_map(const struct assembly *a, struct bpf_insn *insn, const struct obj_sym *sym)
{
	const struct legacy *l = a->l;

	if (!obj_insn_is_wide(insn) || sym->value % l->entry_bytes ||
		sym->value / l->entry_bytes >= l->map_cnt)
		return obj_fail(&l->b->elf, ENOEXEC, a->c->section,
			"program '%s': '%s' at byte %llu is not the beginning of a map", a->c->name,
			sym->name, (unsigned long long)sym->value);
	insn[0].src_reg = BPF_PSEUDO_MAP_IDX;
	insn[0].imm = (int32_t)(sym->value / l->entry_bytes);
	insn[1].imm = 0;
	return 0;
}

static int
relocate(const struct assembly *a, const struct obj_rel *rel, uint32_t at)
{
	const struct obj_elf *elf = &a->l->b->elf;
	const struct obj_sym *sym = &elf->syms[rel->sym];
	struct bpf_insn *insn = &a->insns[at];
	int64_t target;

	if (elf->legacy_maps && sym->sec == elf->legacy_maps)
		return relocate_map(a, insn, sym);
	if (!obj_sec_is_code(&elf->secs[sym->sec]))
		return obj_fail(elf, EOPNOTSUPP, a->c->section,
			"program '%s': uses data of section '%s', which this older form of objects"
			" has not; %s",
			a->c->name, elf->secs[sym->sec].name,
			elf->legacy_maps
				? "define maps in SEC(\".maps\")"
				: "give the program a section, SEC(\"xdp\") or SEC(\"tc\")");
	target = (int64_t)(sym->value / OBJ_INSN_BYTES);
	if (obj_insn_is_wide(insn)) {
		target = place(a, sym->sec, target + (uint32_t)insn->imm / OBJ_INSN_BYTES);
		insn->src_reg = BPF_PSEUDO_FUNC;
	} else {
		target = place(a, sym->sec, target + insn->imm + 1);
	}
	if (target < 0)
		return obj_fail(elf, ENOEXEC, a->c->section,
			"program '%s': calls what is outside of it, in section '%s'", a->c->name,
			elf->secs[sym->sec].name);
	insn->imm = (int32_t)(target - at - 1);
	return 0;
}

static int
relocate_all(const struct assembly *a)
{
	const struct obj_elf *elf = &a->l->b->elf;
	int err = 0;

	for (uint32_t i = 0; i < elf->rel_cnt && !err; i++) {
		const struct obj_rel *rel = &elf->rels[i];
		int64_t at = place(a, rel->sec, rel->off / OBJ_INSN_BYTES);

		if (at >= 0)
			err = relocate(a, rel, (uint32_t)at);
	}
	return err;
}

/* ---- names and lines ----------------------------------------------------------------------------
 */

static int
take_records(void *arg, const struct obj_ext_sec *s, bool lines)
{
	struct assembly *a = arg;
	const struct obj_elf *elf = &a->l->b->elf;
	uint32_t sec = obj_sec_by_name(elf, s->section);

	for (uint32_t i = 0; sec && i < s->cnt; i++) {
		const uint8_t *rec = s->recs + (size_t)i * s->rec_size;
		uint32_t off;
		int64_t at;

		memcpy(&off, rec, sizeof(off));
		at = place(a, sec, off / OBJ_INSN_BYTES);
		/* Hostile input can have more records than instructions; one for each is enough. */
		if (at < 0 || (lines ? a->line_cnt : a->func_cnt) == a->insn_cnt)
			continue;
		if (lines) {
			memcpy(&a->lines[a->line_cnt], rec, sizeof(*a->lines));
			a->lines[a->line_cnt++].insn_off = (uint32_t)at;
		} else {
			memcpy(&a->funcs[a->func_cnt], rec, sizeof(*a->funcs));
			a->funcs[a->func_cnt++].insn_off = (uint32_t)at;
		}
	}
	return 0;
}

static int
take_lines(void *arg, const struct obj_ext_sec *s)
{
	return take_records(arg, s, true);
}

static int
take_funcs(void *arg, const struct obj_ext_sec *s)
{
	return take_records(arg, s, false);
}

static void
take_names(struct assembly *a)
{
	const struct obj_elf *elf = &a->l->b->elf;

	for (uint32_t i = 0; i < elf->func_cnt; i++) {
		int64_t at = place(a, elf->funcs[i].sec, elf->funcs[i].insn);

		if (at >= 0)
			a->names[a->name_cnt++] = (struct xb_func){ .insn = (uint32_t)at,
				.name = elf->funcs[i].name };
	}
}

static int
take_prog(struct assembly *a)
{
	struct obj_build *b = a->l->b;
	struct obj_raw_prog raw;
	int err;

	a->insns = obj_alloc(b->out, a->insn_cnt, sizeof(*a->insns));
	a->funcs = calloc(a->insn_cnt, sizeof(*a->funcs));
	a->lines = calloc(a->insn_cnt, sizeof(*a->lines));
	a->names = calloc(b->elf.func_cnt + 1, sizeof(*a->names));
	if (!a->insns || !a->funcs || !a->lines || !a->names)
		return obj_fail(&b->elf, ENOMEM, NULL, "out of memory");
	for (uint32_t i = 0; i < a->part_cnt; i++) {
		const struct part *p = &a->parts[i];

		memcpy(a->insns + p->at,
			b->elf.secs[p->sec].data + (size_t)p->insn * OBJ_INSN_BYTES,
			(size_t)p->cnt * OBJ_INSN_BYTES);
	}
	err = relocate_all(a);
	if (err)
		return err;
	obj_btf_ext_walk(&b->elf, b->btf, OBJ_EXT_FUNC, take_funcs, a);
	obj_btf_ext_walk(&b->elf, b->btf, OBJ_EXT_LINE, take_lines, a);
	take_names(a);
	raw = (struct obj_raw_prog){
		.insns = a->insns,
		.insn_cnt = a->insn_cnt,
		.funcs = (const uint8_t *)a->funcs,
		.func_cnt = a->func_cnt,
		.func_rec_size = sizeof(*a->funcs),
		.lines = (const uint8_t *)a->lines,
		.line_cnt = a->line_cnt,
		.line_rec_size = sizeof(*a->lines),
		.names = a->names,
		.name_cnt = a->name_cnt,
	};
	return obj_add_prog(b, a->c, &raw);
}

static int
assemble(struct legacy *l, const struct obj_cand *c)
{
	const struct obj_elf *elf = &l->b->elf;
	struct assembly a = { .l = l,
		.c = c,
		.parts = { { c->sec, c->insn, c->cnt, 0 } },
		.part_cnt = 1,
		.insn_cnt = c->cnt };
	int err;

	if (c->sec != elf->text && calls_text(elf, &a.parts[0])) {
		uint32_t cnt = (uint32_t)(elf->secs[elf->text].size / OBJ_INSN_BYTES);

		a.parts[a.part_cnt++] = (struct part){ elf->text, 0, cnt, c->cnt };
		a.insn_cnt += cnt;
	}
	err = take_prog(&a);
	free(a.funcs);
	free(a.lines);
	free(a.names);
	return err;
}

int
obj_load_by_section(struct obj_build *b)
{
	struct legacy l = { .b = b };
	int err = take_maps(&l);

	if (!err && obj_btf_ext_has_core(&b->elf))
		xb_log_add(b->log,
			"note: %s: CO-RE offsets stay as compiled in the older form of objects\n",
			b->elf.path);
	for (uint32_t i = 0; i < b->cand_cnt && !err; i++)
		if (b->cands[i].taken)
			err = assemble(&l, &b->cands[i]);
	return err;
}
