/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before anything is walked: every opcode is one, and every 64-bit immediate that stands for
 * something else stands for a map we know (kernel: resolve_pseudo_ldimm64).
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <string.h>

static bool is_opcode[256];

static void __attribute__((constructor)) note_opcodes(void)
{
	for (enum xb_op op = 0; op < XB_OP_CNT; op++)
		is_opcode[xb_op_info(op)->code] = true;
	is_opcode[XV_JCOND] = true; /* may_goto, refused by name */
}

static int
refuse(struct xb_verify_env *env, const char *reason)
{
	xv_say(env, "%s\n", reason);
	return -EINVAL;
}

/* The same of what is about the device and not about the program: who wants to hear of all that is
 * wrong goes on behind it. */
static int
refuse_map(struct xb_verify_env *env, const struct xb_map_def *map, const char *reason)
{
	const struct xb_verify_opts *opts = env->opts;

	if (opts->pass_over && opts->pass_over(opts->pass_over_arg, (uint32_t)(map - opts->maps),
				       env->insn, reason))
		return 0;
	return refuse(env, reason);
}

/* Can programs hold this map's value by its address? */
static int
check_value_address(struct xb_verify_env *env, const struct xb_map_def *map, uint32_t off)
{
	static const char reason[] = "no direct value access support for this map type";

	if (off >= XV_MAX_VAR_OFF) {
		xv_say(env, "direct value offset of %u is not allowed\n", off);
		return -EINVAL;
	}
	if (map->type != BPF_MAP_TYPE_ARRAY)
		return refuse(env, reason);
	/* A device's map has no address here, whatever its type. */
	if (env->opts->offloaded && refuse_map(env, map, reason))
		return -EINVAL;
	if (map->max_entries == 1 && off < map->value_size)
		return 0;
	xv_say(env, "invalid access to map value pointer, value_size=%u off=%u\n", map->value_size,
		off);
	return map->max_entries == 1 ? -EINVAL : -524; /* the kernel's ENOTSUPP */
}

/* Maps of a device are hashes and arrays; of the host's, only one without state goes with a
 * device's program (kernel: bpf_map_offload_map_alloc(), bpf_map_offload_neutral()). */
static bool
is_fit_for_device(const struct xb_map_def *map)
{
	return map->type == BPF_MAP_TYPE_HASH || map->type == BPF_MAP_TYPE_ARRAY ||
	       map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

/* A map that the program names for the first time. */
static int
check_new_map(struct xb_verify_env *env, const struct xb_map_def *map)
{
	const char *name = map->name ? map->name : "", *field;

	if (env->opts->offloaded && !is_fit_for_device(map) &&
		refuse_map(env, map, "offload device mismatch between prog and map"))
		return -EINVAL;
	if (map->type == BPF_MAP_TYPE_STRUCT_OPS)
		return refuse(env, "bpf_struct_ops map cannot be used in prog");
	if (map->type > BPF_MAP_TYPE_USER_RINGBUF)
		return xv_unsupported(env, "maps of type %d", (int)map->type);
	field = xv_map_special_field(env, map);
	if (field)
		return xv_unsupported(env, "map '%s' has a %s in its value", name, field);
	if (map->inner < 0)
		return 0;
	if ((uint32_t)map->inner >= env->opts->map_cnt)
		return refuse(env, "the map's inner map is not one of the program's");
	field = xv_map_special_field(env, &env->opts->maps[map->inner]);
	if (field)
		return xv_unsupported(env, "map '%s' has a %s in its inner map", name, field);
	return 0;
}

static int
check_map(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	const struct xb_verify_opts *opts = env->opts;
	uint32_t index = (uint32_t)insn->imm;
	int err = 0;

	if (index >= env->opts->map_cnt) {
		xv_say(env, "map index %d is not one of the program's %u maps\n", insn->imm,
			env->opts->map_cnt);
		return -EINVAL;
	}
	if (!env->is_map_checked[index])
		err = check_new_map(env, &env->opts->maps[index]);
	if (!err && !env->is_map_checked[index] && opts->check_map)
		err = opts->check_map(opts->check_map_arg, env, index);
	if (err)
		return err;
	env->is_map_checked[index] = true;
	env->aux[env->insn].map = index;
	if (insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE)
		return check_value_address(env, &env->opts->maps[index], (uint32_t)insn[1].imm);
	return 0;
}

static int
check_ldimm64(struct xb_verify_env *env, const struct bpf_insn *insn, uint32_t left)
{
	if (left < 2 || insn[1].code || insn[1].dst_reg || insn[1].src_reg || insn[1].off)
		return refuse(env, "invalid bpf_ld_imm64 insn");
	switch (insn->src_reg) {
	case 0: return 0;
	case BPF_PSEUDO_BTF_ID: return xv_unsupported(env, "kernel variables");
	case BPF_PSEUDO_MAP_VALUE: break;
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		if (insn[1].imm)
			return refuse(env, "unrecognized bpf_ld_imm64 insn");
		break;
	case BPF_PSEUDO_MAP_IDX_VALUE: break;
	default: return refuse(env, "unrecognized bpf_ld_imm64 insn");
	}
	if (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE) {
		xv_say(env, "fd %d is not pointing to valid bpf_map\n", insn->imm);
		return -EBADF;
	}
	return check_map(env, insn);
}

static int
check_one(struct xb_verify_env *env, const struct bpf_insn *insn, uint32_t left)
{
	uint8_t mode = BPF_MODE(insn->code);

	if (BPF_CLASS(insn->code) == BPF_LDX &&
		((mode != BPF_MEM && mode != BPF_MEMSX) || insn->imm))
		return refuse(env, "BPF_LDX uses reserved fields");
	if (xb_insn_is_wide(insn))
		return check_ldimm64(env, insn, left);
	if (!is_opcode[insn->code]) {
		xv_say(env, "unknown opcode %02x\n", insn->code);
		return -EINVAL;
	}
	if (insn->code == XV_JCOND)
		return xv_unsupported(env, "may_goto");
	return 0;
}

int
xv_prepare(struct xb_verify_env *env)
{
	for (uint32_t i = 0; i < env->cnt; i++) {
		int err;

		env->insn = (int32_t)i;
		err = check_one(env, &env->insns[i], env->cnt - i);
		if (err)
			return err;
		if (xb_insn_is_wide(&env->insns[i]))
			i++;
	}
	env->insn = -1;
	return 0;
}
