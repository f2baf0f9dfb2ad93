/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets to try programs on: those of captures, and random bytes. */
#ifndef TESTS_DIFF_EQUAL_PACKETS_H
#define TESTS_DIFF_EQUAL_PACKETS_H

#include "tests/diff/kernel.h"

/* splitmix64: every state is a good seed. */
uint64_t equal_random(uint64_t *state);

/* Of the sample captures (pcaps/): all names, NULL behind the last. */
extern const char *const packets_captures[];
/* Takes in the packets of all captures. 0, or -1 and the reason printed. */
int packets_open(void);
void packets_close(void);
/* The n-th packet of a capture; false: there are fewer. */
bool packets_get(uint32_t capture, uint32_t n, struct run *packet);

/* Any bytes, and numbers at which arithmetic turns; a length that a wire can carry. */
void packets_make(struct run *packet, uint64_t *random);
/* One of a capture; malformed: of malformed.pcap. */
void packets_pick(struct run *packet, bool malformed, uint64_t *random);

#endif
