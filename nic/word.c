/* SPDX-License-Identifier: BSD-2-Clause */
/* What sits around the 45 bits of an instruction: ECC and relocation type. Used by whoever makes
 * or loads an image. */
#include "nic/nic.h"

/* nfp-isa.md 2: check bit i is the parity of the word's bits under mask i. */
static const uint64_t ecc_masks[] = {
	UINT64_C(0x0ff800007fff),
	UINT64_C(0x11f801ff801f),
	UINT64_C(0x1e387e0781e1),
	UINT64_C(0x17cb8e388e22),
	UINT64_C(0x1af5b2c93244),
	UINT64_C(0x1f56d5525488),
	UINT64_C(0x0daf69a46910),
};

unsigned int
nic_ecc(uint64_t word)
{
	unsigned int ecc = 0;

	for (unsigned int i = 0; i < sizeof(ecc_masks) / sizeof(ecc_masks[0]); i++)
		ecc |= (unsigned int)__builtin_parityll(word & ecc_masks[i]) << i;
	return ecc;
}

uint64_t
nic_ecc_add(uint64_t word)
{
	return (word & NIC_INSN_MASK) | (uint64_t)nic_ecc(word) << NIC_INSN_BITS;
}

bool
nic_ecc_is_right(uint64_t word)
{
	return (word & NIC_ECC_MASK) >> NIC_INSN_BITS == nic_ecc(word);
}

enum nic_reloc
nic_reloc_get(uint64_t word)
{
	uint64_t type = word >> NIC_RELOC_SHIFT;

	return type < NIC_RELOC_CNT ? (enum nic_reloc)type : NIC_RELOC_CNT;
}

uint64_t
nic_reloc_set(uint64_t word, enum nic_reloc type)
{
	return (word & ((UINT64_C(1) << NIC_RELOC_SHIFT) - 1)) | (uint64_t)type << NIC_RELOC_SHIFT;
}

const char *
nic_reloc_name(enum nic_reloc type)
{
	static const char *const names[] = {
#define X(id, name, does) [NIC_RELOC_##id] = name,
		NIC_RELOC_LIST(X)
#undef X
	};

	return type < NIC_RELOC_CNT ? names[type] : NULL;
}
