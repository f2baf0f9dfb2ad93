/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes between the nfp driver and the firmware besides programs: events of programs on the
 * card, the driver's cache of a map as a user sees it, its sentences in the kernel log
 * (nfp-offload-rules.md 7, 8).
 */
#include "tests/unit/offload/nfp_world.h"

#define RING 8192u
/* BPF_F_CURRENT_CPU, and so many bytes of the packet with the event */
#define LD_FLAGS(d, packet_bytes)                                                                  \
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, -1), INSN(0, 0, 0, 0, packet_bytes)

/* ---- the kernel log ---- */

static struct off_klog_line
last_line(struct world *w)
{
	struct off_klog_line line = { 0 };
	uint64_t number = 0;

	while (off_klog_read(w->k, &number, &line) == 0)
		;
	return line;
}

#define assert_last_line(w, text_) assert_string_equal(last_line(w).text, text_)

static int
create_of(struct world *w, enum bpf_map_type type, uint32_t key, uint32_t value, uint32_t entries,
	uint32_t flags)
{
	const struct off_map_create attr = { .map_type = type,
		.key_size = key,
		.value_size = value,
		.max_entries = entries,
		.map_flags = flags,
		.map_ifindex = (uint32_t)port0 };

	return off_map_create(&w->root, &attr, NULL);
}

