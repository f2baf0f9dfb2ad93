/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace on the host engine. Before each instruction the engine shows the registers; what they,
 * the packet and the stack were before the last one was executed is kept, and the difference is
 * what that one did. Used by cmd_trace.c.
 */
#include "dpdk-app/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#define REGS 11
#define STACK_BYTES (XB_FRAMES_MAX * XB_STACK_BYTES)
#define SMALL_NUMBER 10 /* the same in decimal and in hex */

struct tracer {
	struct trace *trace;
	const struct program *program;
	const struct xb_xdp *pkt;
	const struct xb_skb *skb; /* whose packet that is; NULL: an XDP program's */
	uint64_t *values;	  /* as obj->maps: the value looked up last, 0 */
	/* Before the last instruction; none was yet: image NULL. */
	const struct xb_image *image;
	uint32_t insn;
	unsigned int depth;
	uint64_t r[REGS];
	struct xb_xdp pkt_was;
	struct __sk_buff md_was;
	uint8_t *stack; /* of all frames; not a copy */
	uint8_t stack_was[STACK_BYTES];
	uint8_t *bytes_was; /* hard_start to hard_end; room for those of the spare buffer, too */
};

static const struct xb_prog *
prog_of(const struct program *p, const struct xb_image *image)
{
	for (uint32_t i = 0; i < p->obj->prog_cnt; i++)
		if (p->images[i] == image)
			return &p->obj->progs[i];
	return p->prog;
}

static const struct bpf_insn *
last_insn(const struct tracer *t)
{
	return &prog_of(t->program, t->image)->insns[t->insn];
}

/* ---- names of addresses and values ---- */

static bool
is_in(uint64_t addr, const void *from, uint64_t size)
{
	return addr - (uint64_t)(uintptr_t)from <= size;
}

/* Frame n ends where the next begins, so r10 is the best base an address may have. */
static bool
name_stack(const struct tracer *t, uint64_t addr, char *name, size_t size)
{
	const int64_t at = (int64_t)(addr - t->r[BPF_REG_10]);

	if (t->stack == NULL || !is_in(addr, t->stack, STACK_BYTES))
		return false;
	trace_name_at(name, size, "fp", at);
	return true;
}

static bool
name_map(const struct tracer *t, uint64_t addr, char *name, size_t size)
{
	const struct program *p = t->program;

	for (uint32_t i = 0; i < p->obj->map_cnt; i++) {
		const uint64_t value = t->values[i];

		if (p->maps[i] == NULL)
			continue;
		if (addr == (uint64_t)(uintptr_t)p->maps[i])
			snprintf(name, size, "map %s", p->obj->maps[i].name);
		else if (!xb_map_owns(p->maps[i], (const void *)(uintptr_t)addr, 1, false))
			continue;
		else if (value != 0 && addr - value < p->obj->maps[i].value_size)
			snprintf(name, size, "%s value+%" PRIu64, p->obj->maps[i].name,
				addr - value);
		else
			snprintf(name, size, "%s value", p->obj->maps[i].name);
		return true;
	}
	return false;
}

/* Of a tc program's context fields differ; XDP's is an address. */
static bool
name_context(const struct tracer *t, uint64_t addr, char *name, size_t size)
{
	const void *from = t->skb != NULL ? (const void *)&t->skb->md : t->pkt;

	if (!is_in(addr, from, t->skb != NULL ? sizeof(t->skb->md) : sizeof(struct xdp_md)))
		return false;
	trace_name_at(name, size, "ctx", (int64_t)(addr - (uint64_t)(uintptr_t)from));
	return true;
}

/* What a program knows the address by; false when it is no address of its. */
static bool
name_address(const struct tracer *t, uint64_t addr, char *name, size_t size)
{
	const struct xb_xdp *pkt = t->pkt;

	if (name_context(t, addr, name, size))
		return true;
	if (is_in(addr, pkt->hard_start, (uint64_t)(pkt->hard_end - pkt->hard_start)))
		trace_name_at(name, size, "pkt", (int64_t)(addr - (uint64_t)(uintptr_t)pkt->data));
	else
		return name_stack(t, addr, name, size) || name_map(t, addr, name, size);
	return true;
}

static void
describe_value(const struct tracer *t, uint64_t value, char *text, size_t size)
{
	if (name_address(t, value, text, size))
		return;
	if (value < SMALL_NUMBER)
		snprintf(text, size, "%" PRIu64, value);
	else if (value <= INT32_MAX)
		snprintf(text, size, "0x%" PRIx64 " (%" PRIu64 ")", value, value);
	else
		snprintf(text, size, "0x%" PRIx64, value);
}

/* ---- what an instruction did ---- */

static unsigned int
store_bytes(const struct bpf_insn *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_B: return 1;
	case BPF_H: return 2;
	case BPF_W: return 4;
	default: return 8;
	}
}

