/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's side of control messages alone: the bytes it sends, and what it makes of replies
 * that a test wrote down (nfp-offload-rules.md 8).
 */
#include "offload/ccm.h"
#include "tests/_cmocka.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#define REPLIES_MAX 4
#define KEY 64u
#define VALUE 64u

/* A firmware that says what it was told to say. */
struct script {
	uint8_t sent[NIC_CCM_BYTES_MAX];
	size_t sent_bytes;
	struct {
		uint8_t bytes[512];
		size_t size;
	} replies[REPLIES_MAX];
	unsigned int cnt, next;
};

static struct script script;
static struct off_ccm ccm;

static void
send_message(void *arg, const uint8_t *message, size_t bytes)
{
	struct script *s = arg;

	memcpy(s->sent, message, bytes);
	s->sent_bytes = bytes;
}

static size_t
receive_message(void *arg, uint8_t *message, size_t size)
{
	struct script *s = arg;

	(void)size;
	if (s->next == s->cnt)
		return 0;
	memcpy(message, s->replies[s->next].bytes, s->replies[s->next].size);
	return s->replies[s->next++].size;
}

static int
setup(void **state)
{
	(void)state;
	memset(&script, 0, sizeof(script));
	ccm = (struct off_ccm){ .channel = { send_message, receive_message, &script },
		.key_bytes = KEY,
		.value_bytes = VALUE,
		.next_tag = 0x1ff };
	return 0;
}

/* The next reply: type, tag, rc, second number; so many bytes. */
static uint8_t *
reply(uint8_t type, uint16_t tag, uint32_t rc, uint32_t number, size_t size)
{
	uint8_t *m = script.replies[script.cnt].bytes;

	script.replies[script.cnt++].size = size;
	m[0] = type;
	m[1] = NIC_CCM_VERSION;
	m[2] = (uint8_t)(tag >> 8);
	m[3] = (uint8_t)tag;
	m[7] = (uint8_t)rc;
	m[11] = (uint8_t)number;
	return m;
}

static int
alloc_map(uint32_t *id)
{
	return off_ccm_map_alloc(&ccm, 4, 8, 0x10203, BPF_MAP_TYPE_ARRAY, id);
}

static int
lookup(uint8_t *value)
{
	static const uint8_t key[4] = { 1, 2, 3, 4 };
	const struct off_ccm_entry entry = { .map = 9,
		.key_bytes = 4,
		.value_bytes = 8,
		.flags = 0,
		.key = key,
		.value_out = value };

	return off_ccm_map_operate(&ccm, NIC_CCM_MAP_LOOKUP, &entry);
}

#define REPLY(type) ((type) | NIC_CCM_REPLY)
#define assert_said(sentence) assert_string_equal(ccm.said, sentence)

/* ---- what is sent ---- */

static void
requests_have_the_bytes_the_firmware_wants(void **state)
{
	static const uint8_t alloc[] = { 1, 1, 0x01, 0xff, 0, 0, 0, 4, 0, 0, 0, 8, 0, 1, 2, 3, 0, 0,
		0, 2, 0, 0, 0, 0 };
	static const uint8_t free_it[] = { 2, 1, 0x02, 0x00, 0, 0, 0, 77 };
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
	assert_int_equal(off_ccm_map_free(&ccm, 77), 0);
	assert_int_equal(script.sent_bytes, sizeof(free_it));
	assert_memory_equal(script.sent, free_it, sizeof(free_it));
	memcpy(reply(REPLY(3), 0x201, 0, 1, 16 + KEY + VALUE) + 16 + KEY, "12345678", 8);
	assert_int_equal(lookup(value), 0);
	assert_memory_equal(value, "12345678", 8);
	assert_int_equal(script.sent_bytes, 16 + KEY + VALUE); /* one slot, whatever is asked */
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
	const struct off_ccm_entry entry = { .map = 9,
		.key_bytes = 2,
		.value_bytes = 3,
		.flags = BPF_NOEXIST,
		.key = "ab",
		.value = "xyz" };

	(void)state;
	reply(REPLY(4), 0x1ff, 0, 1, 16 + KEY + VALUE);
	assert_int_equal(off_ccm_map_operate(&ccm, NIC_CCM_MAP_UPDATE, &entry), 0);
	assert_int_equal(script.sent[15], BPF_NOEXIST);
	assert_memory_equal(script.sent + 16, "ab\0", 3);
	assert_memory_equal(script.sent + 16 + KEY, "xyz\0", 4);
}

/* ---- what comes back ---- */

