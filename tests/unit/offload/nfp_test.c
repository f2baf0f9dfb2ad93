/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nfp driver on a card with simulated firmware: programs loaded and attached as tools do,
 * frames run on the microengine, maps seen from both sides (kernel-offload.md 5b;
 * nfp-offload-rules.md 6-8).
 */
#include "tests/unit/offload/nfp_world.h"

/* "return ret", attached to the hardware of the port. */
static int
attach_return(struct world *w, int ifindex, int ret)
{
	int fd = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)ifindex, 0, ret);
	int err;

	assert_true(fd >= 0);
	err = attach(w, ifindex, fd, HW);
	off_close(w->k, fd);
	return err;
}

static void
verdicts_of_xdp_are_the_cards(void **state)
{
	static const struct {
		int ret;
		enum nic_verdict verdict;
		int stat;
	} cases[] = {
		{ 0, NIC_VERDICT_DROP, NIC_STAT_bpf_app3 },
		{ 1, NIC_VERDICT_DROP, NIC_STAT_bpf_app1 },
		{ 2, NIC_VERDICT_PASS, NIC_STAT_bpf_pass },
		{ 3, NIC_VERDICT_TX, NIC_STAT_bpf_app2 },
		{ 4, NIC_VERDICT_DROP, NIC_STAT_bpf_app3 },
	};
	struct world *w = begin("ebpf", NULL);

	(void)state;
	assert_int_equal(run_frame(0, false).verdict, NIC_VERDICT_PASS);
	assert_false(run_frame(0, false).bpf_ran);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(attach_return(w, port0, cases[i].ret), 0);
		for (int exact = 0; exact < 2; exact++) {
			struct nic_frame frame = run_frame(0, exact);

			assert_int_equal(frame.verdict, cases[i].verdict);
			assert_int_equal(frame.stat, cases[i].stat);
			assert_int_equal(frame.bytes, FRAME_BYTES);
			assert_int_equal(frame.bpf_ran, cases[i].verdict != NIC_VERDICT_DROP);
		}
	}
	assert_int_equal(unset_xdp(w, port0, HW), 0);
	assert_int_equal(run_frame(0, false).stat, -1);
	end(w);
}

/* V-4: ports of a card have programs of their own, and may take each other's. */
static void
ports_have_programs_of_their_own(void **state)
{
	struct world *w = begin("corenic", NULL);
	int fd;

	(void)state;
	assert_int_equal(attach_return(w, port0, 1), 0);
	assert_int_equal(attach_return(w, port1, 3), 0);
	assert_int_equal(run_frame(0, false).verdict, NIC_VERDICT_DROP);
	assert_int_equal(run_frame(1, false).verdict, NIC_VERDICT_TX);
	fd = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)port0, 0, 2);
	assert_int_equal(attach(w, port1, fd, HW), 0);
	off_close(w->k, fd);
	assert_int_equal(run_frame(1, false).verdict, NIC_VERDICT_PASS);
	assert_int_equal(run_frame(1, false).stat, NIC_STAT_bpf_pass);
	assert_int_equal(off_port_del(nfp, 0), 0);
	assert_int_equal(run_frame(0, false).stat, -1);
	assert_int_equal(run_frame(1, false).stat, NIC_STAT_bpf_pass);
	end(w);
}

/* Adds 1 to counter 0 of the map, and passes. */
static int
load_counter(struct world *w, int map, bool is_64)
{
	const struct bpf_insn insns[] = { MOV64_IMM(1, 0), STX(BPF_W, 10, 1, -4), MOV64_REG(2, 10),
		ADD64_IMM(2, -4), LD_MAP_FD(1, map), CALL(BPF_FUNC_map_lookup_elem),
		JMP_IMM(BPF_JEQ, 0, 0, 2), MOV64_IMM(1, 1),
		ATOMIC(is_64 ? BPF_DW : BPF_W, 0, 1, 0, BPF_ADD), MOV64_IMM(0, 2), EXIT() };

	return load_insns(w, insns, sizeof(insns) / sizeof(insns[0]), port0);
}

