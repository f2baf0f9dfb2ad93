/* SPDX-License-Identifier: BSD-2-Clause */
/* Damaged objects: one defect each, made in a copy of a good one, and the sentence it gets. */
#include "tests/unit/bpf/object_util.h"

#include <bpf/btf.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The bytes of an object, as ELF. */
struct image {
	uint8_t *bytes;
	size_t size;
};

static Elf64_Ehdr *
header(const struct image *im)
{
	return (Elf64_Ehdr *)im->bytes;
}

static Elf64_Shdr *
section(const struct image *im, const char *name)
{
	Elf64_Shdr *s = (Elf64_Shdr *)(im->bytes + header(im)->e_shoff);
	const char *names = (const char *)im->bytes + s[header(im)->e_shstrndx].sh_offset;

	for (int i = 1; i < header(im)->e_shnum; i++)
		if (strcmp(names + s[i].sh_name, name) == 0)
			return &s[i];
	fail_msg("no section %s", name);
	return NULL;
}

static void *
data(const struct image *im, const char *name)
{
	return im->bytes + section(im, name)->sh_offset;
}

static Elf64_Sym *
symbol(const struct image *im, const char *name)
{
	Elf64_Shdr *tab = section(im, ".symtab");
	Elf64_Sym *sym = data(im, ".symtab");
	const char *names = data(im, ".strtab");

	for (size_t i = 0; i < tab->sh_size / sizeof(*sym); i++)
		if (strcmp(names + sym[i].st_name, name) == 0)
			return &sym[i];
	fail_msg("no symbol %s", name);
	return NULL;
}

/* Type `id` of .BTF. */
static uint32_t *
type(const struct image *im, uint32_t id)
{
	struct btf_header *h = data(im, ".BTF");
	struct btf *btf = btf__new(h, (uint32_t)section(im, ".BTF")->sh_size);
	const uint8_t *raw = btf__raw_data(btf, &(uint32_t){ 0 });
	size_t off = (size_t)((const uint8_t *)btf__type_by_id(btf, id) - raw);

	btf__free(btf);
	return (uint32_t *)((uint8_t *)h + off);
}

static uint32_t
find_type(const struct image *im, const char *name, uint32_t kind)
{
	struct btf *btf = btf__new(data(im, ".BTF"), (uint32_t)section(im, ".BTF")->sh_size);
	int id = btf__find_by_name_kind(btf, name, kind);

	btf__free(btf);
	assert_true(id > 0);
	return (uint32_t)id;
}

/* ---- defects -------------------------------------------------------------------------------- */

static void
not_elf(struct image *im)
{
	im->bytes[0] = 'E';
}

static void
empty(struct image *im)
{
	im->size = 0;
}

static void
half_a_header(struct image *im)
{
	im->size = 40;
}

static void
half_a_file(struct image *im)
{
	im->size /= 2;
}

static void
class_32(struct image *im)
{
	im->bytes[EI_CLASS] = ELFCLASS32;
}

static void
x86(struct image *im)
{
	header(im)->e_machine = EM_X86_64;
}

static void
executable(struct image *im)
{
	header(im)->e_type = ET_EXEC;
}

static void
no_sections(struct image *im)
{
	header(im)->e_shnum = 0;
}

static void
section_outside(struct image *im)
{
	section(im, "xdp")->sh_offset = im->size - 8;
}

static void
section_offset_wraps(struct image *im)
{
	section(im, ".BTF")->sh_offset = UINT64_MAX - 7;
}

static void
section_size_wraps(struct image *im)
{
	section(im, ".BTF")->sh_size = UINT64_MAX - section(im, ".BTF")->sh_offset + 9;
}

static void
section_name_outside(struct image *im)
{
	section(im, "xdp")->sh_name = 0x7fffffff;
}

static void
odd_code(struct image *im)
{
	section(im, "xdp")->sh_size -= 3;
}

static void
symbol_name_outside(struct image *im)
{
	symbol(im, "plain")->st_name = 0x7fffffff;
}

static void
symbol_section_outside(struct image *im)
{
	symbol(im, "plain")->st_shndx = 0x7000;
}

static void
names_not_terminated(struct image *im)
{
	Elf64_Shdr *s = section(im, ".strtab");

	memset(im->bytes + s->sh_offset, 'x', s->sh_size);
}

static void
function_outside(struct image *im)
{
	symbol(im, "plain")->st_size = 4096;
}

static void
function_odd(struct image *im)
{
	symbol(im, "plain")->st_value = 4;
}

static void
functions_overlap(struct image *im)
{
	symbol(im, "step_one")->st_size += 8;
}

