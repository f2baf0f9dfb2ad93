/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copy that opt_gather.c made of pairs of loads and stores: one read, one or two writes, and the
 * register that the last of the loads would have left (nfp-isa.md 11.5). Called by
 * translate_mem.c at the load that heads the copy.
 */
#include "jit-nfp/internal.h"

#include <stdlib.h>

static struct nic_reg
offset(struct jit_out *out, int32_t off)
{
	return wrp_restricted(out, (uint32_t)off, jit_b(JIT_GPR_IMM));
}

/* To transfer-in registers 0 and up, and from there to the same transfer-out registers. */
static void
read_all(struct jit_out *out, const struct jit_insn *insn, uint32_t words)
{
	struct nic_reg off = offset(out, insn->bpf.off);
	struct jit_addr40 address = { jit_a(insn->bpf.src_reg * 2u), off };
	bool is_map = insn->ptr.type == XB_PTR_MAP_VALUE;

	if (is_map) {
		jit_check_map_offset(out, insn);
		address = wrp_addr40(out, insn->bpf.src_reg, off);
	}
	jit_emit_transfer(out,
		(struct jit_cmd){
			.name = "read32_swap",
			.mode = is_map ? NIC_OP_CMD_B40 : NIC_OP_CMD_32,
			.left = address.low,
			.right = address.high,
		},
		words);
	for (uint32_t i = 0; i < words; i++)
		wrp_mov(out, nic_xfer(i), nic_xfer(i));
}

static void
write_part(struct jit_out *out, const char *command, const struct jit_insn *store, int32_t off,
	uint32_t xfer, uint32_t units)
{
	jit_emit_transfer(out,
		(struct jit_cmd){
			.name = command,
			.mode = NIC_OP_CMD_32,
			.xfer = xfer,
			.left = jit_a(store->bpf.dst_reg * 2u),
			.right = offset(out, off),
		},
		units);
}

/* Words, then the bytes that are left. Above 40 bytes the driver has the offset of the rest in 8
 * bits (quirk 14.9). */
static void
write_in_two(struct jit_out *out, const struct jit_insn *store, uint32_t len)
{
	uint32_t words = len > 40 ? len / 4 : 8;
	int32_t rest = store->bpf.off + (int32_t)words * 4;

	if (len > 40 && rest != (uint8_t)rest) {
		jit_find(out->prog, (int32_t)out->slot, JIT_RULE_QUIRK_COPY_REST, len - words * 4,
			(uint8_t)rest, rest);
		rest = (uint8_t)rest;
	}
	write_part(out, "write32_swap", store, store->bpf.off, 0, words);
	write_part(out, "write8_swap", store, rest, words, len - words * 4);
}

static void
write_all(struct jit_out *out, const struct jit_insn *store, uint32_t len)
{
	if (len > 8 && len % 4 == 0)
		write_part(out, "write32_swap", store, store->bpf.off, 0, len / 4);
	else if (len <= 32)
		write_part(out, "write8_swap", store, store->bpf.off, 0, len);
	else
		write_in_two(out, store, len);
}

/*
 * What the driver gives to the loads' register, and what they would: byte of the copy it begins
 * at. The two differ for words copied upwards (quirk 14.1), and for bytes and half words copied
 * downwards.
 */
struct reload {
	uint32_t byte, meant;
};

static struct reload
reload_of(const struct jit_insn *insn, uint32_t len, uint32_t size)
{
	bool is_down = insn->gather_bytes < 0;
	uint32_t words = (len + 3) / 4;
	uint32_t last = is_down ? 0 : 4 * (words - (size == 8 ? 2 : 1)); /* its first word */
	struct reload reload = { .byte = last, .meant = is_down ? 0 : len - size };

	switch (size) {
	case 1: reload.byte += len % 4 == 0 ? 3 : len % 4 - 1; break;
	case 2: reload.byte += (len & 3) ^ 2; break;
	case 4: reload.byte = 0; break;
	}
	return reload;
}

static void
reload(struct jit_out *out, const struct jit_insn *insn, uint32_t len)
{
	uint32_t size = jit_access_bytes(insn), dst = insn->bpf.dst_reg * 2u;
	struct reload from = reload_of(insn, len, size);
	uint32_t xfer = from.byte / 4;

	if (from.byte != from.meant && jit_is_read_after(out->prog, out->slot, insn->bpf.dst_reg))
		jit_find(out->prog, (int32_t)out->slot, JIT_RULE_QUIRK_COPY_REGISTER,
			insn->bpf.dst_reg, from.byte, from.meant);
	if (size < 4)
		wrp_reg_subpart(out, jit_both(dst), nic_xfer(xfer), size, from.byte % 4);
	else
		wrp_mov(out, jit_both(dst), nic_xfer(xfer));
	if (size == 8)
		wrp_mov(out, jit_both(dst + 1), nic_xfer(xfer + 1));
	else
		wrp_immed(out, jit_both(dst + 1), 0);
}

void
jit_copy(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t len = (uint32_t)abs(insn->gather_bytes);

	read_all(out, insn, (len + 3) / 4);
	write_all(out, &out->prog->insns[insn->gather_store], len);
	reload(out, insn, len);
}
