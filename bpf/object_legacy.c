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

/* ---- programs ------------------------------------------------------------------------------- */

/* A program being put together: its own part, then .text when that is needed. */
struct part {
	uint32_t sec, insn, cnt; /* where it is from */
	uint32_t at;		 /* where it goes */
};

struct assembly {
	struct obj_legacy *l;
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
	const struct obj_legacy *l = a->l;

	if (!xb_insn_is_wide(insn) || sym->value % l->entry_bytes ||
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
	if (xb_insn_is_wide(insn)) {
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

/* ---- names and lines ------------------------------------------------------------------------ */

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
assemble(struct obj_legacy *l, const struct obj_cand *c)
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
	struct obj_legacy l = { .b = b };
	int err = obj_legacy_maps(&l);

	if (!err && obj_btf_ext_has_core(&b->elf))
		xb_log_add(b->log,
			"note: %s: CO-RE offsets stay as compiled in the older form of objects\n",
			b->elf.path);
	for (uint32_t i = 0; i < b->cand_cnt && !err; i++)
		if (b->cands[i].taken)
			err = assemble(&l, &b->cands[i]);
	return err;
}
