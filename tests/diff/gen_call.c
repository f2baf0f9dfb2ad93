/* SPDX-License-Identifier: BSD-2-Clause */
/* Gadgets of calls: helpers, functions of the program, tail calls. */
#include "tests/diff/gen_internal.h"

/*
 * What a helper wants, a letter an argument:
 *	c context   s scalar   m map with keys   K its key   V its value   D E R maps of one kind
 *	B memory read   W memory written   z its size   0 zero   a bytes a packet grows by
 * Where: x XDP, t tc, b both; upper case: packet pointers are gone after it. R: runs on the host.
 */
static const struct {
	int32_t id;
	const char *args;
	char where;
	bool is_runnable, is_on_card;
} helpers[] = {
	{ BPF_FUNC_ktime_get_ns, "", 'b', true, false },
	{ BPF_FUNC_get_prandom_u32, "", 'b', true, true },
	{ BPF_FUNC_get_smp_processor_id, "", 'b', true, false },
	{ BPF_FUNC_jiffies64, "", 'b', false, false },
	{ BPF_FUNC_map_update_elem, "mKV0", 'b', true, true },
	{ BPF_FUNC_map_update_elem, "mKVs", 'b', true, true },
	{ BPF_FUNC_map_delete_elem, "mK", 'b', true, true },
	{ BPF_FUNC_csum_diff, "BzBzs", 'b', true, false },
	{ BPF_FUNC_csum_diff, "00Bzs", 'b', true, false },
	{ BPF_FUNC_redirect, "ss", 'b', false, false },
	{ BPF_FUNC_redirect_map, "Dss", 'x', false, false },
	{ BPF_FUNC_perf_event_output, "cEsBz", 'b', false, false },
	{ BPF_FUNC_fib_lookup, "cWzs", 'b', false, false },
	{ BPF_FUNC_trace_printk, "Bz", 'b', false, false },
	{ BPF_FUNC_ringbuf_output, "RBz0", 'b', false, false },
	{ BPF_FUNC_xdp_adjust_head, "ca", 'X', true, true },
	{ BPF_FUNC_xdp_adjust_tail, "ca", 'X', true, true },
	{ BPF_FUNC_xdp_adjust_meta, "cs", 'X', true, false },
	{ BPF_FUNC_xdp_load_bytes, "csWz", 'x', false, false },
	{ BPF_FUNC_xdp_store_bytes, "csBz", 'x', false, false },
	{ BPF_FUNC_xdp_get_buff_len, "c", 'x', false, false },
	{ BPF_FUNC_skb_load_bytes, "csWz", 't', false, false },
	{ BPF_FUNC_skb_load_bytes_relative, "csWzs", 't', false, false },
	{ BPF_FUNC_skb_store_bytes, "csBzs", 'T', false, false },
	{ BPF_FUNC_l3_csum_replace, "cssss", 'T', false, false },
	{ BPF_FUNC_l4_csum_replace, "cssss", 'T', false, false },
	{ BPF_FUNC_clone_redirect, "css", 'T', false, false },
	{ BPF_FUNC_skb_vlan_push, "css", 'T', false, false },
	{ BPF_FUNC_skb_vlan_pop, "c", 'T', false, false },
	{ BPF_FUNC_skb_change_proto, "css", 'T', false, false },
	{ BPF_FUNC_skb_change_tail, "css", 'T', false, false },
	{ BPF_FUNC_skb_change_head, "css", 'T', false, false },
	{ BPF_FUNC_skb_adjust_room, "csss", 'T', false, false },
	{ BPF_FUNC_skb_pull_data, "cs", 'T', false, false },
	{ BPF_FUNC_skb_change_type, "cs", 't', false, false },
	{ BPF_FUNC_get_hash_recalc, "c", 't', false, false },
	{ BPF_FUNC_set_hash_invalid, "c", 't', false, false },
	{ BPF_FUNC_set_hash, "cs", 't', false, false },
	{ BPF_FUNC_get_cgroup_classid, "c", 't', false, false },
	{ BPF_FUNC_get_route_realm, "c", 't', false, false },
	{ BPF_FUNC_csum_update, "cs", 't', false, false },
	{ BPF_FUNC_csum_level, "cs", 't', false, false },
	{ BPF_FUNC_skb_get_tunnel_key, "cWzs", 't', false, false },
	{ BPF_FUNC_skb_ecn_set_ce, "c", 't', false, false },
};

