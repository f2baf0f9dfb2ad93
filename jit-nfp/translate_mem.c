/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores: of packets and map values here (nfp-isa.md 10.6, 10.8 to 10.10, 11.6), of the
 * stack and the context in files of their own. What the pointer points to decides; the hook has
 * noted it in insn->ptr at the last visit.
 */
#include "jit-nfp/internal.h"

#include <errno.h>

/* ---- commands ---- */

/* PREV_ALU for a command whose length is in it (nfp-isa.md 6.4): OV_LEN and LENGTH. */
#define OVERRIDE_LENGTH(units) (0x80u | ((units)-1) << 8)

void
jit_emit_transfer(struct jit_out *out, struct jit_cmd cmd, uint32_t units)
{
	cmd.indirect = units > JIT_UNITS_DIRECT;
	cmd.cnt = (units - 1) % JIT_UNITS_DIRECT;
	cmd.swap = true;
	if (cmd.indirect)
		wrp_immed(out, jit_none(), OVERRIDE_LENGTH(units));
	emit_cmd(out, &cmd);
}

/* A command for the packet whose pointer is eBPF register reg. */
static struct jit_cmd
packet_cmd(const char *name, uint32_t reg, struct nic_reg off)
{
	return (struct jit_cmd){
		.name = name,
		.mode = NIC_OP_CMD_32,
		.left = jit_a(reg * 2),
		.right = off,
	};
}

static struct nic_reg
restricted_offset(struct jit_out *out, int32_t off)
{
	return wrp_restricted(out, (uint32_t)off, jit_b(JIT_GPR_IMM));
}

/* ---- LD_ABS, LD_IND: 10.6 ---- */

/* Goes to abort unless the packet has `end` bytes. */
static void
check_length(struct jit_out *out, struct nic_reg end)
{
	emit_alu(out, jit_none(), jit_b(JIT_GPR_PKTLEN), NIC_OP_SUB, end);
	emit_br(out, NIC_OP_BCC, NIC_RELOC_TARGET, 0, NIC_RELOC_BR_GO_ABORT);
}

/* r0 = the big endian number at the packet's byte off. Four bytes are read at least. */
static void
load_big_endian(struct jit_out *out, const struct jit_insn *insn, struct nic_reg off)
{
	uint32_t size = jit_access_bytes(insn);
	struct jit_cmd cmd = packet_cmd("read8", 0, off);

	cmd.left = nic_lm(1, 2); /* the packet pointer, nfp-isa.md 8.3 */
	jit_emit_transfer(out, cmd, 4);
	if (size == 4)
		wrp_mov(out, jit_both(0), nic_xfer(0));
	else
		emit_shf(out, jit_both(0), jit_none(), NIC_OP_SHF_B, nic_xfer(0),
			(struct jit_shift){ NIC_SC_RIGHT, 32 - 8 * size });
	wrp_zext(out, insn, 0);
}

/* The driver passes the offset on in 16 bits. */
static uint16_t
classic_offset(struct jit_out *out, const struct jit_insn *insn)
{
	uint16_t off = (uint16_t)insn->bpf.imm;

	if (off != insn->bpf.imm)
		jit_find(out->prog, (int32_t)out->slot, JIT_RULE_QUIRK_CLASSIC_OFFSET,
			insn->bpf.imm, off);
	return off;
}

void
jit_ld_abs(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t off = classic_offset(out, insn);
	uint32_t end = off + jit_access_bytes(insn);

	check_length(out, wrp_unrestricted(out, end, jit_a(JIT_GPR_IMM)));
	load_big_endian(out, insn, wrp_restricted(out, off, jit_b(JIT_GPR_IMM)));
}

