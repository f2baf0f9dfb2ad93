/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects in the older iproute2 form. */
#include "tests/unit/bpf/object_util.h"

static void
sections_are_programs_and_text_follows_those_that_call(void **state)
{
	struct fixture f = open_fixture("legacy", NULL);
	const struct xb_prog *p = prog_of(&f, "entry");
	uint32_t calls = 0;

	(void)state;
	assert_true(f.obj->legacy);
	assert_int_equal(f.obj->prog_cnt, 2);
	assert_string_equal(p->section, "prog");
	assert_int_equal(p->type, BPF_PROG_TYPE_XDP);
	assert_int_equal(p->func_cnt, 3);
	assert_string_equal(p->funcs[1].name, "twice");
	assert_string_equal(p->funcs[2].name, "count");
	for (uint32_t i = 0; i < p->insn_cnt; i++) {
		const struct bpf_insn *insn = &p->insns[i];
		bool from_entry = i < p->funcs[1].insn;

		if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != BPF_PSEUDO_CALL)
			continue;
		/* entry calls the global one by symbol, that calls the static one by offset */
		assert_int_equal(i + 1 + (uint32_t)insn->imm, p->funcs[from_entry ? 1 : 2].insn);
		calls++;
	}
	assert_int_equal(calls, 3);
	assert_int_equal(prog_of(&f, "after")->func_cnt, 1);
	assert_string_equal(xb_prog_line(p, 4)->text, "bpf_tail_call(ctx, &jumps, 2);");
	assert_int_equal(xb_prog_line(p, p->funcs[2].insn)->line, 46);
	close_fixture(&f);
}

static void
a_tail_section_is_in_its_program_array(void **state)
{
	struct xb_object_opts opts = { .section = "prog", .type = BPF_PROG_TYPE_SCHED_CLS };
	struct fixture f = open_fixture("legacy", NULL);
	const struct xb_map_def *m = map_of(&f, "jumps");

	(void)state;
	assert_int_equal(m->type, BPF_MAP_TYPE_PROG_ARRAY);
	assert_int_equal(m->slot_cnt, 1);
	assert_int_equal(m->slots[0].key, 2);
	assert_string_equal(f.obj->progs[m->slots[0].prog].name, "after");
	close_fixture(&f);
	/* It comes along, with the type of who calls it. */
	f = open_fixture("legacy", &opts);
	assert_int_equal(f.obj->prog_cnt, 2);
	assert_string_equal(f.obj->progs[0].name, "entry");
	assert_int_equal(prog_of(&f, "after")->type, BPF_PROG_TYPE_SCHED_CLS);
	close_fixture(&f);
}

static void
struct_bpf_elf_map_is_read_whole(void **state)
{
	struct fixture f = open_fixture("legacy", NULL);
	const struct xb_map_def *m = map_of(&f, "counts"), *outer = map_of(&f, "outer");

	(void)state;
	assert_int_equal(f.obj->map_cnt, 3);
	assert_int_equal(m->type, BPF_MAP_TYPE_ARRAY);
	assert_int_equal(m->key_size, 4);
	assert_int_equal(m->value_size, 8);
	assert_int_equal(m->max_entries, 16);
	assert_true(m->pinned);
	assert_true(m->btf_key_type_id && m->btf_value_type_id);
	assert_says(&f, "nobody else sees them: 'counts'\n");
	assert_false(outer->pinned);
	assert_ptr_equal(&f.obj->maps[outer->inner], m);
	assert_int_equal(outer->slot_cnt, 1);
	assert_int_equal(outer->slots[0].key, 1);
	assert_ptr_equal(&f.obj->maps[outer->slots[0].map], m);
	close_fixture(&f);
}

static void
map_references_are_indices(void **state)
{
	struct fixture f = open_fixture("legacy", NULL);
	const struct xb_prog *p = prog_of(&f, "after");
	uint32_t seen = 0;

	(void)state;
	for (uint32_t i = 0; i < p->insn_cnt; i++) {
		if (p->insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		assert_int_equal(p->insns[i].src_reg, BPF_PSEUDO_MAP_IDX);
		assert_ptr_equal(&f.obj->maps[p->insns[i].imm], map_of(&f, "outer"));
		seen++;
	}
	assert_int_equal(seen, 1);
	close_fixture(&f);
}

static void
struct_bpf_map_def_of_each_size_is_read(void **state)
{
	static const struct {
		const char *name;
		uint32_t flags;
		int inner;
	} rows[] = {
		{ "legacy_def16", 0, -1 },
		{ "legacy_def20", BPF_F_NO_PREALLOC, -1 },
		{ "legacy_def24", BPF_F_NO_PREALLOC, 0 },
		{ "legacy_def28", BPF_F_NUMA_NODE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f = open_fixture(rows[i].name, NULL);
		const struct xb_map_def *m = map_of(&f, "zero");

		assert_true(f.obj->legacy);
		assert_int_equal(f.obj->map_cnt, 2);
		assert_int_equal(m->type, BPF_MAP_TYPE_HASH);
		assert_int_equal(m->value_size, 8);
		assert_int_equal(m->max_entries, 100);
		assert_int_equal(m->flags, rows[i].flags);
		assert_false(m->pinned); /* numa_node is where pinning would be */
		assert_int_equal(map_of(&f, "one")->inner, rows[i].inner);
		assert_int_equal(prog_of(&f, "first")->insns[4].imm, 1);
		assert_int_equal(prog_of(&f, "second")->insns[4].imm, 0);
		close_fixture(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_are_programs_and_text_follows_those_that_call),
		cmocka_unit_test(a_tail_section_is_in_its_program_array),
		cmocka_unit_test(struct_bpf_elf_map_is_read_whole),
		cmocka_unit_test(map_references_are_indices),
		cmocka_unit_test(struct_bpf_map_def_of_each_size_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