static bool
is_callable(const struct gen *g, size_t i)
{
	bool is_xdp = g->opts->type == BPF_PROG_TYPE_XDP;
	char where = helpers[i].where;

	if (g->opts->is_for_card && !helpers[i].is_on_card)
		return false;
	if (g->opts->is_runnable && !helpers[i].is_runnable)
		return false;
	if (g->opts->has_no_random && helpers[i].id == BPF_FUNC_get_prandom_u32)
		return false;
	if ((where == 'X' || where == 'T') && g->loops)
		return false; /* the body may use the packet the next time round */
	return where == 'b' ||
	       (is_xdp ? where == 'x' || where == 'X' : where == 't' || where == 'T');
}

void
gen_load_map(struct gen *g, uint8_t dst, int32_t map)
{
	gen_emit(g, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_IDX, 0, map);
	gen_emit(g, 0, 0, 0, 0, 0);
	g->s.r[dst].kind = UNKNOWN;
}

/* A key of the card's that is there, and now and then something behind it in its last word. */
static void
store_odd_key(struct gen *g, int32_t at)
{
	gen_emit(g, BPF_LD | BPF_IMM | BPF_DW, g->scratch, 0, 0, (int32_t)gen_roll(g, 4));
	gen_emit(g, 0, 0, 0, 0, gen_chance(g, 10) ? (int32_t)(gen_roll(g, 1u << 15) << 16) : 0);
	gen_emit(g, STORE(BPF_DW), 10, g->scratch, at, 0);
}

/* Write `bytes` of the stack, and give their offset. */
int32_t
gen_fill_stack(struct gen *g, uint32_t bytes)
{
	uint32_t slots = (bytes + 7) / 8, room = g->stack_bytes / 8;
	int32_t off = -8 * (int32_t)(slots + gen_roll(g, room - slots + 1));

	for (uint32_t i = 0; i < slots; i++) {
		int32_t at = off + 8 * (int32_t)i;
		struct greg *slot = &g->s.slots[(uint32_t)(-at - 1) / 8];

		/* For the card, no half of what was a pointer stays. */
		if (bytes <= 4 && (slot->kind == SCALAR || !g->opts->is_for_card))
			gen_emit(g, STORE_K(BPF_W), 10, 0, at, (int32_t)gen_roll(g, 4));
		else if (bytes % 4 && g->opts->is_for_card)
			store_odd_key(g, at);
		else
			gen_emit(g, STORE_K(BPF_DW), 10, 0, at, gen_imm(g));
		*slot = (struct greg){ .kind = SCALAR, .max = ANY_SCALAR };
	}
	return gen_slip(g, off);
}

enum { WRITTEN = 1, NOT_PACKET = 2 };

/* Put a pointer to `bytes` bytes into dst: stack, a map value, or the packet. */
static void
point_to_memory(struct gen *g, uint8_t dst, uint32_t bytes, uint32_t how)
{
	for (uint8_t reg = 6; reg <= 9 && gen_chance(g, 40); reg++) {
		const struct greg *r = &g->s.r[reg];

		if (g->opts->is_for_card && !r->is_stack)
			continue;
		if ((r->kind == MEM && r->size >= bytes && !(how & WRITTEN && r->is_readonly)) ||
			(r->kind == PKT && r->range >= bytes && !(how & NOT_PACKET))) {
			gen_pointer_to(g, dst, reg, -r->off);
			return;
		}
	}
	gen_pointer_to(g, dst, 10, gen_fill_stack(g, bytes));
}

static bool
put_scalar(struct gen *g, uint8_t dst)
{
	int reg = gen_pick(g, KIND(SCALAR));

	if (reg < 0 || (reg >= 1 && reg <= 5) || gen_chance(g, 50))
		gen_emit(g, MOV64_K, dst, 0, 0, (int32_t)gen_roll(g, 9));
	else
		gen_emit(g, MOV64_X, dst, (uint8_t)reg, 0, 0);
	return true;
}

/* For the card seldom what it has no code for. */
static bool
put_amount(struct gen *g, uint8_t dst)
{
	if (!g->opts->is_for_card || gen_chance(g, 10))
		return put_scalar(g, dst);
	gen_emit(g, MOV64_K, dst, 0, 0, -(int32_t)gen_roll(g, 48) - 1);
	return true;
}

static bool
put_size(struct gen *g, uint8_t dst, uint32_t bytes)
{
	gen_emit(g, MOV64_K, dst, 0, 0, gen_slip(g, (int32_t)bytes));
	return true;
}

static int32_t
roll_map(struct gen *g)
{
	return (int32_t)gen_roll(g, g->opts->is_for_card ? GEN_CARD_MAPS : PERCPU + 1);
}

/* The map of a K or V argument is the one before it. */
struct call_args {
	bool may_be_packet;
	int32_t map;
	uint32_t bytes;
};