/* nfp-offload-rules.md 7, in its order. */
static void
a_map_that_the_card_refuses_is_told_in_the_log(void **state)
{
	static const struct {
		const char *card, *line;
		int err;
		uint32_t type, key, value, entries, flags;
	} cases[] = {
		{ "map_types=none", "", -EOPNOTSUPP, BPF_MAP_TYPE_HASH, 4, 4, 1, 0 },
		{ NULL, "NFP net bpf: map flags are not supported", -EINVAL, BPF_MAP_TYPE_HASH, 4,
			4, 1, BPF_F_NO_PREALLOC },
		{ "map_types=hash", "NFP net bpf: map type not supported", -EOPNOTSUPP,
			BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0 },
		{ "map_cnt_max=0", "NFP net bpf: too many maps for a device", -ENOMEM,
			BPF_MAP_TYPE_HASH, 4, 4, 1, 0 },
		{ "map_entries_max=10", "NFP net bpf: map with too many elements: 11, left: 10",
			-ENOMEM, BPF_MAP_TYPE_HASH, 4, 4, 11, 0 },
		{ NULL,
			"NFP net bpf: map elements too large: 72, FW max element size (key+value): "
			"64",
			-ENOMEM, BPF_MAP_TYPE_HASH, 33, 32, 1, 0 },
		{ "map_key_bytes_max=16", "NFP net bpf: map key size 17, FW max is 16", -ENOMEM,
			BPF_MAP_TYPE_HASH, 17, 4, 1, 0 },
		{ "map_value_bytes_max=16", "NFP net bpf: map value size 17, FW max is 16", -ENOMEM,
			BPF_MAP_TYPE_HASH, 4, 17, 1, 0 },
		/* the kernel's own rule is silent */
		{ NULL, "", -EINVAL, BPF_MAP_TYPE_LRU_HASH, 4, 4, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world *w = begin("ebpf", cases[i].card);

		assert_int_equal(create_of(w, (enum bpf_map_type)cases[i].type, cases[i].key,
					 cases[i].value, cases[i].entries, cases[i].flags),
			cases[i].err);
		assert_last_line(w, cases[i].line);
		end(w);
	}
}

/* The card's maps are freed behind the driver's back. */
static void
a_map_that_the_firmware_does_not_free_is_leaked(void **state)
{
	struct world *w = begin("ebpf", NULL);
	const int map = create(w, BPF_MAP_TYPE_HASH, port0);
	uint8_t message[NIC_CCM_FREE_BYTES] = { NIC_CCM_MAP_FREE, NIC_CCM_VERSION };
	uint8_t reply[64];

	(void)state;
	message[NIC_CCM_FREE_MAP + 3] = 1;
	assert_int_equal(nic_fw_control(fw, message, sizeof(message), reply, sizeof(reply)), 12);
	assert_int_equal(reply[NIC_CCM_RC + 3], 0);
	off_close(w->k, map);
	assert_last_line(w, "nfp 0000:04:00.0: leaking map - FW responded with: -77");
	assert_int_equal(off_nfp(nfp)->used.maps, 0);
	end(w);
}

/* More words than the firmware has room for. */
static void
a_translation_that_fails_is_told_in_the_log(void **state)
{
	static const struct bpf_insn insns[] = { MOV64_IMM(0, 2), EXIT() };
	struct world *w = begin("ebpf", "max_len=10");
	struct off_klog_line line;
	uint64_t number = 0;

	(void)state;
	assert_int_equal(load_insns(w, insns, ARRAY_SIZE(insns), port0), -EINVAL);
	assert_int_equal(off_klog_read(w->k, &number, &line), 0);
	assert_string_equal(
		line.text, "NFP net bpf: instruction limit reached (10 NFP instructions)");
	assert_int_equal(off_klog_read(w->k, &number, &line), 0);
	assert_non_null(strstr(line.text, "NFP net bpf: Translation failed with error -28 ("));
	assert_int_equal(off_klog_read(w->k, &number, &line), -ENOENT);
	end(w);
}

static void
the_log_keeps_its_last_lines(void **state)
{
	struct world *w = begin("ebpf", NULL);
	struct off_klog_line line;
	uint64_t number = 0;

	(void)state;
	assert_int_equal(off_klog_read(w->k, &number, &line), -ENOENT);
	for (uint32_t i = 0; i < OFF_KLOG_LINES + 10; i++)
		assert_int_equal(create_of(w, BPF_MAP_TYPE_HASH, 4, 57 + i, 1, 0), -ENOMEM);
	assert_int_equal(off_klog_read(w->k, &number, &line), 0);
	assert_int_equal(line.number, 10);
	assert_int_equal(number, 11);
	assert_int_equal(last_line(w).number, OFF_KLOG_LINES + 9);
	number = OFF_KLOG_LINES + 10;
	assert_int_equal(off_klog_read(w->k, &number, &line), -ENOENT);
	end(w);
}

static void
an_mtu_that_the_program_forbids_is_told_in_the_log(void **state)
{
	/* looks at byte 1888 of a packet that has it */
	static const struct bpf_insn far[] = { LDX(BPF_W, 2, 1, 0), LDX(BPF_W, 3, 1, 4),
		MOV64_REG(4, 2), ADD64_IMM(4, 2000), JMP_REG(BPF_JGT, 4, 3, 1),
		LDX(BPF_B, 0, 2, 1999), MOV64_IMM(0, 2), EXIT() };
	struct world *w = begin("ebpf", NULL);
	const int fd = load_insns(w, far, ARRAY_SIZE(far), port0);
	char line[160], name[OFF_NAME_BYTES];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(attach(w, port0, fd, HW), 0);
	assert_int_equal(off_netdev_set_mtu(&w->root, port0, 1800, &w->extack), 0);
	assert_int_equal(off_netdev_set_mtu(&w->root, port0, 3000, &w->extack), -EBUSY);
	off_netdev_name(&w->root, port0, name);
	snprintf(line, sizeof(line),
		"nfp 0000:04:00.0 %s: BPF offload active, potential packet access beyond hardware "
		"packet boundary",
		name);
	assert_last_line(w, line);
	end(w);
}

/* ---- what the driver keeps of a map, as a user sees it ---- */

static uint64_t now;

static uint64_t
clock_now(void *arg)
{
	(void)arg;
	return now;
}

/* A world whose clock stands still. */
static struct world *
begin_still(const char *change)
{
	struct world *w = begin("ebpf", change);

	now = 1000;
	off_nfp(nfp)->ccm.log->clock.now_ns = clock_now;
	return w;
}

/* On the card, without the driver. */
static void
change_on_card(uint32_t id, uint32_t key, uint64_t value)
{
	uint8_t message[NIC_CCM_OP_BYTES + 2 * NIC_CCM_SLOT_BYTES] = { NIC_CCM_MAP_UPDATE,
		NIC_CCM_VERSION };
	uint8_t reply[256];

	nic_ccm_put(message + NIC_CCM_OP_MAP, id);
	nic_ccm_put(message + NIC_CCM_OP_COUNT, 1);
	memcpy(message + NIC_CCM_OP_BYTES, &key, 4);
	memcpy(message + NIC_CCM_OP_BYTES + NIC_CCM_SLOT_BYTES, &value, 8);
	assert_true(nic_fw_control(fw, message, sizeof(message), reply, sizeof(reply)) > 0);
	assert_int_equal(nic_ccm_get(reply + NIC_CCM_RC), 0);
}

static void
a_dump_may_show_what_was_there_a_quarter_of_a_millisecond_ago(void **state)
{
	struct world *w = begin_still("multi_entry=yes");
	const int map = create(w, BPF_MAP_TYPE_ARRAY, port0);
	uint32_t key;
	uint64_t value = 7;

	(void)state;
	key = 1;
	assert_int_equal(off_map_update(&w->root, map, &key, &value, 0), 0);
	assert_int_equal(off_map_next_key(&w->root, map, NULL, &key), 0);
	change_on_card(1, 1, 8);
	key = 1;
	now += 250000;
	assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 0), 0);
	assert_int_equal(value, 7);
	now++;
	assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 0), 0);
	assert_int_equal(value, 8);
	/* one's own change is seen at once */
	assert_int_equal(off_map_next_key(&w->root, map, NULL, &key), 0);
	key = 1;
	value = 9;
	assert_int_equal(off_map_update(&w->root, map, &key, &value, 0), 0);
	assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 0), 0);
	assert_int_equal(value, 9);
	end(w);
}

