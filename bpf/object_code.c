/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code of an object: which functions there are and what relocations say of their instructions.
 * Called by obj_elf_read(), after sections and symbols.
 */
#include "bpf/object_internal.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Also bounds how deep libbpf goes when one calls the next. */
#define MAX_FUNCS 4096u
#define MAX_RELOCATIONS (1u << 20)

/* ---- functions ------------------------------------------------------------------------------ */

static int
compare_funcs(const void *a, const void *b)
{
	const struct obj_func *x = a, *y = b;

	if (x->sec != y->sec)
		return x->sec < y->sec ? -1 : 1;
	if (x->insn != y->insn)
		return x->insn < y->insn ? -1 : 1;
	return x->sym > y->sym ? -1 : x->sym < y->sym; /* the first name is found, obj_func_at() */
}

/* A function is a symbol of that type, or (assembled by hand) a global one without a type. */
static bool
is_function(const struct obj_elf *elf, const struct obj_sym *sym)
{
	if (sym->sec == 0 || sym->sec == OBJ_SEC_SPECIAL || !obj_sec_is_code(&elf->secs[sym->sec]))
		return false;
	return sym->type == STT_FUNC || (sym->type == STT_NOTYPE && sym->bind != STB_LOCAL);
}

static int
read_function(struct obj_elf *elf, uint32_t i)
{
	const struct obj_sym *sym = &elf->syms[i];
	const struct obj_sec *sec = &elf->secs[sym->sec];

	if (sym->value % OBJ_INSN_BYTES || sym->size % OBJ_INSN_BYTES || sym->value >= sec->size ||
		sym->size > sec->size - sym->value)
		return obj_fail(elf, ENOEXEC, sec->name,
			"function '%s': %" PRIu64 " bytes at byte %" PRIu64
			" are not whole instructions inside of the section's %" PRIu64 " bytes",
			sym->name, sym->size, sym->value, sec->size);
	if (elf->func_cnt == MAX_FUNCS)
		return obj_fail(elf, EFBIG, sec->name, "more than %u functions", MAX_FUNCS);
	elf->funcs[elf->func_cnt++] = (struct obj_func){
		.name = sym->name,
		.sec = sym->sec,
		.insn = (uint32_t)(sym->value / OBJ_INSN_BYTES),
		.cnt = (uint32_t)(sym->size / OBJ_INSN_BYTES),
		.sym = i,
		.is_static = sym->bind == STB_LOCAL,
	};
	return 0;
}

/* A function without a size ends where the next one begins; two may be one, but not overlap. */
static int
size_functions(struct obj_elf *elf)
{
	for (uint32_t i = 0; i < elf->func_cnt; i++) {
		struct obj_func *f = &elf->funcs[i];
		uint32_t end = (uint32_t)(elf->secs[f->sec].size / OBJ_INSN_BYTES);
		uint32_t next = i + 1;

		while (next < elf->func_cnt && elf->funcs[next].sec == f->sec &&
			elf->funcs[next].insn == f->insn)
			next++;
		if (next < elf->func_cnt && elf->funcs[next].sec == f->sec)
			end = elf->funcs[next].insn;
		if (f->cnt == 0)
			f->cnt = end - f->insn;
		if (f->cnt > end - f->insn)
			return obj_fail(elf, ENOEXEC, elf->secs[f->sec].name,
				"functions '%s' and '%s' overlap", f->name, elf->funcs[next].name);
	}
	return 0;
}

static int
read_functions(struct obj_elf *elf)
{
	int err = 0;

	elf->funcs = calloc(MAX_FUNCS, sizeof(*elf->funcs));
	if (!elf->funcs)
		return obj_fail(elf, ENOMEM, NULL, "out of memory");
	for (uint32_t i = 1; i < elf->sym_cnt && !err; i++)
		if (is_function(elf, &elf->syms[i]))
			err = read_function(elf, i);
	if (err)
		return err;
	qsort(elf->funcs, elf->func_cnt, sizeof(*elf->funcs), compare_funcs);
	return size_functions(elf);
}

struct obj_func *
obj_func_at(const struct obj_elf *elf, uint32_t sec, uint32_t insn)
{
	uint32_t lo = 0, hi = elf->func_cnt;

	/* The first of those that begin after insn; what we want is before it. */
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct obj_func *f = &elf->funcs[mid];

		if (f->sec < sec || (f->sec == sec && f->insn <= insn))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || elf->funcs[lo - 1].sec != sec)
		return NULL;
	return insn - elf->funcs[lo - 1].insn < elf->funcs[lo - 1].cnt ? &elf->funcs[lo - 1] : NULL;
}

/* ---- relocations ---------------------------------------------------------------------------- */

