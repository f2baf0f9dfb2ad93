/* SPDX-License-Identifier: BSD-2-Clause */
/* Control messages are made, sent, and their replies looked at as the driver does. */
#include "offload/ccm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Header and result: less is no reply. */
#define REPLY_BYTES_MIN 8u

static void __attribute__((format(printf, 2, 3))) say(struct off_ccm *ccm, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ccm->said, sizeof(ccm->said), fmt, ap);
	va_end(ap);
}

static uint16_t
tag_of(const uint8_t *message)
{
	return (uint16_t)(message[NIC_CCM_TAG] << 8 | message[NIC_CCM_TAG + 1]);
}

/* ---- a request and its reply ---- */

/* 0, -EIO for what is no reply to the request, -EAGAIN for somebody else's. */
static int
check_reply(struct off_ccm *ccm, const uint8_t *request, const uint8_t *reply, size_t bytes)
{
	const uint8_t type = request[NIC_CCM_TYPE] | NIC_CCM_REPLY;

	if (bytes < REPLY_BYTES_MIN) {
		say(ccm, "cmsg drop - too short %zu!", bytes);
		return -EAGAIN;
	}
	if (tag_of(reply) != tag_of(request)) {
		say(ccm, "cmsg drop - no one is waiting for tag %u!", tag_of(reply));
		return -EAGAIN;
	}
	if (reply[NIC_CCM_TYPE] != type) {
		say(ccm, "cmsg drop - wrong type 0x%02x != 0x%02x!", reply[NIC_CCM_TYPE], type);
		return -EIO;
	}
	return 0;
}

/* The reply's length, or -errno. */
static int
communicate(struct off_ccm *ccm, uint8_t *request, size_t bytes, uint8_t *reply)
{
	size_t got;
	int err;

	request[NIC_CCM_VER] = NIC_CCM_VERSION;
	request[NIC_CCM_TAG] = (uint8_t)(ccm->next_tag >> 8);
	request[NIC_CCM_TAG + 1] = (uint8_t)ccm->next_tag;
	ccm->next_tag++;
	ccm->said[0] = '\0';
	ccm->channel.send(ccm->channel.arg, request, bytes);
	do {
		got = ccm->channel.receive(ccm->channel.arg, reply, NIC_CCM_BYTES_MAX);
		if (got == 0) {
			say(ccm, "timeout waiting for response to 0x%02x", request[NIC_CCM_TYPE]);
			return -ETIMEDOUT;
		}
		err = check_reply(ccm, request, reply, got);
	} while (err == -EAGAIN);
	return err ? err : (int)got;
}

static int
errno_of_rc(struct off_ccm *ccm, uint32_t rc)
{
	static const int errors[] = {
		[NIC_CCM_OK] = 0,
		[NIC_CCM_BAD_MAP] = -EBADFD,
		[NIC_CCM_NO_ENTRY] = -ENOENT,
		[NIC_CCM_BAD_ARGUMENT] = -EINVAL,
		[NIC_CCM_BAD_MESSAGE] = -EIO,
		[NIC_CCM_EXISTS] = -EEXIST,
		[NIC_CCM_NO_MEMORY] = -ENOMEM,
		[NIC_CCM_TOO_BIG] = -E2BIG,
	};

	if (rc < sizeof(errors) / sizeof(errors[0]))
		return errors[rc];
	say(ccm, "FW responded with invalid status: %u", rc);
	return -EIO;
}

/* ---- maps ---- */

/* ALLOC and FREE: *number is the reply's second. */
static int
short_request(struct off_ccm *ccm, uint8_t *request, size_t bytes, uint32_t *number)
{
	uint8_t reply[NIC_CCM_BYTES_MAX];
	const int got = communicate(ccm, request, bytes, reply);

	if (got < 0)
		return got;
	if (got != NIC_CCM_SHORT_BYTES) {
		say(ccm, "cmsg drop - type 0x%02x wrong size %d != %d!", reply[NIC_CCM_TYPE], got,
			NIC_CCM_SHORT_BYTES);
		return -EIO;
	}
	*number = nic_ccm_get(reply + NIC_CCM_REPLY_MAP);
	return errno_of_rc(ccm, nic_ccm_get(reply + NIC_CCM_RC));
}