void
jit_ld_ind(struct jit_out *out, struct jit_insn *insn)
{
	uint16_t at = classic_offset(out, insn);
	struct nic_reg off = wrp_unrestricted(out, at, jit_b(JIT_GPR_IMM));

	if (insn->umax_src > UINT32_MAX - at - jit_access_bytes(insn))
		jit_find(out->prog, (int32_t)out->slot, JIT_RULE_QUIRK_INDEX_WRAPS);
	emit_alu(out, jit_both(JIT_GPR_IMM), jit_a(insn->bpf.src_reg * 2u), NIC_OP_ADD, off);
	emit_alu(out, jit_a(JIT_GPR_IMM), jit_a(JIT_GPR_IMM), NIC_OP_ADD,
		nic_imm(jit_access_bytes(insn)));
	check_length(out, jit_a(JIT_GPR_IMM));
	load_big_endian(out, insn, jit_b(JIT_GPR_IMM));
}

/* ---- loads on their own: 10.8, 10.9 ---- */

/* Reads what insn loads, by a command that has its address, into the register it loads. */
static void
load_direct(struct jit_out *out, const struct jit_insn *insn, struct jit_cmd cmd)
{
	uint32_t size = jit_access_bytes(insn), words = size == 8 ? 2 : 1;
	uint32_t dst = insn->bpf.dst_reg * 2u;

	jit_emit_transfer(out, cmd, words);
	if (size < 4)
		wrp_reg_subpart(out, jit_both(dst), nic_xfer(0), size, 0);
	else
		for (uint32_t i = 0; i < words; i++)
			wrp_mov(out, jit_both(dst + i), nic_xfer(i));
	if (size < 8)
		wrp_zext(out, insn, insn->bpf.dst_reg);
}

/* Of all accesses to a map's value: quirk 14.8. */
void
jit_check_map_offset(struct jit_out *out, const struct jit_insn *insn)
{
	if (insn->bpf.off < 0)
		jit_find(out->prog, (int32_t)out->slot, JIT_RULE_QUIRK_MAP_OFFSET, insn->bpf.off);
}

static void
load_map_value(struct jit_out *out, struct jit_insn *insn)
{
	struct nic_reg off = restricted_offset(out, insn->bpf.off);
	struct jit_addr40 address = wrp_addr40(out, insn->bpf.src_reg, off);

	if (insn->bpf.off < 0)
		jit_find(out->prog, (int32_t)out->slot, JIT_RULE_QUIRK_MAP_OFFSET, insn->bpf.off);
	load_direct(out, insn,
		(struct jit_cmd){
			.name = "read32_swap",
			.mode = NIC_OP_CMD_B40,
			.left = address.low,
			.right = address.high,
		});
}

/* ---- loads from the words that several share: 11.6 ---- */

/* The driver keeps these in 16 and 8 bits, which shows far from the packet's beginning. */
static void
read_range(struct jit_out *out, const struct jit_insn *insn)
{
	uint8_t len = (uint8_t)(insn->cache_end - insn->cache_start);
	struct nic_reg off = restricted_offset(out, insn->cache_start);

	jit_emit_transfer(out, packet_cmd("read32_swap", insn->bpf.src_reg, off), (len + 3u) / 4);
}

static void
take_aligned(struct jit_out *out, const struct jit_insn *insn, uint32_t xfer)
{
	uint32_t size = jit_access_bytes(insn), dst = insn->bpf.dst_reg * 2u;

	if (size < 4)
		wrp_reg_subpart(out, jit_both(dst), nic_xfer(xfer), size, 0);
	else
		wrp_mov(out, jit_both(dst), nic_xfer(xfer));
	if (size == 8)
		wrp_mov(out, jit_both(dst + 1), nic_xfer(xfer + 1));
	else
		wrp_zext(out, insn, insn->bpf.dst_reg);
}

/* Both halves of 8 bytes that begin `byte` bytes into register xfer. */
static void
take_unaligned_8(struct jit_out *out, uint32_t dst, uint32_t xfer, uint32_t byte)
{
	uint32_t first = 4 - byte; /* bytes of a half in the register before */

	for (uint32_t half = 0; half < 2; half++) {
		wrp_reg_subpart(out, jit_both(dst + half), nic_xfer(xfer + half), first, byte);
		wrp_reg_orpart(out, jit_both(dst + half), nic_xfer(xfer + half + 1), byte, first);
	}
}