/* However the entries come, the walk sees each once. */
static void
a_walk_sees_every_entry_whatever_fits_a_message(void **state)
{
	static const char *const changes[] = { NULL, "multi_entry=yes" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct world *w = begin_still(changes[i]);
		const int map = create_of(w, BPF_MAP_TYPE_HASH, 4, 8, 100, 0);
		uint32_t cnt = 0, key;
		uint64_t sum = 0, value;

		for (key = 0; key < 97; key++) {
			value = 3 * key;
			assert_int_equal(off_map_update(&w->root, map, &key, &value, 0), 0);
		}
		for (int err = off_map_next_key(&w->root, map, NULL, &key); !err; cnt++) {
			assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 0), 0);
			assert_int_equal(value, 3 * key);
			sum += key;
			now += 1000 * cnt; /* past what is kept, at times */
			err = off_map_next_key(&w->root, map, &key, &key);
		}
		assert_int_equal(cnt, 97);
		assert_int_equal(sum, 96 * 97 / 2);
		off_close(w->k, map);
		end(w);
	}
}

/* ---- events ---- */

static int
create_events(struct world *w, uint32_t cells)
{
	const struct off_map_create attr = { .map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = cells };

	return off_map_create(&w->root, &attr, NULL);
}

/* Outputs 6 bytes of its stack and 14 of the packet, and passes. */
static int
load_reporter(struct world *w, int events)
{
	const struct bpf_insn insns[] = { MOV64_IMM(2, 0x44332211), STX(BPF_W, 10, 2, -8),
		MOV64_IMM(2, 0x6655), STX(BPF_W, 10, 2, -4), LD_MAP_FD(2, events), LD_FLAGS(3, 14),
		MOV64_REG(4, 10), ADD64_IMM(4, -8), MOV64_IMM(5, 6),
		CALL(BPF_FUNC_perf_event_output), MOV64_IMM(0, 2), EXIT() };

	return load_insns(w, insns, ARRAY_SIZE(insns), port0);
}

/* An event in cell 0 of the array. */
static int
open_event(struct world *w, int events)
{
	const int fd = off_perf_open(&w->root, 0, RING);
	const uint32_t cell = 0;

	assert_true(fd >= 0);
	assert_int_equal(off_map_update(&w->root, events, &cell, &fd, 0), 0);
	return fd;
}