/* V-1, V-10: the host sees numbers as its own, whatever the card makes of them. */
static void
a_counter_counts_on_the_card_and_reads_on_the_host(void **state)
{
	struct world *w = begin("ebpf", NULL);
	uint32_t key = 0;

	(void)state;
	for (int is_64 = 0; is_64 < 2; is_64++) {
		int map = create(w, BPF_MAP_TYPE_ARRAY, port0), fd = load_counter(w, map, is_64);
		uint64_t value = 7;

		assert_true(map >= 0 && fd >= 0);
		assert_int_equal(off_map_update(&w->root, map, &key, &value, 0), 0);
		assert_int_equal(attach(w, port0, fd, HW), 0);
		for (int i = 0; i < 300; i++)
			assert_int_equal(run_frame(0, i & 1).verdict, NIC_VERDICT_PASS);
		value = 0;
		assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 0), 0);
		assert_int_equal(value, 307);
		assert_int_equal(unset_xdp(w, port0, HW), 0);
		off_close(w->k, fd);
		off_close(w->k, map);
	}
	end(w);
}

/* V-7, with what the map operations answer. */
static void
maps_of_the_card_answer_as_the_kernels_do(void **state)
{
	struct world *w = begin("ebpf", NULL);
	int hash = create(w, BPF_MAP_TYPE_HASH, port0),
	    array = create(w, BPF_MAP_TYPE_ARRAY, port0);
	uint32_t key = 9, next = 0;
	uint64_t value = 3;

	(void)state;
	assert_int_equal(off_map_next_key(&w->root, hash, NULL, &next), -ENOENT);
	assert_int_equal(off_map_lookup(&w->root, hash, &key, &value, 0), -ENOENT);
	assert_int_equal(off_map_update(&w->root, hash, &key, &value, BPF_EXIST), -ENOENT);
	assert_int_equal(off_map_update(&w->root, hash, &key, &value, BPF_NOEXIST), 0);
	assert_int_equal(off_map_update(&w->root, hash, &key, &value, BPF_NOEXIST), -EEXIST);
	key = 10;
	assert_int_equal(off_map_update(&w->root, hash, &key, &value, 0), 0);
	key = 11;
	assert_int_equal(off_map_update(&w->root, hash, &key, &value, 0), -E2BIG);
	assert_int_equal(off_map_delete(&w->root, hash, &key), -ENOENT);
	key = 10;
	assert_int_equal(off_map_delete(&w->root, hash, &key), 0);
	assert_int_equal(off_map_next_key(&w->root, hash, NULL, &next), 0);
	assert_int_equal(next, 9);
	assert_int_equal(off_map_next_key(&w->root, hash, &next, &next), -ENOENT);

	key = 1;
	assert_int_equal(off_map_delete(&w->root, array, &key), -EINVAL);
	assert_int_equal(off_map_lookup(&w->root, array, &key, &value, 0), 0);
	assert_int_equal(value, 0);
	key = 2;
	assert_int_equal(off_map_update(&w->root, array, &key, &value, 0), -E2BIG);
	assert_int_equal(off_map_next_key(&w->root, array, &key, &next), 0);
	assert_int_equal(next, 0);
	off_close(w->k, hash);
	off_close(w->k, array);
	end(w);
}

/* V-6 */
static int
create_of(struct world *w, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags)
{
	const struct off_map_create attr = { .map_type = BPF_MAP_TYPE_HASH,
		.key_size = key,
		.value_size = value,
		.max_entries = entries,
		.map_flags = flags,
		.map_ifindex = (uint32_t)port0 };

	return off_map_create(&w->root, &attr, NULL);
}

static void
maps_the_card_cannot_have_are_refused_and_room_comes_back(void **state)
{
	struct world *w = begin("ebpf", NULL);
	int fd;

	(void)state;
	assert_int_equal(create_of(w, 57, 4, 1, 0), -ENOMEM);
	assert_int_equal(create_of(w, 4, 57, 1, 0), -ENOMEM);
	assert_int_equal(create_of(w, 40, 32, 1, 0), -ENOMEM);
	assert_int_equal(create_of(w, 4, 4, 1, BPF_F_NO_PREALLOC), -EINVAL);
	assert_int_equal(create_of(w, 4, 4, card.map_entries_max + 1, 0), -ENOMEM);
	fd = create_of(w, 4, 4, card.map_entries_max, 0);
	assert_true(fd >= 0);
	assert_int_equal(create_of(w, 4, 4, 1, 0), -ENOMEM);
	off_close(w->k, fd);
	fd = create_of(w, 4, 4, 1, 0);
	assert_true(fd >= 0);
	off_close(w->k, fd);
	end(w);
}