static void
results_are_errnos(void **state)
{
	static const int errnos[] = { 0, -EBADFD, -ENOENT, -EINVAL, -EIO, -EEXIST, -ENOMEM,
		-E2BIG };
	uint8_t value[8];

	(void)state;
	for (uint32_t rc = 1; rc < 8; rc++) {
		setup(NULL);
		reply(REPLY(3), 0x1ff, rc, 0, 16 + KEY + VALUE);
		assert_int_equal(lookup(value), errnos[rc]);
		assert_said("");
	}
	setup(NULL);
	reply(REPLY(3), 0x1ff, 8, 0, 16 + KEY + VALUE);
	assert_int_equal(lookup(value), -EIO);
	assert_said("FW responded with invalid status: 8");
}

static void
without_a_reply_the_request_times_out(void **state)
{
	uint8_t value[8];

	(void)state;
	assert_int_equal(lookup(value), -ETIMEDOUT);
	assert_said("timeout waiting for response to 0x03");
}

static void
what_is_for_nobody_is_dropped_and_waiting_goes_on(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(REPLY(3), 0x1fe, 0, 1, 16 + KEY + VALUE);
	reply(REPLY(3), 0x1ff, 0, 1, 7);
	assert_int_equal(lookup(value), -ETIMEDOUT);
	setup(NULL);
	reply(REPLY(3), 0x1fe, 0, 1, 16 + KEY + VALUE);
	reply(REPLY(3), 0x1ff, 0, 1, 7);
	reply(REPLY(3), 0x1ff, 0, 1, 16 + KEY + VALUE);
	assert_int_equal(lookup(value), 0);
	assert_said("cmsg drop - too short 7!");
	setup(NULL);
	reply(REPLY(3), 0x1fe, 0, 1, 16 + KEY + VALUE);
	reply(REPLY(3), 0x1ff, 0, 1, 16 + KEY + VALUE);
	assert_int_equal(lookup(value), 0);
	assert_said("cmsg drop - no one is waiting for tag 510!");
}

static void
a_reply_of_another_type_is_an_io_error(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(REPLY(4), 0x1ff, 0, 1, 16 + KEY + VALUE);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - wrong type 0x84 != 0x83!");
}

static void
a_reply_of_a_wrong_length_is_an_io_error(void **state)
{
	uint8_t value[8];
	uint32_t id;

	(void)state;
	reply(REPLY(1), 0x1ff, 0, 77, 13);
	assert_int_equal(alloc_map(&id), -EIO);
	assert_said("cmsg drop - type 0x81 wrong size 13 != 12!");
	setup(NULL);
	reply(REPLY(3), 0x1ff, 0, 1, 15);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x83 too short 15!");
	setup(NULL);
	reply(REPLY(3), 0x1ff, 0, 1, 16 + KEY + VALUE - 1);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x83 wrong size 143 != 144!");
	setup(NULL);
	reply(REPLY(3), 0x1ff, 2, 0, 16); /* what failed has its slot, too */
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x83 wrong size 16 != 144!");
	setup(NULL);
	reply(REPLY(3), 0x1ff, 0, 2, 16 + 2 * (KEY + VALUE)); /* more than was asked for */
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x83 too short 272 for 2 entries!");
}

static void
success_without_an_entry_is_an_io_error(void **state)
{
	uint8_t value[8];

	(void)state;
	reply(REPLY(3), 0x1ff, 0, 0, 16);
	assert_int_equal(lookup(value), -EIO);
	assert_said("cmsg drop - type 0x83 without an entry");
}

static void
tags_are_different_and_come_round(void **state)
{
	uint8_t value[8];

	(void)state;
	ccm.next_tag = 0xffff;
	reply(REPLY(3), 0xffff, 0, 1, 16 + KEY + VALUE);
	reply(REPLY(3), 0, 0, 1, 16 + KEY + VALUE);
	assert_int_equal(lookup(value), 0);
	assert_int_equal(lookup(value), 0);
	assert_int_equal(ccm.next_tag, 1);
}

#define CASE(f) cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(requests_have_the_bytes_the_firmware_wants),
		CASE(slots_have_the_size_of_the_abi),
		CASE(an_update_sends_key_value_and_flags),
		CASE(results_are_errnos),
		CASE(without_a_reply_the_request_times_out),
		CASE(what_is_for_nobody_is_dropped_and_waiting_goes_on),
		CASE(a_reply_of_another_type_is_an_io_error),
		CASE(a_reply_of_a_wrong_length_is_an_io_error),
		CASE(success_without_an_entry_is_an_io_error),
		CASE(tags_are_different_and_come_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
