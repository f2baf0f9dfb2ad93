/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects as compilers make them (tests/objects), and what the loader takes from each. */
#include "tests/unit/bpf/object_util.h"

#include <bpf/btf.h>

static void
a_program_comes_with_name_section_type_and_lines(void **state)
{
	struct fixture f = open_fixture("plain", NULL);
	const struct xb_prog *p = prog_of(&f, "plain");
	const struct xb_line *line;

	(void)state;
	assert_int_equal(f.obj->prog_cnt, 1);
	assert_string_equal(p->section, "xdp");
	assert_int_equal(p->type, BPF_PROG_TYPE_XDP);
	assert_int_equal(p->type_from, XB_TYPE_SECTION);
	assert_string_equal(f.obj->license, "Dual BSD/GPL");
	assert_true(f.obj->gpl_compatible);
	assert_false(f.obj->legacy);
	assert_int_equal(p->insns[p->insn_cnt - 1].code, BPF_JMP | BPF_EXIT);
	line = xb_prog_line(p, p->insn_cnt - 1);
	assert_non_null(line);
	assert_non_null(strstr(line->file, "plain.bpf.c"));
	assert_int_equal(line->line, 11);
	assert_string_equal(
		line->text, "return ctx->data_end - ctx->data < 64 ? XDP_DROP : XDP_PASS;");
	assert_null(xb_prog_line(p, p->insn_cnt));
	assert_string_equal(xb_log_text(&f.log), "");
	close_fixture(&f);
}

static void
an_object_without_btf_has_no_lines_and_works(void **state)
{
	struct fixture f = open_fixture("plain_v1_no_btf", NULL);

	(void)state;
	assert_null(f.obj->btf);
	assert_int_equal(f.obj->progs[0].line_cnt, 0);
	assert_null(xb_prog_line(&f.obj->progs[0], 0));
	assert_string_equal(xb_prog_func(&f.obj->progs[0], 3)->name, "plain");
	close_fixture(&f);
}

/* Is the call at insn one to the function of that name? */
static bool
calls(const struct xb_prog *p, uint32_t insn, const char *name)
{
	const struct bpf_insn *i = &p->insns[insn];
	const struct xb_func *f;

	if (i->code != (BPF_JMP | BPF_CALL) || i->src_reg != BPF_PSEUDO_CALL)
		return false;
	f = xb_prog_func(p, insn + (uint32_t)i->imm + 1);
	return f->insn == insn + (uint32_t)i->imm + 1 && strcmp(f->name, name) == 0;
}

static void
subprograms_follow_their_program_once_and_calls_meet_them(void **state)
{
	struct fixture f = open_fixture("subprogs", NULL);
	const struct xb_prog *p = prog_of(&f, "first");
	uint32_t outer;

	(void)state;
	assert_int_equal(p->func_cnt, 3); /* not `unused` */
	assert_string_equal(p->funcs[0].name, "first");
	assert_string_equal(p->funcs[1].name, "outer");
	assert_string_equal(p->funcs[2].name, "inner");
	outer = p->funcs[1].insn;
	assert_true(calls(p, 1, "outer"));
	assert_true(calls(p, outer, "inner"));
	assert_string_equal(xb_prog_func(p, outer)->name, "outer");
	assert_string_equal(xb_prog_func(p, outer - 1)->name, "first");
	assert_string_equal(xb_prog_line(p, p->funcs[2].insn)->text, "volatile int y = x * 3;");
	for (uint32_t i = 0; i < p->func_cnt; i++) {
		const struct btf_type *t = btf__type_by_id(f.obj->btf, p->funcs[i].btf_type_id);

		assert_true(btf_is_func(t));
		assert_string_equal(btf__str_by_offset(f.obj->btf, t->name_off), p->funcs[i].name);
	}
	p = prog_of(&f, "second");
	assert_int_equal(p->type, BPF_PROG_TYPE_SCHED_CLS);
	assert_string_equal(p->funcs[1].name, "inner"); /* the order of its own calls */
	close_fixture(&f);
}

