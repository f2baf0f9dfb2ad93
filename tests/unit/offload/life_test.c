/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of programs and maps: tags, info, pins, descriptors, ports that go (reference/
 * kernel-offload.md 1.6, 1.7).
 */
#include "tests/unit/offload/world.h"

#include <string.h>

#define CNT(a) (sizeof(a) / sizeof(*(a)))

/* ---- tags ---- */

static void
assert_tags(struct world *w, const char *const *tags)
{
	for (int ret = 0; ret < 3; ret++) {
		int fd = load_as(w, &w->root, BPF_PROG_TYPE_XDP, 0, 0, ret);
		struct bpf_prog_info info = prog_info(w, fd);
		char hex[17];

		for (int i = 0; i < 8; i++)
			snprintf(hex + 2 * i, 3, "%02x", info.tag[i]);
		assert_string_equal(hex, tags[ret]);
	}
}

static void
tags_are_sha1_up_to_6_17_and_sha256_then(void **state)
{
	static const char *const sha1[] = { "a04f5eef06a7f555", "57cd311f2e27366b",
		"3b185187f1855c4c" };
	static const char *const sha256[] = { "59f4a931744dcdc6", "b11459a0e11ca14c",
		"614b434cd8324ecc" };
	struct world *old = world_new(OFF_LINUX(6, 17)), *new = world_new(OFF_LINUX(6, 18));

	assert_tags(*state, sha1);
	assert_tags(old, sha1);
	assert_tags(new, sha256);
	world_end(old);
	world_end(new);
}

static void
a_tag_does_not_know_descriptors(void **state)
{
	struct world *w = *state;
	int one = create(w, BPF_MAP_TYPE_HASH, 0), two = create(w, BPF_MAP_TYPE_HASH, 0);
	struct bpf_prog_info a = prog_info(w, load_maps(w, 0, one, two));
	struct bpf_prog_info b = prog_info(w, load_maps(w, 0, two, one));

	assert_memory_equal(a.tag, b.tag, 8);
	b = prog_info(w, load(w, 0));
	assert_memory_not_equal(a.tag, b.tag, 8);
}

static void
a_tag_does_not_know_where_in_a_value_an_address_points(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1
	};
	int map = off_map_create(&w->root, &attr, NULL);
	struct bpf_insn insns[] = { INSN(BPF_LD | BPF_IMM | BPF_DW, 1, 2, 0, map),
		INSN(0, 0, 0, 0, 0), MOV64_IMM(0, 0), EXIT() };
	struct bpf_prog_info a = prog_info(w, load_insns(w, insns, CNT(insns), 0)), b;

	insns[1].imm = 4;
	b = prog_info(w, load_insns(w, insns, CNT(insns), 0));
	assert_memory_equal(a.tag, b.tag, 8);
	assert_int_equal(load_insns(w, insns, CNT(insns), w->sim), -EINVAL); /* VF-3 */
}

/* ---- info ---- */

static void
assert_xlated(struct world *w, const struct bpf_insn *prog, uint32_t cnt,
	const struct bpf_insn *want, uint32_t want_cnt)
{
	struct bpf_insn insns[16];
	uint32_t size = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = { .xlated_prog_len = sizeof(insns),
		.xlated_prog_insns = (uintptr_t)insns };
	int fd = load_insns(w, prog, cnt, w->sim);

	assert_true(fd >= 0);
	assert_int_equal(off_obj_info(&w->root, fd, &info, &size), 0);
	assert_int_equal(info.xlated_prog_len, want_cnt * sizeof(*want));
	assert_memory_equal(insns, want, want_cnt * sizeof(*want));
	assert_int_equal(info.jited_prog_len, 0);
}

