/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the card vendor's own suite looks at and the kernel's does not (reference/kernel-offload.md
 * 5b), by its numbers. Frames run where the behaviour is about them.
 */
#include "nic/firmware/firmware.h"
#include "tests/unit/offload/world.h"

#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#define CNT(a) (sizeof(a) / sizeof((a)[0]))
#define FRAME_BYTES 60u

/* Two cards of one kind, each with its firmware. */
static struct nic_card card;
static struct nic_fw *fw, *other_fw;
static struct off_asic *nfp, *other;
static int port0, port1;

static struct world *
begin(void)
{
	struct world *w = world_new(0);
	const struct nic_card_file *files[] = { nic_card_find(NIC_CARD_DEFAULT, false),
		nic_card_find(NIC_FIRMWARE_DEFAULT, true) };
	char message[256] = "";

	memset(&card, 0, sizeof(card));
	for (size_t i = 0; i < CNT(files); i++)
		nic_card_read(&card, files[i]->name, files[i]->text, strlen(files[i]->text),
			message, sizeof(message));
	assert_string_equal(message, "");
	fw = nic_fw_new(&card);
	other_fw = nic_fw_new(&card);
	assert_true(fw && other_fw);
	nfp = off_nfp_new(w->k, 4, fw, &w->log);
	other = off_nfp_new(w->k, 5, other_fw, &w->log);
	assert_true(nfp && other);
	port0 = off_port_ifindex(nfp, 0);
	port1 = off_port_ifindex(nfp, 1);
	return w;
}

static void
end(struct world *w)
{
	world_end(w);
	nic_fw_free(fw);
	nic_fw_free(other_fw);
}

static int
load_return(struct world *w, int ifindex, int ret)
{
	return load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)ifindex, 0, ret);
}

static enum nic_verdict
run_frame(uint32_t port)
{
	static uint8_t buffer[NIC_FRAME_OFFSET + FRAME_BYTES + 64];
	struct nic_frame frame = { .data = buffer + NIC_FRAME_OFFSET,
		.bytes = FRAME_BYTES,
		.tailroom = 64,
		.port = port };
	struct nic_engine *engine = nic_engine_new(fw, 3, false);

	assert_non_null(engine);
	assert_int_equal(nic_engine_run(engine, &frame), 0);
	nic_engine_free(engine);
	return frame.verdict;
}

/* ---- V-1 ... V-5: programs ---- */

/* Adds 1 to element 0, and passes. */
static int
load_counter(struct world *w, int map, int ifindex)
{
	const struct bpf_insn insns[] = { MOV64_IMM(1, 0), STX(BPF_W, 10, 1, -4), MOV64_REG(2, 10),
		ADD64_IMM(2, -4), LD_MAP_FD(1, map), CALL(BPF_FUNC_map_lookup_elem),
		JMP_IMM(BPF_JEQ, 0, 0, 2), MOV64_IMM(1, 1), ATOMIC(BPF_DW, 0, 1, 0, BPF_ADD),
		MOV64_IMM(0, 2), EXIT() };

	return load_insns(w, insns, CNT(insns), ifindex);
}

static uint64_t
count_of(struct world *w, int map)
{
	uint32_t key = 0;
	uint64_t value = UINT64_MAX;

	assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 0), 0);
	return value;
}

static void
v1_the_hosts_program_comes_and_goes_beside_the_cards(void **state)
{
	struct world *w = begin();
	int map = create(w, BPF_MAP_TYPE_ARRAY, port0), fd = load_counter(w, map, port0);

	(void)state;
	assert_int_equal(attach(w, port0, fd, HW), 0);
	for (uint64_t n = 1; n <= 3; n++) {
		assert_int_equal(set_xdp(w, port0, DRV), 0); /* and replaced */
		run_frame(0);
		assert_int_equal(count_of(w, map), n);
		assert_int_equal(report(w, port0).hw_id, prog_id(w, fd));
	}
	assert_int_equal(unset_xdp(w, port0, DRV), 0);
	run_frame(0);
	assert_int_equal(count_of(w, map), 4);
	assert_int_equal(set_xdp(w, port0, DRV), 0);
	assert_int_equal(unset_xdp(w, port0, HW), 0);
	assert_int_not_equal(report(w, port0).drv_id, 0);
	end(w);
}