static void
a_map_of_the_card_has_the_firmwares_number(void **state)
{
	struct world *w = begin("ebpf", NULL);
	const struct off_map_create host = {
		.map_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 4, .max_entries = 1
	};
	int first = create_of(w, 4, 4, 1, 0), second = create_of(w, 4, 4, 1, 0);
	int of_host = off_map_create(&w->root, &host, NULL), prog = load(w, port0);
	uint32_t number = 0, other = 0;

	(void)state;
	assert_int_equal(off_nfp_map_number(w->k, first, &number), 0);
	assert_int_equal(off_nfp_map_number(w->k, second, &other), 0);
	assert_int_not_equal(number, 0); /* which is none */
	assert_int_not_equal(number, other);
	assert_int_equal(off_nfp_map_number(w->k, of_host, &number), -EBADF);
	assert_int_equal(off_nfp_map_number(w->k, prog, &number), -EBADF);
	assert_int_equal(off_nfp_map_number(w->k, 1000, &number), -EBADF);
	off_close(w->k, first);
	off_close(w->k, second);
	off_close(w->k, of_host);
	off_close(w->k, prog);
	end(w);
}

/* ---- the driver's rules ---- */

static void
nf_1_only_a_program_of_this_card_is_offloaded(void **state)
{
	struct world *w = begin("ebpf", NULL);
	int fd = load(w, w->sim);

	(void)state;
	assert_int_equal(attach(w, port0, fd, HW), -EINVAL);
	off_close(w->k, fd);
	end(w);
}

static void
nf_3_without_live_reload_a_program_is_not_replaced(void **state)
{
	struct world *w = begin("ebpf", "live_reload=no");

	(void)state;
	assert_int_equal(attach_return(w, port0, 1), 0);
	assert_int_equal(attach_return(w, port0, 2), -EBUSY);
	assert_extack(w, "nfp: FW does not support live reload");
	assert_int_equal(run_frame(0, false).verdict, NIC_VERDICT_DROP);
	assert_int_equal(unset_xdp(w, port0, HW), 0);
	assert_int_equal(attach_return(w, port0, 2), 0);
	end(w);
}

static void
nf_4_what_the_firmware_has_no_place_for_is_not_loaded(void **state)
{
	struct world *w = begin("ebpf", "start=8180");

	(void)state;
	assert_int_equal(attach_return(w, port0, 1), -EIO);
	assert_extack(w, "nfp: FW command error while loading BPF");
	assert_int_equal(run_frame(0, false).stat, -1);
	end(w);
}

/* As tools add a filter that must be in the hardware. */
static struct off_filter
hardware_filter(void)
{
	struct off_filter filter = good_filter(port0);

	filter.prio = 1;
	filter.handle = 1;
	filter.flags = DA;
	filter.gen_flags = SKIP_SW;
	return filter;
}

static struct world *
begin_tc(void)
{
	struct world *w = begin("ebpf", NULL);

	assert_int_equal(add_qdisc(w, port0, OFF_QDISC_CLSACT), 0);
	return w;
}

/* With a program that drops, for the card with skip_sw. */
static int
add_dropper(struct world *w, const struct off_filter *filter)
{
	struct off_filter f = *filter;
	int err;

	f.fd = load_as(w, &w->root, BPF_PROG_TYPE_SCHED_CLS,
		f.gen_flags & SKIP_SW ? (uint32_t)port0 : 0, 0, 2);
	assert_true(f.fd >= 0);
	err = add_filter(w, &f);
	off_close(w->k, f.fd);
	return err;
}

static void
nf_2_xdp_and_tc_share_the_hardware(void **state)
{
	struct world *w = begin_tc();
	struct off_filter filter = hardware_filter();

	(void)state;
	assert_int_equal(add_dropper(w, &filter), 0);
	assert_int_equal(attach_return(w, port0, 1), -EBUSY);
	assert_int_equal(del_filter(w, &filter), 0);
	assert_int_equal(attach_return(w, port0, 1), 0);
	assert_int_equal(add_dropper(w, &filter), -EBUSY);
	assert_int_equal(run_frame(0, false).verdict, NIC_VERDICT_DROP);
	end(w);
}

