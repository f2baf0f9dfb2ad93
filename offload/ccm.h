/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's side of control messages (nic/ccm.h; nfp-offload-rules.md 8; kernel:
 * drivers/net/ethernet/netronome/nfp/{ccm.c,bpf/cmsg.c}): what is asked of the firmware about maps,
 * which of its messages are believed, and what is said of the others in the kernel log (rules CM).
 * Where bytes go and come from is the caller's. Used by nfp*.c; with the machine's lock held.
 */
#ifndef OFF_CCM_H
#define OFF_CCM_H

#include "nic/ccm.h"
#include "offload/internal.h"

/* The channel to the firmware. */
struct off_ccm_channel {
	void (*send)(void *arg, const uint8_t *message, size_t bytes);
	/* The next message from the firmware, its length, at most size; 0: none in 5 seconds. */
	size_t (*receive)(void *arg, uint8_t *message, size_t size);
	/* Takes a BPF_EVENT; its bytes are a stranger's. */
	void (*event)(void *arg, const uint8_t *message, size_t bytes);
	void *arg;
};

/* A message that has come, and whose tag somebody waits for. */
struct off_ccm_reply {
	TAILQ_ENTRY(off_ccm_reply) in_ccm;
	size_t bytes; /* NIC_CCM_REPLY_BYTES_MIN at least */
	uint8_t message[];
};

#define OFF_CCM_TAGS 65536u

struct off_ccm {
	struct off_ccm_channel channel;
	struct off_klog *log;
	const char *device;		 /* in the log */
	uint32_t key_bytes, value_bytes; /* of slots */
	uint32_t walk_entries;		 /* that a walk asks for, 1: the firmware knows no more */
	/* Tags: the next one, the oldest that is in use, those in use. */
	uint16_t tag_next, tag_last;
	uint64_t tags[OFF_CCM_TAGS / 64];
	TAILQ_HEAD(, off_ccm_reply) replies;
};

/* ---- ccm.c ---- */

/* channel, log and device are there already. */
void off_ccm_init(struct off_ccm *ccm);
void off_ccm_fini(struct off_ccm *ccm);
/* How long a message of so many entries is, request or reply. */
uint64_t off_ccm_bytes(const struct off_ccm *ccm, uint64_t entries);
/* What the channel's MTU is, ABI 3 or not, its longest being mtu_max; then walk_entries. -EINVAL:
 * not one entry fits, rule CM-15. */
uint32_t off_ccm_mtu(const struct off_ccm *ccm, bool is_abi3, uint32_t mtu_max);
int off_ccm_start(struct off_ccm *ccm, uint32_t mtu, bool has_multi_entry);

/* A message of the firmware's, of any bytes: to whom it may concern. */
void off_ccm_rx(struct off_ccm *ccm, const uint8_t *message, size_t bytes);
/* The request gets a tag and is sent. The tag, or -EAGAIN. */
int off_ccm_send(struct off_ccm *ccm, uint8_t *request, size_t bytes);
/* Its reply, to be freed; the tag is free then. -ETIMEDOUT; -EIO: of another type or, when
 * reply_bytes is not 0, length. */
int off_ccm_wait(struct off_ccm *ccm, const uint8_t *request, int tag, size_t reply_bytes,
	struct off_ccm_reply **reply);
/* Both. */
int off_ccm_communicate(struct off_ccm *ccm, uint8_t *request, size_t bytes, size_t reply_bytes,
	struct off_ccm_reply **reply);
/* Of a reply. */
int off_ccm_errno(struct off_ccm *ccm, const struct off_ccm_reply *reply);

/* ---- ccm_map.c: all return 0 or -errno ---- */

/* A map of the card. The last entries of a walk are kept for a while: its next steps, and lookups
 * of what they found, are answered from there, stale as they may be. */
struct off_ccm_map {
	uint32_t id; /* the firmware's */
	uint32_t key_bytes, value_bytes;
	struct off_ccm_reply *cache; /* NULL: none */
	uint64_t cache_until;	     /* ns */
	uint32_t blockers;	     /* changes in flight: nothing is kept meanwhile */
	uint32_t generation;	     /* changes that have ended */
};

/* Of those sizes; sets map. */
int off_ccm_map_alloc(struct off_ccm *ccm, const struct xb_map_def *def, struct off_ccm_map *map);
/* What the firmware does not let go is leaked, and the log says so. */
void off_ccm_map_free(struct off_ccm *ccm, struct off_ccm_map *map);

/* LOOKUP to GETFIRST. key, value: as it reads or writes them, NULL where it does not. */
struct off_ccm_operation {
	enum nic_ccm_type type;
	uint64_t flags;
	const void *key, *value;
	void *key_out, *value_out;
};
int off_ccm_map_operate(
	struct off_ccm *ccm, struct off_ccm_map *map, const struct off_ccm_operation *op);

#endif
