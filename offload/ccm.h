/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's side of control messages (nic/ccm.h; nfp-offload-rules.md 8): what is asked of the
 * firmware about maps, and which of its replies are believed. Whom the bytes go to is the caller's;
 * used by nfp_map.c.
 */
#ifndef OFF_CCM_H
#define OFF_CCM_H

#include "nic/ccm.h"

#include <stddef.h>
#include <stdint.h>

/* The channel to the firmware. */
struct off_ccm_channel {
	void (*send)(void *arg, const uint8_t *message, size_t bytes);
	/* The next message from the firmware, its length, at most size; 0: none in 5 seconds. */
	size_t (*receive)(void *arg, uint8_t *message, size_t size);
	void *arg;
};

struct off_ccm {
	struct off_ccm_channel channel;
	uint32_t key_bytes, value_bytes; /* of slots */
	uint16_t next_tag;
	char said[128]; /* the driver's last sentence in the kernel's log; "" */
};

/* All return 0 or -errno: the firmware's result as the driver has it, -ETIMEDOUT, -EIO for a reply
 * that is none. */
int off_ccm_map_alloc(struct off_ccm *ccm, uint32_t key_bytes, uint32_t value_bytes,
	uint32_t entries, uint32_t type, uint32_t *id);
int off_ccm_map_free(struct off_ccm *ccm, uint32_t id);

/* What an operation is about. key, value: as the operation reads or writes them, NULL where it does
 * not. */
struct off_ccm_entry {
	uint32_t map;
	uint32_t key_bytes, value_bytes; /* of the map */
	uint32_t flags;
	const void *key;
	const void *value;
	void *key_out, *value_out;
};
int off_ccm_map_operate(
	struct off_ccm *ccm, enum nic_ccm_type type, const struct off_ccm_entry *entry);

#endif