static int
compare_rels(const void *a, const void *b)
{
	const struct obj_rel *x = a, *y = b;

	if (x->sec != y->sec)
		return x->sec < y->sec ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

struct bpf_insn
obj_insn_at(const struct obj_elf *elf, uint32_t sec, uint32_t insn)
{
	struct bpf_insn out;

	memcpy(&out, elf->secs[sec].data + (size_t)insn * sizeof(out), sizeof(out));
	return out;
}

bool
obj_insn_is_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

/* A relocation of code changes a call, or a 64-bit load both halves of which are there. */
static int
check_code_rel(const struct obj_elf *elf, const char *rel_name, const struct obj_rel *rel)
{
	uint32_t at = rel->off / OBJ_INSN_BYTES;
	const struct obj_func *f;
	struct bpf_insn insn;
	uint32_t end;

	if (rel->off % OBJ_INSN_BYTES)
		return obj_fail(elf, ENOEXEC, rel_name,
			"relocation at byte %u, inside of an"
			" instruction",
			rel->off);
	insn = obj_insn_at(elf, rel->sec, at);
	if (insn.code == (BPF_JMP | BPF_CALL))
		return 0;
	f = obj_func_at(elf, rel->sec, at);
	end = f ? f->insn + f->cnt : (uint32_t)(elf->secs[rel->sec].size / OBJ_INSN_BYTES);
	if (!xb_insn_is_wide(&insn) || at + 1 >= end)
		return obj_fail(elf, ENOEXEC, rel_name,
			"relocation at byte %u: the instruction there is neither a call nor a whole"
			" 64-bit load",
			rel->off);
	return 0;
}

static int
read_relocation(struct obj_elf *elf, const struct obj_sec *tab, uint32_t i)
{
	const struct obj_sec *target = &elf->secs[tab->info];
	struct obj_rel rel;
	Elf64_Rel r;

	memcpy(&r, tab->data + i * sizeof(r), sizeof(r));
	if (r.r_offset >= target->size)
		return obj_fail(elf, ENOEXEC, tab->name,
			"relocation %u: byte %" PRIu64 " is outside of section '%s' (%" PRIu64
			" bytes)",
			i, r.r_offset, target->name, target->size);
	if (ELF64_R_SYM(r.r_info) >= elf->sym_cnt)
		return obj_fail(elf, ENOEXEC, tab->name, "relocation %u: symbol %u of %u", i,
			(uint32_t)ELF64_R_SYM(r.r_info), elf->sym_cnt);
	rel = (struct obj_rel){ .sec = tab->info,
		.off = (uint32_t)r.r_offset,
		.sym = (uint32_t)ELF64_R_SYM(r.r_info),
		.at = tab->data + i * sizeof(r) };
	elf->rels[elf->rel_cnt++] = rel;
	return obj_sec_is_code(target) ? check_code_rel(elf, tab->name, &rel) : 0;
}

/* Does libbpf pass over relocations in a section of that name, whatever they are about? */
static bool
is_passed_over(const char *name)
{
	return strncmp(name, ".rel.debug_", 11) == 0 || strcmp(name, ".rel.BTF") == 0 ||
	       strcmp(name, ".rel.BTF.ext") == 0;
}

/* Does the section hold relocations that matter? -ENOEXEC when they are not of the usual form. */
static int
check_rel_section(const struct obj_elf *elf, const struct obj_sec *sec)
{
	bool about_maps = strcmp(sec->name, ".rel.maps") == 0;
	bool matters;

	if (sec->type != SHT_REL && sec->type != SHT_RELA)
		return 0;
	if (sec->info == 0 || sec->info >= elf->sec_cnt)
		return obj_fail(elf, ENOEXEC, sec->name, "relocations of section %u of %u",
			sec->info, elf->sec_cnt);
	if (about_maps != (elf->btf_maps && sec->info == elf->btf_maps))
		return obj_fail(elf, ENOEXEC, sec->name, "relocations of section '%s'",
			elf->secs[sec->info].name);
	matters = about_maps || obj_sec_is_code(&elf->secs[sec->info]);
	if (matters && is_passed_over(sec->name))
		return obj_fail(elf, ENOEXEC, sec->name,
			"relocations of section '%s' under a name that is not read",
			elf->secs[sec->info].name);
	if (sec->type == SHT_RELA)
		return matters ? obj_fail(elf, ENOEXEC, sec->name, "relocations with addends") : 0;
	if (sec->entsize != sizeof(Elf64_Rel) || sec->size % sizeof(Elf64_Rel) ||
		(matters && sec->link != elf->symtab))
		return obj_fail(elf, ENOEXEC, sec->name,
			"%" PRIu64 " bytes of relocations of %" PRIu64 " bytes, symbols in section"
			" %u",
			sec->size, sec->entsize, sec->link);
	return matters;
}

static int
read_relocations(struct obj_elf *elf)
{
	size_t max = 0;

	for (uint32_t i = 1; i < elf->sec_cnt; i++)
		if (elf->secs[i].type == SHT_REL)
			max += elf->secs[i].size / sizeof(Elf64_Rel);
	/* Two headers can name the same bytes, so the sum can be more than the file holds. */
	if (max > MAX_RELOCATIONS)
		return obj_fail(
			elf, EFBIG, NULL, "%zu relocations, more than %u", max, MAX_RELOCATIONS);
	elf->rels = calloc(max + 1, sizeof(*elf->rels));
	if (!elf->rels)
		return obj_fail(elf, ENOMEM, NULL, "out of memory");
	for (uint32_t i = 1; i < elf->sec_cnt; i++) {
		const struct obj_sec *sec = &elf->secs[i];
		int err = check_rel_section(elf, sec);

		for (uint32_t k = 0; err > 0 && k < sec->size / sizeof(Elf64_Rel); k++) {
			int bad = read_relocation(elf, sec, k);

			err = bad ? bad : err;
		}
		if (err < 0)
			return err;
	}
	qsort(elf->rels, elf->rel_cnt, sizeof(*elf->rels), compare_rels);
	return 0;
}

const struct obj_rel *
obj_rel_at(const struct obj_elf *elf, uint32_t sec, uint32_t off)
{
	struct obj_rel key = { .sec = sec, .off = off };

	return elf->rel_cnt ? bsearch(&key, elf->rels, elf->rel_cnt, sizeof(key), compare_rels)
			    : NULL;
}

int
obj_code_read(struct obj_elf *elf)
{
	int err = read_functions(elf);

	return err ? err : read_relocations(elf);
}
