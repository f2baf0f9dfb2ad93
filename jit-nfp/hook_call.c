/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helper calls: which of them the firmware has, and what their arguments must be
 * (nfp-offload-rules.md 5). One function a helper; the table is at the end.
 */
#include "jit-nfp/internal.h"

#include <linux/if_ether.h>

/* ---- key and value: on the stack, at a known place, aligned ---- */

static int
check_stack_arg(const struct jit_visit *v, const char *name, const struct xb_reg_state *reg)
{
	int64_t off = jit_ptr_off(reg);

	if (reg->type != XB_PTR_STACK)
		return jit_tell(v, JIT_RULE_ARG_KIND, name, reg->type);
	if (!xb_tnum_is_const(reg->var_off))
		return jit_tell(v, JIT_RULE_ARG_VARIABLE, name);
	if (off % 4)
		return jit_tell(v, JIT_RULE_ARG_UNALIGNED, name, (long long)-off);
	return 0;
}

static bool
is_stack_arg(const struct xb_reg_state *reg)
{
	return reg->type == XB_PTR_STACK && xb_tnum_is_const(reg->var_off);
}

/* Is there something in this byte of the stack that a program could miss? */
static bool
may_be_nonzero(const struct jit_visit *v, uint32_t frame, int64_t off)
{
	const struct xb_reg_state *spilled = NULL;

	if (off >= 0 || off < -512)
		return false;
	switch (xb_verify_stack_byte(v->env, frame, (int)off, &spilled)) {
	case XB_SLOT_SPILL:
		return !spilled || spilled->type != XB_SCALAR ||
		       (uint8_t)((spilled->var_off.value | spilled->var_off.mask) >>
				 8 * (off & 7)) != 0;
	case XB_SLOT_MISC: return true;
	default: return false;
	}
}

/* What is behind a key in its last word, the firmware clears (nfp-isa.md 8.7). */
static void
note_padding(const struct jit_visit *v, const struct xb_reg_state *key)
{
	const struct xb_reg_state *map = jit_reg(v, BPF_REG_1);
	uint32_t bytes = map->type == XB_PTR_MAP ? map->map->key_size : 0;

	for (uint32_t i = bytes; i % 4 != 0; i++)
		if (may_be_nonzero(v, key->frameno, jit_ptr_off(key) + i))
			v->insn->key_padding = (uint8_t)(-bytes % 4);
}

static int
check_key(const struct jit_visit *v, const char *name)
{
	const struct xb_reg_state *key = jit_reg(v, BPF_REG_2);
	int err = check_stack_arg(v, name, key);

	if (!err && is_stack_arg(key))
		note_padding(v, key);

	if (!err && key->frameno != xb_verify_frame(v->env))
		v->insn->flags |= JIT_F_CALLER_STACK;
	if (!err && is_stack_arg(key) && v->insn->is_seen_call)
		v->insn->ptr_not_const |= jit_ptr_off(&v->insn->ptr) != jit_ptr_off(key);
	return err;
}

/*
 * The driver takes a byte for zero when the core marks it so byte by byte. A zero that the core
 * keeps as a spilled register (since Linux 6.8 every store whose place is a multiple of 8) is none:
 * nfp_bpf_map_update_value_ok() looks for STACK_ZERO only.
 */
static bool
is_zero_byte(const struct jit_visit *v, uint32_t frame, int64_t off)
{
	return off < 0 && off >= -512 &&
	       xb_verify_stack_byte(v->env, frame, (int)off, NULL) == XB_SLOT_ZERO;
}

/* What is put into a counter's word must be zero; and a word that something else was put into can
 * be no counter later. */
