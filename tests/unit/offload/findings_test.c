/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine that goes on behind refusals (offload.h 10): what it finds, in which order, and that
 * nothing of it comes into the hardware. What `check` makes of it is in tests/refusals/.
 */
#include "jit-nfp/jit.h"
#include "nic/firmware/firmware.h"
#include "tests/unit/offload/world.h"

#include <stdlib.h>
#include <string.h>

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

struct machine {
	struct off_findings findings;
	struct nic_card card;
	struct nic_fw *fw;
	struct off_kernel *k;
	struct off_caller root;
	int port;
};

static void
open_machine(struct machine *m, bool finds_all)
{
	const struct nic_card_file *files[] = { nic_card_find(NIC_CARD_DEFAULT, false),
		nic_card_find(NIC_FIRMWARE_DEFAULT, true) };
	const struct off_kernel_opts opts = { .findings = finds_all ? &m->findings : NULL };
	char message[256] = "";

	*m = (struct machine){ 0 };
	for (size_t i = 0; i < CNT(files); i++)
		nic_card_read(&m->card, files[i]->name, files[i]->text, strlen(files[i]->text),
			message, sizeof(message));
	m->fw = nic_fw_new(&m->card);
	m->k = off_kernel_new(&opts);
	m->root = OFF_ROOT(m->k);
	m->port = off_port_ifindex(off_nfp_new(m->k, 4, m->fw, NULL), 0);
	assert_true(m->port > 0);
}

static void
close_machine(struct machine *m)
{
	check_invariants(m->k);
	off_kernel_free(m->k);
	nic_fw_free(m->fw);
	off_findings_free(&m->findings);
}

static int
make_map(struct machine *m, enum bpf_map_type type, uint32_t flags)
{
	const struct off_map_create attr = { .map_type = type,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 2,
		.map_flags = flags,
		.map_ifindex = (uint32_t)m->port };

	return off_map_create(&m->root, &attr, NULL);
}

/* Calls helper 5 and looks into the map (or nothing, 0), then divides. */
static int
load_bad(struct machine *m, int map, uint32_t flags, struct xb_log *log)
{
	const struct bpf_insn insns[] = { CALL(BPF_FUNC_ktime_get_ns), STX(BPF_DW, 10, 0, -8),
		MOV64_REG(2, 10), ADD64_IMM(2, -8), LD_MAP_FD(1, map),
		CALL(BPF_FUNC_map_lookup_elem), MOV64_IMM(3, 7),
		INSN(BPF_ALU64 | BPF_MOD | BPF_K, 3, 0, 0, 3), MOV64_IMM(0, 2), EXIT() };
	const struct off_prog_load attr = { .prog_type = BPF_PROG_TYPE_XDP,
		.insns = insns,
		.insn_cnt = CNT(insns),
		.license = "GPL",
		.prog_flags = flags,
		.prog_ifindex = (uint32_t)m->port };

	return off_prog_load(&m->root, &attr, log);
}

static void
assert_found(const struct machine *m, const char *const *rules, uint32_t cnt)
{
	for (uint32_t i = 0; m->findings.cnt != cnt && i < m->findings.cnt; i++)
		print_message("%s: %s\n", m->findings.list[i].rule, m->findings.list[i].message);
	assert_int_equal(m->findings.cnt, cnt);
	for (uint32_t i = 0; i < cnt; i++) {
		assert_string_equal(m->findings.list[i].rule, rules[i]);
		assert_int_equal(m->findings.list[i].is_first, i == 0);
		assert_non_null(m->findings.list[i].why);
		assert_non_null(m->findings.list[i].fix);
	}
}

