/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ELF file of an object: strict checks first, then lists of what is in it. Called by object.c.
 *
 * libelf reads headers and string tables safely but believes them, and libbpf 1.1 believes libelf:
 * a relocation of a section that has no bytes, or of the second half of a 64-bit load at the end
 * of a function, makes it read or write outside of its memory. So nothing goes to libbpf that was
 * not checked here.
 */
#include "bpf/object_internal.h"

#include <elf.h>
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#ifndef EM_BPF
#define EM_BPF 247
#endif

/* Far above what real objects have. libbpf searches linearly for nearly everything, so these keep
 * a hostile object from taking minutes. */
#define MAX_SECTIONS 1024u
#define MAX_SYMBOLS 65536u
#define MAX_EXTERNS 512u
#define MAX_BTF_BYTES (4u << 20)
#define MAX_BTF_EXT_BYTES (8u << 20)
/* Slots of .maps become an array of pointers in libbpf, one for each 8 bytes. */
#define MAX_BTF_MAPS_BYTES (1u << 20)

static int
vfail(const struct obj_elf *elf, int err, const char *sec, const char *fmt, va_list ap)
{
	xb_log_add(elf->log, "%s: ", elf->path);
	if (sec)
		xb_log_add(elf->log, "section '%s': ", sec);
	xb_log_vadd(elf->log, fmt, ap);
	xb_log_add(elf->log, "\n");
	return -err;
}

int
obj_fail(const struct obj_elf *elf, int err, const char *sec, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(elf, err, sec, fmt, ap);
	va_end(ap);
	return -err;
}

/* ---- headers -------------------------------------------------------------------------------- */

static int
check_ident(const struct obj_elf *elf)
{
	const uint8_t *id = elf->image;

	if (elf->size < EI_NIDENT || memcmp(id, ELFMAG, SELFMAG) != 0)
		return obj_fail(elf, ENOEXEC, NULL, "not an ELF file");
	if (id[EI_DATA] == ELFDATA2MSB)
		return obj_fail(elf, ENOEXEC, NULL,
			"a big-endian object; compile with -target bpf or bpfel");
	if (id[EI_CLASS] != ELFCLASS64 || id[EI_DATA] != ELFDATA2LSB)
		return obj_fail(elf, ENOEXEC, NULL, "not a 64-bit little-endian ELF file");
	if (elf->size < sizeof(Elf64_Ehdr))
		return obj_fail(
			elf, ENOEXEC, NULL, "cut off in the ELF header, at byte %zu", elf->size);
	return 0;
}

static int
check_header(const struct obj_elf *elf)
{
	Elf64_Ehdr h;

	memcpy(&h, elf->image, sizeof(h));
	/* Old LLVM wrote EM_NONE. */
	if (h.e_machine != EM_BPF && h.e_machine != EM_NONE)
		return obj_fail(elf, ENOEXEC, NULL,
			"made for machine %u, not for BPF (%u); compile with clang -target bpf",
			h.e_machine, EM_BPF);
	if (h.e_type != ET_REL)
		return obj_fail(elf, ENOEXEC, NULL,
			"ELF type %u, not a relocatable object (%u); compile with -c", h.e_type,
			ET_REL);
	if (h.e_shnum == 0 || h.e_shentsize != sizeof(Elf64_Shdr) || h.e_shstrndx >= h.e_shnum)
		return obj_fail(elf, ENOEXEC, NULL,
			"a damaged ELF header: %u sections of %u bytes,"
			" names in section %u",
			h.e_shnum, h.e_shentsize, h.e_shstrndx);
	if (h.e_shnum > MAX_SECTIONS)
		return obj_fail(
			elf, EFBIG, NULL, "%u sections, more than %u", h.e_shnum, MAX_SECTIONS);
	if (h.e_shoff > elf->size || h.e_shnum > (elf->size - h.e_shoff) / sizeof(Elf64_Shdr))
		return obj_fail(elf, ENOEXEC, NULL,
			"cut off: the section headers at byte %" PRIu64
			" are outside of the file's %zu bytes",
			h.e_shoff, elf->size);
	return 0;
}

/* ---- sections ------------------------------------------------------------------------------- */

