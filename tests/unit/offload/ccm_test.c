/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's side of control messages alone: the bytes it sends, what it makes of replies that a
 * test wrote down, a hostile firmware's among them, and what it says (nfp-offload-rules.md 8).
 */
#include "tests/unit/offload/ccm_script.h"

static int
alloc_map(uint32_t *id)
{
	const struct xb_map_def def = {
		.key_size = 4, .value_size = 8, .max_entries = 0x10203, .type = BPF_MAP_TYPE_ARRAY
	};
	struct off_ccm_map m = { 0 };
	int err = off_ccm_map_alloc(&ccm, &def, &m);

	*id = m.id;
	return err;
}

/* ---- what is sent ---- */

static void
requests_have_the_bytes_the_firmware_wants(void **state)
{
	static const uint8_t alloc[] = { 1, 1, 0x01, 0xff, 0, 0, 0, 4, 0, 0, 0, 8, 0, 1, 2, 3, 0, 0,
		0, 2, 0, 0, 0, 0 };
	static const uint8_t free_it[] = { 2, 1, 0x02, 0x00, 0, 0, 0, 9 };
	static const uint8_t operation[] = { 3, 1, 0x02, 0x01, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0,
		1, 2, 3, 4, 0 };
	uint8_t value[8];
	uint32_t id;

	(void)state;
	reply(REPLY(1), 0x1ff, 0, 77, 12);
	assert_int_equal(alloc_map(&id), 0);
	assert_int_equal(id, 77);
	assert_int_equal(script.sent_bytes, sizeof(alloc));
	assert_memory_equal(script.sent, alloc, sizeof(alloc));
	reply(REPLY(2), 0x200, 0, 0, 12);
	off_ccm_map_free(&ccm, &map);
	assert_int_equal(script.sent_bytes, sizeof(free_it));
	assert_memory_equal(script.sent, free_it, sizeof(free_it));
	memcpy(reply(REPLY(3), 0x201, 0, 1, 16 + ENTRY) + 16 + KEY, "12345678", 8);
	assert_int_equal(lookup(value), 0);
	assert_memory_equal(value, "12345678", 8);
	assert_int_equal(script.sent_bytes, 16 + ENTRY); /* one slot, whatever is asked */
	assert_memory_equal(script.sent, operation, sizeof(operation));
	assert_said("");
}

static void
slots_have_the_size_of_the_abi(void **state)
{
	uint8_t value[8];

	(void)state;
	ccm.key_bytes = 56;
	ccm.value_bytes = 40;
	reply(REPLY(3), 0x1ff, 0, 1, 16 + 96);
	assert_int_equal(lookup(value), 0);
	assert_int_equal(script.sent_bytes, 16 + 96);
}

static void
an_update_sends_key_value_and_flags(void **state)
{
	const struct off_ccm_operation op = {
		.type = NIC_CCM_MAP_UPDATE, .flags = BPF_NOEXIST, .key = "ab", .value = "xyz"
	};

	(void)state;
	map.key_bytes = 2;
	map.value_bytes = 3;
	reply(REPLY(4), 0x1ff, 0, 1, 16 + ENTRY);
	assert_int_equal(off_ccm_map_operate(&ccm, &map, &op), 0);
	assert_int_equal(script.sent[15], BPF_NOEXIST);
	assert_memory_equal(script.sent + 16, "ab\0", 3);
	assert_memory_equal(script.sent + 16 + KEY, "xyz\0", 4);
}

static void
cm_16_messages_have_room_for_32_bits_of_flags(void **state)
{
	const struct off_ccm_operation op = { .type = NIC_CCM_MAP_UPDATE,
		.flags = UINT64_C(1) << 32,
		.key = "abcd",
		.value = "12345678" };

	(void)state;
	assert_int_equal(off_ccm_map_operate(&ccm, &map, &op), -EOPNOTSUPP);
	assert_int_equal(script.sent_cnt, 0);
	assert_int_equal(map.blockers, 0);
}

static void
cm_17_what_is_longer_than_its_slot_is_not_sent(void **state)
{
	uint32_t id;

	(void)state;
	ccm.value_bytes = 7;
	assert_int_equal(alloc_map(&id), -EINVAL);
	ccm.value_bytes = 8;
	ccm.key_bytes = 3;
	assert_int_equal(alloc_map(&id), -EINVAL);
	assert_int_equal(script.sent_cnt, 0);
	ccm.key_bytes = 4;
	reply(REPLY(1), 0x1ff, 0, 77, 12);
	assert_int_equal(alloc_map(&id), 0);
}

