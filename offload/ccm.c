/* SPDX-License-Identifier: BSD-2-Clause */
/* Control messages are sent, and what comes back is given to who waits for it. */
#include "offload/ccm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TAGS_SPAN (UINT16_MAX / 4) /* more than these between the oldest and the next: busy */
#define MTU_DEFAULT 1500u
#define WALK_ENTRIES_MAX 4u
/* 50 looks of 4 us, then a sleep. */
#define WAIT_NS UINT64_C(5000200000)

void
off_ccm_init(struct off_ccm *ccm)
{
	ccm->walk_entries = 1;
	TAILQ_INIT(&ccm->replies);
}

void
off_ccm_fini(struct off_ccm *ccm)
{
	struct off_ccm_reply *reply;

	while ((reply = TAILQ_FIRST(&ccm->replies))) {
		TAILQ_REMOVE(&ccm->replies, reply, in_ccm);
		free(reply);
	}
}

/* ---- how long messages are ---- */

uint64_t
off_ccm_bytes(const struct off_ccm *ccm, uint64_t entries)
{
	return NIC_CCM_OP_BYTES + entries * ((uint64_t)ccm->key_bytes + ccm->value_bytes);
}

/* The app asks for one only in ABI 3 (nfp_bpf_init, nfp_net_init). */
uint32_t
off_ccm_mtu(const struct off_ccm *ccm, bool is_abi3, uint32_t mtu_max)
{
	uint64_t wanted = MTU_DEFAULT;

	if (is_abi3 && off_ccm_bytes(ccm, WALK_ENTRIES_MAX) > wanted)
		wanted = off_ccm_bytes(ccm, WALK_ENTRIES_MAX);
	return wanted < mtu_max ? (uint32_t)wanted : mtu_max;
}

int
off_ccm_start(struct off_ccm *ccm, uint32_t mtu, bool has_multi_entry)
{
	const uint64_t least = off_ccm_bytes(ccm, 1);
	const struct off_rule_info *rule = off_rule_info(OFF_RULE_CM_15);
	char text[96];

	if (mtu < least) {
		snprintf(text, sizeof(text), rule->text, mtu, (unsigned long long)least);
		off_klog_add(ccm->log, "%s: %s", ccm->device, text);
		return -rule->err;
	}
	ccm->walk_entries = 1;
	while (has_multi_entry && ccm->walk_entries < WALK_ENTRIES_MAX &&
		off_ccm_bytes(ccm, ccm->walk_entries + 1) <= mtu)
		ccm->walk_entries++;
	return 0;
}

/* ---- tags ---- */

static uint64_t
tag_bit(uint16_t tag)
{
	return UINT64_C(1) << (tag & 63);
}

static bool
is_tag_used(const struct off_ccm *ccm, uint16_t tag)
{
	return ccm->tags[tag / 64] & tag_bit(tag);
}

/* A tag comes round late, so that a reply after its time is nobody's. One that is in use long keeps
 * those behind it from coming round, too. */
static int
alloc_tag(struct off_ccm *ccm)
{
	const uint16_t used = (uint16_t)(ccm->tag_next - ccm->tag_last);

	if (used > TAGS_SPAN) {
		off_klog_warn(ccm->log, ccm->device, OFF_RULE_CM_1);
		return -EAGAIN;
	}
	ccm->tags[ccm->tag_next / 64] |= tag_bit(ccm->tag_next);
	return ccm->tag_next++;
}

static void
free_tag(struct off_ccm *ccm, uint16_t tag)
{
	ccm->tags[tag / 64] &= ~tag_bit(tag);
	while (ccm->tag_last != ccm->tag_next && !is_tag_used(ccm, ccm->tag_last))
		ccm->tag_last++;
}

static uint16_t
tag_of(const uint8_t *message)
{
	return (uint16_t)(message[NIC_CCM_TAG] << 8 | message[NIC_CCM_TAG + 1]);
}

static struct off_ccm_reply *
find_reply(const struct off_ccm *ccm, uint16_t tag)
{
	struct off_ccm_reply *reply;

	TAILQ_FOREACH (reply, &ccm->replies, in_ccm)
		if (tag_of(reply->message) == tag)
			break;
	return reply;
}

static struct off_ccm_reply *
take_reply(struct off_ccm *ccm, uint16_t tag)
{
	struct off_ccm_reply *reply = find_reply(ccm, tag);

	if (!reply)
		return NULL;
	TAILQ_REMOVE(&ccm->replies, reply, in_ccm);
	free_tag(ccm, tag);
	return reply;
}

