/* SPDX-License-Identifier: BSD-2-Clause */
/* Would this port take the image? Asked when it is attached, for the port and its MTU may be others
 * than at load (nfp-offload-rules.md 6). */
#include "jit-nfp/internal.h"

/* The card splits a packet: what is past the split, a program cannot reach. */
static bool
is_past_split(const struct jit_image *image, const struct jit_card *card, uint32_t mtu)
{
	uint32_t reach = image->max_packet_offset < mtu ? image->max_packet_offset : mtu;

	return reach > card->packet_split_bytes;
}

enum jit_rule
jit_image_attach_check(const struct jit_image *image, const struct jit_card *card, uint32_t mtu)
{
	if (is_past_split(image, card, mtu))
		return JIT_RULE_ATTACH_SPLIT;
	if (image->stack_bytes > card->stack_bytes)
		return JIT_RULE_ATTACH_STACK;
	if (image->cnt > card->insns_max)
		return JIT_RULE_ATTACH_LENGTH;
	return JIT_RULE_CNT;
}

enum jit_rule
jit_image_mtu_check(const struct jit_image *image, const struct jit_card *card, uint32_t mtu)
{
	return is_past_split(image, card, mtu) ? JIT_RULE_MTU_SPLIT : JIT_RULE_CNT;
}