/* ---- tags ---- */

static void
tags_are_different_and_come_round(void **state)
{
	uint8_t value[8];

	(void)state;
	ccm.tag_next = ccm.tag_last = 0xffff;
	reply(REPLY(3), 0xffff, 0, 1, 16 + ENTRY);
	reply(REPLY(3), 0, 0, 1, 16 + ENTRY);
	assert_int_equal(lookup(value), 0);
	assert_int_equal(lookup(value), 0);
	assert_int_equal(ccm.tag_next, 1);
	assert_int_equal(ccm.tag_last, 1);
}

/* One more would be behind a quarter of all tags. */
static void
cm_1_tags_in_use_are_16384_at_most(void **state)
{
	uint8_t request[8] = { 2 };

	(void)state;
	for (int i = 0; i < 16384; i++)
		assert_int_equal(off_ccm_send(&ccm, request, sizeof(request)), FIRST_TAG + i);
	assert_said("");
	assert_int_equal(off_ccm_send(&ccm, request, sizeof(request)), -EAGAIN);
	assert_said("all FW request contexts busy!");
	assert_int_equal(script.sent_cnt, 16384);
}

/* It is the distance that counts: one old request that waits holds up all. */
static void
cm_1_one_that_waits_holds_back_the_tags_behind_it(void **state)
{
	struct off_ccm_reply *r;
	uint8_t request[8] = { 2 };
	int waits, tag;

	(void)state;
	waits = off_ccm_send(&ccm, request, sizeof(request));
	for (int i = 1; i < 16384; i++) {
		script.cnt = script.next = 0;
		tag = off_ccm_send(&ccm, request, sizeof(request));
		assert_int_equal(tag, FIRST_TAG + i);
		reply(REPLY(2), (uint16_t)tag, 0, 0, 12);
		assert_int_equal(off_ccm_wait(&ccm, request, tag, 12, &r), 0);
		free(r);
	}
	assert_int_equal(off_ccm_send(&ccm, request, sizeof(request)), -EAGAIN);
	script.cnt = script.next = 0;
	assert_int_equal(off_ccm_wait(&ccm, request, waits, 12, &r), -ETIMEDOUT);
	assert_int_equal(off_ccm_send(&ccm, request, sizeof(request)), FIRST_TAG + 16384);
}

static void
replies_out_of_order_find_their_requests(void **state)
{
	struct off_ccm_reply *r;
	uint8_t request[8] = { 2 };
	const int one = off_ccm_send(&ccm, request, sizeof(request)),
		  two = off_ccm_send(&ccm, request, sizeof(request));

	(void)state;
	reply(REPLY(2), (uint16_t)two, 0, 2, 12);
	reply(REPLY(2), (uint16_t)one, 0, 1, 12);
	assert_int_equal(off_ccm_wait(&ccm, request, one, 12, &r), 0);
	assert_int_equal(r->message[11], 1);
	free(r);
	assert_int_equal(off_ccm_wait(&ccm, request, two, 12, &r), 0);
	assert_int_equal(r->message[11], 2);
	free(r);
	assert_said("");
}

static void
a_second_reply_to_a_request_is_not_kept_for_the_next_one_with_its_tag(void **state)
{
	struct off_ccm_reply *r;
	uint8_t request[8] = { 2 };
	const int one = off_ccm_send(&ccm, request, sizeof(request)),
		  two = off_ccm_send(&ccm, request, sizeof(request));

	(void)state;
	for (uint32_t i = 1; i <= 3; i++)
		reply(REPLY(2), (uint16_t)two, 0, i, 12);
	reply(REPLY(2), (uint16_t)one, 0, 9, 12);
	assert_int_equal(off_ccm_wait(&ccm, request, one, 12, &r), 0);
	free(r);
	assert_int_equal(off_ccm_wait(&ccm, request, two, 12, &r), 0);
	assert_int_equal(r->message[11], 1);
	free(r);
	assert_true(TAILQ_EMPTY(&ccm.replies));
}

/* ---- waiting ---- */

