/* SPDX-License-Identifier: BSD-2-Clause */
/* Which flow a packet belongs to: the hash a NIC spreads packets over its queues with. */
#ifndef APP_FLOW_H
#define APP_FLOW_H

#include <stddef.h>
#include <stdint.h>

#define FLOW_KEY_MAX 36 /* two IPv6 addresses, two ports */

/* Once, before flow_hash(). */
void flow_init(void);
/* The bytes that name the flow of an Ethernet frame, and how many. */
size_t flow_key(const uint8_t *frame, size_t len, uint8_t key[FLOW_KEY_MAX]);
uint32_t flow_hash(const uint8_t *key, size_t len);

#endif
