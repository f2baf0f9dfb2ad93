/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware that says what a test wrote down, a clock that a test moves, and the driver's side of
 * control messages between them, alone. Used by ccm_test.c, ccm_cache_test.c.
 */
#ifndef TESTS_UNIT_OFFLOAD_CCM_SCRIPT_H
#define TESTS_UNIT_OFFLOAD_CCM_SCRIPT_H

#include "offload/ccm.h"
#include "tests/_cmocka.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#define REPLIES_MAX 8
#define KEY 64u
#define VALUE 64u
#define ENTRY (KEY + VALUE)
#define FIRST_TAG 0x1ff
#define REPLY(type) ((uint8_t)((type) | NIC_CCM_REPLY))

struct script {
	uint8_t sent[NIC_CCM_BYTES_MAX]; /* the last request */
	size_t sent_bytes;
	unsigned int sent_cnt;
	struct {
		uint8_t bytes[1024];
		size_t size;
	} replies[REPLIES_MAX];
	unsigned int cnt, next;
	bool repeats;		  /* the last reply, for ever */
	void (*meanwhile)(void);  /* called once when a request is on its way */
	uint64_t now_ns, step_ns; /* step: what each receive takes */
	unsigned int events;
};

static struct script script;
static struct off_klog klog;
static struct off_ccm ccm;
static struct off_ccm_map map;

static uint64_t
script_now(void *arg)
{
	return ((struct script *)arg)->now_ns;
}

static void
send_message(void *arg, const uint8_t *message, size_t bytes)
{
	struct script *s = arg;
	void (*meanwhile)(void) = s->meanwhile;

	memcpy(s->sent, message, bytes);
	s->sent_bytes = bytes;
	s->sent_cnt++;
	s->meanwhile = NULL;
	if (meanwhile)
		meanwhile();
}

static size_t
receive_message(void *arg, uint8_t *message, size_t size)
{
	struct script *s = arg;
	unsigned int which = s->next;

	(void)size;
	s->now_ns += s->step_ns;
	if (which == s->cnt && s->repeats)
		which--;
	else if (which == s->cnt)
		return 0;
	else
		s->next++;
	memcpy(message, s->replies[which].bytes, s->replies[which].size);
	return s->replies[which].size;
}

static void
count_event(void *arg, const uint8_t *message, size_t bytes)
{
	(void)message;
	(void)bytes;
	((struct script *)arg)->events++;
}

static int
script_setup(void **state)
{
	(void)state;
	memset(&script, 0, sizeof(script));
	memset(&klog, 0, sizeof(klog));
	script.now_ns = 1000;
	klog.clock = (struct off_clock){ script_now, &script };
	ccm = (struct off_ccm){
		.channel = { send_message, receive_message, count_event, &script },
		.log = &klog,
		.device = "nfp 0000:04:00.0",
		.key_bytes = KEY,
		.value_bytes = VALUE,
		.tag_next = FIRST_TAG,
		.tag_last = FIRST_TAG,
	};
	off_ccm_init(&ccm);
	map = (struct off_ccm_map){ .id = 9, .key_bytes = 4, .value_bytes = 8 };
	return 0;
}

static int
script_teardown(void **state)
{
	(void)state;
	free(map.cache);
	map.cache = NULL;
	off_ccm_fini(&ccm);
	return 0;
}

/* In the middle of a test. */
static inline void
begin_again(void)
{
	script_teardown(NULL);
	script_setup(NULL);
}

/* The next reply: type, tag, rc, second number; so many bytes. */
static inline uint8_t *
reply(uint8_t type, uint16_t tag, uint32_t rc, uint32_t number, size_t size)
{
	uint8_t *m = script.replies[script.cnt].bytes;

	assert_true(script.cnt < REPLIES_MAX && size <= sizeof(script.replies[0].bytes));
	memset(m, 0, sizeof(script.replies[0].bytes));
	script.replies[script.cnt++].size = size;
	m[0] = type;
	m[1] = NIC_CCM_VERSION;
	m[2] = (uint8_t)(tag >> 8);
	m[3] = (uint8_t)tag;
	nic_ccm_put(m + NIC_CCM_RC, rc);
	nic_ccm_put(m + NIC_CCM_OP_COUNT, number);
	return m;
}

/* "nfp ...: sentence" is the last line of the kernel log; "": there is none. */
static inline void
assert_said(const char *sentence)
{
	char line[256];

	if (!*sentence) {
		assert_int_equal(klog.next, 0);
		return;
	}
	assert_int_not_equal(klog.next, 0);
	snprintf(line, sizeof(line), "nfp 0000:04:00.0: %s", sentence);
	assert_string_equal(klog.lines[(klog.next - 1) % OFF_KLOG_LINES].text, line);
}

static inline int
lookup(uint8_t *value)
{
	static const uint8_t key[4] = { 1, 2, 3, 4 };
	const struct off_ccm_operation op = {
		.type = NIC_CCM_MAP_LOOKUP, .key = key, .value_out = value
	};

	return off_ccm_map_operate(&ccm, &map, &op);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, script_setup, script_teardown)

#endif