/* Each stage, in the order in which a loader meets them. */
static void
all_that_is_wrong_is_found_in_order(void **state)
{
	static const char *const rules[] = { "MO_6", "PL_8", "HELPER_UNSUPPORTED",
		"INSN_UNSUPPORTED" };
	struct machine m;
	struct xb_log log = { 0 };
	int map, prog;

	(void)state;
	open_machine(&m, true);
	map = make_map(&m, BPF_MAP_TYPE_LRU_HASH, 0);
	assert_true(map >= 0);
	prog = load_bad(&m, map, BPF_F_XDP_HAS_FRAGS, &log);
	assert_true(prog >= 0);
	assert_found(&m, rules, CNT(rules));
	assert_ptr_equal(off_findings_refusal(&m.findings), &m.findings.list[0]);
	assert_true(off_nfp_image(m.k, prog)->is_refused);
	xb_log_free(&log);
	close_machine(&m);
}

static void
without_findings_the_first_refusal_ends_each_call(void **state)
{
	struct machine m;
	struct xb_log log = { 0 };
	int map;

	(void)state;
	open_machine(&m, false);
	assert_int_equal(make_map(&m, BPF_MAP_TYPE_LRU_HASH, 0), -EINVAL);
	map = make_map(&m, BPF_MAP_TYPE_HASH, 0);
	assert_true(map >= 0);
	assert_int_equal(load_bad(&m, map, BPF_F_XDP_HAS_FRAGS, &log), -EINVAL);
	assert_string_equal(xb_log_text(&log), "");
	assert_int_equal(load_bad(&m, map, 0, &log), -EOPNOTSUPP);
	assert_non_null(strstr(xb_log_text(&log), "[nfp] unsupported function id: 5\n"));
	assert_null(strstr(xb_log_text(&log), "instruction 0x97"));
	assert_int_equal(m.findings.cnt, 0);
	xb_log_free(&log);
	close_machine(&m);
}

/* It can be attached to hear what that would say; nothing runs then. */
static void
what_was_refused_never_comes_into_the_hardware(void **state)
{
	struct machine m;
	struct off_xdp_report report;
	int map;

	(void)state;
	open_machine(&m, true);
	map = make_map(&m, BPF_MAP_TYPE_HASH, 0);
	const struct off_xdp xdp = {
		.ifindex = m.port, .fd = load_bad(&m, map, 0, NULL), .flags = XDP_FLAGS_HW_MODE
	};

	assert_int_equal(off_xdp_set(&m.root, &xdp, NULL), -ECANCELED);
	assert_int_equal(off_xdp_query(&m.root, m.port, &report), 0);
	assert_int_equal(report.hw_id, 0);
	close_machine(&m);
}

/* Its elements are nowhere; it takes no room from those that are made. */
static void
a_map_in_name_has_no_elements_and_no_room(void **state)
{
	struct machine m;
	uint32_t key = 0;
	uint64_t value = 0;
	int map;

	(void)state;
	open_machine(&m, true);
	map = make_map(&m, BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC);
	assert_true(map >= 0);
	assert_string_equal(
		off_findings_refusal(&m.findings)->message, "map flags are not supported");
	assert_int_equal(off_map_lookup(&m.root, map, &key, &value, 0), -ENODEV);
	assert_int_equal(off_map_update(&m.root, map, &key, &value, 0), -ENODEV);
	assert_int_equal(off_map_next_key(&m.root, map, NULL, &key), -ENODEV);
	assert_int_equal(off_close(m.k, map), 0);
	close_machine(&m);
}

static int
load_plain(struct machine *m, const struct bpf_insn *insns, uint32_t cnt, struct xb_log *log)
{
	const struct off_prog_load attr = { .prog_type = BPF_PROG_TYPE_XDP,
		.insns = insns,
		.insn_cnt = cnt,
		.license = "GPL",
		.prog_ifindex = (uint32_t)m->port };

	return off_prog_load(&m->root, &attr, log);
}