static void
second_symtab(struct image *im)
{
	section(im, ".BTF")->sh_type = SHT_SYMTAB;
}

static void
relocation_outside(struct image *im)
{
	((Elf64_Rel *)data(im, ".relxdp"))->r_offset = 1 << 20;
}

static void
relocation_inside_insn(struct image *im)
{
	((Elf64_Rel *)data(im, ".relxdp"))->r_offset += 4;
}

static void
relocation_of_exit(struct image *im)
{
	((Elf64_Rel *)data(im, ".relxdp"))->r_offset = section(im, "xdp")->sh_size - 8;
}

/* libbpf would write the second half of the load after the end of its copy. */
static void
relocation_of_half_a_load(struct image *im)
{
	uint64_t last = section(im, "xdp")->sh_size - 8;
	struct bpf_insn *insn = (void *)((uint8_t *)data(im, "xdp") + last);

	insn->code = BPF_LD | BPF_IMM | BPF_DW;
	((Elf64_Rel *)data(im, ".relxdp"))->r_offset = last;
}

static void
relocation_symbol_outside(struct image *im)
{
	((Elf64_Rel *)data(im, ".relxdp"))->r_info = ELF64_R_INFO(9999, 1);
}

static void
relocations_of_nothing(struct image *im)
{
	section(im, ".relxdp")->sh_info = 0;
}

static void
relocations_with_addends(struct image *im)
{
	section(im, ".relxdp")->sh_type = SHT_RELA;
}

/* libbpf passes over them, and appends what the program then calls until it frees twice. Found by
 * fuzz_object. */
static void
relocations_under_the_name_of_others(struct image *im)
{
	section(im, ".relxdp")->sh_name = section(im, ".rel.debug_info")->sh_name;
}

/* In libbpf the name alone makes it look at a section that has no bytes. */
static void
map_relocations_of_another(struct image *im)
{
	Elf64_Shdr *s = section(im, ".rel.maps");

	s->sh_info = header(im)->e_shstrndx;
}

static void
number_for_map(struct image *im)
{
	struct bpf_insn *insn = data(im, "xdp");

	insn[0] = (struct bpf_insn){
		.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = BPF_PSEUDO_MAP_FD, .imm = 3
	};
	insn[1] = (struct bpf_insn){ 0 };
}

static void
call_into_nowhere(struct image *im)
{
	struct bpf_insn *insn = data(im, ".text");

	while (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != BPF_PSEUDO_CALL)
		insn++;
	insn->imm = 100000;
}

/* Not damage: what clang makes when the helper comes first in the source. */
static void
helper_first(struct image *im)
{
	symbol(im, "xdp_entry")->st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
	symbol(im, "helper")->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
}

/* libbpf would append the program to itself without end. */
static void
call_of_itself(struct image *im)
{
	struct bpf_insn *insn = data(im, ".text");

	insn[0] = (struct bpf_insn){
		.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = -1
	};
}

static void
btf_magic(struct image *im)
{
	((struct btf_header *)data(im, ".BTF"))->magic = 0x1234;
}

static void
btf_cut_off(struct image *im)
{
	section(im, ".BTF")->sh_size -= 16;
}

static void
btf_strings_not_terminated(struct image *im)
{
	struct btf_header *h = data(im, ".BTF");

	((uint8_t *)h)[h->hdr_len + h->str_off + h->str_len - 1] = 'x';
}

static void
btf_type_outside(struct image *im)
{
	type(im, find_type(im, "__u32", BTF_KIND_TYPEDEF))[2] = 100000;
}

static void
btf_typedef_of_itself(struct image *im)
{
	uint32_t id = find_type(im, "__u32", BTF_KIND_TYPEDEF);

	type(im, id)[2] = id;
}

static void
btf_name_outside(struct image *im)
{
	type(im, 1)[0] = 1 << 30;
}

static void
btf_unknown_kind(struct image *im)
{
	type(im, 1)[1] = 31u << 24;
}

static void
btf_function_of_int(struct image *im)
{
	type(im, find_type(im, "maps", BTF_KIND_FUNC))[2] =
		find_type(im, "__u32", BTF_KIND_TYPEDEF);
}

static void
btf_section_of_types(struct image *im)
{
	type(im, find_type(im, ".maps", BTF_KIND_DATASEC))[3] = 1;
}

static void
ext_header(struct image *im)
{
	((uint32_t *)data(im, ".BTF.ext"))[1] = 4;
}

static void
ext_lines_outside(struct image *im)
{
	((uint32_t *)data(im, ".BTF.ext"))[5] = 1 << 20;
}