static void
an_event_of_a_program_on_the_card_reaches_the_host(void **state)
{
	struct world *w = begin("ebpf", NULL);
	const int events = create_events(w, 1), fd = open_event(w, events);
	const int prog = load_reporter(w, events);
	struct off_perf_record record;
	uint8_t data[64];

	(void)state;
	assert_true(prog >= 0);
	assert_int_equal(attach(w, port0, prog, HW), 0);
	off_close(w->k, prog);
	for (int exact = 0; exact < 2; exact++) {
		assert_int_equal(run_frame(0, exact).verdict, NIC_VERDICT_PASS);
		assert_int_equal(off_perf_read(&w->root, fd, &record, data, 64), -EAGAIN);
		assert_int_equal(off_nfp_poll(nfp), 1);
		assert_int_equal(off_perf_read(&w->root, fd, &record, data, 64), 0);
		assert_int_equal(record.bytes, 20); /* 6 + 14, and 4 before them: 24 */
		assert_memory_equal(data, "\x11\x22\x33\x44\x55\x66", 6);
		assert_int_equal(off_nfp_poll(nfp), 0);
	}
	end(w);
}

/* A message as the firmware makes it, to be broken. */
struct event {
	uint8_t bytes[64];
	size_t size;
};

static struct event
event_for(struct world *w, int events)
{
	struct event e = { .bytes = { NIC_CCM_BPF_EVENT, NIC_CCM_VERSION },
		.size = NIC_CCM_EVENT_BYTES + 8 + 3 };

	nic_ccm_put(e.bytes + NIC_CCM_EVENT_MAP + 4, off_fd_map(w->k, events)->o.id);
	nic_ccm_put(e.bytes + NIC_CCM_EVENT_DATA_BYTES, 3);
	nic_ccm_put(e.bytes + NIC_CCM_EVENT_PACKET_BYTES, 5);
	memcpy(e.bytes + NIC_CCM_EVENT_BYTES, "FRAME\0\0\0dat", 11);
	return e;
}

/* What came of it: what the driver says, and whether there is a sample. */
static int
deliver(struct world *w, int fd, const struct event *e)
{
	struct off_perf_record record;
	uint8_t *copy = malloc(e->size), data[64];
	int err, got;

	memcpy(copy, e->bytes, e->size);
	err = off_nfp_event(off_nfp(nfp), copy, e->size);
	free(copy);
	got = off_perf_read(&w->root, fd, &record, data, sizeof(data));
	assert_int_equal(got, err ? -EAGAIN : 0);
	if (!err)
		assert_memory_equal(data, "datFRAME", 8);
	return err;
}

static void
cm_20_what_is_different_is_noted_once(void **state)
{
	struct world *w = begin("ebpf", NULL);
	const int events = create_events(w, 1);

	(void)state;
	assert_true(load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)port0, 0, 2) >= 0);
	assert_last_line(w, "");
	for (int i = 0; i < 2; i++) {
		assert_true(load_reporter(w, events) >= 0);
		assert_last_line(w, "nfp 0000:04:00.0: bpf: note: return codes and behavior of "
				    "bpf_event_output() helper differs for offloaded programs!");
		assert_int_equal(last_line(w).number, 0);
	}
	end(w);
}

static void
cm_12_an_event_for_a_map_that_no_program_uses_is_dropped(void **state)
{
	struct world *w = begin("ebpf", NULL);
	const int events = create_events(w, 1), fd = open_event(w, events);
	struct event e = event_for(w, events);
	char line[160];
	int prog;

	(void)state;
	snprintf(line, sizeof(line),
		"nfp 0000:04:00.0: perf event: map id %u (0x%x) not recognized, dropping event",
		off_fd_map(w->k, events)->o.id, off_fd_map(w->k, events)->o.id);
	assert_int_equal(deliver(w, fd, &e), -EINVAL);
	assert_last_line(w, line);
	prog = load_reporter(w, events);
	assert_int_equal(deliver(w, fd, &e), 0); /* loaded is enough */
	e.bytes[NIC_CCM_EVENT_MAP] = 0x80;	 /* an id has 32 bits */
	assert_int_equal(deliver(w, fd, &e), -EINVAL);
	assert_last_line(w, "nfp 0000:04:00.0: perf event: map id -9223372036854775807 "
			    "(0x8000000000000001) not recognized, dropping event");
	e = event_for(w, events);
	off_close(w->k, prog);
	assert_int_equal(deliver(w, fd, &e), -EINVAL);
	end(w);
}

