/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pairs of a load and a store of the same register, one behind the other and through the same
 * pointers at offsets that go on in one direction, become one copy (nfp-isa.md 11.5).
 *
 * Needs pointers as the hook noted them, and the flags of jump destinations. Leaves gather_bytes
 * and gather_store at the load that heads a copy, and JIT_F_SKIP_PREC at all others of it. Of a
 * copy downwards, the offsets of its first load and store are changed to those of the last, which
 * are the lowest.
 */
#include "jit-nfp/internal.h"

#include <stdlib.h>

#define COPY_BYTES_MAX 128 /* of one command */

/* Pairs so far, the first and the last of them; slots of the loads, the stores follow. */
struct chain {
	struct jit_prog *prog;
	uint32_t pairs, head, prev;
};

static struct jit_insn *
load_at(const struct chain *chain, uint32_t slot)
{
	return &chain->prog->insns[slot];
}

static struct jit_insn *
store_at(const struct chain *chain, uint32_t slot)
{
	return &chain->prog->insns[slot + 1];
}

/* Could the two be part of a copy? */
static bool
is_pair(const struct jit_insn *load, const struct jit_insn *store)
{
	return jit_is_load(load) && jit_is_store(store) &&
	       (load->ptr.type == XB_PTR_PACKET || load->ptr.type == XB_PTR_MAP_VALUE) &&
	       store->ptr.type == XB_PTR_PACKET &&
	       jit_access_bytes(load) == jit_access_bytes(store) &&
	       load->bpf.dst_reg == store->bpf.src_reg && (store->flags & JIT_F_JUMP_DEST) == 0;
}

/* Both offsets go on by one access, up or down. */
static bool
is_adjacent(const struct chain *chain, uint32_t slot)
{
	int32_t size = (int32_t)jit_access_bytes(load_at(chain, slot));
	int32_t load_step = load_at(chain, slot)->bpf.off - load_at(chain, chain->prev)->bpf.off;
	int32_t store_step = store_at(chain, slot)->bpf.off - store_at(chain, chain->prev)->bpf.off;

	return load_step == store_step && (load_step == size || load_step == -size);
}

/* Same registers, same size, next to the last pair. */
static bool
is_next(const struct chain *chain, uint32_t slot)
{
	const struct jit_insn *load = load_at(chain, slot);
	const struct bpf_insn *prev = &load_at(chain, chain->prev)->bpf;

	return load->bpf.dst_reg == prev->dst_reg && load->bpf.src_reg == prev->src_reg &&
	       store_at(chain, slot)->bpf.dst_reg == store_at(chain, chain->prev)->bpf.dst_reg &&
	       BPF_SIZE(load->bpf.code) == BPF_SIZE(prev->code) &&
	       (load->flags & JIT_F_JUMP_DEST) == 0 && is_adjacent(chain, slot);
}

/* From the packet's beginning, in the driver's 16 bits. */
static int16_t
offset_in_packet(const struct jit_insn *insn, int32_t base)
{
	return (int16_t)(insn->bpf.off + base);
}

/*
 * Would this load read what an earlier store of the chain wrote? Packets of different ids may
 * overlap; map values and packets cannot. The driver compares where accesses begin, so it does not
 * see one that begins before and ends inside.
 */
static bool
is_crossing(const struct chain *chain, uint32_t slot)
{
	const struct jit_insn *head = load_at(chain, chain->head);
	const struct jit_insn *store = store_at(chain, chain->head);
	int16_t from, to, now;

	if (head->ptr.type != store->ptr.type)
		return false;
	if (head->ptr.id != store->ptr.id)
		return true;
	from = offset_in_packet(head, head->ptr.off);
	to = offset_in_packet(store, store->ptr.off);
	now = offset_in_packet(load_at(chain, slot), head->ptr.off);
	return (now > from && from < to && now >= to) || (now < from && from > to && now <= to);
}

static bool
goes_on(const struct chain *chain, uint32_t slot)
{
	return is_next(chain, slot) && !is_crossing(chain, slot) &&
	       load_at(chain, chain->head)->gather_bytes < COPY_BYTES_MAX;
}

/* Do loads and earlier stores overlap all the same? Once all is read before anything is written,
 * that is not what the program meant. */
static void
check_overlap(const struct chain *chain)
{
	const struct jit_insn *head = load_at(chain, chain->head);
	const struct jit_insn *store = store_at(chain, chain->head);
	int32_t ahead =
		offset_in_packet(store, store->ptr.off) - offset_in_packet(head, head->ptr.off);
	bool is_down = head->bpf.off > load_at(chain, chain->prev)->bpf.off;

	if (head->ptr.type == store->ptr.type && (is_down ? ahead < 0 : ahead > 0) &&
		abs(ahead) < head->gather_bytes)
		jit_find(chain->prog, (int32_t)chain->head, JIT_RULE_QUIRK_COPY_OVERLAP);
	if (head->ptr.type == store->ptr.type && store->flags & JIT_F_MOVES)
		jit_find(chain->prog, (int32_t)chain->head, JIT_RULE_QUIRK_POINTER_MOVES);
}

static void
end_chain(struct chain *chain)
{
	struct jit_insn *load = load_at(chain, chain->head);
	struct jit_insn *store = store_at(chain, chain->head);
	const struct jit_insn *last = load_at(chain, chain->prev);

	if (chain->pairs == 1) {
		load->gather_bytes = 0;
	} else if (chain->pairs > 1) {
		check_overlap(chain);
		load->gather_store = chain->head + 1;
		store->flags |= JIT_F_SKIP_PREC;
		if (last->bpf.off < load->bpf.off) {
			load->bpf.off = last->bpf.off;
			store->bpf.off = store_at(chain, chain->prev)->bpf.off;
			load->gather_bytes = -load->gather_bytes;
		}
	}
	chain->pairs = 0;
}

static void
add_pair(struct chain *chain, uint32_t slot)
{
	if (chain->pairs == 0) {
		chain->head = slot;
	} else {
		load_at(chain, slot)->flags |= JIT_F_SKIP_PREC;
		store_at(chain, slot)->flags |= JIT_F_SKIP_PREC;
	}
	load_at(chain, chain->head)->gather_bytes +=
		(int32_t)jit_access_bytes(load_at(chain, slot));
	chain->prev = slot;
	chain->pairs++;
}

/* The driver forgets a chain that the program's last instruction follows, and crashes (quirk 14.6);
 * here it ends like any other. */
void
jit_opt_gather(struct jit_prog *prog)
{
	struct chain chain = { .prog = prog };

	for (uint32_t i = 0; i + 1 < prog->insn_cnt; i++) {
		bool is_pair_here = is_pair(&prog->insns[i], &prog->insns[i + 1]);

		if (chain.pairs > 0 && !(is_pair_here && goes_on(&chain, i)))
			end_chain(&chain);
		if (is_pair_here)
			add_pair(&chain, i++);
	}
	if (chain.pairs > 0)
		end_chain(&chain);
}