static void
cm_2_without_a_reply_the_request_times_out(void **state)
{
	uint8_t value[8];

	(void)state;
	assert_int_equal(lookup(value), -ETIMEDOUT);
	assert_said("timeout waiting for response to 0x03");
	reply(REPLY(3), 0x1ff, 0, 1, 16 + ENTRY); /* too late */
	reply(REPLY(3), 0x200, 0, 1, 16 + ENTRY);
	assert_int_equal(lookup(value), 0);
	assert_said("cmsg drop - no one is waiting for tag 511!");
}

static void
cm_2_a_firmware_that_never_stops_talking_does_not_make_it_longer(void **state)
{
	uint8_t value[8];

	(void)state;
	script.repeats = true;
	script.step_ns = 1000000;
	reply(REPLY(3), 0x1fe, 0, 1, 16 + ENTRY);
	assert_int_equal(lookup(value), -ETIMEDOUT);
	assert_int_equal(script.now_ns, 1000 + UINT64_C(5001) * 1000000);
	assert_int_equal(klog.next, 10); /* net_ratelimit() leaves out the rest */
}

static void
cm_3_what_is_too_short_to_be_a_reply_is_dropped(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(REPLY(3), 0x1ff, 0, 1, 7);
	reply(REPLY(3), 0x1ff, 0, 1, 16 + ENTRY);
	assert_int_equal(lookup(value), 0);
	assert_said("cmsg drop - too short 7!");
	reply(NIC_CCM_BPF_EVENT, 0x200, 0, 1, 3);
	assert_int_equal(lookup(value), -ETIMEDOUT);
	assert_string_equal(klog.lines[1].text, "nfp 0000:04:00.0: cmsg drop - too short 3!");
	assert_int_equal(script.events, 0);
}

static void
cm_4_a_reply_to_no_request_is_dropped(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(REPLY(3), 0x1fe, 0, 1, 16 + ENTRY);
	reply(REPLY(3), 0x1ff, 0, 1, 16 + ENTRY);
	assert_int_equal(lookup(value), 0);
	assert_said("cmsg drop - no one is waiting for tag 510!");
}

static void
an_event_among_replies_is_an_event(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(NIC_CCM_BPF_EVENT, 0x1ff, 0, 1, 64);
	reply(REPLY(3), 0x1ff, 0, 1, 16 + ENTRY);
	assert_int_equal(lookup(value), 0);
	assert_int_equal(script.events, 1);
	assert_said("");
}

/* ---- what is believed ---- */

static void
cm_5_a_reply_of_another_type_is_an_io_error(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(REPLY(4), 0x1ff, 0, 1, 16 + ENTRY);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - wrong type 0x84 != 0x83!");
	begin_again();
	reply(3, 0x1ff, 0, 1, 16 + ENTRY); /* the request itself */
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - wrong type 0x03 != 0x83!");
}

/* The sentence has the request's type, the one before has the reply's: so in the driver. */
static void
cm_6_a_short_reply_has_one_length(void **state)
{
	uint32_t id;

	(void)state;
	for (size_t bytes = 8; bytes <= 16; bytes++) {
		char sentence[80];

		begin_again();
		reply(REPLY(1), 0x1ff, 0, 77, bytes);
		assert_int_equal(alloc_map(&id), bytes == 12 ? 0 : -EIO);
		snprintf(sentence, sizeof(sentence), "cmsg drop - type 0x01 wrong size %zu != 12!",
			bytes);
		assert_said(bytes == 12 ? "" : sentence);
	}
}

static void
cm_7_an_operation_without_its_fixed_part_is_an_io_error(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(REPLY(3), 0x1ff, 0, 1, 15);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x03 too short 15!");
	reply(REPLY(3), 0x200, 2, 0, 8); /* a result without it, too */
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x03 too short 8!");
}

static void
cm_8_a_success_has_the_length_of_its_entries(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(REPLY(3), 0x1ff, 0, 1, 16 + ENTRY - 1);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x03 too short 143 for 1 entries!");
	reply(REPLY(3), 0x200, 0, 1, 16 + ENTRY + 1);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x03 too short 145 for 1 entries!");
	reply(REPLY(3), 0x201, 0, 2, 16 + ENTRY);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x03 too short 144 for 2 entries!");
}

