/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace on the card: what was executed for one packet, word by word of the microcode, what the
 * context waited for, what the firmware did for it. trace_card.c makes steps, trace_word.c prints
 * them.
 */
#ifndef APP_TRACE_WORD_H
#define APP_TRACE_WORD_H

#include "dpdk-app/trace.h"

#define STEP_LIST(X)                                                                               \
	X(WORD, "instruction") /* one was executed */                                              \
	X(WAIT, "wait")	       /* the context was swapped out */                                   \
	X(HELPER, "helper")    /* the firmware ran one of its routines */
enum step_kind {
#define X(id, name) STEP_##id,
	STEP_LIST(X)
#undef X
};

struct step {
	enum step_kind kind;
	struct trace_row row; /* what changed; insn: JIT_NO_INSN of a word that comes from none */
	uint64_t cycle;	      /* when it began, the first instruction at 0 */
	uint64_t cycles;      /* how long; of a word not known */
	uint32_t index;	      /* of the word in the image; of a wait: who sent what it waits for */
	bool is_deferred;     /* it runs before a branch or a swap is taken */
	char what[TRACE_NOW_BYTES]; /* of a wait or a helper */
};

/* Where a printed trace is. */
struct step_printer {
	struct trace *trace;
	const struct check *check;
	uint32_t last_index, last_insn; /* UINT32_MAX: none yet */
};

void step_add(struct step_printer *p, const struct step *step);

#endif