static void
ext_line_record(struct image *im)
{
	uint32_t *h = data(im, ".BTF.ext");

	h[h[1] / 4 + h[4] / 4] = 4; /* the size of a record */
}

static void
ext_line_name(struct image *im)
{
	uint32_t *h = data(im, ".BTF.ext");

	h[h[1] / 4 + h[4] / 4 + 3 + 1] = 1 << 30; /* file name of the first record */
}

static void
ext_core_type(struct image *im)
{
	uint32_t *h = data(im, ".BTF.ext");

	h[h[1] / 4 + h[6] / 4 + 3 + 1] = 1 << 20;
}

static void
maps_of_no_size(struct image *im)
{
	section(im, "maps")->sh_size -= 4;
}

static void
map_not_at_symbol(struct image *im)
{
	symbol(im, "counts")->st_value += 4;
}

static void
map_reference_between(struct image *im)
{
	symbol(im, "one")->st_value += 4;
	symbol(im, "one")->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
}

static void
no_inner_map(struct image *im)
{
	((uint32_t *)data(im, "maps"))[2 * 9 + 7] = 99; /* outer.inner_id */
}

static const struct defect {
	const char *name;
	void (*damage)(struct image *im);
	const char *fixture;
	int err;
	const char *says;
} defects[] = {
#define DEFECT(damage, fixture, err, says)                                                         \
	{                                                                                          \
#damage, damage, fixture, err, says                                                \
	}
	DEFECT(not_elf, "plain", ENOEXEC, "not an ELF file"),
	DEFECT(empty, "plain", ENOEXEC, "not an ELF file"),
	DEFECT(half_a_header, "plain", ENOEXEC, "cut off in the ELF header, at byte 40"),
	DEFECT(half_a_file, "plain", ENOEXEC, "cut off: the section headers at byte"),
	DEFECT(class_32, "plain", ENOEXEC, "not a 64-bit little-endian ELF file"),
	DEFECT(x86, "plain", ENOEXEC, "made for machine 62, not for BPF (247)"),
	DEFECT(executable, "plain", ENOEXEC, "ELF type 2, not a relocatable object"),
	DEFECT(no_sections, "plain", ENOEXEC, "a damaged ELF header: 0 sections"),
	DEFECT(section_outside, "plain", ENOEXEC, "section 'xdp': cut off"),
	DEFECT(section_offset_wraps, "plain", ENOEXEC, "cut off"),
	DEFECT(section_size_wraps, "plain", ENOEXEC, "section '.BTF': cut off"),
	DEFECT(section_name_outside, "plain", ENOEXEC, "has no name"),
	DEFECT(odd_code, "plain", ENOEXEC, "section 'xdp': 53 bytes, not a multiple of the 8"),
	DEFECT(symbol_name_outside, "plain", ENOEXEC, "section '.symtab': symbol"),
	DEFECT(symbol_section_outside, "plain", ENOEXEC, "('plain') is in section 28672 of"),
	DEFECT(names_not_terminated, "plain", ENOEXEC, "has no name"),
	DEFECT(function_outside, "plain", ENOEXEC, "section 'xdp': function 'plain': 4096 bytes"),
	DEFECT(function_odd, "plain", ENOEXEC, "are not whole instructions"),
	DEFECT(functions_overlap, "tail", ENOEXEC, "functions 'step_one' and 'step_two' overlap"),
	DEFECT(second_symtab, "plain", ENOEXEC, "section '.BTF'"),
	DEFECT(relocation_outside, "maps", ENOEXEC,
		"section '.relxdp': relocation 0: byte 1048576 is outside of section 'xdp'"),
	DEFECT(relocation_inside_insn, "maps", ENOEXEC, "inside of an instruction"),
	DEFECT(relocation_of_exit, "maps", ENOEXEC, "neither a call nor a whole 64-bit load"),
	DEFECT(relocation_of_half_a_load, "maps", ENOEXEC,
		"neither a call nor a whole 64-bit load"),
	DEFECT(relocation_symbol_outside, "maps", ENOEXEC, "relocation 0: symbol 9999 of"),
	DEFECT(relocations_of_nothing, "maps", ENOEXEC, "relocations of section 0 of"),
	DEFECT(relocations_with_addends, "maps", ENOEXEC, "relocations with addends"),
	DEFECT(relocations_under_the_name_of_others, "subprogs", ENOEXEC,
		"section '.rel.debug_info': relocations of section 'xdp' under a name that is not "
		"read"),
	DEFECT(map_relocations_of_another, "tail", ENOEXEC, "section '.rel.maps'"),
	DEFECT(number_for_map, "plain", ENOEXEC, "names a map or a function by a number"),
	DEFECT(call_into_nowhere, "subprogs", ENOEXEC, "where no function begins"),
	DEFECT(call_of_itself, "text", ENOEXEC, "calls itself"),
	DEFECT(helper_first, "text_calls", ENOEXEC, "begins with the static function 'xdp_entry'"),
	DEFECT(btf_magic, "plain", ENOEXEC, "section '.BTF': not BTF: magic 0x1234"),
	DEFECT(btf_cut_off, "plain", ENOEXEC, "section '.BTF': cut off or damaged"),
	DEFECT(btf_strings_not_terminated, "plain", ENOEXEC,
		"the strings do not begin and end with an empty one"),
	DEFECT(btf_type_outside, "maps", ENOEXEC, "(typedef): refers to type 100000 of"),
	DEFECT(btf_typedef_of_itself, "maps", ENOEXEC, "(typedef): is made of itself"),
	DEFECT(btf_name_outside, "plain", ENOEXEC, "type 1 (ptr): name at byte"),
	DEFECT(btf_unknown_kind, "plain", ENOEXEC, "type 1: unknown kind 31"),
	DEFECT(btf_function_of_int, "maps", ENOEXEC, "(func): its type"),
	DEFECT(btf_section_of_types, "maps", ENOEXEC, "(datasec '.maps'): entry 0 is type 1"),
	DEFECT(ext_header, "plain", ENOEXEC, "section '.BTF.ext': not .BTF.ext"),
	DEFECT(ext_lines_outside, "plain", ENOEXEC, "line records: outside of the section"),
	DEFECT(ext_line_record, "plain", ENOEXEC, "line records: of an impossible size"),
	DEFECT(ext_line_name, "plain", ENOEXEC, "has no file name or no text"),
	DEFECT(ext_core_type, "core", ENOEXEC, "is about type 1048576 of"),
	DEFECT(maps_of_no_size, "legacy", ENOEXEC, "section 'maps': 104 bytes and 3 symbols"),
	DEFECT(map_not_at_symbol, "legacy", ENOEXEC, "no symbol at byte 36, where map 1 begins"),
	DEFECT(map_reference_between, "legacy_def20", ENOEXEC, "no symbol at byte 20"),
	DEFECT(no_inner_map, "legacy", ENOEXEC, "map 'outer': its inner map 99 is not there"),
};