static void
v3_what_the_card_drops_the_host_does_not_see(void **state)
{
	struct world *w = begin();
	int fd = load_return(w, port0, 1);

	(void)state;
	assert_int_equal(set_xdp(w, port0, DRV), 0);
	assert_int_equal(attach(w, port0, fd, HW), 0);
	assert_int_equal(run_frame(0), NIC_VERDICT_DROP);
	end(w);
}

static void
v4_ports_share_a_program_with_its_map_and_swap_theirs(void **state)
{
	struct world *w = begin();
	int map = create(w, BPF_MAP_TYPE_ARRAY, port0), fd = load_counter(w, map, port0);
	int zero = load_return(w, port0, 1), one = load_return(w, port1, 3);

	(void)state;
	assert_int_equal(attach(w, port0, fd, HW), 0);
	assert_int_equal(attach(w, port1, fd, HW), 0);
	run_frame(0);
	run_frame(1);
	run_frame(1);
	assert_int_equal(count_of(w, map), 3);
	assert_int_equal(attach(w, port0, one, HW), 0);
	assert_int_equal(attach(w, port1, zero, HW), 0);
	assert_int_equal(run_frame(0), NIC_VERDICT_TX);
	assert_int_equal(run_frame(1), NIC_VERDICT_DROP);
	end(w);
}

static void
v5_another_cards_program_does_not_replace_one_that_runs(void **state)
{
	struct world *w = begin();
	int mine = load_return(w, port0, 1);
	int theirs = load_return(w, off_port_ifindex(other, 0), 2);

	(void)state;
	assert_int_equal(attach(w, port0, mine, HW), 0);
	assert_int_equal(attach(w, port0, theirs, HW), -EINVAL);
	assert_extack(w, "Program bound to different device");
	assert_int_equal(report(w, port0).hw_id, prog_id(w, mine));
	assert_int_equal(run_frame(0), NIC_VERDICT_DROP);
	end(w);
}

/* ---- V-6, V-7, V-10: maps ---- */

static int
create_at(struct world *w, const struct off_map_create *model, int ifindex)
{
	struct off_map_create attr = *model;

	attr.map_ifindex = (uint32_t)ifindex;
	return off_map_create(&w->root, &attr, NULL);
}

static void
v6_geometry_of_the_card_and_of_the_host(void **state)
{
	static const struct {
		struct off_map_create attr;
		int card, host;
	} rows[] = {
		{ { BPF_MAP_TYPE_HASH, 57, 4, 1, 0, 0, NULL, 0, 0, 0, 0, 0 }, -ENOMEM, 0 },
		{ { BPF_MAP_TYPE_HASH, 4, 57, 1, 0, 0, NULL, 0, 0, 0, 0, 0 }, -ENOMEM, 0 },
		{ { BPF_MAP_TYPE_HASH, 40, 32, 1, 0, 0, NULL, 0, 0, 0, 0, 0 }, -ENOMEM, 0 },
		{ { BPF_MAP_TYPE_HASH, 4, 4, 1, BPF_F_NO_PREALLOC, 0, NULL, 0, 0, 0, 0, 0 },
			-EINVAL, 0 },
		{ { BPF_MAP_TYPE_HASH, 4, 4, 1, BPF_F_NUMA_NODE, 0, NULL, 0, 0, 0, 0, 0 }, -EINVAL,
			0 },
		{ { BPF_MAP_TYPE_ARRAY, 8, 4, 1, 0, 0, NULL, 0, 0, 0, 0, 0 }, -EINVAL, -EINVAL },
	};
	struct world *w = begin();

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++) {
		int fd;

		assert_int_equal(create_at(w, &rows[i].attr, port0), rows[i].card);
		fd = create_at(w, &rows[i].attr, 0);
		assert_int_equal(fd < 0 ? fd : 0, rows[i].host);
	}
	end(w);
}