/* As long as one of them is there. */
static void
cm_12_two_programs_may_use_a_map(void **state)
{
	struct world *w = begin("ebpf", NULL);
	const int events = create_events(w, 1), fd = open_event(w, events);
	const int one = load_reporter(w, events), two = load_reporter(w, events);
	const struct event e = event_for(w, events);

	(void)state;
	check_invariants(w->k);
	off_close(w->k, one);
	assert_int_equal(deliver(w, fd, &e), 0);
	off_close(w->k, two);
	assert_int_equal(deliver(w, fd, &e), -EINVAL);
	end(w);
}

static void
cm_13_an_event_is_as_long_as_it_says(void **state)
{
	static const struct {
		int at;
		uint32_t bytes;
	} longer[] = {
		{ NIC_CCM_EVENT_DATA_BYTES, 4 },
		{ NIC_CCM_EVENT_DATA_BYTES, UINT32_MAX },
		{ NIC_CCM_EVENT_DATA_BYTES, UINT32_MAX - 4 }, /* with 5, 0 in 32 bits */
		{ NIC_CCM_EVENT_PACKET_BYTES, 9 },
		{ NIC_CCM_EVENT_PACKET_BYTES, UINT32_MAX - 2 },
		{ NIC_CCM_EVENT_PACKET_BYTES, UINT32_MAX },
	};
	struct world *w = begin("ebpf", NULL);
	const int events = create_events(w, 1), fd = open_event(w, events);
	struct event e = event_for(w, events);

	(void)state;
	assert_true(load_reporter(w, events) >= 0);
	for (e.size = 1; e.size < NIC_CCM_EVENT_BYTES + 8 + 3; e.size++)
		assert_int_equal(deliver(w, fd, &e), -EINVAL);
	assert_int_equal(deliver(w, fd, &e), 0);
	e.size++; /* longer it may be */
	assert_int_equal(deliver(w, fd, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(longer); i++) {
		e = event_for(w, events);
		nic_ccm_put(e.bytes + longer[i].at, longer[i].bytes);
		assert_int_equal(deliver(w, fd, &e), -EINVAL);
	}
	assert_int_equal(last_line(w).number, 0); /* of all this nobody hears; CM-20 is there */
	end(w);
}

static void
cm_14_an_event_has_this_version(void **state)
{
	struct world *w = begin("ebpf", NULL);
	const int events = create_events(w, 1), fd = open_event(w, events);
	struct event e = event_for(w, events);

	(void)state;
	assert_true(load_reporter(w, events) >= 0);
	e.bytes[NIC_CCM_VER] = NIC_CCM_VERSION + 1;
	assert_int_equal(deliver(w, fd, &e), -EINVAL);
	e.bytes[NIC_CCM_VER] = 0;
	assert_int_equal(deliver(w, fd, &e), -EINVAL);
	end(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_map_that_the_card_refuses_is_told_in_the_log),
		TEST(a_map_that_the_firmware_does_not_free_is_leaked),
		TEST(a_translation_that_fails_is_told_in_the_log),
		TEST(the_log_keeps_its_last_lines),
		TEST(an_mtu_that_the_program_forbids_is_told_in_the_log),
		TEST(a_dump_may_show_what_was_there_a_quarter_of_a_millisecond_ago),
		TEST(a_walk_sees_every_entry_whatever_fits_a_message),
		TEST(an_event_of_a_program_on_the_card_reaches_the_host),
		TEST(cm_20_what_is_different_is_noted_once),
		TEST(cm_12_an_event_for_a_map_that_no_program_uses_is_dropped),
		TEST(cm_12_two_programs_may_use_a_map),
		TEST(cm_13_an_event_is_as_long_as_it_says),
		TEST(cm_14_an_event_has_this_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
