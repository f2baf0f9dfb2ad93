/* SPDX-License-Identifier: BSD-2-Clause */
/* See jit_cover.h. */
#include "tests/diff/jit_cover.h"

#include "jit-nfp/internal.h"

#include <string.h>

/* Which function of jit-nfp/ makes the words of this opcode; NULL. */
static const char *
emitter_of(uint32_t code)
{
	static const char *const names[UINT8_MAX + 1] = {
#define ROW(code, name) [code] = #name,
#include "jit-nfp/translate.def"
#undef ROW
	};

	return names[code];
}

static const struct {
	int32_t id;
	const char *name;
} helpers[] = {
	{ BPF_FUNC_map_lookup_elem, "lookup" },
	{ BPF_FUNC_map_update_elem, "update" },
	{ BPF_FUNC_map_delete_elem, "delete" },
	{ BPF_FUNC_get_prandom_u32, "prandom" },
	{ BPF_FUNC_xdp_adjust_head, "adjust_head" },
	{ BPF_FUNC_xdp_adjust_tail, "adjust_tail" },
};
#define HELPERS (sizeof(helpers) / sizeof(helpers[0]))

/* What an access is to. */
#define ACCESS_LIST(X)                                                                             \
	X(PACKET, "packet")                                                                        \
	X(SHARED, "packet, read before")                                                           \
	X(COPY, "copy")                                                                            \
	X(STACK, "stack")                                                                          \
	X(OUTER, "outer stack")                                                                    \
	X(VALUE, "map value")                                                                      \
	X(CONTEXT, "context")
enum access {
#define X(id, name) ACCESS_##id,
	ACCESS_LIST(X)
#undef X
		ACCESS_CNT
};
static const char *const access_names[] = {
#define X(id, name) name,
	ACCESS_LIST(X)
#undef X
};

static struct {
	unsigned long codes[UINT8_MAX + 1], helpers[HELPERS], subprogs, accesses[ACCESS_CNT];
} counts;

static enum access
access_of(const struct jit_insn *insn)
{
	switch (insn->ptr.type) {
	case XB_PTR_STACK: return insn->flags & JIT_F_CALLER_STACK ? ACCESS_OUTER : ACCESS_STACK;
	case XB_PTR_MAP_VALUE: return insn->gather_bytes ? ACCESS_COPY : ACCESS_VALUE;
	case XB_PTR_CTX: return ACCESS_CONTEXT;
	default:
		return insn->gather_bytes			 ? ACCESS_COPY
		       : jit_is_load(insn) && !insn->cache_owner ? ACCESS_SHARED
								 : ACCESS_PACKET;
	}
}

static void
count_slot(const struct jit_insn *insn)
{
	counts.codes[insn->bpf.code]++;
	if (jit_is_load(insn) || jit_is_store(insn))
		counts.accesses[access_of(insn)]++;
	counts.subprogs += jit_is_local_call(insn);
	for (size_t i = 0; i < HELPERS; i++)
		counts.helpers[i] += jit_is_helper_call(insn) && insn->bpf.imm == helpers[i].id;
}

void
cover_add(const struct jit_prog *prog, const bool *executed)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i = jit_next(prog, i))
		if (executed[i] && (prog->insns[i].flags & JIT_F_SKIP) == 0)
			count_slot(&prog->insns[i]);
}

/* The verifier gives it to tc programs only, or the driver refuses it. */
static bool
is_never(uint32_t code)
{
	return BPF_CLASS(code) == BPF_ST ||
	       (BPF_CLASS(code) == BPF_LD && BPF_MODE(code) != BPF_IMM);
}

/* Returns how many opcodes the driver translates and no program ran. */
static unsigned int
print_codes(void)
{
	unsigned int never = 0;

	printf("ran, by what translates it:");
	for (uint32_t code = 0; code <= UINT8_MAX; code++) {
		const char *name = emitter_of(code);
		unsigned long sum = 0;
		bool is_first = true;

		if (name == NULL)
			continue;
		for (uint32_t other = 0; other <= UINT8_MAX; other++)
			if (emitter_of(other) && strcmp(emitter_of(other), name) == 0) {
				sum += counts.codes[other];
				is_first &= other >= code;
			}
		if (is_first)
			printf(" %s %lu", name, sum);
		if (counts.codes[code] == 0 && !is_never(code)) {
			printf(" (%#x never)", code);
			never++;
		}
	}
	printf("\n");
	return never;
}

unsigned int
cover_print(void)
{
	unsigned int never = print_codes();

	printf("accesses:");
	for (uint32_t i = 0; i < ACCESS_CNT; i++) {
		printf(" %s %lu%s", access_names[i], counts.accesses[i],
			i + 1 < ACCESS_CNT ? "," : "\n");
		never += counts.accesses[i] == 0;
	}
	printf("calls: subprograms %lu", counts.subprogs);
	never += counts.subprogs == 0;
	for (size_t i = 0; i < HELPERS; i++) {
		printf(", %s %lu", helpers[i].name, counts.helpers[i]);
		never += counts.helpers[i] == 0;
	}
	printf("\n");
	return never;
}
