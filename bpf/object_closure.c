/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program is made of: the functions it calls, and what those need from outside. A program
 * that needs something which is not there is not taken, and the others do not suffer from it.
 * Called by object_choose.c.
 */
#include "bpf/object_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* All programs of an object together, subprograms counted in each that calls them. */
#define MAX_INSNS_ALL (4u << 20)
#define MAX_FUNCS_ALL 16384u

/* Not taken, because. The first reason stays. */
void
obj_leave(struct obj_cand *c, int err, const char *fmt, ...)
{
	va_list ap;

	if (!c->taken)
		return;
	va_start(ap, fmt);
	vsnprintf(c->reason, sizeof(c->reason), fmt, ap);
	va_end(ap);
	c->err = err;
	c->taken = false;
}

static enum obj_extern
extern_kind(const struct btf *btf, const char *name)
{
	static const char *const sections[] = { ".kconfig", ".ksyms" };

	for (size_t i = 0; btf && i < ARRAY_SIZE(sections); i++) {
		int id = btf__find_by_name_kind(btf, sections[i], BTF_KIND_DATASEC);
		const struct btf_type *sec = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

		for (uint32_t k = 0; sec && k < btf_vlen(sec); k++) {
			const struct btf_type *t =
				btf__type_by_id(btf, btf_var_secinfos(sec)[k].type);

			if (strcmp(btf__str_by_offset(btf, t->name_off), name) != 0)
				continue;
			if (i == 0)
				return OBJ_EXTERN_KCONFIG;
			return btf_is_func(t) ? OBJ_EXTERN_KERNEL_FUNC : OBJ_EXTERN_KERNEL_VAR;
		}
	}
	return OBJ_EXTERN_NONE;
}

/* The ranges of instructions a program consists of, found by following its calls. */
struct closure {
	struct obj_build *b;
	struct obj_cand *c;
	struct range {
		uint32_t sec, insn, cnt;
	} ranges[OBJ_PROG_MAX_FUNCS];
	uint32_t range_cnt;
	uint64_t insn_cnt;
};

static void
add_range(struct closure *cl, uint32_t sec, uint32_t insn, uint32_t cnt)
{
	for (uint32_t i = 0; i < cl->range_cnt; i++)
		if (cl->ranges[i].sec == sec && cl->ranges[i].insn == insn)
			return;
	if (cl->range_cnt == OBJ_PROG_MAX_FUNCS) {
		obj_leave(cl->c, EFBIG, "more than %u functions", OBJ_PROG_MAX_FUNCS);
		return;
	}
	cl->ranges[cl->range_cnt++] = (struct range){ sec, insn, cnt };
	cl->insn_cnt += cnt;
	if (cl->insn_cnt > OBJ_PROG_MAX_INSNS)
		obj_leave(cl->c, EFBIG, "more than %u instructions", OBJ_PROG_MAX_INSNS);
}

static void
use_extern(struct closure *cl, const struct obj_sym *sym)
{
	const char *name = sym->name;

	switch ((enum obj_extern)sym->extern_kind) {
	case OBJ_EXTERN_KCONFIG: break;
	case OBJ_EXTERN_KERNEL_FUNC:
		if (cl->c->taken) {
			cl->c->why = XB_SKIP_KERNEL_FUNC;
			snprintf(cl->c->needs, sizeof(cl->c->needs), "%s", name);
		}
		obj_leave(cl->c, EOPNOTSUPP, "calls the kernel function '%.64s'", name);
		break;
	case OBJ_EXTERN_KERNEL_VAR:
		obj_leave(cl->c, EOPNOTSUPP, "uses the kernel's variable '%.64s'", name);
		break;
	case OBJ_EXTERN_NONE:
		obj_leave(cl->c, EOPNOTSUPP, "needs '%.64s', which is not in the object", name);
		break;
	}
}