static void
take_unaligned(struct jit_out *out, const struct jit_insn *insn, uint32_t xfer, uint32_t byte)
{
	uint32_t size = jit_access_bytes(insn), dst = insn->bpf.dst_reg * 2u;
	uint32_t first = size < 4 - byte ? size : 4 - byte;

	if (size == 8) {
		take_unaligned_8(out, dst, xfer, byte);
		return;
	}
	wrp_reg_subpart(out, jit_both(dst), nic_xfer(xfer), first, byte);
	if (size > first)
		wrp_reg_orpart(out, jit_both(dst), nic_xfer(xfer + 1), size - first, first);
	wrp_zext(out, insn, insn->bpf.dst_reg);
}

static void
load_cached(struct jit_out *out, const struct jit_insn *insn)
{
	int16_t at = (int16_t)(insn->bpf.off - insn->cache_start);
	uint8_t xfer = (uint8_t)(at / 4);

	if (insn->cache_owner)
		read_range(out, insn);
	if (at % 4 == 0)
		take_aligned(out, insn, xfer);
	else
		take_unaligned(out, insn, xfer, (uint8_t)(at % 4));
}

/* A range that ends at offset 0 looks like none. */
static void
load_packet(struct jit_out *out, struct jit_insn *insn)
{
	struct nic_reg off;

	if (insn->cache_end != 0) {
		load_cached(out, insn);
		return;
	}
	off = restricted_offset(out, insn->bpf.off);
	load_direct(out, insn, packet_cmd("read32_swap", insn->bpf.src_reg, off));
}

/* ---- stores: 10.10 ---- */

static void
store_packet(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t size = jit_access_bytes(insn);
	struct nic_reg off = restricted_offset(out, insn->bpf.off);

	for (uint32_t i = 0; i < (size + 3) / 4; i++)
		wrp_mov(out, nic_xfer(i), jit_a(insn->bpf.src_reg * 2u + i));
	jit_emit_transfer(out, packet_cmd("write8_swap", insn->bpf.dst_reg, off), size);
}

/* ---- by what the pointer points to ---- */

static void
dispatch(struct jit_out *out, struct jit_insn *insn, jit_emitter *const *kinds, uint32_t cnt)
{
	jit_emitter *emitter = insn->ptr.type < cnt ? kinds[insn->ptr.type] : NULL;

	if (emitter != NULL)
		emitter(out, insn);
	else
		jit_cannot(out, -EOPNOTSUPP);
}

#define KINDS (XB_PTR_PACKET + 1)

void
jit_ldx(struct jit_out *out, struct jit_insn *insn)
{
	static jit_emitter *const kinds[KINDS] = {
		[XB_PTR_CTX] = jit_ctx_load,
		[XB_PTR_MAP_VALUE] = load_map_value,
		[XB_PTR_STACK] = jit_stack_load,
		[XB_PTR_PACKET] = load_packet,
	};

	if (insn->gather_bytes != 0)
		jit_copy(out, insn);
	else
		dispatch(out, insn, kinds, KINDS);
}

void
jit_stx(struct jit_out *out, struct jit_insn *insn)
{
	static jit_emitter *const kinds[KINDS] = {
		[XB_PTR_CTX] = jit_ctx_store,
		[XB_PTR_STACK] = jit_stack_store,
		[XB_PTR_PACKET] = store_packet,
	};

	dispatch(out, insn, kinds, KINDS);
}

/* The hook notes no pointer for these, so none is ever translated (quirk 14.5). */
void
jit_st(struct jit_out *out, struct jit_insn *insn)
{
	uint32_t size = jit_access_bytes(insn);
	struct nic_reg off;

	if (insn->ptr.type != XB_PTR_PACKET) {
		jit_cannot(out, -EOPNOTSUPP);
		return;
	}
	off = restricted_offset(out, insn->bpf.off);
	wrp_immed(out, nic_xfer(0), (uint32_t)insn->bpf.imm);
	if (size == 8)
		wrp_immed(out, nic_xfer(1), insn->bpf.imm < 0 ? UINT32_MAX : 0);
	jit_emit_transfer(out, packet_cmd("write8_swap", insn->bpf.dst_reg, off), size);
}