static void
v6_pins_hold_room_until_they_go(void **state)
{
	const struct off_map_create all = { .map_type = BPF_MAP_TYPE_HASH,
		.key_size = 4,
		.value_size = 4,
		.max_entries = card.map_entries_max ? card.map_entries_max : 3072000 };
	struct world *w = begin();
	int fd = create_at(w, &all, port0);
	uint32_t maps = 0;

	(void)state;
	assert_true(fd >= 0);
	pin(w, fd, "all");
	assert_int_equal(create(w, BPF_MAP_TYPE_HASH, port1), -ENOMEM);
	assert_true(create(w, BPF_MAP_TYPE_HASH, off_port_ifindex(other, 0)) >= 0);
	assert_int_equal(off_obj_unlink(&w->root, "all"), 0);
	while ((fd = create(w, BPF_MAP_TYPE_HASH, port1)) >= 0)
		maps++;
	assert_int_equal(fd, -ENOMEM);
	assert_int_equal(maps, card.map_cnt_max);
	end(w);
}

#define FULL 256u

static uint32_t
count_keys(struct world *w, int map)
{
	uint32_t key, cnt = 0;
	int err = off_map_next_key(&w->root, map, NULL, &key);

	for (; err == 0; err = off_map_next_key(&w->root, map, &key, &key))
		cnt++;
	assert_int_equal(err, -ENOENT);
	return cnt;
}

static void
v7_a_hash_empty_full_and_with_a_hole(void **state)
{
	const struct off_map_create attr = {
		.map_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = FULL
	};
	struct world *w = begin();
	int map = create_at(w, &attr, port0);
	uint32_t key = 0;
	uint64_t value;

	(void)state;
	assert_int_equal(count_keys(w, map), 0);
	assert_int_equal(off_map_next_key(&w->root, map, &key, &key), -ENOENT);
	for (key = 0; key < FULL; key++) {
		value = UINT64_C(0x0102030405060700) + key;
		assert_int_equal(off_map_update(&w->root, map, &key, &value, BPF_NOEXIST), 0);
	}
	assert_int_equal(off_map_update(&w->root, map, &key, &value, 0), -E2BIG);
	key = 128;
	assert_int_equal(off_map_update(&w->root, map, &key, &value, BPF_NOEXIST), -EEXIST);
	assert_int_equal(off_map_delete(&w->root, map, &key), 0);
	assert_int_equal(off_map_delete(&w->root, map, &key), -ENOENT);
	assert_int_equal(off_map_update(&w->root, map, &key, &value, BPF_EXIST), -ENOENT);
	assert_int_equal(count_keys(w, map), FULL - 1);
	for (key = 0; key < FULL; key++) {
		int err = off_map_lookup(&w->root, map, &key, &value, 0);

		assert_int_equal(err, key == 128 ? -ENOENT : 0);
		if (err == 0)
			assert_int_equal(value, UINT64_C(0x0102030405060700) + key);
	}
	end(w);
}

static void
v7_an_array_has_all_its_elements(void **state)
{
	struct world *w = begin();
	int map = create(w, BPF_MAP_TYPE_ARRAY, port0); /* 2 elements */
	uint32_t key = 99, next = 99;
	uint64_t value = 1;

	(void)state;
	assert_int_equal(off_map_next_key(&w->root, map, NULL, &next), 0);
	assert_int_equal(next, 0);
	assert_int_equal(off_map_next_key(&w->root, map, &key, &next), 0);
	assert_int_equal(next, 0);
	key = 1;
	assert_int_equal(off_map_next_key(&w->root, map, &key, &next), -ENOENT);
	assert_int_equal(off_map_delete(&w->root, map, &key), -EINVAL);
	assert_int_equal(off_map_update(&w->root, map, &key, &value, BPF_NOEXIST), -EEXIST);
	key = 2;
	assert_true(off_map_update(&w->root, map, &key, &value, 0) < 0);
	assert_int_equal(count_of(w, map), 0);
	end(w);
}