/* A call, or the address of a function for a callback. */
static void
use_function(struct closure *cl, uint32_t sec, int64_t target)
{
	const struct obj_elf *elf = &cl->b->elf;
	const struct obj_func *f = NULL;

	if (cl->b->by_section) {
		if (sec == elf->text)
			add_range(cl, sec, 0, (uint32_t)(elf->secs[sec].size / OBJ_INSN_BYTES));
		else if (sec != cl->c->sec)
			obj_leave(cl->c, ENOEXEC, "calls into section '%.64s', not into .text",
				elf->secs[sec].name);
		return;
	}
	if (target >= 0 && target <= UINT32_MAX)
		f = obj_func_at(elf, sec, (uint32_t)target);
	if (sec != elf->text)
		obj_leave(cl->c, ENOEXEC, "calls '%.64s' of section '%.64s', not of .text",
			f ? f->name : "?", elf->secs[sec].name);
	else if (!f || f->insn != target)
		obj_leave(cl->c, ENOEXEC,
			"calls instruction %lld of .text, where no function begins",
			(long long)target);
	else if (sec == cl->c->sec)
		obj_leave(cl->c, ENOEXEC, "calls itself"); /* .text alone; libbpf would not end */
	else
		add_range(cl, sec, f->insn, f->cnt);
}

static void
look_at_insn(struct closure *cl, uint32_t sec, uint32_t at)
{
	const struct obj_elf *elf = &cl->b->elf;
	const struct obj_rel *rel = obj_rel_at(elf, sec, at * OBJ_INSN_BYTES);
	struct bpf_insn insn = obj_insn_at(elf, sec, at);
	const struct obj_sym *sym = rel ? &elf->syms[rel->sym] : NULL;

	if (!rel) {
		if (obj_insn_is_call(&insn))
			use_function(cl, sec, (int64_t)at + insn.imm + 1);
		else if (xb_insn_is_wide(&insn) && insn.src_reg)
			obj_leave(cl->c, ENOEXEC,
				"instruction %u names a map or a function by a number (kind %u)",
				at, insn.src_reg);
		return;
	}
	if (sym->sec == 0 && !sym->name[0])
		obj_leave(cl->c, ENOEXEC, "instruction %u refers to a symbol without a name", at);
	else if (sym->sec == 0)
		use_extern(cl, sym);
	else if (sym->sec == OBJ_SEC_SPECIAL)
		obj_leave(cl->c, ENOEXEC, "instruction %u refers to '%.64s', which has no section",
			at, sym->name);
	else if (insn.code == (BPF_JMP | BPF_CALL))
		use_function(cl, sym->sec, (int64_t)(sym->value / OBJ_INSN_BYTES) + insn.imm + 1);
	else if (obj_sec_is_code(&elf->secs[sym->sec]))
		use_function(cl, sym->sec,
			(int64_t)(sym->value + (uint32_t)insn.imm) / (int64_t)OBJ_INSN_BYTES);
}

static void
look_at_range(struct closure *cl, const struct range *r)
{
	for (uint32_t at = r->insn; at < r->insn + r->cnt && cl->c->taken; at++)
		look_at_insn(cl, r->sec, at);
}

static void
mark_used(const struct closure *cl)
{
	for (uint32_t i = 0; i < cl->range_cnt; i++) {
		const struct range *r = &cl->ranges[i];
		struct obj_func *f = obj_func_at(&cl->b->elf, r->sec, r->insn);

		if (f)
			f->used = true;
	}
}

/* Once for each symbol, because it is a search through all types. */
static void
find_externs(struct obj_build *b)
{
	for (uint32_t i = 1; i < b->elf.sym_cnt; i++)
		if (b->elf.syms[i].sec == 0)
			b->elf.syms[i].extern_kind =
				(uint8_t)extern_kind(b->btf, b->elf.syms[i].name);
}

int
obj_close_programs(struct obj_build *b)
{
	struct closure *cl = calloc(1, sizeof(*cl));
	uint64_t insns = 0, funcs = 0;

	if (!cl)
		return obj_fail(&b->elf, ENOMEM, NULL, "out of memory");
	find_externs(b);
	for (uint32_t i = 0; i < b->cand_cnt; i++) {
		*cl = (struct closure){ .b = b, .c = &b->cands[i] };
		if (!cl->c->taken)
			continue;
		add_range(cl, cl->c->sec, cl->c->insn, cl->c->cnt);
		for (uint32_t k = 0; k < cl->range_cnt; k++)
			look_at_range(cl, &cl->ranges[k]);
		insns += cl->insn_cnt;
		funcs += cl->range_cnt;
		if (insns > MAX_INSNS_ALL || funcs > MAX_FUNCS_ALL)
			break;
		if (cl->c->taken)
			mark_used(cl);
	}
	free(cl);
	if (insns <= MAX_INSNS_ALL && funcs <= MAX_FUNCS_ALL)
		return 0;
	return obj_fail(&b->elf, EFBIG, NULL,
		"more than %u instructions or %u functions in all programs together", MAX_INSNS_ALL,
		MAX_FUNCS_ALL);
}
