/* SPDX-License-Identifier: BSD-2-Clause */
/* Gadgets of what is got by a call and must be tested or given back: memory, sockets, maps. */
#include "tests/diff/gen_internal.h"

/* Memory of a ring buffer, submitted or discarded on every path, nearly always. */
void
gadget_ringbuf(struct gen *g)
{
	uint32_t jump, size = 8u << gen_roll(g, 3);

	if (g->reserved & 0x3f || g->opts->is_runnable)
		return;
	gen_load_map(g, 1, RING);
	gen_emit(g, MOV64_K, 2, 0, 0, (int32_t)size);
	gen_emit(g, MOV64_K, 3, 0, 0, 0);
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_reserve);
	jump = g->cnt;
	gen_emit(g, JMP_K(BPF_JEQ), 0, 0, 0, 0);
	gen_emit(g, STORE_K(BPF_W), 0, 0, gen_slip(g, (int32_t)size - 4), gen_imm(g));
	gen_emit(g, MOV64_X, 1, 0, 0, 0);
	gen_emit(g, MOV64_K, 2, 0, 0, 0);
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0,
		gen_chance(g, 50) ? BPF_FUNC_ringbuf_submit : BPF_FUNC_ringbuf_discard);
	if (!gen_errs(g, 3))
		g->insns[jump].off = (int16_t)(g->cnt - jump - 1);
	gen_clobber(g);
}

/* A socket looked up, read from, and released. */
void
gadget_socket(struct gen *g)
{
	uint8_t ctx = g->s.r[6].kind == CTX ? 6 : 7;
	uint32_t jump;

	if (g->reserved & 0x3f || g->opts->is_runnable || g->s.r[ctx].kind != CTX)
		return;
	gen_pointer_to(g, 2, 10, gen_fill_stack(g, 12));
	gen_emit(g, MOV64_X, 1, ctx, 0, 0);
	gen_emit(g, MOV64_K, 3, 0, 0, gen_slip(g, 12));
	gen_emit(g, MOV64_K, 4, 0, 0, -1);
	gen_emit(g, MOV64_K, 5, 0, 0, 0);
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0,
		gen_chance(g, 50) ? BPF_FUNC_sk_lookup_tcp : BPF_FUNC_sk_lookup_udp);
	jump = g->cnt;
	gen_emit(g, JMP_K(BPF_JEQ), 0, 0, gen_errs(g, 3) ? 2 : 3, 0);
	gen_emit(g, LOAD(BPF_W), 8, 0, gen_slip(g, offsetof(struct bpf_sock, family)), 0);
	gen_emit(g, MOV64_X, 1, 0, 0, 0);
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_sk_release);
	if (!gen_errs(g, 3))
		g->insns[jump].off = (int16_t)(g->cnt - jump - 1);
	gen_clobber(g);
	g->s.r[8].kind = UNKNOWN;
}

/* A lookup in the map that a lookup found. */
void
gadget_map_in_map(struct gen *g)
{
	if (g->reserved & 0x3f || g->opts->is_runnable)
		return;
	gen_load_map(g, 1, OUTER);
	gen_pointer_to(g, 2, 10, gen_fill_stack(g, gen_maps[OUTER].key_size));
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	gen_clobber(g);
	if (!gen_errs(g, 5))
		gen_leave_if(g, JMP_K(BPF_JEQ), 0, 0, 0);
	gen_emit(g, MOV64_X, 1, 0, 0, 0);
	gen_pointer_to(g, 2, 10, gen_fill_stack(g, gen_maps[ARRAY].key_size));
	gen_emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	gen_clobber(g);
	gen_check_null(g, gen_maps[ARRAY].value_size);
}