static void
v10_values_begin_as_zero_and_neighbours_of_counters_stay(void **state)
{
	struct world *w = begin();
	const struct off_map_create attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 16, .max_entries = 1
	};
	int map = create_at(w, &attr, port0), fd = load_counter(w, map, port0);
	uint32_t key = 0;
	uint64_t value[2] = { 7, 7 };

	(void)state;
	assert_int_equal(off_map_lookup(&w->root, map, &key, value, 0), 0);
	assert_true(value[0] == 0 && value[1] == 0);
	value[0] = UINT64_MAX; /* overflows */
	value[1] = UINT64_C(0x0123456789abcdef);
	assert_int_equal(off_map_update(&w->root, map, &key, value, 0), 0);
	assert_int_equal(attach(w, port0, fd, HW), 0);
	run_frame(0);
	assert_int_equal(off_map_lookup(&w->root, map, &key, value, 0), 0);
	assert_int_equal(value[0], 0);
	assert_int_equal(value[1], UINT64_C(0x0123456789abcdef));
	end(w);
}

/* ---- V-8, V-9: tc ---- */

/* "return ret" for the hardware of port 0, in a filter. */
static int
add_return(struct world *w, const struct off_filter *model, int ret)
{
	struct off_filter filter = *model;
	int err;

	filter.fd = load_as(w, &w->root, BPF_PROG_TYPE_SCHED_CLS, (uint32_t)port0, 0, ret);
	if (filter.fd < 0)
		return filter.fd;
	err = add_filter(w, &filter);
	off_close(w->k, filter.fd);
	return err;
}

static struct off_filter
hardware_filter(struct world *w)
{
	struct off_filter filter = good_filter(port0);

	assert_int_equal(add_qdisc(w, port0, OFF_QDISC_CLSACT), 0);
	filter.prio = 1;
	filter.handle = 1;
	filter.flags = DA;
	filter.gen_flags = SKIP_SW;
	return filter;
}

static void
v8_what_show_says_and_what_the_card_does_not_take(void **state)
{
	struct world *w = begin();
	struct off_filter filter = hardware_filter(w), host = filter;

	(void)state;
	host.gen_flags = SKIP_HW;
	host.fd = load_tc(w, 0);
	assert_int_equal(add_filter(w, &host), 0);
	assert_int_equal(filter_nth(w, port0, 0).gen_flags, SKIP_HW | NOT_IN_HW);
	assert_int_equal(del_filter(w, &host), 0);
	host.gen_flags = 0;
	assert_int_equal(add_filter(w, &host), 0);
	assert_int_equal(filter_nth(w, port0, 0).gen_flags & (SKIP_HW | SKIP_SW), 0);
	assert_int_equal(del_filter(w, &host), 0);

	assert_int_equal(set_hw_tc(w, port0, false), 0);
	assert_int_equal(add_return(w, &filter, 2), -EOPNOTSUPP);
	assert_int_equal(set_hw_tc(w, port0, true), 0);
	filter.has_actions = true;
	assert_int_equal(add_return(w, &filter, 2), -EOPNOTSUPP);
	filter.flags = 0;
	assert_int_equal(add_return(w, &filter, 2), -EOPNOTSUPP);
	filter.has_actions = false;
	filter.flags = DA;
	host.gen_flags = SKIP_SW; /* a program that is not for the device */
	assert_int_equal(add_filter(w, &host), -EINVAL);
	assert_int_equal(add_return(w, &filter, 2), 0);
	assert_int_equal(filter_nth(w, port0, 0).gen_flags, SKIP_SW | IN_HW);
	filter.prio = 2; /* beside it */
	assert_int_equal(add_return(w, &filter, 2), -EBUSY);
	end(w);
}

