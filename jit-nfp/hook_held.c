/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of a hash's values that a program still has when it updates the map or deletes from it.
 * Linux gives the key another element, and what was looked up stays as it was until the memory is
 * used again; the card writes the new value over the old one (firmware-facts.md 1.4). What may be
 * different is told by quirks_call.c.
 *
 * Called by hook_call.c at every visit of such a call.
 */
#include "jit-nfp/internal.h"

static bool
is_value_of(const struct xb_reg_state *reg, const struct xb_map_def *map)
{
	return reg && xb_reg_kind(reg) == XB_PTR_MAP_VALUE && reg->map == map;
}

static bool
is_on_stack(const struct jit_visit *v, uint32_t frame, const struct xb_map_def *map)
{
	const struct xb_reg_state *spilled;

	for (int off = -8; off >= -512; off -= 8)
		if (xb_verify_stack_byte(v->env, frame, off, &spilled) == XB_SLOT_SPILL &&
			is_value_of(spilled, map))
			return true;
	return false;
}

void
jit_note_held(const struct jit_visit *v)
{
	const struct xb_reg_state *arg = jit_reg(v, BPF_REG_1);
	const uint32_t now = xb_verify_frame(v->env);

	if (arg->type != XB_PTR_MAP || arg->map->type != BPF_MAP_TYPE_HASH)
		return;
	for (uint32_t frame = 0; frame <= now; frame++) {
		v->insn->is_held |= is_on_stack(v, frame, arg->map);
		for (unsigned int reg = BPF_REG_6; reg <= BPF_REG_9; reg++) {
			if (!is_value_of(xb_verify_frame_reg(v->env, frame, reg), arg->map))
				continue;
			if (frame == now)
				v->insn->held_regs |= (uint16_t)(1u << reg);
			else
				v->insn->is_held = true;
		}
	}
}