/* ---- the test ------------------------------------------------------------------------------- */

static struct image
read_fixture(const char *name)
{
	struct image im;
	char path[4096];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), OBJECTS "/%s.o", name);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	im.size = (size_t)st.st_size;
	im.bytes = malloc(im.size);
	assert_int_equal(read(fd, im.bytes, im.size), st.st_size);
	close(fd);
	return im;
}

static void
each_defect_gets_its_sentence(void **state)
{
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
		const struct defect *d = &defects[i];
		/* The type is said, so that nothing else can be the reason. */
		struct xb_object_opts opts = { .type = BPF_PROG_TYPE_XDP, .btf = "none" };
		struct image im = read_fixture(d->fixture);
		struct fixture f;
		char path[64];
		int fd = memfd_create("object", 0);

		d->damage(&im);
		assert_int_equal(write(fd, im.bytes, im.size), (ssize_t)im.size);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		f = try_path(path, &opts);
		if (f.obj || f.err != d->err || !says(&f, d->says) || !says(&f, path)) {
			print_error("%s: %s: %s", d->name, f.obj ? "taken" : strerror(f.err),
				xb_log_text(&f.log));
			failed++;
		}
		close_fixture(&f);
		close(fd);
		free(im.bytes);
	}
	assert_int_equal(failed, 0);
}

static void
files_that_cannot_be_read_keep_their_errno(void **state)
{
	(void)state;
	assert_refused(try_path("/does/not/exist", NULL), ENOENT,
		"/does/not/exist: cannot be read: No such file");
	assert_refused(try_path("/tmp", NULL), EISDIR, "/tmp: cannot be read");
	assert_refused(try_path("/dev/zero", NULL), EFBIG, "/dev/zero: more than 67108864 bytes");
}

static void
an_undamaged_copy_opens(void **state)
{
	static const char *const names[] = { "plain", "maps", "tail", "subprogs", "core", "legacy",
		"legacy_def20" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct fixture f = open_fixture(names[i], NULL);

		close_fixture(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_defect_gets_its_sentence),
		cmocka_unit_test(files_that_cannot_be_read_keep_their_errno),
		cmocka_unit_test(an_undamaged_copy_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