/* What the verifier refuses is the last thing that is sure. */
static void
the_verifiers_refusal_ends_it(void **state)
{
	static const struct bpf_insn insns[] = { CALL(BPF_FUNC_ktime_get_ns), MOV64_REG(0, 9),
		EXIT() };
	struct machine m;
	struct xb_log log = { 0 };

	(void)state;
	open_machine(&m, true);
	assert_int_equal(load_plain(&m, insns, CNT(insns), &log), -EACCES);
	assert_int_equal(m.findings.cnt, 2);
	assert_string_equal(m.findings.list[0].rule, "HELPER_UNSUPPORTED");
	assert_true(m.findings.list[0].is_first);
	assert_string_equal(m.findings.list[1].stage, "verifier");
	assert_string_equal(m.findings.list[1].message, "R9 !read_ok");
	assert_int_equal(m.findings.list[1].insn, 1);
	xb_log_free(&log);
	close_machine(&m);
}

/* A helper before the end is an error and told once. What is behind needs no walk: opcode, helper,
 * atomic operation; of a multiplication nothing can be said. The half of a wide one is none. */
static void
what_needs_no_walk_is_noted_behind_the_verifiers_refusal(void **state)
{
	static const struct bpf_insn insns[] = { CALL(BPF_FUNC_ktime_get_ns), MOV64_REG(0, 9),
		CALL(BPF_FUNC_redirect), INSN(BPF_LD | BPF_DW | BPF_IMM, 1, 0, 0, 7),
		INSN(0, 0, 0, 0, 7), INSN(BPF_ALU64 | BPF_MOD | BPF_K, 0, 0, 0, 3),
		INSN(BPF_ALU64 | BPF_MUL | BPF_X, 0, 1, 0, 0),
		INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 10, 0, -8, BPF_XOR),
		CALL(BPF_FUNC_get_prandom_u32), CALL(BPF_FUNC_redirect), EXIT() };
	static const struct {
		const char *rule;
		int insn;
	} notes[] = { { "UNREACHED", -1 }, { "HELPER_UNSUPPORTED", 2 }, { "INSN_UNSUPPORTED", 5 },
		{ "ATOMIC_OP", 7 }, { "HELPER_UNSUPPORTED", 9 } };
	struct machine m;
	struct xb_log log = { 0 };

	(void)state;
	open_machine(&m, true);
	assert_int_equal(load_plain(&m, insns, CNT(insns), &log), -EACCES);
	assert_int_equal(m.findings.cnt, 2 + CNT(notes));
	assert_true(m.findings.list[0].is_first);
	assert_string_equal(m.findings.list[1].stage, "verifier");
	for (size_t i = 0; i < CNT(notes); i++) {
		const struct off_finding *f = &m.findings.list[2 + i];

		assert_string_equal(f->severity, "note");
		assert_string_equal(f->stage, i == 0 ? "verifier" : "driver");
		assert_string_equal(f->rule, notes[i].rule);
		assert_int_equal(f->insn, notes[i].insn);
		assert_false(f->is_first);
	}
	assert_string_equal(m.findings.list[3].message, "unsupported function id: 23");
	assert_null(strstr(xb_log_text(&log), "function id: 23")); /* the kernel never says it */
	xb_log_free(&log);
	close_machine(&m);
}

/* Where the kernel ends there is nothing to note. */
static void
without_findings_nothing_is_noted_behind_the_verifier(void **state)
{
	static const struct bpf_insn insns[] = { MOV64_REG(0, 9), CALL(BPF_FUNC_redirect), EXIT() };
	struct machine m;
	struct xb_log log = { 0 };

	(void)state;
	open_machine(&m, false);
	assert_int_equal(load_plain(&m, insns, CNT(insns), &log), -EACCES);
	assert_int_equal(m.findings.cnt, 0);
	xb_log_free(&log);
	close_machine(&m);
}

#undef TEST /* a machine of its own */
#define TEST(f) cmocka_unit_test(f)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_that_is_wrong_is_found_in_order),
		TEST(without_findings_the_first_refusal_ends_each_call),
		TEST(what_was_refused_never_comes_into_the_hardware),
		TEST(a_map_in_name_has_no_elements_and_no_room),
		TEST(the_verifiers_refusal_ends_it),
		TEST(what_needs_no_walk_is_noted_behind_the_verifiers_refusal),
		TEST(without_findings_nothing_is_noted_behind_the_verifier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
