/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which functions of an object are programs, what type each is, and which are taken.
 * Called by object.c between the checks and the loading; needs obj_elf_read() and the BTF.
 *
 * All is decided here, before libbpf is asked: what is not taken is then hidden from it, so that a
 * tracing program that needs a kernel symbol does not keep the XDP program beside it from loading.
 */
#include "bpf/object_internal.h"

#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- types ---------------------------------------------------------------------------------- */

static bool
is_ours(enum bpf_prog_type type)
{
	return type == BPF_PROG_TYPE_XDP || type == BPF_PROG_TYPE_SCHED_CLS ||
	       type == BPF_PROG_TYPE_SCHED_ACT;
}

static enum bpf_prog_type
type_by_prefix(const char *name)
{
	static const struct {
		const char *prefix;
		enum bpf_prog_type type;
	} prefixes[] = {
		{ "xdp", BPF_PROG_TYPE_XDP },
		{ "tc", BPF_PROG_TYPE_SCHED_CLS }, /* tcx too */
		{ "cls", BPF_PROG_TYPE_SCHED_CLS },
		{ "classifier", BPF_PROG_TYPE_SCHED_CLS },
		{ "ingress", BPF_PROG_TYPE_SCHED_CLS }, /* as iproute2's examples */
		{ "egress", BPF_PROG_TYPE_SCHED_CLS },
		{ "act", BPF_PROG_TYPE_SCHED_ACT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(name, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0)
			return prefixes[i].type;
	return BPF_PROG_TYPE_UNSPEC;
}

/* What libbpf says of a section name; iproute2 calls the section of XDP programs "prog". */
static enum bpf_prog_type
type_by_section(const char *section, bool may_guess_prog)
{
	enum bpf_attach_type attach;
	enum bpf_prog_type type;

	if (may_guess_prog && strcmp(section, "prog") == 0)
		return BPF_PROG_TYPE_XDP;
	if (libbpf_prog_type_by_name(section, &type, &attach))
		return BPF_PROG_TYPE_UNSPEC;
	return type;
}

/* Programs of XDP's type that run on an entry of a map, not where packets arrive. */
static const char *
map_entry_kind(const char *section)
{
	const char *slash = strchr(section, '/');

	if (!slash || strncmp(section, "xdp", 3) != 0)
		return NULL;
	if (strcmp(slash, "/devmap") == 0)
		return "a devmap entry";
	return strcmp(slash, "/cpumap") == 0 ? "a cpumap entry" : NULL;
}

static void
set_type(struct obj_cand *c, enum bpf_prog_type type, enum xb_type_from from)
{
	c->type = type;
	c->from = from;
}

static void
decide_type(const struct xb_object_opts *opts, struct obj_cand *c)
{
	bool asked_for = opts->section || opts->program;
	enum bpf_prog_type type = type_by_section(c->section, !opts->type);
	const char *word;

	if (asked_for && c->named && opts->type) {
		set_type(c, opts->type, XB_TYPE_OPTION);
		return;
	}
	if (map_entry_kind(c->section)) {
		c->type = BPF_PROG_TYPE_XDP;
		c->why = XB_SKIP_MAP_ENTRY;
		obj_leave(c, ENODATA, "runs on %s, not where packets arrive",
			map_entry_kind(c->section));
		return;
	}
	if (is_ours(type)) {
		set_type(c, type, XB_TYPE_SECTION);
		return;
	}
	if (type != BPF_PROG_TYPE_UNSPEC) {
		word = libbpf_bpf_prog_type_str(type);
		c->type = type;
		c->why = XB_SKIP_TYPE;
		obj_leave(c, ENODATA, "%s program", word ? word : "unknown");
		return;
	}
	if (opts->type) {
		set_type(c, opts->type, XB_TYPE_OPTION);
		return;
	}
	type = type_by_prefix(c->section);
	if (!is_ours(type))
		type = type_by_prefix(c->name);
	if (is_ours(type))
		set_type(c, type, XB_TYPE_PREFIX);
	else
		obj_leave(c, ENODATA,
			"its section does not say the type; say --type xdp or --type tc");
}

/* ---- candidates ----------------------------------------------------------------------------- */

static int
add_cand(struct obj_build *b, const char *name, uint32_t sec, uint32_t insn, uint32_t cnt)
{
	const struct obj_elf *elf = &b->elf;
	const char *section = elf->secs[sec].name;
	struct obj_cand *c;

	if (b->cand_cnt == XB_OBJECT_MAX_PROGS)
		return obj_fail(elf, EFBIG, section, "more than %u programs", XB_OBJECT_MAX_PROGS);
	c = &b->cands[b->cand_cnt++];
	*c = (struct obj_cand){
		.name = name,
		.section = section[0] == '?' ? section + 1 : section,
		.sec = sec,
		.insn = insn,
		.cnt = cnt,
		.taken = true,
		.prog = UINT32_MAX,
	};
	return 0;
}

static uint32_t
count_code_sections(const struct obj_elf *elf)
{
	uint32_t cnt = 0;

	for (uint32_t i = 1; i < elf->sec_cnt; i++)
		cnt += obj_sec_is_code(&elf->secs[i]);
	return cnt;
}

/* Are functions of this section programs? Those of .text are, when there is nothing else. */
static bool
holds_programs(const struct obj_elf *elf, uint32_t sec)
{
	return obj_sec_is_code(&elf->secs[sec]) &&
	       (sec != elf->text || count_code_sections(elf) == 1);
}

static int
add_functions(struct obj_build *b)
{
	const struct obj_elf *elf = &b->elf;
	uint32_t only_text = elf->text && holds_programs(elf, elf->text);
	int err = 0;

	if (only_text && elf->func_cnt > 1)
		return obj_fail(elf, ENODATA, ".text",
			"%u functions and no section of programs; give the program one:"
			" SEC(\"xdp\") or SEC(\"tc\")",
			elf->func_cnt);
	for (uint32_t i = 0; i < elf->func_cnt && !err; i++) {
		const struct obj_func *f = &elf->funcs[i], *same;

		if (!holds_programs(elf, f->sec))
			continue;
		err = add_cand(b, f->name, f->sec, f->insn, f->cnt);
		if (err)
			break;
		same = obj_func_at(elf, f->sec, f->insn);
		if (same != f)
			obj_leave(&b->cands[b->cand_cnt - 1], ENODATA, "another name of '%.64s'",
				same->name);
		else if (f->is_static && !only_text)
			obj_leave(&b->cands[b->cand_cnt - 1], ENODATA, "a static function");
	}
	return err;
}

/* A call inside of a section needs no relocation: then it is one program with its subprograms. */
static bool
calls_itself(const struct obj_elf *elf, uint32_t sec)
{
	for (uint32_t i = 0; i < elf->secs[sec].size / OBJ_INSN_BYTES; i++) {
		struct bpf_insn insn = obj_insn_at(elf, sec, i);

		if (obj_insn_is_call(&insn))
			return true;
		i += xb_insn_is_wide(&insn);
	}
	return false;
}

static bool
parse_tail(const char *section, int *id, int *key)
{
	int len = 0;

	return sscanf(section, "%i/%i%n", id, key, &len) == 2 && section[len] == '\0';
}

/* The older form: a section is a program, unless it plainly holds several. */
static int
add_section(struct obj_build *b, uint32_t sec)
{
	const struct obj_elf *elf = &b->elf;
	const struct obj_func *first = NULL;
	uint32_t globals = 0;
	struct obj_cand *c;
	int err = 0;

	for (uint32_t i = 0; i < elf->func_cnt; i++) {
		const struct obj_func *f = &elf->funcs[i];

		if (f->sec != sec)
			continue;
		globals += !f->is_static;
		if (!first || (first->is_static && f->insn == first->insn))
			first = f;
	}
	if (globals > 1 && !calls_itself(elf, sec)) {
		for (uint32_t i = 0; i < elf->func_cnt && !err; i++)
			if (elf->funcs[i].sec == sec && !elf->funcs[i].is_static)
				err = add_cand(b, elf->funcs[i].name, sec, elf->funcs[i].insn,
					elf->funcs[i].cnt);
		return err;
	}
	err = add_cand(b, first ? first->name : elf->secs[sec].name, sec, 0,
		(uint32_t)(elf->secs[sec].size / OBJ_INSN_BYTES));
	if (err)
		return err;
	c = &b->cands[b->cand_cnt - 1];
	if (first && first->is_static && globals)
		obj_leave(c, ENOEXEC,
			"its section begins with the static function '%.64s', which would be run;"
			" put the program first",
			first->name);
	c->is_tail = parse_tail(c->section, &c->tail_id, &c->tail_key);
	return 0;
}

static int
add_sections(struct obj_build *b)
{
	int err = 0;

	for (uint32_t i = 1; i < b->elf.sec_cnt && !err; i++)
		if (holds_programs(&b->elf, i))
			err = add_section(b, i);
	return err;
}

/* The older form, or a form both know that libbpf would not take: .text alone with several
 * functions, code without symbols. */
static bool
goes_by_section(const struct obj_elf *elf)
{
	bool text_alone = elf->text && count_code_sections(elf) == 1;

	if (elf->legacy_maps)
		return true;
	return !elf->btf_maps && (elf->func_cnt == 0 || (text_alone && elf->func_cnt > 1));
}

/* ---- what was asked for --------------------------------------------------------------------- */

static bool
is_named(const struct xb_object_opts *opts, const struct obj_elf *elf, const struct obj_cand *c)
{
	if (opts->section && strcmp(opts->section, c->section) != 0 &&
		strcmp(opts->section, elf->secs[c->sec].name) != 0)
		return false;
	return !opts->program || strcmp(opts->program, c->name) == 0;
}

/* Does a program array's .values name the function? Then it is needed, whoever was asked for. */
static bool
is_tail_target(const struct obj_elf *elf, const struct obj_cand *c)
{
	for (uint32_t i = 0; elf->btf_maps && i < elf->rel_cnt; i++) {
		const struct obj_sym *sym = &elf->syms[elf->rels[i].sym];

		if (elf->rels[i].sec == elf->btf_maps && sym->sec == c->sec &&
			sym->value == (uint64_t)c->insn * OBJ_INSN_BYTES)
			return true;
	}
	return c->is_tail;
}

static int
none_named(const struct obj_build *b)
{
	const struct xb_object_opts *opts = b->opts;
	const struct obj_elf *elf = &b->elf;

	if (b->cand_cnt == 0)
		return obj_fail(elf, ENODATA, NULL, "no program in it: no section of code");
	xb_log_add(b->log, "%s: no program", elf->path);
	if (opts->program)
		xb_log_add(b->log, " '%s'", opts->program);
	if (opts->section)
		xb_log_add(b->log, " in section '%s'", opts->section);
	xb_log_add(b->log, "; there is");
	for (uint32_t i = 0; i < b->cand_cnt && i < 8; i++)
		xb_log_add(b->log, "%s '%s' in '%s'", i ? "," : "", b->cands[i].name,
			b->cands[i].section);
	xb_log_add(b->log, "%s\n", b->cand_cnt > 8 ? " ..." : "");
	return -ESRCH;
}

/* Keep what was named and what it may tail-call; the rest is out of the question. */
static int
keep_named(struct obj_build *b)
{
	uint32_t kept = 0, named = 0;

	for (uint32_t i = 0; i < b->cand_cnt; i++) {
		struct obj_cand *c = &b->cands[i];

		c->named = is_named(b->opts, &b->elf, c);
		named += c->named;
	}
	if (named == 0)
		return none_named(b);
	for (uint32_t i = 0; i < b->cand_cnt; i++)
		if (b->cands[i].named || is_tail_target(&b->elf, &b->cands[i]))
			b->cands[kept++] = b->cands[i];
	b->cand_cnt = kept;
	return 0;
}

/* ID/KEY says nothing of the type: it is that of the programs around. */
static void
type_tails(struct obj_build *b)
{
	const struct obj_cand *model = NULL;

	for (uint32_t i = 0; i < b->cand_cnt && !model; i++)
		if (!b->cands[i].is_tail && b->cands[i].taken)
			model = &b->cands[i];
	for (uint32_t i = 0; i < b->cand_cnt && model; i++) {
		struct obj_cand *c = &b->cands[i];

		if (!c->is_tail || (!c->taken && c->err != ENODATA))
			continue;
		if (c->taken && c->from == XB_TYPE_OPTION)
			continue;
		c->taken = true;
		c->reason[0] = '\0';
		c->why = XB_SKIP_OTHER;
		c->err = 0;
		set_type(c, model->type, XB_TYPE_SECTION);
	}
}

/* ---- the choice ----------------------------------------------------------------------------- */

/* Nothing to run: say why of each program; the errno is that of the most telling reason. */
static int
none_left(const struct obj_build *b)
{
	static const int by_weight[] = { EOPNOTSUPP, EFBIG, ENOEXEC };
	int err = ENODATA;

	for (size_t w = 0; w < ARRAY_SIZE(by_weight) && err == ENODATA; w++)
		for (uint32_t i = 0; i < b->cand_cnt; i++)
			if (b->cands[i].named && b->cands[i].err == by_weight[w])
				err = by_weight[w];
	for (uint32_t i = 0; i < b->cand_cnt && i < 8; i++)
		obj_fail(&b->elf, err, b->cands[i].section, "program '%s' cannot run here: %s",
			b->cands[i].name, b->cands[i].reason);
	if (b->cand_cnt > 8)
		obj_fail(&b->elf, err, NULL, "nor can the other %u programs", b->cand_cnt - 8);
	return -err;
}

static void
note_types(const struct obj_build *b)
{
	for (uint32_t i = 0; i < b->cand_cnt; i++) {
		const struct obj_cand *c = &b->cands[i];
		bool by_section = is_ours(type_by_prefix(c->section));

		if (c->taken && c->from == XB_TYPE_PREFIX)
			xb_log_add(b->log,
				"note: %s: program '%s': type %s assumed from %s '%s'; --type says"
				" another\n",
				b->elf.path, c->name, xb_prog_type_name(c->type),
				by_section ? "section" : "the function's name",
				by_section ? c->section : c->name);
	}
}

static void
number_programs(struct obj_build *b)
{
	/* What was asked for comes first, what it tail-calls after. */
	for (int named = 1; named >= 0; named--)
		for (uint32_t i = 0; i < b->cand_cnt; i++)
			if (b->cands[i].taken && b->cands[i].named == (named == 1))
				b->cands[i].prog = b->out->prog_cnt++;
}

int
obj_choose(struct obj_build *b)
{
	uint32_t named = 0;
	int err;

	b->cands = calloc(XB_OBJECT_MAX_PROGS, sizeof(*b->cands));
	if (!b->cands)
		return obj_fail(&b->elf, ENOMEM, NULL, "out of memory");
	b->by_section = goes_by_section(&b->elf);
	err = b->by_section ? add_sections(b) : add_functions(b);
	err = err ? err : keep_named(b);
	if (err)
		return err;
	for (uint32_t i = 0; i < b->cand_cnt; i++)
		decide_type(b->opts, &b->cands[i]);
	type_tails(b);
	err = obj_close_programs(b);
	if (err)
		return err;
	for (uint32_t i = 0; i < b->cand_cnt; i++)
		named += b->cands[i].taken && b->cands[i].named;
	if (named == 0 && !b->opts->may_be_empty)
		return none_left(b);
	if (named == 0) /* what they may tail-call is nobody's then */
		return 0;
	number_programs(b);
	note_types(b);
	return 0;
}