static bool
put_arg(struct gen *g, char letter, uint8_t dst, struct call_args *args)
{
	int ctx;

	switch (letter) {
	case 'c':
		ctx = g->s.r[1].kind == CTX && dst == 1 ? 1 : -1;
		for (uint8_t reg = 6; reg <= 9; reg++)
			if (g->s.r[reg].kind == CTX)
				ctx = reg;
		if (ctx >= 0 && ctx != dst)
			gen_emit(g, MOV64_X, dst, (uint8_t)ctx, 0, 0);
		return ctx >= 0;
	case 's': return put_scalar(g, dst);
	case 'a': return put_amount(g, dst);
	case '0': gen_emit(g, MOV64_K, dst, 0, 0, 0); return true;
	case 'm':
		args->map = roll_map(g);
		gen_load_map(g, dst, args->map);
		return true;
	case 'D': gen_load_map(g, dst, DEVICES); return true;
	case 'E': gen_load_map(g, dst, EVENTS); return true;
	case 'R': gen_load_map(g, dst, RING); return true;
	case 'K': point_to_memory(g, dst, g->maps[args->map].key_size, 0); return true;
	case 'V':
		/* What is updated on the card has no counters. */
		if (g->opts->is_for_card && !(g->map_updates & 1u << args->map))
			return false;
		point_to_memory(g, dst, g->maps[args->map].value_size, 0);
		return true;
	case 'B':
	case 'W':
		args->bytes = 4 + 4 * gen_roll(g, 5);
		point_to_memory(g, dst, args->bytes,
			(letter == 'W' ? WRITTEN : 0) |
				(args->may_be_packet || gen_errs(g, 5) ? 0 : NOT_PACKET));
		return true;
	case 'z': return put_size(g, dst, args->bytes);
	default: return false;
	}
}

static void
call_helper(struct gen *g, size_t i)
{
	struct call_args args = { .may_be_packet = helpers[i].id == BPF_FUNC_csum_diff };
	char where = helpers[i].where;

	for (uint8_t n = 0; helpers[i].args[n]; n++)
		if (!put_arg(g, helpers[i].args[n], (uint8_t)(n + 1), &args))
			return;
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, helpers[i].id);
	gen_clobber(g);
	gen_set_scalar(g, 0, ANY_SCALAR);
	if (where == 'X' || where == 'T')
		gen_invalidate_packet(g);
}

void
gadget_helper(struct gen *g)
{
	size_t i = gen_roll(g, sizeof(helpers) / sizeof(helpers[0]));

	for (int tries = 0; g->opts->is_for_card && !is_callable(g, i) && tries < 99; tries++)
		i = gen_roll(g, sizeof(helpers) / sizeof(helpers[0]));
	if (!(g->reserved & 0x3f) && is_callable(g, i))
		call_helper(g, i);
}

/* ---- lookups ---- */

/* r0 is a value or NULL: leave when NULL, or do something with it under a condition. */
void
gen_check_null(struct gen *g, uint32_t size)
{
	const struct greg value = { .kind = MEM, .size = size };
	uint8_t p = 0;
	struct gstate before;
	uint32_t jump;

	if (gen_chance(g, 50)) { /* one test clears all copies */
		p = (uint8_t)(6 + gen_roll(g, 4));
		if (g->reserved & 1u << p || g->s.r[p].kind == CTX)
			p = 0;
		else
			gen_emit(g, MOV64_X, p, 0, 0, 0);
	}
	if (gen_chance(g, 60)) {
		gen_leave_if(g, JMP_K(BPF_JEQ), 0, 0, 0);
		gen_set(g, p, value);
		gen_set(g, 0, value);
		return;
	}
	if (p)
		g->s.r[p].kind = UNKNOWN;
	g->s.r[0].kind = UNKNOWN;
	before = g->s;
	jump = g->cnt;
	gen_emit(g, JMP_K(BPF_JEQ), gen_chance(g, 50) ? p : 0, 0, 0, 0);
	gen_set(g, p, value);
	g->depth++;
	gadget_mem_access(g);
	if (g->depth < 4)
		gen_block(g, 1);
	g->depth--;
	g->insns[jump].off = (int16_t)(g->cnt - jump - 1);
	gen_merge(&g->s, &before);
}

void
gadget_lookup(struct gen *g)
{
	int32_t map = gen_errs(g, 5) ? PROGS : roll_map(g);

	if (g->reserved & 0x3f)
		return;
	gen_load_map(g, 1, map);
	point_to_memory(g, 2, g->maps[map].key_size, 0);
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	gen_clobber(g);
	gen_check_null(g, g->maps[map].value_size);
}