static int
check_value_zero(const struct jit_visit *v)
{
	const struct xb_reg_state *map_arg = jit_reg(v, BPF_REG_1), *value = jit_reg(v, BPF_REG_3);
	struct jit_map *map = NULL;
	int64_t off = jit_ptr_off(value);

	if (map_arg->type == XB_PTR_MAP)
		map = jit_map_of(v->prog, v->env, map_arg->map);
	for (uint32_t i = 0; map && i < map->def->value_size; i++) {
		struct jit_map_word *word = &map->words[i / 4];

		if (is_zero_byte(v, value->frameno, off + i))
			continue;
		if (word->use == JIT_USE_ATOMIC)
			return jit_tell(
				v, JIT_RULE_UPDATE_NONZERO, (int)i, (int)(-(off + (int64_t)i) - 1));
		word->nonzero = true;
	}
	return 0;
}

/* ---- maps ---- */

static int
has_helper(const struct jit_visit *v, enum jit_fw_helper helper, const char *name)
{
	return v->prog->input.card->helper[helper] ? 0 : jit_tell(v, JIT_RULE_NO_HELPER, name);
}

static int
has_lookup(const struct jit_visit *v)
{
	return has_helper(v, JIT_FW_LOOKUP, "map_lookup");
}

static int
check_lookup(const struct jit_visit *v)
{
	return check_key(v, "map_lookup");
}

static int
has_update(const struct jit_visit *v)
{
	return has_helper(v, JIT_FW_UPDATE, "map_update");
}

static int
check_update(const struct jit_visit *v)
{
	const struct xb_reg_state *value = jit_reg(v, BPF_REG_3);
	int err = check_key(v, "map_update");

	if (!err)
		err = check_stack_arg(v, "map_update", value);
	if (!err && is_stack_arg(value))
		err = check_value_zero(v);
	if (!err)
		jit_note_held(v);
	return err;
}

static int
has_delete(const struct jit_visit *v)
{
	return has_helper(v, JIT_FW_DELETE, "map_delete");
}

static int
check_delete(const struct jit_visit *v)
{
	int err = check_key(v, "map_delete");

	if (!err)
		jit_note_held(v);
	return err;
}

/* ---- packets ---- */

/* The driver's own words for a minimal frame that loses bytes at its head. */
#define HEAD_SHRINK_MAX (ETH_ZLEN - ETH_HLEN)

static bool
is_guaranteed(const struct jit_visit *v, const struct xb_reg_state *delta)
{
	const struct jit_card *card = v->prog->input.card;
	int32_t by = (int32_t)delta->var_off.value;

	if (delta->type != XB_SCALAR || !xb_tnum_is_const(delta->var_off))
		return false;
	if (by > HEAD_SHRINK_MAX || by > (int32_t)card->adjust_head.guaranteed_add ||
		by < -(int64_t)card->adjust_head.guaranteed_sub)
		return false;
	if (v->prog->adjust_head_at == 0)
		return true;
	/* All 64 bits are compared, so that (u32)-4 seen twice is not alike. */
	return v->prog->adjust_head_at == (uint32_t)v->at &&
	       v->insn->ptr.var_off.value == (uint64_t)(int64_t)by;
}

static int
has_adjust_head(const struct jit_visit *v)
{
	const struct jit_card *card = v->prog->input.card;

	if (card->adjust_head.off_max == 0)
		return jit_tell(v, JIT_RULE_NO_ADJUST_HEAD);
	if (!(card->adjust_head.flags & JIT_ADJUST_HEAD_NO_META))
		return jit_tell(v, JIT_RULE_ADJUST_HEAD_META);
	return 0;
}

static int
check_adjust_head(const struct jit_visit *v)
{
	const struct xb_reg_state *delta = jit_reg(v, BPF_REG_2);

	jit_note_src(v->insn, delta->u32_min, delta->u32_max);
	v->prog->adjust_head_at = is_guaranteed(v, delta) ? (uint32_t)v->at : JIT_NONE;
	return 0;
}

static int
has_adjust_tail(const struct jit_visit *v)
{
	return v->prog->input.card->has_adjust_tail ? 0 : jit_tell(v, JIT_RULE_NO_ADJUST_TAIL);
}