static void
subprograms_without_btf_are_found_by_their_calls(void **state)
{
	struct fixture f = open_fixture("subprogs_no_btf", NULL);
	const struct xb_prog *p = prog_of(&f, "first");

	(void)state;
	assert_int_equal(p->func_cnt, 3);
	assert_string_equal(p->funcs[0].name, "first");
	assert_string_equal(p->funcs[1].name, "");
	assert_int_equal(p->funcs[1].insn, 2 + p->insns[1].imm);
	close_fixture(&f);
}

/* The map and offset a 64-bit load of a value address names. */
static void
assert_loads(const struct fixture *f, const struct xb_prog *p, const char *map, int32_t off)
{
	for (uint32_t i = 0; i + 1 < p->insn_cnt; i++) {
		const struct bpf_insn *insn = &p->insns[i];

		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) &&
			insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE &&
			&f->obj->maps[insn->imm] == map_of(f, map) && insn[1].imm == off)
			return;
	}
	fail_msg("nothing loads %s +%d", map, off);
}

static void
check_globals(const char *name, const char *rodata, const char *data, const char *bss)
{
	static const uint8_t limit[] = { 0x44, 0x33, 0x22, 0x11 };
	static const uint8_t start[] = { 8, 7, 6, 5, 4, 3, 2, 1 };
	static const uint8_t zeroes[16];
	struct fixture f = open_fixture(name, NULL);
	const struct xb_prog *p = prog_of(&f, "globals");

	assert_int_equal(f.obj->map_cnt, 5);
	assert_int_equal(map_of(&f, rodata)->type, BPF_MAP_TYPE_ARRAY);
	assert_int_equal(map_of(&f, rodata)->max_entries, 1);
	assert_int_equal(map_of(&f, rodata)->value_size, sizeof(limit));
	assert_memory_equal(map_of(&f, rodata)->contents, limit, sizeof(limit));
	assert_true(map_of(&f, rodata)->frozen);
	assert_true(map_of(&f, rodata)->flags & BPF_F_RDONLY_PROG);
	assert_memory_equal(map_of(&f, data)->contents, start, sizeof(start));
	assert_false(map_of(&f, data)->frozen);
	assert_int_equal(map_of(&f, bss)->value_size, sizeof(zeroes));
	assert_memory_equal(map_of(&f, bss)->contents, zeroes, sizeof(zeroes));
	assert_string_equal(map_of(&f, ".rodata.words")->contents, "hello");
	assert_true(map_of(&f, ".rodata.words")->frozen);
	assert_int_equal(*(const uint32_t *)map_of(&f, ".data.tuned")->contents, 42);
	assert_loads(&f, p, rodata, 0);
	assert_loads(&f, p, data, 0);
	assert_loads(&f, p, bss, 0);
	assert_loads(&f, p, ".rodata.words", 0);
	assert_loads(&f, p, ".data.tuned", 0);
	assert_false(f.obj->gpl_compatible);
	close_fixture(&f);
}

static void
global_data_is_maps_with_contents(void **state)
{
	(void)state;
	check_globals("globals", "globals.rodata", "globals.data", "globals.bss");
}

static void
global_data_works_without_btf(void **state)
{
	(void)state;
	check_globals("globals_no_btf", "globals_.rodata", "globals_.data", "globals_.bss");
}

static void
maps_are_as_defined_and_absurd_sizes_are_passed_on(void **state)
{
	struct fixture f = open_fixture("maps", NULL);
	const struct xb_map_def *m = map_of(&f, "flows");
	const struct btf_type *t = btf__type_by_id(f.obj->btf, m->btf_key_type_id);

	(void)state;
	assert_int_equal(m->type, BPF_MAP_TYPE_HASH);
	assert_int_equal(m->key_size, 8);
	assert_int_equal(m->value_size, 8);
	assert_int_equal(m->max_entries, 1024);
	assert_int_equal(m->flags, BPF_F_NO_PREALLOC);
	assert_int_equal(m->inner, -1);
	assert_null(m->contents);
	assert_true(btf_is_struct(t));
	assert_string_equal(btf__str_by_offset(f.obj->btf, t->name_off), "key");
	assert_int_equal(map_of(&f, "stats")->type, BPF_MAP_TYPE_PERCPU_ARRAY);
	assert_int_equal(map_of(&f, "stats")->value_size, 24);
	assert_int_equal(map_of(&f, "stats")->btf_value_type_id, 0);
	assert_int_equal(map_of(&f, "pinned")->max_entries, UINT32_MAX);
	close_fixture(&f);
}

