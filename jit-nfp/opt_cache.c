/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads of the packet that follow each other read it once: the first of them, the owner, reads the
 * range of all into the transfer registers, the others take theirs from there (nfp-isa.md 11.6).
 *
 * Needs pointers as the hook noted them, the flags of jump destinations, and the copies
 * (opt_gather.c). Leaves cache_start and cache_end at each load of a packet that heads no copy, and
 * cache_owner at the first of a range.
 */
#include "jit-nfp/internal.h"

#define CACHE_BYTES_MAX 64

/* The driver counts in 16 bits. */
struct range {
	struct jit_insn *owner; /* NULL: none yet */
	int16_t start, end;
	bool is_open; /* its words are still in the transfer registers */
};

static bool
is_packet_load(const struct jit_insn *insn)
{
	return jit_is_load(insn) && insn->ptr.type == XB_PTR_PACKET && insn->gather_bytes == 0;
}

/* Changes the packet, or uses the transfer registers. */
static bool
ends_range(const struct jit_insn *insn)
{
	bool is_packet = insn->ptr.type == XB_PTR_PACKET;
	bool is_const_store = (insn->bpf.code & ~JIT_SIZE_FIELD) == (BPF_ST | BPF_MEM);

	return (is_packet && (jit_is_store(insn) || is_const_store)) ||
	       insn->bpf.code == (BPF_JMP | BPF_CALL) || jit_is_classic_load(insn) ||
	       (jit_is_load(insn) && !is_packet_load(insn));
}

static void
close_range(const struct range *range)
{
	if (range->owner != NULL) {
		range->owner->cache_start = range->start;
		range->owner->cache_end = range->end;
	}
}

static void
open_range(struct range *range, struct jit_insn *owner)
{
	close_range(range);
	owner->cache_owner = true;
	*range = (struct range){
		.owner = owner,
		.start = owner->bpf.off,
		.end = (int16_t)(owner->bpf.off + (int32_t)jit_access_bytes(owner)),
		.is_open = true,
	};
}

/* The same place of the packet, and together not too much? */
static bool
join_range(struct range *range, const struct jit_insn *insn)
{
	int16_t start = insn->bpf.off;
	int16_t end = (int16_t)(start + (int32_t)jit_access_bytes(insn));

	if (insn->ptr.id != range->owner->ptr.id || insn->ptr.off != range->owner->ptr.off)
		return false;
	start = start < range->start ? start : range->start;
	end = end > range->end ? end : range->end;
	if (start == range->start && end == range->end)
		return true;
	if (end - start > CACHE_BYTES_MAX)
		return false;
	range->start = start;
	range->end = end;
	return true;
}

static void
find_ranges(struct jit_prog *prog)
{
	struct range range = { 0 };

	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		struct jit_insn *insn = &prog->insns[i];

		if ((insn->flags & JIT_F_JUMP_DEST) != 0)
			range.is_open = false;
		if ((insn->flags & JIT_F_SKIP) != 0)
			continue;
		if (ends_range(insn))
			range.is_open = false;
		else if (is_packet_load(insn) && !(range.is_open && join_range(&range, insn)))
			open_range(&range, insn);
		else if (is_packet_load(insn) && insn->flags & JIT_F_MOVES)
			jit_find(prog, (int32_t)i, JIT_RULE_QUIRK_POINTER_MOVES);
	}
	close_range(&range);
}

/* What the owner got in the end, to all. */
static void
spread_ranges(struct jit_prog *prog)
{
	const struct jit_insn *owner = NULL;

	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		struct jit_insn *insn = &prog->insns[i];

		if ((insn->flags & JIT_F_SKIP) != 0 || !is_packet_load(insn))
			continue;
		if (insn->cache_owner)
			owner = insn;
		insn->cache_start = owner->cache_start;
		insn->cache_end = owner->cache_end;
	}
}

void
jit_opt_cache(struct jit_prog *prog)
{
	find_ranges(prog);
	spread_ranges(prog);
}
