/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the walk has to say, in the wording and layout of the kernel's log (kernel/bpf/log.c):
 * sentences of refusals at every level; from level 1 the path; at level 2 every path.
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <string.h>

/* Columns of the log: states stand at 40, or further right in steps of 8. */
#define STATE_COLUMN 40
#define STATE_STEP 8

void
xv_say(struct xb_verify_env *env, const char *fmt, ...)
{
	va_list ap;

	env->facts.refused_insn = env->insn;
	va_start(ap, fmt);
	xb_log_vadd(env->log, fmt, ap);
	va_end(ap);
}

void
xv_note(struct xb_verify_env *env, const char *fmt, ...)
{
	va_list ap;

	if (!env->level)
		return;
	va_start(ap, fmt);
	xb_log_vadd(env->log, fmt, ap);
	va_end(ap);
}

int
xv_unsupported(struct xb_verify_env *env, const char *fmt, ...)
{
	va_list ap;

	xv_say(env, "not supported by this verifier: ");
	va_start(ap, fmt);
	xb_log_vadd(env->log, fmt, ap);
	va_end(ap);
	xv_say(env, "\n");
	return -EOPNOTSUPP;
}

void
xv_log_cut(struct xb_verify_env *env, size_t len)
{
	if (!env->log || !env->log->text || len >= env->log->len)
		return;
	env->log->len = len;
	env->log->text[len] = '\0';
}

void
xv_touch_all(struct xb_verify_env *env)
{
	env->touched_regs = UINT16_MAX;
	env->touched_slots = UINT64_MAX;
}

/* ---- types ---- */

const char *
xb_reg_type_format(char *buf, size_t size, uint32_t type)
{
	static const char *const words[] = {
#define KIND(id, number, word) [number] = word,
		XB_REG_KIND_LIST(KIND)
#undef KIND
	};
	uint32_t kind = type & XB_KIND_MASK;
	bool is_btf = kind == XB_PTR_BTF_ID;

	snprintf(buf, size, "%s%s%s%s%s", type & XB_MEM_RDONLY ? "rdonly_" : "",
		type & XB_MEM_RINGBUF ? "ringbuf_" : "", type & XB_TRUSTED ? "trusted_" : "",
		kind < ARRAY_SIZE(words) && words[kind] ? words[kind] : "?",
		!(type & XB_MAYBE_NULL) ? ""
		: is_btf		? "or_null_"
					: "_or_null");
	return buf;
}

/* ---- registers ---- */

static void
put_unsigned(struct xb_verify_env *env, uint64_t v)
{
	xv_note(env, v <= UINT16_MAX ? "%llu" : "0x%llx", (unsigned long long)v);
}

static void
put_signed(struct xb_verify_env *env, int64_t v)
{
	xv_note(env, v >= INT16_MIN && v <= INT16_MAX ? "%lld" : "0x%llx", (long long)v);
}

static int64_t
as_shown32(int32_t v)
{
	return v >= INT16_MIN && v <= INT16_MAX ? v : (int64_t)(uint32_t)v;
}