/* In 32 bits, so many entries are as long as none. */
static void
cm_8_a_count_is_not_believed_to_be_small(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(REPLY(3), 0x1ff, 0, 0x2000000, 16);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x03 too short 16 for 33554432 entries!");
}

/* The driver would read the answer from behind the message. */
static void
cm_8_success_without_an_entry_is_an_io_error_where_one_is_wanted(void **state)
{
	const struct off_ccm_operation op = { .type = NIC_CCM_MAP_DELETE, .key = "abcd" };
	uint8_t value[8];

	(void)state;
	reply(REPLY(3), 0x1ff, 0, 0, 16);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x03 too short 16 for 1 entries!");
	begin_again();
	reply(REPLY(5), 0x1ff, 0, 0, 16);
	assert_int_equal(off_ccm_map_operate(&ccm, &map, &op), 0);
	assert_said("");
}

/* Nobody asked for two; the driver does not mind. */
static void
more_entries_than_were_asked_for_are_taken(void **state)
{
	uint8_t value[8];

	(void)state;
	memcpy(reply(REPLY(3), 0x1ff, 0, 2, 16 + 2 * ENTRY) + 16 + KEY, "12345678", 8);
	assert_int_equal(lookup(value), 0);
	assert_memory_equal(value, "12345678", 8);
}

static void
cm_9_results_are_errnos(void **state)
{
	static const int errnos[] = { 0, -EBADFD, -ENOENT, -EINVAL, -EIO, -EEXIST, -ENOMEM,
		-E2BIG };
	static const uint32_t unknown[] = { 8, 0x80000000, UINT32_MAX };
	uint8_t value[8];
	uint32_t id;

	(void)state;
	for (uint32_t rc = 1; rc < 8; rc++) {
		begin_again();
		reply(REPLY(3), 0x1ff, rc, 0, 16 + ENTRY);
		assert_int_equal(lookup(value), errnos[rc]);
		reply(REPLY(1), 0x200, rc, 0, 12);
		assert_int_equal(alloc_map(&id), errnos[rc]);
		assert_said("");
	}
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		char sentence[80];

		begin_again();
		reply(REPLY(3), 0x1ff, unknown[i], 0, 16 + ENTRY);
		assert_int_equal(lookup(value), -EIO);
		snprintf(sentence, sizeof(sentence), "FW responded with invalid status: %u",
			unknown[i]);
		assert_said(sentence);
	}
}

/* A result is looked at before the length; what failed for want of one is not told. */
static void
cm_9_a_result_is_believed_whatever_the_length(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(REPLY(3), 0x1ff, 2, 0, 16);
	assert_int_equal(lookup(value), -ENOENT);
	reply(REPLY(3), 0x200, 2, 7, 17);
	assert_int_equal(lookup(value), -ENOENT);
	assert_said("");
}

/* ---- maps that stay there ---- */

static void
cm_10_a_free_without_a_good_reply_leaks(void **state)
{
	(void)state;
	off_ccm_map_free(&ccm, &map);
	assert_string_equal(
		klog.lines[0].text, "nfp 0000:04:00.0: timeout waiting for response to 0x02");
	assert_said("leaking map - I/O error");
	begin_again();
	reply(REPLY(2), 0x1ff, 0, 0, 16);
	off_ccm_map_free(&ccm, &map);
	assert_said("leaking map - I/O error");
}

static void
cm_11_a_free_that_is_refused_leaks(void **state)
{
	(void)state;
	reply(REPLY(2), 0x1ff, NIC_CCM_BAD_MAP, 0, 12);
	off_ccm_map_free(&ccm, &map);
	assert_said("leaking map - FW responded with: -77");
	assert_int_equal(EBADFD, 77);
}

/* ---- the channel's MTU ---- */

static void
cm_15_a_message_holds_an_entry(void **state)
{
	(void)state;
	assert_int_equal(off_ccm_start(&ccm, 16 + ENTRY, false), 0);
	assert_said("");
	assert_int_equal(off_ccm_start(&ccm, 16 + ENTRY - 1, false), -EINVAL);
	assert_said("nfp: ctrl channel MTU below min required 143 < 144");
	ccm.key_bytes = ccm.value_bytes = UINT32_MAX;
	assert_int_equal(off_ccm_start(&ccm, 9216, true), -EINVAL);
	assert_said("nfp: ctrl channel MTU below min required 9216 < 8589934606");
}

