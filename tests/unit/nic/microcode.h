/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random microcode in the proportions of real programs: legal words that mostly do something
 * sensible, with branches and their shadows, carry chains, products, local-memory pointers written
 * and used too early, commands with and without swaps, overrides; and now and then any word at all.
 * The same seed gives the same words.
 */
#ifndef TESTS_UNIT_NIC_MICROCODE_H
#define TESTS_UNIT_NIC_MICROCODE_H

#include "nic/nic.h"

/* cnt words with their ECC, for `at` of a microengine with so many contexts; branches go to words
 * among them, or rarely elsewhere. */
void microcode_make(uint64_t seed, uint32_t contexts, uint64_t *words, uint32_t at, uint32_t cnt);

#endif