/* "smin=smin32=-1,umax=5": bounds of one value share it. */
static void
put_bounds(struct xb_verify_env *env, const struct xb_reg_state *r, const char **sep)
{
	struct {
		const char *name;
		uint64_t v;
		bool is_said;
	} b[] = {
		{ "smin", (uint64_t)r->smin, r->smin == INT64_MIN },
		{ "smax", (uint64_t)r->smax, r->smax == INT64_MAX },
		{ "umin", r->umin, r->umin == 0 },
		{ "umax", r->umax, r->umax == UINT64_MAX },
		{ "smin32", (uint64_t)as_shown32(r->s32_min), r->s32_min == INT32_MIN },
		{ "smax32", (uint64_t)as_shown32(r->s32_max), r->s32_max == INT32_MAX },
		{ "umin32", r->u32_min, r->u32_min == 0 },
		{ "umax32", r->u32_max, r->u32_max == UINT32_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(b); i++) {
		bool is_negative = b[i].name[0] == 's' && (int64_t)b[i].v < 0;

		if (b[i].is_said)
			continue;
		xv_note(env, "%s%s=", *sep, b[i].name);
		*sep = ",";
		for (size_t j = i + 2; j < ARRAY_SIZE(b); j += 2) {
			if (b[j].is_said || b[j].v != b[i].v ||
				(b[j].name[0] == 's' && (int64_t)b[j].v < 0) != is_negative)
				continue;
			b[j].is_said = true;
			xv_note(env, "%s=", b[j].name);
		}
		if (b[i].name[0] == 's')
			put_signed(env, (int64_t)b[i].v);
		else
			put_unsigned(env, b[i].v);
	}
}

static void
put_value(struct xb_verify_env *env, const struct xb_reg_state *r, const char *sep)
{
	if (xb_tnum_is_const(r->var_off)) {
		if (r->var_off.value) {
			xv_note(env, "%simm=", sep);
			put_signed(env, (int64_t)r->var_off.value);
		}
		return;
	}
	put_bounds(env, r, &sep);
	if (!xb_tnum_is_unknown(r->var_off))
		xv_note(env, "%svar_off=%s", sep, XV_TNUM(r->var_off));
}

static void
put_object(struct xb_verify_env *env, const struct xb_reg_state *r, const char **sep)
{
	if (r->ref_obj_id) {
		xv_note(env, "%sref_obj_id=%u", *sep, r->ref_obj_id);
		*sep = ",";
	}
	if (xb_reg_kind(r) == XB_PTR_MAP || xb_reg_kind(r) == XB_PTR_MAP_VALUE) {
		if (r->map->name && r->map->name[0]) {
			xv_note(env, "%smap=%.15s", *sep, r->map->name);
			*sep = ",";
		}
		xv_note(env, "%sks=%u,vs=%u", *sep, r->map->key_size, r->map->value_size);
		*sep = ",";
	}
	if (r->type != XB_SCALAR && r->off) {
		xv_note(env, "%soff=", *sep);
		put_signed(env, r->off);
		*sep = ",";
	}
	if (xv_is_packet(r)) {
		xv_note(env, "%sr=", *sep);
		put_unsigned(env, (uint64_t)(int64_t)r->range);
		*sep = ",";
	}
	if (xb_reg_kind(r) == XB_PTR_MEM) {
		xv_note(env, "%ssz=", *sep);
		put_unsigned(env, r->mem_size);
		*sep = ",";
	}
}

static void
put_reg(struct xb_verify_env *env, uint32_t frame, const struct xb_reg_state *r, bool is_precise)
{
	const char *sep = "";

	if (r->type == XB_SCALAR && is_precise)
		xv_note(env, "P");
	if (xv_is_const(r)) {
		put_signed(env, (int64_t)r->var_off.value);
		return;
	}
	xv_note(env, "%s", XV_TYPE(r->type));
	if (r->type == XB_PTR_STACK) {
		if (frame != r->frameno)
			xv_note(env, "[%u]", r->frameno);
		if (xb_tnum_is_const(r->var_off)) {
			put_signed(env, (int64_t)r->var_off.value + r->off);
			return;
		}
	}
	xv_note(env, "(");
	if (r->id) {
		xv_note(env, "id=%u", r->id & ~XB_ID_ADD_CONST);
		sep = ",";
	}
	if (r->id & XB_ID_ADD_CONST)
		xv_note(env, "%+d", r->off);
	put_object(env, r, &sep);
	put_value(env, r, sep);
	xv_note(env, ")");
}

/* ---- states ---- */

static void
put_live(struct xb_verify_env *env, bool is_read, bool is_written, bool is_done)
{
	if (is_read || is_written || is_done)
		xv_note(env, "_%s%s%s", is_read ? "r" : "", is_written ? "w" : "",
			is_done ? "D" : "");
}

static void
put_slot(struct xb_verify_env *env, const struct xv_state *st, uint32_t f, uint32_t i)
{
	static const char letters[] = { '?', 'r', 'm', '0' };
	const struct xv_frame *fr = &st->frame[f];
	const struct xv_slot *s = &fr->stack->slot[i];
	char text[9] = "";
	bool is_used = false;
	unsigned int n = 0;

	for (unsigned int j = 0; j < 8; j++)
		is_used |= s->type[j] != XB_SLOT_INVALID;
	if (!is_used)
		return;
	for (n = 0; n < 8 && !(xv_is_spill(s) && s->type[n] == XB_SLOT_SPILL); n++)
		text[n] = letters[s->type[n]];
	text[n] = '\0';
	xv_note(env, " fp%d", -(int)(i + 1) * 8);
	put_live(env, fr->slot_read >> i & 1, fr->slot_written >> i & 1, st->is_done);
	xv_note(env, "=%s", text);
	if (xv_is_spill(s))
		put_reg(env, f, &s->spill->r, fr->slot_precise >> i & 1);
}

void
xv_say_state(struct xb_verify_env *env, const struct xv_state *st, uint32_t f, bool all)
{
	const struct xv_frame *fr = &st->frame[f];

	if (!env->level)
		return;
	if (f)
		xv_note(env, " frame%u:", f);
	for (unsigned int n = 0; n < XV_REGS; n++) {
		if (fr->regs->r[n].type == XB_NOT_INIT || (!all && !(env->touched_regs >> n & 1)))
			continue;
		xv_note(env, " R%u", n);
		put_live(
			env, (fr->read32 | fr->read64) >> n & 1, fr->written >> n & 1, st->is_done);
		xv_note(env, "=");
		put_reg(env, f, &fr->regs->r[n], fr->precise >> n & 1);
	}
	for (uint32_t i = 0; fr->stack && i < fr->stack->cnt; i++)
		if (all || (env->touched_slots >> i & 1))
			put_slot(env, st, f, i);
	for (uint32_t i = 0; i < st->ref_cnt; i++)
		xv_note(env, "%s%u", i ? "," : " refs=", st->refs[i].id);
	xv_note(env, "\n");
	if (!all)
		env->touched_regs = 0, env->touched_slots = 0;
}

/* ---- instructions ---- */

static size_t
padding(size_t width)
{
	size_t column = width + STATE_STEP / 2;

	if (column < STATE_COLUMN)
		column = STATE_COLUMN;
	return (column + STATE_STEP - 1) / STATE_STEP * STATE_STEP - width - 1;
}

/* What the instruction changed, behind it on its line when nothing was said since. */
void
xv_say_insn_state(struct xb_verify_env *env)
{
	if (env->log && env->insn_end && env->insn_end == env->log->len) {
		xv_log_cut(env, env->insn_end - 1);
		xv_note(env, "%*c;", (int)padding(env->insn_width), ' ');
	} else {
		xv_note(env, "%d:", env->insn);
	}
	xv_say_state(env, env->cur, env->cur->curframe, false);
}

static const struct xb_line *
line_of(const struct xb_verify_env *env, uint32_t insn)
{
	uint32_t lo = 0, hi = env->opts->line_cnt;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (env->opts->lines[mid].insn <= insn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &env->opts->lines[lo - 1] : NULL;
}

void
xv_say_line(struct xb_verify_env *env, uint32_t insn, const char *prefix)
{
	const struct xb_line *line = line_of(env, insn), *said = env->said_line;
	const char *file, *slash;

	if (!line || line == said)
		return;
	if (said && said->line == line->line && strcmp(said->file, line->file) == 0)
		return;
	file = line->file ? line->file : "";
	slash = strrchr(file, '/');
	xv_note(env, "%s%s @ %s:%u\n", prefix, line->text, slash ? slash + 1 : file, line->line);
	env->said_line = line;
}

void
xv_say_insn(struct xb_verify_env *env)
{
	char text[128];

	if (!env->log)
		return;
	if (env->touched_regs || env->touched_slots)
		xv_say_insn_state(env);
	xv_say_line(env, (uint32_t)env->insn, "; ");
	env->insn_width = env->log->len;
	xb_insn_format(&env->insns[env->insn], env->cnt - (uint32_t)env->insn, text, sizeof(text));
	xv_note(env, "%d: (%02x) %s\n", env->insn, env->insns[env->insn].code, text);
	env->insn_width = env->log->len - env->insn_width;
	env->insn_end = env->log->len;
}

void
xv_note_set(struct xb_verify_env *env, uint16_t regs, uint64_t slots)
{
	const char *sep = "";

	xv_note(env, "regs=");
	for (unsigned int n = 0; n < XV_REGS; n++)
		if (regs >> n & 1) {
			xv_note(env, "%sr%u", sep, n);
			sep = ",";
		}
	xv_note(env, " stack=");
	sep = "";
	for (int i = 0; i < XV_SLOTS; i++)
		if (slots >> i & 1) {
			xv_note(env, "%s%d", sep, -(i + 1) * 8);
			sep = ",";
		}
	xv_note(env, " ");
}