static void
info_shows_a_program_without_its_dead_code(void **state)
{
	/* 3 always jumps, over dead 4; 1 jumps over all that. */
	const struct bpf_insn nop[] = { LDX(BPF_W, 2, 1, 12), JMP_IMM(BPF_JEQ, 2, 7, 4),
		MOV64_IMM(0, 0), JMP_IMM(BPF_JEQ, 0, 0, 1), MOV64_IMM(0, 2), JA(1), MOV64_IMM(0, 1),
		EXIT() };
	const struct bpf_insn nop_gone[] = { LDX(BPF_W, 2, 1, 12), JMP_IMM(BPF_JEQ, 2, 7, 2),
		MOV64_IMM(0, 0), JA(1), MOV64_IMM(0, 1), EXIT() };
	/* 3 always jumps, over dead 4 and 5, which 1 comes to. */
	const struct bpf_insn always[] = { LDX(BPF_W, 2, 1, 12), JMP_IMM(BPF_JEQ, 2, 7, 3),
		MOV64_IMM(0, 0), JMP_IMM(BPF_JEQ, 0, 0, 2), MOV64_IMM(0, 2), MOV64_IMM(0, 1),
		EXIT() };
	const struct bpf_insn always_gone[] = { LDX(BPF_W, 2, 1, 12), JMP_IMM(BPF_JEQ, 2, 7, 2),
		MOV64_IMM(0, 0), JA(1), MOV64_IMM(0, 1), EXIT() };
	/* 1 never jumps; 4 is dead; calls are aimed anew. */
	const struct bpf_insn never[] = { MOV64_IMM(0, 0), JMP_IMM(BPF_JNE, 0, 0, 2), CALL_LOCAL(2),
		EXIT(), EXIT(), MOV64_IMM(0, 1), EXIT() };
	const struct bpf_insn never_gone[] = { MOV64_IMM(0, 0), CALL_LOCAL(1), EXIT(),
		MOV64_IMM(0, 1), EXIT() };

	assert_xlated(*state, nop, CNT(nop), nop_gone, CNT(nop_gone));
	assert_xlated(*state, always, CNT(always), always_gone, CNT(always_gone));
	assert_xlated(*state, never, CNT(never), never_gone, CNT(never_gone));
}

static void
info_for_others_says_nothing_of_the_device(void **state)
{
	struct world *w = *state;
	struct off_caller nobody = w->root;
	struct bpf_prog_info info = { .jited_prog_len = 5, .nr_line_info = 6 };
	uint32_t size = sizeof(info);
	int fd = load(w, w->sim);

	nobody.caps = 0;
	assert_int_equal(off_obj_info(&nobody, fd, &info, &size), 0);
	assert_int_not_equal(info.id, 0);
	assert_int_equal(info.ifindex, 0);
	assert_int_equal(info.jited_prog_len, 0);
	assert_int_equal(info.xlated_prog_len, 0);
	assert_int_equal(info.nr_line_info, 0);
	assert_int_equal(off_get_fd_by_id(&nobody, OFF_KIND_PROG, info.id), -EPERM);
	assert_int_equal(off_get_next_id(&nobody, OFF_KIND_PROG, 0, &size), -EPERM);
}

static void
info_fits_what_the_caller_knows(void **state)
{
	struct world *w = *state;
	struct {
		struct bpf_prog_info info;
		uint8_t more[8];
	} longer = { 0 };
	uint32_t size = 8, words[4] = { 0, 0, 0xdead, 0 };
	int fd = load(w, w->sim);

	assert_int_equal(off_obj_info(&w->root, fd, words, &size), 0);
	assert_int_equal(words[1], prog_id(w, fd));
	assert_int_equal(words[2], 0xdead);
	size = sizeof(longer);
	assert_int_equal(off_obj_info(&w->root, fd, &longer, &size), 0);
	assert_int_equal(size, sizeof(longer.info));
	longer.more[7] = 1;
	size = sizeof(longer);
	assert_int_equal(off_obj_info(&w->root, fd, &longer, &size), -E2BIG);
	assert_int_equal(off_obj_info(&w->root, 999, &longer, &size), -EBADF);
}