/* A program that may read behind the split, with an MTU that lets it. */
static void
v8_a_large_mtu_and_a_program_that_reads_far(void **state)
{
	struct world *w = begin();
	struct off_filter filter = hardware_filter(w);
	struct bpf_insn insns[] = { INSN(BPF_LDX | BPF_MEM | BPF_W, 2, 1, 76, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_W, 3, 1, 80, 0), MOV64_REG(4, 2), ADD64_IMM(4, 2500),
		INSN(BPF_JMP | BPF_JGT | BPF_X, 4, 3, 1, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_B, 0, 2, 2499, 0), MOV64_IMM(0, 2), EXIT() };
	struct off_prog_load attr = good_load(w);

	(void)state;
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = insns;
	attr.insn_cnt = CNT(insns);
	attr.prog_ifindex = (uint32_t)port0;
	filter.fd = load_attr(w, &attr);
	assert_true(filter.fd >= 0);
	assert_int_equal(off_netdev_set_mtu(&w->root, port0, 3000, &w->extack), 0);
	assert_int_equal(add_filter(w, &filter), -EOPNOTSUPP);
	assert_extack(w, "nfp: BPF offload not supported with potential packet access beyond HW "
			 "packet split boundary");
	assert_int_equal(off_netdev_set_mtu(&w->root, port0, 1500, &w->extack), 0);
	assert_int_equal(add_filter(w, &filter), 0);
	assert_int_equal(off_netdev_set_mtu(&w->root, port0, 3000, &w->extack), -EBUSY);
	end(w);
}

static void
v9_verdicts_of_tc_at_load_and_on_the_card(void **state)
{
	static const struct {
		int ret, err;
		enum nic_verdict verdict;
	} rows[] = {
		{ -1, 0, NIC_VERDICT_PASS },
		{ 0, -EINVAL, 0 },
		{ 1, -EINVAL, 0 },
		{ 2, 0, NIC_VERDICT_DROP },
		{ 3, -EINVAL, 0 },
		{ 4, 0, NIC_VERDICT_DROP },
		{ 5, 0, NIC_VERDICT_DROP },
		{ 6, -EINVAL, 0 },
		{ 7, -EINVAL, 0 },
		{ 8, 0, NIC_VERDICT_PASS },
		{ 1000, 0, NIC_VERDICT_PASS },
	};
	struct world *w = begin();
	struct off_filter filter = hardware_filter(w);

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++) {
		assert_int_equal(add_return(w, &filter, rows[i].ret), rows[i].err);
		if (rows[i].err != 0)
			continue;
		assert_int_equal(run_frame(0), rows[i].verdict);
		assert_int_equal(del_filter(w, &filter), 0);
	}
	end(w);
}

static void
v9_no_store_into_the_packets_mark(void **state)
{
	const struct bpf_insn insns[] = { MOV64_IMM(2, 1), STX(BPF_W, 1, 2, 8), MOV64_IMM(0, 2),
		EXIT() };
	struct world *w = begin();
	struct off_prog_load attr = good_load(w);

	(void)state;
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = insns;
	attr.insn_cnt = CNT(insns);
	attr.prog_ifindex = (uint32_t)port0;
	assert_int_equal(load_attr(w, &attr), -EOPNOTSUPP);
	assert_in_log(w, "[nfp] unsupported store to context field\n");
	end(w);
}

#undef TEST /* a world of its own */
#define TEST(f) cmocka_unit_test(f)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(v1_the_hosts_program_comes_and_goes_beside_the_cards),
		TEST(v3_what_the_card_drops_the_host_does_not_see),
		TEST(v4_ports_share_a_program_with_its_map_and_swap_theirs),
		TEST(v5_another_cards_program_does_not_replace_one_that_runs),
		TEST(v6_geometry_of_the_card_and_of_the_host),
		TEST(v6_pins_hold_room_until_they_go),
		TEST(v7_a_hash_empty_full_and_with_a_hole),
		TEST(v7_an_array_has_all_its_elements),
		TEST(v8_what_show_says_and_what_the_card_does_not_take),
		TEST(v8_a_large_mtu_and_a_program_that_reads_far),
		TEST(v9_verdicts_of_tc_at_load_and_on_the_card),
		TEST(v9_no_store_into_the_packets_mark),
		TEST(v10_values_begin_as_zero_and_neighbours_of_counters_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