static bool
is_jump(const struct bpf_insn *insn)
{
	const uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_JA && op != BPF_CALL &&
	       op != BPF_EXIT;
}

static bool
is_helper_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == 0;
}

static bool
is_tail_call(const struct bpf_insn *insn)
{
	return is_helper_call(insn) && insn->imm == BPF_FUNC_tail_call;
}

static bool
is_store(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_ST || BPF_CLASS(insn->code) == BPF_STX;
}

/* The register it writes, changed or not; -1. */
static int
written_register(const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
	case BPF_LDX: return insn->dst_reg;
	case BPF_LD: return insn->code == (BPF_LD | BPF_IMM | BPF_DW) ? insn->dst_reg : BPF_REG_0;
	default: return is_helper_call(insn) && !is_tail_call(insn) ? BPF_REG_0 : -1;
	}
}

/* What it wrote, changed or not. */
static void
add_store(const struct tracer *t, struct trace_row *row)
{
	const struct bpf_insn *insn = last_insn(t);
	const uint64_t addr = t->r[insn->dst_reg] + (uint64_t)(int64_t)insn->off;
	char name[TRACE_WHAT_BYTES];

	if (name_address(t, addr, name, sizeof(name)))
		trace_change_bytes(row, name, (const uint8_t *)(uintptr_t)addr, store_bytes(insn));
}

static bool
name_byte(const void *tracer, const uint8_t *byte, char *name, size_t size)
{
	return name_address(tracer, (uint64_t)(uintptr_t)byte, name, size);
}

static ptrdiff_t
shorter(const struct xb_xdp *a, const struct xb_xdp *b)
{
	ptrdiff_t x = a->data_end - a->data, y = b->data_end - b->data;

	return x < y ? x : y;
}

/* To where the packet is, begins and ends; and bytes of it. */
static void
add_packet_effects(const struct tracer *t, struct trace_row *row)
{
	const struct xb_xdp *was = &t->pkt_was, *is = t->pkt;

	if (was->hard_start != is->hard_start)
		trace_change(
			row, "packet", "%td bytes, in a larger buffer", is->data_end - is->data);
	else if (was->data > is->data)
		trace_change(row, "packet", "%td bytes, begins %td earlier",
			is->data_end - is->data, was->data - is->data);
	else if (was->data < is->data)
		trace_change(row, "packet", "%td bytes, begins %td later", is->data_end - is->data,
			is->data - was->data);
	else if (was->data_end != is->data_end)
		trace_change(row, "packet", "%td bytes", is->data_end - is->data);
	if (was->data_meta - was->data != is->data_meta - is->data)
		trace_change(row, "metadata", "%td bytes", is->data - is->data_meta);
	if (was->hard_start != is->hard_start)
		trace_change_where(row, t->bytes_was + (was->data - was->hard_start), is->data,
			(size_t)shorter(was, is), name_byte, t);
	else
		trace_change_where(row, t->bytes_was, is->hard_start,
			(size_t)(is->hard_end - is->hard_start), name_byte, t);
}

/* What a helper did to the packet, a tc program's context, the stack. */
static void
add_helper_effects(const struct tracer *t, struct trace_row *row)
{
	add_packet_effects(t, row);
	if (t->skb != NULL)
		trace_change_where(row, (const uint8_t *)&t->md_was, (const uint8_t *)&t->skb->md,
			sizeof(t->md_was), name_byte, t);
	if (t->stack != NULL)
		trace_change_where(row, t->stack_was, t->stack, STACK_BYTES, name_byte, t);
}

/* Which map a call is about, by which key. */
static void
add_map_call(struct tracer *t, struct trace_row *row, const uint64_t *r)
{
	const struct program *p = t->program;

	for (uint32_t i = 0; i < p->obj->map_cnt; i++) {
		if (p->maps[i] == NULL || t->r[BPF_REG_1] != (uint64_t)(uintptr_t)p->maps[i])
			continue;
		trace_change(row, "map", "%s", p->obj->maps[i].name);
		trace_change_bytes(row, "key", (const uint8_t *)(uintptr_t)t->r[BPF_REG_2],
			p->obj->maps[i].key_size);
		if (last_insn(t)->imm == BPF_FUNC_map_update_elem)
			trace_change_bytes(row, "value",
				(const uint8_t *)(uintptr_t)t->r[BPF_REG_3],
				p->obj->maps[i].value_size);
		else if (last_insn(t)->imm == BPF_FUNC_map_lookup_elem)
			t->values[i] = r[BPF_REG_0];
	}
	if (last_insn(t)->imm == BPF_FUNC_map_lookup_elem && r[BPF_REG_0] == 0)
		trace_change(row, "nothing there", "%s", "");
}

static bool
is_map_call(const struct bpf_insn *insn)
{
	return insn->imm == BPF_FUNC_map_lookup_elem || insn->imm == BPF_FUNC_map_update_elem ||
	       insn->imm == BPF_FUNC_map_delete_elem;
}