static void
the_mtu_has_room_for_four_entries_when_abi_3_asks(void **state)
{
	(void)state;
	assert_int_equal(off_ccm_mtu(&ccm, false, 9216), 1500);
	assert_int_equal(off_ccm_mtu(&ccm, true, 9216), 1500);
	ccm.key_bytes = 400;
	assert_int_equal(off_ccm_mtu(&ccm, false, 9216), 1500);
	assert_int_equal(off_ccm_mtu(&ccm, true, 9216), 16 + 4 * 464);
	assert_int_equal(off_ccm_mtu(&ccm, true, 1600), 1600);
	assert_int_equal(off_ccm_mtu(&ccm, false, 1400), 1400);
}

static void
a_walk_asks_for_what_fits_and_for_four_at_most(void **state)
{
	static const struct {
		uint32_t mtu, entries;
	} cases[] = { { 144, 1 }, { 271, 1 }, { 272, 2 }, { 400, 3 }, { 527, 3 }, { 528, 4 },
		{ 1500, 4 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(off_ccm_start(&ccm, cases[i].mtu, true), 0);
		assert_int_equal(ccm.walk_entries, cases[i].entries);
		assert_int_equal(off_ccm_start(&ccm, cases[i].mtu, false), 0);
		assert_int_equal(ccm.walk_entries, 1);
	}
}

/* ---- the kernel log ---- */

/* net_ratelimit(): ten lines in five seconds. */
static void
a_log_full_of_complaints_says_how_many_it_left_out(void **state)
{
	uint8_t value[8];

	(void)state;
	for (int i = 0; i < 25; i++)
		assert_int_equal(lookup(value), -ETIMEDOUT);
	assert_int_equal(klog.next, 10);
	script.now_ns += UINT64_C(5000000000);
	assert_int_equal(lookup(value), -ETIMEDOUT);
	assert_int_equal(klog.next, 10);
	script.now_ns++;
	assert_int_equal(lookup(value), -ETIMEDOUT);
	assert_int_equal(klog.next, 12);
	assert_string_equal(klog.lines[10].text, "net_ratelimit: 16 callbacks suppressed");
	assert_said("timeout waiting for response to 0x03");
	assert_int_equal(klog.lines[11].time_ns, script.now_ns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_have_the_bytes_the_firmware_wants),
		TEST(slots_have_the_size_of_the_abi),
		TEST(an_update_sends_key_value_and_flags),
		TEST(cm_16_messages_have_room_for_32_bits_of_flags),
		TEST(cm_17_what_is_longer_than_its_slot_is_not_sent),
		TEST(tags_are_different_and_come_round),
		TEST(cm_1_tags_in_use_are_16384_at_most),
		TEST(cm_1_one_that_waits_holds_back_the_tags_behind_it),
		TEST(replies_out_of_order_find_their_requests),
		TEST(a_second_reply_to_a_request_is_not_kept_for_the_next_one_with_its_tag),
		TEST(cm_2_without_a_reply_the_request_times_out),
		TEST(cm_2_a_firmware_that_never_stops_talking_does_not_make_it_longer),
		TEST(cm_3_what_is_too_short_to_be_a_reply_is_dropped),
		TEST(cm_4_a_reply_to_no_request_is_dropped),
		TEST(an_event_among_replies_is_an_event),
		TEST(cm_5_a_reply_of_another_type_is_an_io_error),
		TEST(cm_6_a_short_reply_has_one_length),
		TEST(cm_7_an_operation_without_its_fixed_part_is_an_io_error),
		TEST(cm_8_a_success_has_the_length_of_its_entries),
		TEST(cm_8_a_count_is_not_believed_to_be_small),
		TEST(cm_8_success_without_an_entry_is_an_io_error_where_one_is_wanted),
		TEST(more_entries_than_were_asked_for_are_taken),
		TEST(cm_9_results_are_errnos),
		TEST(cm_9_a_result_is_believed_whatever_the_length),
		TEST(cm_10_a_free_without_a_good_reply_leaks),
		TEST(cm_11_a_free_that_is_refused_leaks),
		TEST(cm_15_a_message_holds_an_entry),
		TEST(the_mtu_has_room_for_four_entries_when_abi_3_asks),
		TEST(a_walk_asks_for_what_fits_and_for_four_at_most),
		TEST(a_log_full_of_complaints_says_how_many_it_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
