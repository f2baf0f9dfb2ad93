/* SPDX-License-Identifier: BSD-2-Clause */
/* A context of a microengine, as it was before what is being traced, and what that changed. */
#ifndef APP_TRACE_CONTEXT_H
#define APP_TRACE_CONTEXT_H

#include "dpdk-app/trace.h"

#define CONTEXT_GPRS 32u
#define CONTEXT_POINTERS 4u

/* What instructions can change. */
struct context_state {
	uint32_t gpr[2][CONTEXT_GPRS], in[NIC_XFERS], out[NIC_XFERS];
	uint32_t lm[NIC_LM_WORDS], pointer[CONTEXT_POINTERS];
	uint32_t cc, t_index;
};

struct context {
	struct nic_me *me;
	uint32_t ctx;
	const struct xb_object *obj;
	uint64_t *values; /* as obj->maps: address of the value looked up last, 0 */
	struct context_state was;
};

/* As it is now. */
void context_keep(struct context *c);
/* "pkt+14", "flows value+4", or the number of an address of memory. */
void context_name(const struct context *c, uint64_t address, char *name, size_t size);
/* All that an instruction changed since; has_sent: transfer registers that a command has filled
 * meanwhile are not its. */
void context_add_all(
	const struct context *c, struct trace_row *row, const struct nic_insn *insn, bool has_sent);
/* Transfer registers: those that differ, and cnt from `from` on. */
void context_add_xfers(
	const struct context *c, struct trace_row *row, bool is_out, uint32_t from, uint32_t cnt);
/* Words of local memory that differ, and the one that dst is; dst may be NULL. */
void context_add_lm(const struct context *c, struct trace_row *row, const struct nic_reg *dst);

#endif