bool
obj_sec_is_code(const struct obj_sec *sec)
{
	static const char *const never[] = { "license", "version", "maps", ".maps", ".BTF",
		".BTF.ext" };

	if (sec->type != SHT_PROGBITS || !(sec->flags & SHF_EXECINSTR) || sec->size == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (strcmp(sec->name, never[i]) == 0)
			return false;
	return true;
}

static bool
is_or_has_suffix(const char *name, const char *base)
{
	size_t len = strlen(base);

	return strncmp(name, base, len) == 0 && (name[len] == '\0' || name[len] == '.');
}

bool
obj_sec_is_data(const struct obj_sec *sec)
{
	if (sec->size == 0)
		return false;
	if (sec->type == SHT_NOBITS)
		return is_or_has_suffix(sec->name, ".bss");
	return sec->type == SHT_PROGBITS && !(sec->flags & SHF_EXECINSTR) &&
	       (is_or_has_suffix(sec->name, ".data") || is_or_has_suffix(sec->name, ".rodata"));
}

uint32_t
obj_sec_by_name(const struct obj_elf *elf, const char *name)
{
	for (uint32_t i = 1; i < elf->sec_cnt; i++)
		if (strcmp(elf->secs[i].name, name) == 0)
			return i;
	return 0;
}

static int
read_section(struct obj_elf *elf, uint32_t i, const char *name, const GElf_Shdr *h)
{
	struct obj_sec *sec = &elf->secs[i];

	*sec = (struct obj_sec){ .name = name,
		.size = h->sh_size,
		.flags = h->sh_flags,
		.entsize = h->sh_entsize,
		.type = h->sh_type,
		.link = h->sh_link,
		.info = h->sh_info };
	if (h->sh_type == SHT_NULL || h->sh_type == SHT_NOBITS)
		return 0;
	if (h->sh_offset > elf->size || h->sh_size > elf->size - h->sh_offset)
		return obj_fail(elf, ENOEXEC, name,
			"cut off: %" PRIu64 " bytes at byte %" PRIu64
			" are outside of the file's %zu bytes",
			h->sh_size, h->sh_offset, elf->size);
	if (h->sh_size)
		sec->data = elf->image + h->sh_offset;
	return 0;
}

static int
read_sections(struct obj_elf *elf)
{
	size_t cnt, names;
	Elf_Scn *scn = NULL;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return obj_fail(elf, ENOEXEC, NULL, "libelf: %s", elf_errmsg(-1));
	elf->elf = elf_memory((char *)elf->image, elf->size);
	if (!elf->elf || elf_getshdrnum(elf->elf, &cnt) || elf_getshdrstrndx(elf->elf, &names))
		return obj_fail(elf, ENOEXEC, NULL, "libelf: %s", elf_errmsg(-1));
	elf->secs = calloc(cnt, sizeof(*elf->secs));
	if (!elf->secs)
		return obj_fail(elf, ENOMEM, NULL, "out of memory");
	elf->sec_cnt = (uint32_t)cnt;
	elf->secs[0].name = "";
	for (uint32_t i = 1; i < cnt; i++) {
		const char *name = NULL;
		GElf_Shdr h;
		int err;

		scn = elf_nextscn(elf->elf, scn);
		if (scn && gelf_getshdr(scn, &h))
			name = elf_strptr(elf->elf, names, h.sh_name);
		if (!name)
			return obj_fail(elf, ENOEXEC, NULL, "section %u has no name: %s", i,
				elf_errmsg(-1));
		err = read_section(elf, i, name, &h);
		if (err)
			return err;
	}
	return 0;
}

/* Sections that are found by name may be there once. */
static int
find_sections(struct obj_elf *elf)
{
	const struct {
		const char *name;
		uint32_t *index;
	} known[] = {
		{ ".text", &elf->text },
		{ ".maps", &elf->btf_maps },
		{ "maps", &elf->legacy_maps },
		{ ".BTF", &elf->btf },
		{ ".BTF.ext", &elf->btf_ext },
		{ "license", &elf->license },
	};

	for (uint32_t i = 1; i < elf->sec_cnt; i++) {
		const struct obj_sec *sec = &elf->secs[i];

		for (size_t k = 0; k < ARRAY_SIZE(known); k++) {
			if (strcmp(sec->name, known[k].name) != 0)
				continue;
			if (*known[k].index)
				return obj_fail(elf, ENOEXEC, sec->name, "is there twice");
			if (sec->type != SHT_PROGBITS)
				return obj_fail(elf, ENOEXEC, sec->name,
					"type %u, not program data (%u)", sec->type, SHT_PROGBITS);
			*known[k].index = i;
		}
	}
	/* Without functions clang leaves an empty .text. */
	if (elf->text && !obj_sec_is_code(&elf->secs[elf->text]))
		elf->text = 0;
	return 0;
}

static int
check_sizes(const struct obj_elf *elf)
{
	const struct {
		uint32_t sec, max;
	} limits[] = {
		/* section 0 is empty */
		{ elf->btf_maps, MAX_BTF_MAPS_BYTES },
		{ elf->btf, MAX_BTF_BYTES },
		{ elf->btf_ext, MAX_BTF_EXT_BYTES },
	};
	uint64_t data_bytes = 0;

	for (uint32_t i = 1; i < elf->sec_cnt; i++) {
		const struct obj_sec *sec = &elf->secs[i];

		if (obj_sec_is_code(sec) && sec->size % OBJ_INSN_BYTES)
			return obj_fail(elf, ENOEXEC, sec->name,
				"%" PRIu64 " bytes, not a multiple of the 8 of an instruction",
				sec->size);
		if (obj_sec_is_data(sec)) {
			data_bytes += sec->size;
			if (sec->size > XB_OBJECT_MAX_BYTES || data_bytes > XB_OBJECT_MAX_BYTES)
				return obj_fail(elf, EFBIG, sec->name,
					"%" PRIu64 " bytes of data; all of them may hold %u",
					sec->size, XB_OBJECT_MAX_BYTES);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct obj_sec *sec = &elf->secs[limits[i].sec];

		if (sec->size > limits[i].max)
			return obj_fail(elf, EFBIG, sec->name, "%" PRIu64 " bytes, more than %u",
				sec->size, limits[i].max);
	}
	return 0;
}

/* ---- symbols -------------------------------------------------------------------------------- */

static int
find_symtab(struct obj_elf *elf)
{
	for (uint32_t i = 1; i < elf->sec_cnt; i++) {
		const struct obj_sec *sec = &elf->secs[i];

		if (sec->type != SHT_SYMTAB)
			continue;
		if (elf->symtab)
			return obj_fail(elf, ENOEXEC, sec->name, "a second symbol table");
		if (sec->entsize != sizeof(Elf64_Sym) || sec->size % sizeof(Elf64_Sym))
			return obj_fail(elf, ENOEXEC, sec->name,
				"%" PRIu64 " bytes of symbols of %" PRIu64 " bytes", sec->size,
				sec->entsize);
		if (sec->link == 0 || sec->link >= elf->sec_cnt ||
			elf->secs[sec->link].type != SHT_STRTAB)
			return obj_fail(elf, ENOEXEC, sec->name,
				"its names should be in section %u, which is no string table",
				sec->link);
		if (sec->size / sizeof(Elf64_Sym) > MAX_SYMBOLS)
			return obj_fail(elf, EFBIG, sec->name, "%" PRIu64 " symbols, more than %u",
				sec->size / sizeof(Elf64_Sym), MAX_SYMBOLS);
		elf->symtab = i;
	}
	return 0;
}

static int
read_symbol(struct obj_elf *elf, uint32_t i)
{
	const struct obj_sec *tab = &elf->secs[elf->symtab];
	struct obj_sym *sym = &elf->syms[i];
	Elf64_Sym s;

	memcpy(&s, elf->sym_table + i * sizeof(s), sizeof(s));
	*sym = (struct obj_sym){
		.name = elf_strptr(elf->elf, tab->link, s.st_name),
		.value = s.st_value,
		.size = s.st_size,
		.sec = s.st_shndx >= SHN_LORESERVE ? OBJ_SEC_SPECIAL : s.st_shndx,
		.type = ELF64_ST_TYPE(s.st_info),
		.bind = ELF64_ST_BIND(s.st_info),
	};
	if (!sym->name)
		return obj_fail(elf, ENOEXEC, tab->name, "symbol %u: no name at byte %u of '%s'", i,
			s.st_name, elf->secs[tab->link].name);
	if (sym->sec != OBJ_SEC_SPECIAL && sym->sec >= elf->sec_cnt)
		return obj_fail(elf, ENOEXEC, tab->name, "symbol %u ('%s') is in section %u of %u",
			i, sym->name, sym->sec, elf->sec_cnt);
	return 0;
}

static int
read_symbols(struct obj_elf *elf)
{
	int err = find_symtab(elf);
	uint32_t externs = 0;

	if (err || !elf->symtab)
		return err;
	elf->sym_table = elf->secs[elf->symtab].data;
	elf->sym_cnt = (uint32_t)(elf->secs[elf->symtab].size / sizeof(Elf64_Sym));
	elf->syms = calloc(elf->sym_cnt + 1, sizeof(*elf->syms));
	if (!elf->syms)
		return obj_fail(elf, ENOMEM, NULL, "out of memory");
	for (uint32_t i = 0; i < elf->sym_cnt && !err; i++) {
		err = read_symbol(elf, i);
		externs += i && elf->syms[i].sec == 0;
	}
	if (!err && externs > MAX_EXTERNS)
		err = obj_fail(elf, EFBIG, elf->secs[elf->symtab].name,
			"%u undefined symbols, more than %u", externs, MAX_EXTERNS);
	return err;
}

/* ---- all of it ------------------------------------------------------------------------------ */

int
obj_elf_read(struct obj_elf *elf)
{
	int err = check_ident(elf);

	err = err ? err : check_header(elf);
	err = err ? err : read_sections(elf);
	err = err ? err : find_sections(elf);
	err = err ? err : check_sizes(elf);
	err = err ? err : read_symbols(elf);
	err = err ? err : obj_code_read(elf);
	return err;
}

void
obj_elf_free(struct obj_elf *elf)
{
	free(elf->secs);
	free(elf->syms);
	free(elf->rels);
	free(elf->funcs);
	elf_end(elf->elf);
}