static int
check_adjust_tail(const struct jit_visit *v)
{
	const struct xb_reg_state *delta = jit_reg(v, BPF_REG_2);

	jit_note_src(v->insn, delta->u32_min, delta->u32_max);
	return 0;
}

/* ---- others ---- */

static int
has_random(const struct jit_visit *v)
{
	return v->prog->input.card->has_random ? 0 : jit_tell(v, JIT_RULE_NO_RANDOM);
}

/* The event's place in the host's array of rings is known only there: it must be "this CPU". */
static int
check_event_flags(const struct jit_visit *v)
{
	const struct xb_reg_state *flags = jit_reg(v, BPF_REG_3);
	char bits[64];

	if (!(flags->var_off.mask & BPF_F_INDEX_MASK) &&
		(flags->var_off.value & BPF_F_INDEX_MASK) == BPF_F_CURRENT_CPU)
		return 0;
	xb_tnum_format(bits, sizeof(bits), flags->var_off);
	return jit_tell(v, JIT_RULE_EVENT_CPU, bits);
}

static int
check_event_data(const struct jit_visit *v)
{
	const struct xb_reg_state *data = jit_reg(v, BPF_REG_4);

	if (data->type != XB_SCALAR && data->type != XB_PTR_STACK &&
		data->type != XB_PTR_MAP_VALUE && data->type != XB_PTR_PACKET)
		return jit_tell(v, JIT_RULE_EVENT_DATA, data->type);
	return data->type == XB_PTR_STACK ? check_stack_arg(v, "event_output", data) : 0;
}

static int
has_event(const struct jit_visit *v)
{
	return has_helper(v, JIT_FW_PERF_EVENT, "event_output");
}

static int
check_event(const struct jit_visit *v)
{
	uint32_t kind = jit_reg(v, BPF_REG_4)->type;
	int err = check_event_flags(v);

	if (!err)
		err = check_event_data(v);
	if (!err)
		err = jit_tell(v, JIT_RULE_EVENT_DIFFERS);
	if (!err && v->insn->is_seen_call && kind != v->insn->arg4_kind)
		err = jit_tell(v, JIT_RULE_EVENT_CHANGED, v->insn->arg4_kind, kind);
	if (!err)
		v->insn->arg4_kind = kind;
	return err;
}

/* has: the firmware, whatever the arguments; check: those, NULL: nothing is asked of them. */
struct helper {
	int32_t id;
	int (*has)(const struct jit_visit *v);
	int (*check)(const struct jit_visit *v);
};

static const struct helper helpers[] = {
	{ BPF_FUNC_map_lookup_elem, has_lookup, check_lookup },
	{ BPF_FUNC_map_update_elem, has_update, check_update },
	{ BPF_FUNC_map_delete_elem, has_delete, check_delete },
	{ BPF_FUNC_get_prandom_u32, has_random, NULL },
	{ BPF_FUNC_perf_event_output, has_event, check_event },
	{ BPF_FUNC_xdp_adjust_head, has_adjust_head, check_adjust_head },
	{ BPF_FUNC_xdp_adjust_tail, has_adjust_tail, check_adjust_tail },
};

static const struct helper *
helper_of(const struct jit_visit *v)
{
	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (helpers[i].id == v->insn->bpf.imm)
			return &helpers[i];
	return NULL;
}

int
jit_check_has_helper(const struct jit_visit *v)
{
	const struct helper *helper = helper_of(v);

	return helper ? helper->has(v) : jit_tell(v, JIT_RULE_HELPER_UNSUPPORTED, v->insn->bpf.imm);
}

int
jit_check_helper(const struct jit_visit *v)
{
	const struct helper *helper = helper_of(v);
	struct jit_insn *insn = v->insn;
	int err = jit_check_has_helper(v);

	if (!err && helper && helper->check)
		err = helper->check(v);
	if (err || !helper)
		return err;
	insn->is_seen_call = true;
	insn->arg1 = *jit_reg(v, BPF_REG_1);
	insn->ptr = *jit_reg(v, BPF_REG_2);
	return 0;
}
