/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file as libbpf shall see it. In our copy everything that is not needed is hidden: functions
 * of programs that were not taken, symbols only those need, sections of no interest to us.
 * Called by object_libbpf.c, after object_closure.c marked the functions that are used.
 */
#include "bpf/object_internal.h"

#include <elf.h>
#include <string.h>

static void
patch_symbol(struct obj_elf *elf, uint32_t i)
{
	const struct obj_sym *sym = &elf->syms[i];
	Elf64_Sym s;

	if (sym->type != STT_NOTYPE || sym->sec != 0 || sym->bind == STB_LOCAL ||
		sym->extern_kind == OBJ_EXTERN_KCONFIG)
		return;
	/* An extern nobody needs: libbpf passes over those without a name. */
	memcpy(&s, elf->sym_table + i * sizeof(s), sizeof(s));
	s.st_name = 0;
	memcpy(elf->sym_table + i * sizeof(s), &s, sizeof(s));
}

static void
patch_function(struct obj_elf *elf, const struct obj_func *f)
{
	Elf64_Sym s;

	memcpy(&s, elf->sym_table + f->sym * sizeof(s), sizeof(s));
	if (f->used) {
		s.st_info = (uint8_t)ELF64_ST_INFO(ELF64_ST_BIND(s.st_info), STT_FUNC);
		s.st_size = (uint64_t)f->cnt * OBJ_INSN_BYTES;
	} else {
		s.st_info = ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE);
	}
	memcpy(elf->sym_table + f->sym * sizeof(s), &s, sizeof(s));
}

/* A relocation in what is hidden can be about anything; libbpf looks at its symbol all the same. */
static void
patch_relocation(struct obj_elf *elf, const struct obj_rel *rel)
{
	const struct obj_func *f = obj_func_at(elf, rel->sec, rel->off / OBJ_INSN_BYTES);
	Elf64_Rel r;

	if (!obj_sec_is_code(&elf->secs[rel->sec]) || (f && f->used))
		return;
	memcpy(&r, rel->at, sizeof(r));
	r.r_info = ELF64_R_INFO(0, ELF64_R_TYPE(r.r_info));
	memcpy(rel->at, &r, sizeof(r));
}

/* Is a section one that libbpf would look at without use to us? */
static bool
is_hidden(const struct obj_elf *elf, const struct obj_sec *sec)
{
	if (sec->type == SHT_REL)
		return sec->info != elf->btf_maps && !obj_sec_is_code(&elf->secs[sec->info]);
	return strcmp(sec->name, "version") == 0 || strncmp(sec->name, ".struct_ops", 11) == 0;
}

/* libbpf passes over string tables that no symbol table names. */
static void
hide_section(struct obj_elf *elf, uint32_t i)
{
	Elf64_Ehdr h;
	Elf64_Shdr s;
	uint8_t *at;

	memcpy(&h, elf->image, sizeof(h));
	at = elf->image + h.e_shoff + i * sizeof(s);
	memcpy(&s, at, sizeof(s));
	s.sh_type = SHT_STRTAB;
	memcpy(at, &s, sizeof(s));
}

/* What .values of a program array name must be found, though it is perhaps not loaded. */
static void
show_slot_programs(struct obj_elf *elf)
{
	for (uint32_t i = 0; elf->btf_maps && i < elf->rel_cnt; i++) {
		const struct obj_sym *sym = &elf->syms[elf->rels[i].sym];
		struct obj_func *f = NULL;

		if (elf->rels[i].sec == elf->btf_maps && sym->value % OBJ_INSN_BYTES == 0)
			f = obj_func_at(elf, sym->sec, (uint32_t)(sym->value / OBJ_INSN_BYTES));
		if (f)
			f->used = true;
	}
}

void
obj_hide(struct obj_build *b)
{
	struct obj_elf *elf = &b->elf;

	for (uint32_t i = 1; i < elf->sym_cnt; i++)
		patch_symbol(elf, i);
	show_slot_programs(elf);
	for (uint32_t i = 0; i < elf->func_cnt; i++)
		patch_function(elf, &elf->funcs[i]);
	for (uint32_t i = 0; i < elf->rel_cnt; i++)
		patch_relocation(elf, &elf->rels[i]);
	for (uint32_t i = 1; i < elf->sec_cnt; i++)
		if (is_hidden(elf, &elf->secs[i]))
			hide_section(elf, i);
}