static void
maps_without_btf_are_told_what_they_need(void **state)
{
	(void)state;
	assert_refused(try_fixture("maps_no_btf", NULL), ENOEXEC,
		"section '.maps': maps are described by BTF, which is not in the object; compile "
		"it with clang -g");
}

static void
a_file_may_hold_more_maps_than_a_program_may_use(void **state)
{
	struct fixture f = open_fixture("many_maps", NULL);

	(void)state;
	assert_int_equal(f.obj->map_cnt, 100);
	assert_int_equal(map_of(&f, "m99")->type, BPF_MAP_TYPE_ARRAY);
	close_fixture(&f);
}

static void
a_pin_is_told_and_not_done(void **state)
{
	struct fixture f = open_fixture("maps", NULL);

	(void)state;
	assert_true(map_of(&f, "pinned")->pinned);
	assert_false(map_of(&f, "flows")->pinned);
	assert_says(&f, "maps that ask for a pin get none, nobody else sees them: 'pinned'\n");
	close_fixture(&f);
}

static void
map_references_are_indices(void **state)
{
	struct fixture f = open_fixture("maps", NULL);
	const struct xb_prog *p = prog_of(&f, "maps");
	uint32_t seen = 0;

	(void)state;
	for (uint32_t i = 0; i < p->insn_cnt; i++) {
		if (p->insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		assert_int_equal(p->insns[i].src_reg, BPF_PSEUDO_MAP_IDX);
		assert_true((uint32_t)p->insns[i].imm < f.obj->map_cnt);
		assert_int_equal(p->insns[i + 1].imm, 0);
		seen |= 1u << p->insns[i].imm;
	}
	assert_int_equal(seen, 7);
	close_fixture(&f);
}

static void
a_program_array_knows_its_programs(void **state)
{
	struct fixture f = open_fixture("tail", NULL);
	const struct xb_map_def *m = map_of(&f, "steps");

	(void)state;
	assert_int_equal(m->slot_cnt, 2);
	assert_int_equal(m->slots[0].key, 1);
	assert_ptr_equal(&f.obj->progs[m->slots[0].prog], prog_of(&f, "step_one"));
	assert_int_equal(m->slots[1].key, 4);
	assert_ptr_equal(&f.obj->progs[m->slots[1].prog], prog_of(&f, "step_two"));
	assert_says(&f, "map 'steps': slot 5 stays empty");
	close_fixture(&f);
}

static void
a_named_program_brings_those_it_tail_calls(void **state)
{
	struct xb_object_opts opts = { .program = "entry" };
	struct fixture f = open_fixture("tail", &opts);
	const struct xb_map_def *m = map_of(&f, "steps");

	(void)state;
	assert_int_equal(f.obj->prog_cnt, 3);
	assert_string_equal(f.obj->progs[0].name, "entry");
	assert_int_equal(m->slot_cnt, 2);
	assert_string_equal(f.obj->progs[m->slots[1].prog].name, "step_two");
	close_fixture(&f);
}

static void
a_map_of_maps_has_an_inner_one_and_slots(void **state)
{
	struct fixture f = open_fixture("map_in_map", NULL);
	const struct xb_map_def *m = map_of(&f, "outer"), *inner;

	(void)state;
	assert_int_equal(m->type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	assert_true(m->inner >= 0 && (uint32_t)m->inner < f.obj->map_cnt);
	inner = &f.obj->maps[m->inner];
	assert_string_equal(inner->name, "outer.inner");
	assert_int_equal(inner->type, BPF_MAP_TYPE_ARRAY);
	assert_int_equal(inner->value_size, 8);
	assert_int_equal(inner->max_entries, 2);
	assert_int_equal(m->slot_cnt, 2);
	assert_int_equal(m->slots[0].key, 0);
	assert_ptr_equal(&f.obj->maps[m->slots[0].map], map_of(&f, "even"));
	assert_int_equal(m->slots[1].key, 2);
	assert_ptr_equal(&f.obj->maps[m->slots[1].map], map_of(&f, "odd"));
	close_fixture(&f);
}

static void
programs_of_other_kinds_are_skipped_with_the_reason(void **state)
{
	struct fixture f = open_fixture("mixed", NULL);

	(void)state;
	assert_int_equal(f.obj->prog_cnt, 4);
	assert_int_equal(prog_of(&f, "filter")->type, BPF_PROG_TYPE_XDP);
	assert_int_equal(prog_of(&f, "frags")->type, BPF_PROG_TYPE_XDP);
	assert_int_equal(prog_of(&f, "classify")->type, BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(prog_of(&f, "act")->type, BPF_PROG_TYPE_SCHED_ACT);
	assert_int_equal(f.obj->skipped_cnt, 4);
	assert_string_equal(reason_of(&f, "probe"), "kprobe program");
	assert_string_equal(reason_of(&f, "trace"), "tracing program");
	assert_non_null(strstr(reason_of(&f, "on_egress"), "devmap"));
	assert_non_null(strstr(reason_of(&f, "on_cpu"), "cpumap"));
	close_fixture(&f);
}

static void
a_named_program_is_taken_with_the_type_that_is_said(void **state)
{
	struct xb_object_opts opts = { .program = "on_cpu", .type = BPF_PROG_TYPE_XDP };
	struct fixture f = open_fixture("mixed", &opts);

	(void)state;
	assert_int_equal(f.obj->prog_cnt, 1);
	assert_string_equal(f.obj->progs[0].name, "on_cpu");
	assert_int_equal(f.obj->progs[0].type_from, XB_TYPE_OPTION);
	assert_int_equal(f.obj->skipped_cnt, 0);
	close_fixture(&f);
	opts = (struct xb_object_opts){ .section = "tc", .type = BPF_PROG_TYPE_XDP };
	f = open_fixture("mixed", &opts);
	assert_int_equal(f.obj->prog_cnt, 1);
	assert_string_equal(f.obj->progs[0].name, "classify");
	assert_int_equal(f.obj->progs[0].type, BPF_PROG_TYPE_XDP);
	close_fixture(&f);
}

static void
what_is_not_there_is_answered_with_what_is(void **state)
{
	struct xb_object_opts opts = { .section = "xdp_filter" };

	(void)state;
	assert_refused(try_fixture("plain", &opts), ESRCH,
		"no program in section 'xdp_filter'; there is 'plain' in 'xdp'");
	opts = (struct xb_object_opts){ .program = "plane" };
	assert_refused(try_fixture("plain", &opts), ESRCH,
		"no program 'plane'; there is 'plain' in 'xdp'");
}

static void
unknown_sections_get_the_type_of_their_prefix_and_a_note(void **state)
{
	static const struct {
		const char *name, *section;
		enum bpf_prog_type type;
	} rows[] = {
		{ "p1", "xdp_icmp", BPF_PROG_TYPE_XDP },
		{ "p2", "xdp-rrl", BPF_PROG_TYPE_XDP },
		{ "p3", "xdp/pass", BPF_PROG_TYPE_XDP },
		{ "p4", "cls_test", BPF_PROG_TYPE_SCHED_CLS },
		{ "p5", "tc/ingress", BPF_PROG_TYPE_SCHED_CLS },
		{ "p6", "tcx/ingress", BPF_PROG_TYPE_SCHED_CLS },
		{ "p7", "tc_packet_hook0", BPF_PROG_TYPE_SCHED_CLS },
		{ "p9", "action_drop", BPF_PROG_TYPE_SCHED_ACT },
		{ "p10", "classifier/egress", BPF_PROG_TYPE_SCHED_CLS },
		{ "p13", "ingress", BPF_PROG_TYPE_SCHED_CLS },
		{ "p14", "egress", BPF_PROG_TYPE_SCHED_CLS },
		{ "xdp_by_function", "some_section", BPF_PROG_TYPE_XDP },
	};
	struct fixture f = open_fixture("names", NULL);
	char note[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct xb_prog *p = prog_of(&f, rows[i].name);

		assert_string_equal(p->section, rows[i].section);
		assert_int_equal(p->type, rows[i].type);
		assert_int_equal(p->type_from, XB_TYPE_PREFIX);
		snprintf(note, sizeof(note), "program '%s': type %s assumed from", rows[i].name,
			xb_prog_type_name(rows[i].type));
		assert_says(&f, note);
	}
	assert_says(&f, "assumed from section 'xdp_icmp'");
	assert_says(&f, "assumed from the function's name 'xdp_by_function'");
	assert_non_null(strstr(reason_of(&f, "p8"), "say --type"));
	/* iproute2's default section; and '?' means only "not by itself" to libbpf. */
	assert_int_equal(prog_of(&f, "p11")->type_from, XB_TYPE_SECTION);
	assert_int_equal(prog_of(&f, "p12")->type_from, XB_TYPE_SECTION);
	assert_string_equal(prog_of(&f, "p12")->section, "xdp");
	close_fixture(&f);
}

static void
the_option_wins_over_the_prefix_and_not_over_the_section(void **state)
{
	struct xb_object_opts opts = { .type = BPF_PROG_TYPE_SCHED_CLS };
	struct fixture f = open_fixture("names", &opts);

	(void)state;
	assert_int_equal(prog_of(&f, "p1")->type, BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(prog_of(&f, "p1")->type_from, XB_TYPE_OPTION);
	assert_int_equal(prog_of(&f, "p8")->type, BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(prog_of(&f, "p11")->type, BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(prog_of(&f, "p12")->type, BPF_PROG_TYPE_XDP);
	assert_int_equal(f.obj->skipped_cnt, 0);
	close_fixture(&f);
}

static void
a_function_that_is_nowhere_is_named(void **state)
{
	struct xb_object_opts opts = { .program = "compare" };
	struct fixture f = open_fixture("extern_memcmp", NULL);

	(void)state;
	assert_int_equal(f.obj->prog_cnt, 1); /* the other one is no worse for it */
	assert_string_equal(reason_of(&f, "compare"), "needs 'memcmp', which is not in the object");
	close_fixture(&f);
	assert_refused(try_fixture("extern_memcmp", &opts), EOPNOTSUPP, "needs 'memcmp'");
}

static void
a_kernel_function_is_named(void **state)
{
	struct xb_object_opts opts = { .program = "with_hash" };
	struct fixture f = open_fixture("kfunc", NULL);

	(void)state;
	assert_int_equal(f.obj->prog_cnt, 1);
	assert_string_equal(f.obj->progs[0].name, "without_hash");
	close_fixture(&f);
	assert_refused(try_fixture("kfunc", &opts), EOPNOTSUPP,
		"calls the kernel function 'bpf_xdp_metadata_rx_hash'");
}

static void
the_kernels_version_is_filled_in(void **state)
{
	struct fixture f = open_fixture("kconfig", NULL);
	const struct xb_map_def *m = map_of(&f, "kconfig.kconfig");

	(void)state;
	assert_true(m->frozen);
	assert_int_equal(m->value_size, 12);
	assert_int_equal(*(const uint64_t *)m->contents, 0);	   /* weak, and no such option */
	assert_true(((const uint32_t *)m->contents)[2] > 0x20000); /* 2.0.0 */
	assert_loads(&f, prog_of(&f, "kconfig"), "kconfig.kconfig", 8);
	close_fixture(&f);
}

static void
only_tracing_is_no_data(void **state)
{
	(void)state;
	assert_refused(try_fixture("tracing_only", NULL), ENODATA,
		"section 'tracepoint/syscalls/sys_enter_open': program 'on_open' cannot run here:"
		" tracepoint program");
}

static void
a_program_in_text_needs_its_type_said(void **state)
{
	struct xb_object_opts opts = { .type = BPF_PROG_TYPE_XDP };
	struct fixture f;

	(void)state;
	assert_refused(try_fixture("text", NULL), ENODATA, "say --type");
	f = open_fixture("text", &opts);
	assert_int_equal(f.obj->prog_cnt, 1);
	assert_string_equal(f.obj->progs[0].name, "no_section");
	assert_int_equal(f.obj->progs[0].type_from, XB_TYPE_OPTION);
	assert_int_equal(f.obj->map_cnt, 1);
	assert_false(f.obj->legacy);
	assert_string_equal(f.obj->license, "");
	close_fixture(&f);
}

static void
all_of_text_can_be_one_program(void **state)
{
	struct fixture f = open_fixture("text_calls", NULL);
	const struct xb_prog *p = &f.obj->progs[0];

	(void)state;
	assert_int_equal(f.obj->prog_cnt, 1);
	assert_string_equal(p->name, "xdp_entry");
	assert_int_equal(p->func_cnt, 2);
	assert_string_equal(p->funcs[1].name, "helper");
	assert_true(calls(p, 1, "helper"));
	assert_int_equal(xb_prog_line(p, 1)->line, 12);
	close_fixture(&f);
}

static void
limits_are_errors(void **state)
{
	(void)state;
	assert_refused(try_fixture("many", NULL), EFBIG, "section 'xdp': more than 512 programs");
	assert_refused(try_fixture("huge_bss", NULL), EFBIG, "section '.bss': 2147483648 bytes");
}

static void
big_endian_is_refused(void **state)
{
	(void)state;
	assert_refused(try_fixture("plain_big_endian", NULL), ENOEXEC, "a big-endian object");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_comes_with_name_section_type_and_lines),
		cmocka_unit_test(an_object_without_btf_has_no_lines_and_works),
		cmocka_unit_test(subprograms_follow_their_program_once_and_calls_meet_them),
		cmocka_unit_test(subprograms_without_btf_are_found_by_their_calls),
		cmocka_unit_test(global_data_is_maps_with_contents),
		cmocka_unit_test(global_data_works_without_btf),
		cmocka_unit_test(maps_are_as_defined_and_absurd_sizes_are_passed_on),
		cmocka_unit_test(maps_without_btf_are_told_what_they_need),
		cmocka_unit_test(a_file_may_hold_more_maps_than_a_program_may_use),
		cmocka_unit_test(a_pin_is_told_and_not_done),
		cmocka_unit_test(map_references_are_indices),
		cmocka_unit_test(a_program_array_knows_its_programs),
		cmocka_unit_test(a_named_program_brings_those_it_tail_calls),
		cmocka_unit_test(a_map_of_maps_has_an_inner_one_and_slots),
		cmocka_unit_test(programs_of_other_kinds_are_skipped_with_the_reason),
		cmocka_unit_test(a_named_program_is_taken_with_the_type_that_is_said),
		cmocka_unit_test(what_is_not_there_is_answered_with_what_is),
		cmocka_unit_test(unknown_sections_get_the_type_of_their_prefix_and_a_note),
		cmocka_unit_test(the_option_wins_over_the_prefix_and_not_over_the_section),
		cmocka_unit_test(a_function_that_is_nowhere_is_named),
		cmocka_unit_test(a_kernel_function_is_named),
		cmocka_unit_test(the_kernels_version_is_filled_in),
		cmocka_unit_test(only_tracing_is_no_data),
		cmocka_unit_test(a_program_in_text_needs_its_type_said),
		cmocka_unit_test(all_of_text_can_be_one_program),
		cmocka_unit_test(limits_are_errors),
		cmocka_unit_test(big_endian_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
