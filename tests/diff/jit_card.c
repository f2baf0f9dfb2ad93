/* SPDX-License-Identifier: BSD-2-Clause */
/* See jit_card.h. What the firmware's helpers do to the machine: nfp-isa.md 8.7, firmware-facts.md
 * 1.3. */
#include "tests/diff/jit_card.h"

#include "bpf/helpers.h"
#include "nic/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EMEM_BYTES 65536u
#define FRAME_AT 0x800u /* firmware-facts.md 4, context 0 */
#define VECTOR_AT 0x20u /* packet vector */
#define META_AT 0x300u	/* LM2 when the program begins */
#define PACKET_NUMBER 5u
#define GPRS 32u
#define GPRS_BPF 24u	   /* above are the firmware's */
#define CLOBBERED_GPRS 12u /* by a helper */
#define INSNS_MAX 4000000u
#define MIRRORS 64u
#define MIRROR_BYTES 128u

enum { LOOKUP_AT = 0x3e0, UPDATE_AT = 0x3f0, DELETE_AT = 0x400, EVENT_AT = 0x410, DONE_AT = 1 };

const struct jit_card card_facts = {
	.abi_version = 2,
	.start = 3072,
	.insns_max = 4000,
	.done = DONE_AT,
	.stack_bytes = 512,
	.packet_split_bytes = 1888,
	.helper = { LOOKUP_AT, UPDATE_AT, DELETE_AT, EVENT_AT },
	.adjust_head = { JIT_ADJUST_HEAD_NO_META, 44, 248, 84, 112 },
	.has_random = true,
	.has_queue_select = true,
	.has_adjust_tail = true,
};

/* A value that a program has the address of. */
struct mirror {
	uint8_t *value; /* of the map */
	uint32_t bytes;
};

struct card {
	struct nic_mem *mem;
	struct nic_me *me;
	const struct jit_prog *prog;
	const struct jit_image *image;
	struct xb_map *const *maps;
	struct mirror mirrors[MIRRORS];
	uint32_t mirror_cnt;
	uint64_t words[4096];
};

void
card_free(struct card *card)
{
	if (card == NULL)
		return;
	nic_me_free(card->me);
	nic_mem_free(card->mem);
	free(card);
}

struct card *
card_new(void)
{
	struct card *card = calloc(1, sizeof(*card));

	if (card == NULL)
		return NULL;
	card->mem = nic_mem_new(EMEM_BYTES);
	card->me = card->mem ? nic_me_new(card->mem) : NULL;
	if (card->me == NULL) {
		card_free(card);
		errno = ENOMEM;
		return NULL;
	}
	for (uint32_t i = 0; i < JIT_FW_HELPER_CNT; i++)
		nic_me_set_stop(card->me, card_facts.helper[i], true);
	nic_me_set_stop(card->me, DONE_AT, true);
	return card;
}

int
card_load(struct card *card, const struct jit_prog *prog, const struct jit_image *image,
	struct xb_map *const *maps)
{
	int err = jit_image_load(image, &card_facts, card->words);

	card->prog = prog;
	card->image = image;
	card->maps = maps;
	return err ? err : nic_me_load(card->me, card_facts.start, card->words, image->cnt);
}

/* ---- garbage ---- */

static uint32_t
garbage(struct card_run *run)
{
	uint64_t z = run->garbage += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(z >> 32);
}

static void
spoil_gprs(struct card *card, struct card_run *run, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		for (uint32_t bank = 0; bank < 2; bank++)
			*nic_me_gpr(card->me, 0, bank != 0, i) = garbage(run);
}

static void
spoil(struct card *card, struct card_run *run)
{
	struct nic_ctx *ctx = &card->me->ctxs[0];

	spoil_gprs(card, run, 0, GPRS);
	for (uint32_t i = 0; i < NIC_LM_WORDS; i++)
		*nic_me_lm(card->me, i) = garbage(run);
	for (uint32_t i = 0; i < NIC_XFERS; i++) {
		*nic_me_xfer_in(card->me, 0, i) = garbage(run);
		*nic_me_xfer_out(card->me, 0, i) = garbage(run);
	}
	ctx->cc = nic_cc_from((uint32_t)garbage(run) & 0xf);
}

/* ---- maps: values a program reads are in EMEM while it runs ---- */