/* ---- messages ---- */

/* A second reply before the first is taken would wait for the tag to come round, and be believed
 * then: it is dropped. */
static void
keep_reply(struct off_ccm *ccm, const uint8_t *message, size_t bytes)
{
	struct off_ccm_reply *reply;

	if (find_reply(ccm, tag_of(message)))
		return;
	reply = malloc(sizeof(*reply) + bytes);
	if (!reply)
		return;
	reply->bytes = bytes;
	memcpy(reply->message, message, bytes);
	TAILQ_INSERT_TAIL(&ccm->replies, reply, in_ccm);
}

void
off_ccm_rx(struct off_ccm *ccm, const uint8_t *message, size_t bytes)
{
	if (bytes < NIC_CCM_REPLY_BYTES_MIN)
		off_klog_warn(ccm->log, ccm->device, OFF_RULE_CM_3, (int)bytes);
	else if (message[NIC_CCM_TYPE] == NIC_CCM_BPF_EVENT)
		ccm->channel.event(ccm->channel.arg, message, bytes);
	else if (!is_tag_used(ccm, tag_of(message)))
		off_klog_warn(ccm->log, ccm->device, OFF_RULE_CM_4, (unsigned)tag_of(message));
	else
		keep_reply(ccm, message, bytes);
}

int
off_ccm_send(struct off_ccm *ccm, uint8_t *request, size_t bytes)
{
	const int tag = alloc_tag(ccm);

	if (tag < 0)
		return tag;
	request[NIC_CCM_VER] = NIC_CCM_VERSION;
	request[NIC_CCM_TAG] = (uint8_t)(tag >> 8);
	request[NIC_CCM_TAG + 1] = (uint8_t)tag;
	ccm->channel.send(ccm->channel.arg, request, bytes);
	return tag;
}

/* NULL: nothing came in time. Messages that are none do not make the time longer. */
static struct off_ccm_reply *
wait_for(struct off_ccm *ccm, uint16_t tag)
{
	const uint64_t end = off_now(&ccm->log->clock) + WAIT_NS;
	uint8_t message[NIC_CCM_BYTES_MAX];
	struct off_ccm_reply *reply;
	size_t bytes;

	while (!(reply = take_reply(ccm, tag)) && off_now(&ccm->log->clock) < end) {
		bytes = ccm->channel.receive(ccm->channel.arg, message, sizeof(message));
		if (bytes == 0)
			break;
		off_ccm_rx(ccm, message, bytes);
	}
	if (!reply)
		free_tag(ccm, tag);
	return reply;
}

int
off_ccm_wait(struct off_ccm *ccm, const uint8_t *request, int tag, size_t reply_bytes,
	struct off_ccm_reply **reply)
{
	const uint8_t type = request[NIC_CCM_TYPE], right = type | NIC_CCM_REPLY;
	struct off_ccm_reply *r = wait_for(ccm, (uint16_t)tag);

	*reply = NULL;
	if (!r) {
		off_klog_warn(ccm->log, ccm->device, OFF_RULE_CM_2, type);
		return -ETIMEDOUT;
	}
	if (r->message[NIC_CCM_TYPE] != right)
		off_klog_warn(
			ccm->log, ccm->device, OFF_RULE_CM_5, r->message[NIC_CCM_TYPE], right);
	else if (reply_bytes && r->bytes != reply_bytes)
		off_klog_warn(ccm->log, ccm->device, OFF_RULE_CM_6, type, (int)r->bytes,
			(int)reply_bytes);
	else
		*reply = r;
	if (*reply)
		return 0;
	free(r);
	return -EIO;
}

int
off_ccm_communicate(struct off_ccm *ccm, uint8_t *request, size_t bytes, size_t reply_bytes,
	struct off_ccm_reply **reply)
{
	const int tag = off_ccm_send(ccm, request, bytes);

	*reply = NULL;
	return tag < 0 ? tag : off_ccm_wait(ccm, request, tag, reply_bytes, reply);
}

int
off_ccm_errno(struct off_ccm *ccm, const struct off_ccm_reply *reply)
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
	const uint32_t rc = nic_ccm_get(reply->message + NIC_CCM_RC);

	if (rc < ARRAY_SIZE(errors))
		return errors[rc];
	off_klog_warn(ccm->log, ccm->device, OFF_RULE_CM_9, rc);
	return -EIO;
}