static void
an_orphan_keeps_its_id_and_says_nothing(void **state)
{
	struct world *w = *state;
	struct bpf_prog_info info = { .jited_prog_len = 5 };
	uint32_t size = sizeof(info);
	int fd = load(w, w->sim);
	uint32_t id = prog_id(w, fd);

	off_asic_free(w->nsim);
	assert_int_equal(nth_id(w, OFF_KIND_PROG, 0), id);
	assert_int_equal(off_obj_info(&w->root, fd, &info, &size), -ENODEV);
	assert_int_equal(info.jited_prog_len, 5);
	assert_int_equal(off_prog_test_run(&w->root, fd), -OFF_ENOTSUPP);
	assert_int_equal(off_obj_pin(&w->root, fd, "orphan"), 0);
	off_close(w->k, fd);
	fd = off_get_fd_by_id(&w->root, OFF_KIND_PROG, id);
	assert_true(fd >= 0);
	assert_int_equal(off_obj_unlink(&w->root, "orphan"), 0);
	off_close(w->k, fd);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

static void
only_the_host_runs_tests(void **state)
{
	struct world *w = *state;
	int bound = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)w->sim, BOUND_ONLY, 0);

	assert_int_equal(off_prog_test_run(&w->root, load(w, 0)), 0);
	assert_int_equal(off_prog_test_run(&w->root, load(w, w->sim)), -OFF_ENOTSUPP);
	assert_int_equal(off_prog_test_run(&w->root, bound), -EINVAL);
	assert_int_equal(off_prog_test_run(&w->root, 999), -EBADF);
}

/* ---- pins, descriptors ---- */

static void
pins_keep_what_they_name(void **state)
{
	struct world *w = *state;
	int fd = load(w, 0), map = create(w, BPF_MAP_TYPE_HASH, 0);

	assert_int_equal(off_obj_pin(&w->root, fd, "a"), 0);
	assert_int_equal(off_obj_pin(&w->root, map, "a"), -EEXIST);
	assert_int_equal(off_obj_pin(&w->root, 999, "b"), -EBADF);
	assert_int_equal(off_obj_pin(&w->root, fd, ""), -ENOENT);
	assert_int_equal(off_obj_get(&w->root, "b"), -ENOENT);
	assert_int_equal(off_obj_unlink(&w->root, "b"), -ENOENT);
	off_close(w->k, fd);
	assert_int_equal(off_close(w->k, fd), -EBADF);
	assert_int_equal(count(w, OFF_KIND_PROG), 1);
	assert_int_equal(off_obj_unlink(&w->root, "a"), 0);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
	assert_int_equal(off_fd_kind(w->k, map), OFF_KIND_MAP);
	assert_int_equal(off_fd_kind(w->k, -1), -EBADF);
}

/* Found by random sequences: such a pair held each other for ever. */
static void
a_program_in_an_array_that_it_uses_goes_with_the_last_descriptor(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = { .map_type = BPF_MAP_TYPE_PROG_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1 };
	int array = off_map_create(&w->root, &attr, NULL), fd;
	const struct bpf_insn insns[] = { LD_MAP_FD(1, array), MOV64_IMM(0, 0), EXIT() };
	uint32_t key = 0;

	fd = load_insns(w, insns, CNT(insns), 0);
	assert_int_equal(off_map_update(&w->root, array, &key, &fd, BPF_ANY), 0);
	assert_int_equal(off_obj_pin(&w->root, array, "array"), 0);
	off_close(w->k, array);
	off_close(w->k, fd);
	assert_int_equal(count(w, OFF_KIND_PROG), 1);
	assert_int_equal(off_obj_unlink(&w->root, "array"), 0);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
	assert_int_equal(count(w, OFF_KIND_MAP), 0);
}