static uint8_t *
mirror_at(struct card *card, uint32_t i)
{
	uint64_t address =
		((uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT) + (uint64_t)i * MIRROR_BYTES;

	return nic_mem_at(card->mem, NIC_TARGET_MEM, address, MIRROR_BYTES);
}

/* What the program did to values goes to the maps. */
static void
write_back(struct card *card)
{
	for (uint32_t i = 0; i < card->mirror_cnt; i++)
		memcpy(card->mirrors[i].value, mirror_at(card, i), card->mirrors[i].bytes);
}

/* And what helpers did to the maps, to the program. */
static void
refresh(struct card *card)
{
	for (uint32_t i = 0; i < card->mirror_cnt; i++)
		memcpy(mirror_at(card, i), card->mirrors[i].value, card->mirrors[i].bytes);
}

/* As a register pair has the address of a value: (high << 8) + low. */
static uint64_t
address_of(struct card *card, uint8_t *value, uint32_t bytes)
{
	uint32_t i = 0;

	while (i < card->mirror_cnt && card->mirrors[i].value != value)
		i++;
	if (i == MIRRORS)
		return 0;
	if (i == card->mirror_cnt)
		card->mirrors[card->mirror_cnt++] = (struct mirror){ value, bytes };
	memcpy(mirror_at(card, i), value, bytes);
	return (uint64_t)NIC_ISLAND_EMEM << (NIC_ISLAND_SHIFT - 8) << 32 | i * MIRROR_BYTES;
}

/* ---- the firmware's helpers ---- */

static uint32_t
pointer(const struct card *card, uint32_t number)
{
	const struct nic_ctx *ctx = &card->me->ctxs[0];
	const struct nic_lm_write *write = &ctx->lm_write[number];

	return write->due <= card->me->cycles ? write->address : ctx->lm_addr[number];
}

/* Bytes of local memory, as the stack has them. */
static void
read_lm(struct card *card, uint32_t at, void *bytes, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++) {
		uint32_t word = *nic_me_lm(card->me, (at + i) / 4 % NIC_LM_WORDS);

		((uint8_t *)bytes)[i] = (uint8_t)(word >> 8 * ((at + i) % 4));
	}
}

/* What is behind the key in its last word becomes zero where it stands. */
static void
clear_behind_key(struct card *card, uint32_t at, uint32_t cnt)
{
	for (; cnt % 4 != 0; cnt++)
		*nic_me_lm(card->me, (at + cnt) / 4 % NIC_LM_WORDS) &=
			~(UINT32_C(0xff) << 8 * ((at + cnt) % 4));
}

static uint64_t
call(struct card *card, uint32_t address, struct xb_map *map)
{
	uint64_t flags = *nic_me_gpr(card->me, 0, false, 8) |
			 (uint64_t)*nic_me_gpr(card->me, 0, false, 9) << 32;
	uint8_t key[64], value[MIRROR_BYTES];
	uint8_t *found;

	read_lm(card, pointer(card, 0), key, xb_map_key_size(map));
	clear_behind_key(card, pointer(card, 0), xb_map_key_size(map));
	read_lm(card, pointer(card, 2), value, xb_map_value_size(map));
	switch (address) {
	case LOOKUP_AT:
		found = xb_map_lookup(map, 0, key);
		return found ? address_of(card, found, xb_map_value_size(map)) : 0;
	case UPDATE_AT: return xb_helper_ret(xb_map_update(map, 0, key, value, flags));
	default: return xb_helper_ret(xb_map_delete(map, 0, key));
	}
}

/* LM0 is as it was when a helper returns. */
static bool
run_helper(struct card *card, struct card_run *run, uint32_t address)
{
	uint32_t map = *nic_me_gpr(card->me, 0, false, 0) - 1;
	uint32_t back = *nic_me_gpr(card->me, 0, true, 0);
	uint64_t r0;

	if (map >= CARD_MAPS || address == EVENT_AT) {
		snprintf(run->fault, sizeof(run->fault), "helper %#x of map %u", address, map + 1);
		return false;
	}
	write_back(card);
	r0 = call(card, address, card->maps[map]);
	refresh(card);
	spoil_gprs(card, run, 0, CLOBBERED_GPRS);
	for (uint32_t bank = 0; bank < 2; bank++) {
		*nic_me_gpr(card->me, 0, bank != 0, 0) = (uint32_t)r0;
		*nic_me_gpr(card->me, 0, bank != 0, 1) = (uint32_t)(r0 >> 32);
		*nic_me_gpr(card->me, 0, true, 23) = garbage(run);
	}
	for (uint32_t i = 0; i < 16; i++)
		*nic_me_xfer_in(card->me, 0, i) = garbage(run);
	nic_me_set_lm_addr(card->me, 0, 3, garbage(run) % 4096);
	return nic_me_start(card->me, 0, back) == 0;
}