/* r10 is the frame, which is said in words. */
static void
add_registers(const struct tracer *t, struct trace_row *row, const uint64_t *r)
{
	const int written = written_register(last_insn(t));

	for (int i = 0; i < BPF_REG_10; i++) {
		char name[8], text[TRACE_NOW_BYTES];

		if (r[i] == t->r[i] && i != written)
			continue;
		snprintf(name, sizeof(name), "r%d", i);
		describe_value(t, r[i], text, sizeof(text));
		trace_change(row, name, "%s", text);
	}
}

/* A tail call does not come back, and says nothing in r0; one that finds no program goes on. */
static void
add_tail_call(const struct tracer *t, struct trace_row *row, const struct xb_image *image)
{
	if (image == t->image)
		trace_change(row, "no program there", "%s", "");
	else
		trace_change(row, "program", "%s", prog_of(t->program, image)->name);
}

/* The instruction kept is done; next is the one it led to. */
static void
finish(struct tracer *t, const struct xb_step *next)
{
	const struct bpf_insn *insn = last_insn(t);
	struct trace_row row = { .prog = prog_of(t->program, t->image), .insn = t->insn };

	if (is_jump(insn))
		trace_change(&row, next->insn == t->insn + 1 ? "not taken" : "taken", "%s", "");
	if (is_tail_call(insn))
		add_tail_call(t, &row, next->image);
	if (is_store(insn))
		add_store(t, &row);
	if (is_helper_call(insn) && is_map_call(insn))
		add_map_call(t, &row, next->r);
	add_registers(t, &row, next->r);
	if (is_helper_call(insn))
		add_helper_effects(t, &row);
	if (next->depth != t->depth)
		trace_change(&row, "frame", "%u", next->depth);
	trace_add(t->trace, &row);
}

static void
keep(struct tracer *t, const struct xb_step *step)
{
	t->image = step->image;
	t->insn = step->insn;
	t->depth = step->depth;
	memcpy(t->r, step->r, sizeof(t->r));
	t->stack = (uint8_t *)(uintptr_t)t->r[BPF_REG_10] - (t->depth + 1) * XB_STACK_BYTES;
	t->pkt_was = *t->pkt;
	if (!is_helper_call(last_insn(t)))
		return;
	if (t->skb != NULL)
		t->md_was = t->skb->md;
	memcpy(t->stack_was, t->stack, STACK_BYTES);
	memcpy(t->bytes_was, t->pkt->hard_start, (size_t)(t->pkt->hard_end - t->pkt->hard_start));
}

static void
on_step(void *arg, const struct xb_step *step)
{
	struct tracer *t = arg;

	if (t->image != NULL)
		finish(t, step);
	keep(t, step);
}

/* The last instruction: exit, or one that could not be executed. */
static void
finish_last(const struct tracer *t, int err, const struct xb_fault *fault)
{
	struct trace_row row = { .prog = prog_of(t->program, t->image), .insn = t->insn };

	if (err != 0)
		trace_change(&row, "fault", "%s", fault->text);
	trace_add(t->trace, &row);
}

static size_t
bytes_at_most(const struct tracer *t)
{
	size_t bytes = (size_t)(t->pkt->hard_end - t->pkt->hard_start);

	return t->skb != NULL && bytes < XB_SKB_SPARE_BYTES ? XB_SKB_SPARE_BYTES : bytes;
}

static int
run(struct tracer *t, struct xb_vm *vm, struct trace_packet *packet, uint64_t *r0)
{
	int err;

	xb_vm_set_step(vm, on_step, t);
	if (packet->is_tc)
		err = xb_vm_run_skb(vm, t->program->image, &packet->skb, r0);
	else
		err = xb_vm_run_xdp(vm, t->program->image, &packet->xdp, r0);
	xb_vm_set_step(vm, NULL, NULL);
	finish_last(t, err, xb_vm_fault(vm));
	return err;
}

int
trace_bpf(struct trace *trace, struct program *p, struct xb_vm *vm, struct trace_packet *packet,
	uint64_t *r0)
{
	struct tracer t = {
		.trace = trace,
		.program = p,
		.pkt = trace_packet_place(packet),
		.skb = packet->is_tc ? &packet->skb : NULL,
	};
	int err = -ENOMEM;

	t.values = calloc(p->obj->map_cnt + 1, sizeof(*t.values));
	t.bytes_was = malloc(bytes_at_most(&t));
	for (uint32_t i = 0; t.values != NULL && i < p->obj->map_cnt; i++)
		if (p->maps[i] != NULL && p->obj->maps[i].contents != NULL)
			t.values[i] = (uint64_t)(uintptr_t)xb_map_value_addr(p->maps[i], 0);
	if (t.values != NULL && t.bytes_was != NULL)
		err = run(&t, vm, packet, r0);
	free(t.values);
	free(t.bytes_was);
	return err;
}