int
off_ccm_map_alloc(struct off_ccm *ccm, uint32_t key_bytes, uint32_t value_bytes, uint32_t entries,
	uint32_t type, uint32_t *id)
{
	uint8_t request[NIC_CCM_ALLOC_BYTES] = { [NIC_CCM_TYPE] = NIC_CCM_MAP_ALLOC };

	nic_ccm_put(request + NIC_CCM_ALLOC_KEY, key_bytes);
	nic_ccm_put(request + NIC_CCM_ALLOC_VALUE, value_bytes);
	nic_ccm_put(request + NIC_CCM_ALLOC_ENTRIES, entries);
	nic_ccm_put(request + NIC_CCM_ALLOC_MAP_TYPE, type);
	return short_request(ccm, request, sizeof(request), id);
}

int
off_ccm_map_free(struct off_ccm *ccm, uint32_t id)
{
	uint8_t request[NIC_CCM_FREE_BYTES] = { [NIC_CCM_TYPE] = NIC_CCM_MAP_FREE };
	uint32_t cnt;

	nic_ccm_put(request + NIC_CCM_FREE_MAP, id);
	return short_request(ccm, request, sizeof(request), &cnt);
}

/* The reply to a request for one entry has the length its own count says. */
static int
check_entries(struct off_ccm *ccm, const uint8_t *reply, size_t bytes)
{
	const size_t entry = ccm->key_bytes + ccm->value_bytes;
	size_t cnt, right;

	if (bytes < NIC_CCM_OP_BYTES) {
		say(ccm, "cmsg drop - type 0x%02x too short %zu!", reply[NIC_CCM_TYPE], bytes);
		return -EIO;
	}
	cnt = nic_ccm_get(reply + NIC_CCM_OP_COUNT);
	cnt += nic_ccm_get(reply + NIC_CCM_RC) != 0;
	if (cnt > 1) {
		say(ccm, "cmsg drop - type 0x%02x too short %zu for %zu entries!",
			reply[NIC_CCM_TYPE], bytes, cnt);
		return -EIO;
	}
	right = NIC_CCM_OP_BYTES + cnt * entry;
	if (cnt == 0) {
		say(ccm, "cmsg drop - type 0x%02x without an entry", reply[NIC_CCM_TYPE]);
		return -EIO;
	}
	if (bytes == right)
		return 0;
	say(ccm, "cmsg drop - type 0x%02x wrong size %zu != %zu!", reply[NIC_CCM_TYPE], bytes,
		right);
	return -EIO;
}

int
off_ccm_map_operate(struct off_ccm *ccm, enum nic_ccm_type type, const struct off_ccm_entry *entry)
{
	const size_t bytes = NIC_CCM_OP_BYTES + ccm->key_bytes + ccm->value_bytes;
	uint8_t request[NIC_CCM_BYTES_MAX] = { 0 }, reply[NIC_CCM_BYTES_MAX];
	int ret;

	request[NIC_CCM_TYPE] = (uint8_t)type;
	nic_ccm_put(request + NIC_CCM_OP_MAP, entry->map);
	nic_ccm_put(request + NIC_CCM_OP_COUNT, 1);
	nic_ccm_put(request + NIC_CCM_OP_FLAGS, entry->flags);
	if (entry->key)
		memcpy(request + NIC_CCM_OP_BYTES, entry->key, entry->key_bytes);
	if (entry->value)
		memcpy(request + NIC_CCM_OP_BYTES + ccm->key_bytes, entry->value,
			entry->value_bytes);
	ret = communicate(ccm, request, bytes, reply);
	if (ret > 0)
		ret = check_entries(ccm, reply, (size_t)ret);
	if (ret == 0)
		ret = errno_of_rc(ccm, nic_ccm_get(reply + NIC_CCM_RC));
	if (ret)
		return ret;
	if (entry->key_out)
		memcpy(entry->key_out, reply + NIC_CCM_OP_BYTES, entry->key_bytes);
	if (entry->value_out)
		memcpy(entry->value_out, reply + NIC_CCM_OP_BYTES + ccm->key_bytes,
			entry->value_bytes);
	return 0;
}