/* ---- a run ---- */

static void
begin_run(struct card *card, struct card_run *run)
{
	uint32_t *vector = nic_me_lm(card->me, VECTOR_AT / 4);

	spoil(card, run);
	*nic_me_gpr(card->me, 0, false, JIT_GPR_FRAME) = FRAME_AT;
	vector[0] = (vector[0] & ~0x3fffu) | run->len;
	vector[2] = NIC_PACKET_ADDRESS | PACKET_NUMBER << 16 | run->at;
	nic_me_set_lm_addr(card->me, 0, 0, FRAME_AT);
	nic_me_set_lm_addr(card->me, 0, 1, VECTOR_AT);
	nic_me_set_lm_addr(card->me, 0, 2, META_AT);
	nic_me_set_lm_addr(card->me, 0, 3, garbage(run) % 4096);
	nic_mem_set_packet(card->mem, PACKET_NUMBER, run->buffer, CARD_BUFFER_BYTES);
	card->mirror_cnt = 0;
	nic_me_start(card->me, 0, card_facts.start);
}

/* The generator of the card is not the one of the host: the number is put where the card's is.
 * Until then both banks must have the same. */
static void
put_random(struct card *card, struct card_run *run, uint32_t slot, uint32_t word)
{
	const struct jit_insn *insn = &card->prog->insns[slot];
	uint32_t number;

	if (!jit_is_helper_call(insn) || insn->bpf.imm != BPF_FUNC_get_prandom_u32 ||
		word != insn->first + 1)
		return;
	if (*nic_me_gpr(card->me, 0, false, 0) != *nic_me_gpr(card->me, 0, true, 0))
		snprintf(run->fault, sizeof(run->fault), "random number in one bank");
	number =
		(uint32_t)xb_helper_by_id(BPF_FUNC_get_prandom_u32)->fn(run->random, 0, 0, 0, 0, 0);
	*nic_me_gpr(card->me, 0, false, 0) = number;
	*nic_me_gpr(card->me, 0, true, 0) = number;
}

static void
see(struct card *card, struct card_run *run, uint32_t word)
{
	uint32_t slot = word < card->image->cnt ? card->image->insns[word] : JIT_NO_INSN;

	if (word == card->image->out)
		run->r0 = *nic_me_gpr(card->me, 0, true, 0);
	if (slot != JIT_NO_INSN)
		run->executed[slot] = true;
}

/* One instruction, or a helper. False at the end. */
static bool
step(struct card *card, struct card_run *run)
{
	uint32_t pc = nic_me_pc(card->me, 0), word = pc - card_facts.start, slot;
	struct nic_fault fault;

	see(card, run, word);
	switch (nic_me_run(card->me, 1, &fault)) {
	case NIC_ME_STOPPED: return pc != DONE_AT && run_helper(card, run, pc);
	case NIC_ME_LIMIT: break;
	case NIC_ME_FAULT:
		snprintf(run->fault, sizeof(run->fault), "word %u: %.100s: %s",
			fault.pc - card_facts.start, fault.text, fault.reason);
		return false;
	default: snprintf(run->fault, sizeof(run->fault), "idle"); return false;
	}
	slot = word < card->image->cnt ? card->image->insns[word] : JIT_NO_INSN;
	if (slot != JIT_NO_INSN)
		put_random(card, run, slot, word);
	return true;
}

int
card_run(struct card *card, struct card_run *run)
{
	uint32_t insns = 0;

	run->fault[0] = '\0';
	begin_run(card, run);
	while (step(card, run) && insns < INSNS_MAX)
		insns++;
	if (insns == INSNS_MAX)
		snprintf(run->fault, sizeof(run->fault), "more than %u instructions", INSNS_MAX);
	nic_me_kill(card->me, 0);
	write_back(card);
	nic_mem_set_packet(card->mem, PACKET_NUMBER, NULL, 0);
	run->result = *nic_me_gpr(card->me, 0, false, 0);
	run->at = *nic_me_lm(card->me, VECTOR_AT / 4 + 2) & 0x1fff;
	run->len = *nic_me_lm(card->me, VECTOR_AT / 4) & 0x3fff;
	return run->fault[0] == '\0' ? 0 : -1;
}