static void
maps_may_be_named_by_index(void **state)
{
	struct world *w = *state;
	int fds[] = { create(w, BPF_MAP_TYPE_HASH, 0), 999 };
	struct bpf_insn insns[] = { LD_MAP(1, 0), MOV64_IMM(0, 0), EXIT() };
	struct off_prog_load attr = { .prog_type = BPF_PROG_TYPE_XDP,
		.insns = insns,
		.insn_cnt = CNT(insns),
		.license = "GPL",
		.fd_array = fds,
		.fd_cnt = 2 };

	assert_true(off_prog_load(&w->root, &attr, &w->log) >= 0);
	insns[0].imm = 1;
	assert_int_equal(off_prog_load(&w->root, &attr, &w->log), -EBADF);
	assert_in_log(w, "fd 999 is not pointing to valid bpf_map");
	insns[0].imm = 2;
	assert_int_equal(off_prog_load(&w->root, &attr, &w->log), -EBADF);
	attr.fd_array = NULL;
	assert_int_equal(off_prog_load(&w->root, &attr, &w->log), -EPROTO);
}

/* ---- ports that go ---- */

static void
a_port_that_goes_leaves_its_siblings_alone(void **state)
{
	struct world *w = *state;
	int second = off_port_add(w->nsim, 1, 0), third = off_port_add(w->nsim, 2, 0);
	int map = create(w, BPF_MAP_TYPE_HASH, w->sim), fd = load_maps(w, w->sim, map, map);
	uint32_t id = prog_id(w, fd), key = 1;
	uint64_t value = 42;

	assert_int_equal(attach(w, second, fd, HW), 0);
	assert_int_equal(off_map_update(&w->root, map, &key, &value, 0), 0);
	assert_int_equal(off_port_del(w->nsim, 0), 0);
	check_invariants(w->k);
	assert_int_equal(prog_info(w, fd).ifindex, third); /* the newest */
	assert_int_equal(prog_id(w, fd), id);
	assert_int_equal(report(w, second).hw_id, id);
	value = 0;
	assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 0), 0);
	assert_int_equal(value, 42);
	assert_int_equal(off_port_add(w->nsim, 2, 0), -EEXIST);
	assert_int_equal(off_port_del(w->nsim, 9), -ENOENT);
	assert_int_equal(off_netdev_del(&w->root, third), -EOPNOTSUPP);
}

static void
an_ifindex_is_kept_where_it_is_free(void **state)
{
	struct world *w = *state;
	uint32_t netns = (uint32_t)off_netns_add(w->k);
	struct off_caller there = w->root;
	int local, moved;

	there.netns = netns;
	local = off_netdev_add(&there, OFF_NETDEV_PLAIN, "dummy0");
	assert_int_equal(local, w->sim); /* each namespace counts for itself */
	moved = off_netdev_move(&w->root, w->sim, netns);
	assert_int_not_equal(moved, local);
	assert_int_equal(off_netdev_add(&there, OFF_NETDEV_PLAIN, "dummy0"), -EEXIST);
	assert_int_not_equal(off_netdev_add(&there, OFF_NETDEV_PLAIN, "dummy1"), moved);
	assert_int_equal(off_netdev_move(&there, moved, 77), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tags_are_sha1_up_to_6_17_and_sha256_then),
		TEST(a_tag_does_not_know_descriptors),
		TEST(a_tag_does_not_know_where_in_a_value_an_address_points),
		TEST(info_shows_a_program_without_its_dead_code),
		TEST(info_for_others_says_nothing_of_the_device),
		TEST(info_fits_what_the_caller_knows),
		TEST(an_orphan_keeps_its_id_and_says_nothing),
		TEST(only_the_host_runs_tests),
		TEST(pins_keep_what_they_name),
		TEST(a_program_in_an_array_that_it_uses_goes_with_the_last_descriptor),
		TEST(maps_may_be_named_by_index),
		TEST(a_port_that_goes_leaves_its_siblings_alone),
		TEST(an_ifindex_is_kept_where_it_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