/* A value that is read once more after its key got another one, or none. */
void
gadget_card_held(struct gen *g)
{
	int32_t map = roll_map(g), key;
	uint8_t p = (uint8_t)(6 + gen_roll(g, 4)), dst;
	bool is_update = gen_chance(g, 70);

	if (g->reserved & (0x3fu | 1u << p) || g->s.r[p].kind == CTX ||
		!(g->map_updates & 1u << map))
		return;
	key = gen_fill_stack(g, g->maps[map].key_size);
	gen_load_map(g, 1, map);
	gen_pointer_to(g, 2, 10, key);
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	gen_clobber(g);
	gen_leave_if(g, JMP_K(BPF_JEQ), 0, 0, 0);
	gen_emit(g, MOV64_X, p, 0, 0, 0);
	gen_set(g, p, (struct greg){ .kind = MEM, .size = g->maps[map].value_size });
	gen_pointer_to(g, 2, 10, key);
	if (is_update) {
		gen_pointer_to(g, 3, 10, gen_fill_stack(g, g->maps[map].value_size));
		gen_emit(g, MOV64_K, 4, 0, 0, 0);
	}
	gen_load_map(g, 1, map);
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0,
		is_update ? BPF_FUNC_map_update_elem : BPF_FUNC_map_delete_elem);
	gen_clobber(g);
	gen_set_scalar(g, 0, ANY_SCALAR);
	dst = gen_pick_dst(g);
	if (dst == p || dst == 10)
		return;
	gen_emit(g, LOAD(BPF_W), dst, p, 0, 0);
	gen_set_scalar(g, dst, ANY_SCALAR);
}

/* The address of a byte of an array's value 0: global variables. */
void
gadget_map_value(struct gen *g)
{
	uint8_t dst = gen_pick_dst(g);
	bool is_readonly = gen_chance(g, 30);
	uint32_t off = gen_chance(g, 50) ? 0 : gen_roll(g, 64);

	gen_emit(g, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_IDX_VALUE, 0,
		is_readonly	 ? RODATA
		: gen_errs(g, 3) ? ARRAY
				 : DATA);
	gen_emit(g, 0, 0, 0, 0, gen_slip(g, (int32_t)off));
	gen_set(g, dst,
		(struct greg){
			.kind = MEM, .size = 64, .off = (int32_t)off, .is_readonly = is_readonly });
}

void
gadget_tail_call(struct gen *g)
{
	struct call_args args = { 0 };

	if (g->reserved & 0x3f || g->loops || (g->is_sub && !gen_errs(g, 30)) ||
		!put_arg(g, 'c', 1, &args))
		return;
	gen_load_map(g, 2, PROGS);
	put_scalar(g, 3);
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_tail_call);
	gen_clobber(g);
	gen_invalidate_packet(g);
	gen_set_scalar(g, 0, ANY_SCALAR);
	if (!gen_errs(g, 5))
		g->s.r[0].kind = UNKNOWN;
}

/* ---- functions of the program ---- */

static void
pass_argument(struct gen *g, uint8_t dst, struct greg *arg)
{
	uint32_t what = gen_roll(g, 4);
	int reg = gen_pick(g, KIND(SCALAR) | KIND(CTX) | KIND(MEM) | KIND(PKT));

	*arg = (struct greg){ .kind = SCALAR, .max = ANY_SCALAR };
	if (what == 0 || reg < 6 || reg == 10) {
		gen_emit(g, MOV64_K, dst, 0, 0, gen_imm(g));
	} else if (what == 1) { /* a piece of this function's stack */
		int32_t off = gen_fill_stack(g, 16);

		gen_pointer_to(g, dst, 10, off);
		*arg = (struct greg){ .kind = MEM, .size = 16, .is_stack = true };
	} else {
		gen_emit(g, MOV64_X, dst, (uint8_t)reg, 0, 0);
		if (g->s.r[reg].kind != PKT)
			*arg = g->s.r[reg];
		else
			arg->kind = UNKNOWN;
	}
}

void
gadget_sub(struct gen *g)
{
	struct sub *sub = &g->subs[g->sub_cnt];
	uint32_t args = gen_roll(g, 4);

	if (g->opts->is_straight || g->reserved & 0x3f || g->sub_cnt == SUBS_MAX ||
		g->weight > 20 || g->stack_bytes > 128)
		return;
	for (uint8_t reg = 1; reg <= args; reg++)
		pass_argument(g, reg, &sub->args[reg]);
	sub->call = g->cnt;
	gen_emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
	g->sub_cnt++;
	gen_clobber(g);
	gen_set_scalar(g, 0, ANY_SCALAR);
	gen_invalidate_packet(g); /* it may have moved the packet */
}
