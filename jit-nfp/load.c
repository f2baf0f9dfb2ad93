/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An image at its place in a card's code store: addresses, then ECC (nfp-isa.md 13). One image can
 * be loaded at many places.
 */
#include "jit-nfp/internal.h"

#include <errno.h>

#define NOWHERE UINT32_MAX

/* Of the helper a branch names. */
static uint32_t
helper_address(const struct jit_card *card, uint32_t target)
{
	static const uint32_t numbers[JIT_FW_HELPER_CNT] = {
#define X(id, number, name) [JIT_FW_##id] = (number),
		JIT_FW_HELPER_LIST(X)
#undef X
	};

	for (unsigned int i = 0; i < JIT_FW_HELPER_CNT; i++)
		if (numbers[i] == target - NIC_RELOC_TARGET && card->helper[i])
			return card->helper[i];
	return NOWHERE;
}

/* Of a routine that not every image has. */
static uint32_t
routine_address(const struct jit_card *card, uint32_t index)
{
	return index ? card->start + index : NOWHERE;
}

/* Where the branch goes. target: what the word says. */
static uint32_t
address_of(const struct jit_image *image, const struct jit_card *card, enum nic_reloc reloc,
	uint32_t target)
{
	switch (reloc) {
	case NIC_RELOC_BR_REL: return card->start + target;
	case NIC_RELOC_BR_GO_OUT: return card->start + image->out;
	case NIC_RELOC_BR_GO_ABORT: return card->start + image->abort;
	case NIC_RELOC_BR_GO_CALL_PUSH_REGS: return routine_address(card, image->push);
	case NIC_RELOC_BR_GO_CALL_POP_REGS: return routine_address(card, image->pop);
	case NIC_RELOC_BR_NEXT_PKT: return card->done;
	case NIC_RELOC_BR_HELPER: return helper_address(card, target);
	default: return NOWHERE;
	}
}

static int
relocate_branch(const struct jit_image *image, const struct jit_card *card, uint64_t *word)
{
	enum nic_op op = nic_op_find(*word);
	enum nic_form form = op < NIC_OP_CNT ? nic_op_info(op)->form : NIC_FORM_CNT;
	uint32_t address;

	if (form != NIC_FORM_BRANCH && form != NIC_FORM_BR_BIT)
		return -EINVAL;
	address = address_of(
		image, card, nic_reloc_get(*word), nic_field_get(form, NIC_F_ADDR, *word));
	return address != NOWHERE && nic_field_put(form, NIC_F_ADDR, address, word) ? 0 : -EINVAL;
}

static int
relocate_immed(const struct jit_card *card, uint64_t *word)
{
	struct nic_insn immed;

	if (nic_decode(*word, &immed) || immed.op != NIC_OP_IMMED || immed.inv || immed.imm_shift)
		return -EINVAL;
	immed.imm += card->start;
	return nic_encode(&immed, word) ? -EINVAL : 0;
}

static int
relocate(const struct jit_image *image, const struct jit_card *card, uint64_t *word)
{
	switch (nic_reloc_get(*word)) {
	case NIC_RELOC_NONE: return 0;
	case NIC_RELOC_IMMED_REL: return relocate_immed(card, word);
	default: return relocate_branch(image, card, word);
	}
}

int
jit_image_load(const struct jit_image *image, const struct jit_card *card, uint64_t *words)
{
	if (image->is_refused)
		return -EINVAL;
	for (uint32_t i = 0; i < image->cnt; i++) {
		uint64_t word = image->words[i];

		if (relocate(image, card, &word) != 0)
			return -EINVAL;
		words[i] = nic_ecc_add(word);
	}
	return 0;
}