static void
td_4_only_direct_action_and_nothing_behind_it(void **state)
{
	struct world *w = begin_tc();
	struct off_filter filter = hardware_filter();

	(void)state;
	filter.flags = 0;
	assert_int_equal(add_dropper(w, &filter), -EOPNOTSUPP);
	assert_extack(w, "nfp: only direct action with no legacy actions supported");
	end(w);
}

static void
td_9_only_a_program_of_this_card(void **state)
{
	struct world *w = begin_tc();
	struct off_filter filter = hardware_filter();

	(void)state;
	filter.gen_flags = 0;
	assert_int_equal(add_dropper(w, &filter), 0); /* a host's: on the host only */
	assert_int_equal(run_frame(0, false).stat, -1);
	end(w);
}

static void
nf_5_hw_tc_offload_stays_on_while_it_is_used(void **state)
{
	struct world *w = begin_tc();
	struct off_filter filter = hardware_filter();

	(void)state;
	assert_int_equal(add_dropper(w, &filter), 0);
	assert_int_equal(off_netdev_set_feature(&w->root, port0, OFF_FEATURE_HW_TC, false), -EBUSY);
	assert_int_equal(del_filter(w, &filter), 0);
	/* what is wanted is not asked for again (FE-1) */
	assert_int_equal(set_hw_tc(w, port0, true), 0);
	assert_int_equal(off_netdev_set_feature(&w->root, port0, OFF_FEATURE_HW_TC, false), 0);
	end(w);
}

/* Of a card file anybody may write. */
static void
slots_longer_than_messages_fail_the_probe(void **state)
{
	struct world *w = begin("ebpf", NULL);
	struct off_asic *asic;
	char message[256] = "";

	(void)state;
	nic_card_set(&card, "abi=3", message, sizeof(message));
	nic_card_set(&card, "abi_version=3", message, sizeof(message));
	nic_card_set(&card, "map_key_bytes_max=10000", message, sizeof(message));
	assert_string_equal(message, "");
	asic = off_nfp_new(w->k, 5, fw, &w->log);
	assert_null(asic);
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(xb_log_text(&w->log), "ctrl channel MTU below min required"));
	end(w);
}

static void
detaching_what_is_not_there_is_no_mistake(void **state)
{
	struct world *w = begin("ebpf", NULL);

	(void)state;
	assert_int_equal(unset_xdp(w, port0, HW), 0);
	end(w);
}

static void
a_refused_program_is_told_in_the_drivers_words(void **state)
{
	static const struct bpf_insn modulo[] = { MOV64_IMM(0, 7),
		INSN(BPF_ALU64 | BPF_MOD | BPF_K, 0, 0, 0, 3), EXIT() };
	struct world *w = begin("ebpf", NULL);

	(void)state;
	assert_int_equal(load_insns(w, modulo, 3, port0), -EINVAL);
	assert_non_null(strstr(xb_log_text(&w->log), "[nfp] instruction 0x97 not supported"));
	end(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(verdicts_of_xdp_are_the_cards),
		TEST(ports_have_programs_of_their_own),
		TEST(a_counter_counts_on_the_card_and_reads_on_the_host),
		TEST(maps_of_the_card_answer_as_the_kernels_do),
		TEST(maps_the_card_cannot_have_are_refused_and_room_comes_back),
		TEST(a_map_of_the_card_has_the_firmwares_number),
		TEST(nf_1_only_a_program_of_this_card_is_offloaded),
		TEST(nf_2_xdp_and_tc_share_the_hardware),
		TEST(nf_3_without_live_reload_a_program_is_not_replaced),
		TEST(nf_4_what_the_firmware_has_no_place_for_is_not_loaded),
		TEST(nf_5_hw_tc_offload_stays_on_while_it_is_used),
		TEST(td_4_only_direct_action_and_nothing_behind_it),
		TEST(td_9_only_a_program_of_this_card),
		TEST(slots_longer_than_messages_fail_the_probe),
		TEST(detaching_what_is_not_there_is_no_mistake),
		TEST(a_refused_program_is_told_in_the_drivers_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
