/* SPDX-License-Identifier: BSD-2-Clause */
/* See microcode.h. */
#include "tests/unit/nic/microcode.h"

#include "tests/unit/nic/random.h"

struct writing {
	uint64_t *words;
	uint32_t at, cnt, size;
};

static uint32_t gprs; /* that a context has in each bank */

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static bool
one_in(uint32_t n)
{
	return random_below(n) == 0;
}

/* ---- operands ---- */

static struct nic_reg
any_lm(void)
{
	struct nic_reg reg = nic_lm(random_below(4), random_below(8));

	if (one_in(12)) {
		reg.off = 0;
		reg.post = one_in(2) ? NIC_POST_INC : NIC_POST_DEC;
	}
	return reg;
}

/* GPRs 0 to 3 hold addresses, and are seldom written. */
static uint32_t
any_number(bool is_dst)
{
	return is_dst && !one_in(20) ? 4 + random_below(gprs - 4) : random_below(gprs);
}

static struct nic_reg
any_reg(bool is_dst, uint32_t imm_max)
{
	switch (random_below(24)) {
	case 0:
	case 1: return nic_xfer(random_below(8));
	case 2:
	case 3:
	case 4: return any_lm();
	case 5:
	case 6:
	case 7:
	case 8:
		return is_dst ? (struct nic_reg){ .kind = NIC_NONE }
			      : nic_imm(random_below(imm_max + 1));
	case 9: return nic_gpr(one_in(2) ? NIC_ABS_A : NIC_ABS_B, random_below(128));
	case 10:
		return one_in(8) ? (struct nic_reg){ .kind = NIC_XFER_INDEX, .post = NIC_POST_INC }
				 : nic_gpr(NIC_GPR_A, any_number(is_dst));
	case 11:
	case 12:
	case 13: return nic_gpr(is_dst ? NIC_GPR_BOTH_B : NIC_GPR_B, any_number(is_dst));
	case 14:
	case 15:
	case 16: return nic_gpr(is_dst ? NIC_GPR_BOTH : NIC_GPR_A, any_number(is_dst));
	case 17:
	case 18:
	case 19: return nic_gpr(NIC_GPR_B, any_number(is_dst));
	default: return nic_gpr(NIC_GPR_A, any_number(is_dst));
	}
}

static void
put(struct writing *w, uint64_t word)
{
	if (w->size < w->cnt)
		w->words[w->size++] = nic_ecc_add(word);
}

/* False when it is no instruction; another try is then due. */
static bool
put_insn(struct writing *w, const struct nic_insn *insn)
{
	uint64_t word;

	if (nic_encode(insn, &word))
		return false;
	put(w, word);
	return true;
}

static uint32_t
any_target(const struct writing *w)
{
	if (one_in(60))
		return random_below(one_in(4) ? 1u << 14 : NIC_CODE_WORDS);
	if (one_in(3)) /* not far ahead */
		return (w->at + w->size + 1 + random_below(8)) % NIC_CODE_WORDS;
	return w->at + random_below(w->cnt);
}

/* ---- kinds of instructions ---- */

static const enum nic_op alus[] = { NIC_OP_B, NIC_OP_B, NIC_OP_B, NIC_OP_NOT_B, NIC_OP_ADD,
	NIC_OP_ADD, NIC_OP_ADD8, NIC_OP_ADD16, NIC_OP_AND, NIC_OP_NOT_AND, NIC_OP_AND_NOT,
	NIC_OP_OR, NIC_OP_XOR, NIC_OP_SUB, NIC_OP_SUB, NIC_OP_B_SUB_A, NIC_OP_SUB_CARRY,
	NIC_OP_ADD_CARRY };

static void
put_alu(struct writing *w)
{
	struct nic_insn insn = { .op = alus[random_below(COUNT(alus))],
		.dst = any_reg(true, 0),
		.left = any_reg(false, 255),
		.right = any_reg(false, 255),
		.no_cc = one_in(10) };

	if (insn.op == NIC_OP_B || insn.op == NIC_OP_NOT_B)
		insn.left.kind = NIC_NONE;
	if (!put_insn(w, &insn))
		put_alu(w);
}

/* How far, and which way: by PREV_ALU one time in four. */
static void
choose_shift(struct nic_insn *insn)
{
	insn->sc = random_below(3);
	insn->shift = one_in(4) ? 0 : random_below(32);
}

static void
put_shift(struct writing *w)
{
	static const enum nic_op ops[] = { NIC_OP_SHF_B, NIC_OP_SHF_NOT_B, NIC_OP_SHF_AND,
		NIC_OP_SHF_NOT_AND, NIC_OP_SHF_AND_NOT, NIC_OP_SHF_OR, NIC_OP_DBL_SHF, NIC_OP_ASR };
	struct nic_insn insn = { .op = ops[random_below(COUNT(ops))],
		.dst = any_reg(true, 0),
		.left = any_reg(false, 127),
		.right = any_reg(false, 127),
		.no_cc = one_in(10) };

	choose_shift(&insn);
	if (insn.op == NIC_OP_DBL_SHF || insn.op == NIC_OP_ASR)
		insn.sc = 0;
	if (insn.op == NIC_OP_SHF_B || insn.op == NIC_OP_SHF_NOT_B || insn.op == NIC_OP_ASR)
		insn.left.kind = NIC_NONE;
	if (!put_insn(w, &insn))
		put_shift(w);
}

static void
put_field(struct writing *w)
{
	struct nic_insn insn = { .op = one_in(3) ? NIC_OP_LD_FIELD_W_CLR : NIC_OP_LD_FIELD,
		.dst = any_reg(true, 0),
		.right = any_reg(false, 127),
		.bmask = random_below(16),
		.load_cc = one_in(20) };

	choose_shift(&insn);
	if (one_in(20))
		insn.sc = NIC_SC_DOUBLE;
	if (!put_insn(w, &insn))
		put_field(w);
}

static void
put_immed(struct writing *w)
{
	static const enum nic_op ops[] = { NIC_OP_IMMED, NIC_OP_IMMED, NIC_OP_IMMED, NIC_OP_NOP,
		NIC_OP_IMMED_B0, NIC_OP_IMMED_B1, NIC_OP_IMMED_B2, NIC_OP_IMMED_B3, NIC_OP_IMMED_W0,
		NIC_OP_IMMED_W1 };
	struct nic_insn insn = { .op = ops[random_below(COUNT(ops))] };

	if (insn.op != NIC_OP_NOP) {
		insn.dst = any_reg(true, 0);
		insn.imm = random_below(1u << 16);
	}
	if (insn.op == NIC_OP_IMMED) {
		insn.inv = one_in(4);
		insn.imm_shift = random_below(3);
	} else if (insn.op >= NIC_OP_IMMED_B0 && insn.op <= NIC_OP_IMMED_B3) {
		insn.imm &= 0xff;
	}
	if (!put_insn(w, &insn))
		put_immed(w);
}

static void
put_branch(struct writing *w)
{
	static const enum nic_op ops[] = { NIC_OP_BEQ, NIC_OP_BNE, NIC_OP_BMI, NIC_OP_BPL,
		NIC_OP_BCS, NIC_OP_BCC, NIC_OP_BVS, NIC_OP_BVC, NIC_OP_BGE, NIC_OP_BLT, NIC_OP_BLE,
		NIC_OP_BGT, NIC_OP_BR, NIC_OP_BR_BSET, NIC_OP_BR_BCLR, NIC_OP_BR_EQ_BYTE,
		NIC_OP_BR_NE_BYTE, NIC_OP_BR_EQ_CTX };
	struct nic_insn insn = { .op = ops[random_below(COUNT(ops))],
		.addr = any_target(w),
		.defer = one_in(2) ? 0 : random_below(4) };

	if (insn.op >= NIC_OP_BR_EQ_BYTE && insn.op <= NIC_OP_BR_BCLR)
		insn.left = any_reg(false, 127);
	if (insn.op == NIC_OP_BR_BSET || insn.op == NIC_OP_BR_BCLR)
		insn.bit = random_below(32);
	if (insn.op == NIC_OP_BR_EQ_BYTE || insn.op == NIC_OP_BR_NE_BYTE) {
		insn.right = nic_imm(random_below(4));
		insn.byte = random_below(4);
	}
	if (insn.op == NIC_OP_BR_EQ_CTX)
		insn.css = 2 * random_below(2);
	if (!put_insn(w, &insn))
		put_branch(w);
}

/* A register that holds an address of the code, and the jump there. */
static void
put_jump(struct writing *w)
{
	struct nic_insn load = {
		.op = NIC_OP_IMMED, .dst = nic_gpr(NIC_GPR_B, 9), .imm = any_target(w)
	};
	struct nic_insn jump = {
		.op = NIC_OP_RTN, .left = nic_gpr(NIC_GPR_B, 9), .defer = random_below(4)
	};

	put_insn(w, &load);
	put_insn(w, &jump);
}

static void
put_compare(struct writing *w)
{
	struct nic_insn insn = { .op = one_in(2) ? NIC_OP_SUB : NIC_OP_XOR,
		.left = nic_gpr(NIC_GPR_A, random_below(gprs)),
		.right = one_in(2) ? nic_imm(random_below(256))
				   : nic_gpr(NIC_GPR_B, random_below(gprs)) };

	put_insn(w, &insn);
	put_branch(w);
}

static void
put_chain(struct writing *w)
{
	bool is_sub = one_in(2);
	struct nic_insn insn = { .op = is_sub ? NIC_OP_SUB : NIC_OP_ADD,
		.dst = any_reg(true, 0),
		.left = nic_gpr(NIC_GPR_A, random_below(gprs)),
		.right = nic_gpr(NIC_GPR_B, random_below(gprs)) };

	put_insn(w, &insn);
	if (one_in(3))
		put_immed(w);
	insn.op = is_sub ? NIC_OP_SUB_CARRY : NIC_OP_ADD_CARRY;
	put_insn(w, &insn);
}

/* Now and then one step of it is missing. */
static void
put_product(struct writing *w)
{
	static const struct {
		enum nic_op first, last, high;
		uint32_t steps;
	} kinds[] = {
		{ NIC_OP_MUL_24X8_STEP1, NIC_OP_MUL_24X8_LAST, NIC_OP_MUL_24X8_LAST2, 1 },
		{ NIC_OP_MUL_16X16_STEP1, NIC_OP_MUL_16X16_LAST, NIC_OP_MUL_16X16_LAST2, 2 },
		{ NIC_OP_MUL_32X32_STEP1, NIC_OP_MUL_32X32_LAST, NIC_OP_MUL_32X32_LAST2, 4 },
	};
	const uint32_t kind = random_below(3);
	struct nic_insn insn = { .op = NIC_OP_MUL_START,
		.left = nic_gpr(NIC_GPR_A, random_below(gprs)),
		.right = any_reg(false, 255) };

	if (!put_insn(w, &insn))
		return;
	for (uint32_t i = 0; i < kinds[kind].steps; i++) {
		insn.op = (enum nic_op)(kinds[kind].first + i);
		if (!one_in(100))
			put_insn(w, &insn);
	}
	insn = (struct nic_insn){ .op = kinds[kind].last, .dst = any_reg(true, 0) };
	put_insn(w, &insn);
	insn.op = kinds[kind].high;
	if (one_in(2))
		put_insn(w, &insn);
}

/* A pointer is written; what follows may use it too early, or be a branch. */
static void
put_pointer(struct writing *w)
{
	static const uint32_t csrs[] = { NIC_CSR_ACT_LM_ADDR_0, NIC_CSR_ACT_LM_ADDR_1,
		NIC_CSR_ACT_LM_ADDR_2, NIC_CSR_ACT_LM_ADDR_3 };
	struct nic_insn load = { .op = NIC_OP_IMMED,
		.dst = nic_gpr(NIC_GPR_BOTH, 8),
		.imm = random_below(one_in(20) ? 5000 : 4096) };
	struct nic_insn insn = { .op = NIC_OP_LOCAL_CSR_WR,
		.left = nic_gpr(one_in(2) ? NIC_GPR_A : NIC_GPR_B, 8),
		.csr = csrs[random_below(4)] };
	uint32_t nops = random_below(4);

	if (one_in(10))
		insn.left = nic_imm(random_below(256));
	put_insn(w, &load);
	put_insn(w, &insn);
	while (nops--)
		put(w, NIC_NOP);
}

static void
put_csr(struct writing *w)
{
	static const uint32_t csrs[] = { NIC_CSR_ACT_LM_ADDR_1, NIC_CSR_IND_LM_ADDR_2,
		NIC_CSR_MAILBOX_1, NIC_CSR_T_INDEX, NIC_CSR_PSEUDO_RANDOM, NIC_CSR_TIMESTAMP_LOW,
		NIC_CSR_CTX_POINTER };
	struct nic_insn insn = { .op = one_in(3) ? NIC_OP_LOCAL_CSR_WR : NIC_OP_LOCAL_CSR_RD,
		.csr = csrs[random_below(COUNT(csrs))] };

	if (insn.op == NIC_OP_LOCAL_CSR_WR)
		insn.left = nic_gpr(NIC_GPR_A, random_below(gprs));
	put_insn(w, &insn);
	if (insn.op == NIC_OP_LOCAL_CSR_RD)
		put_immed(w);
}

/* Half of them as the driver uses them, the others any that memory knows. */
static void
choose_command(struct nic_insn *insn)
{
	static const uint8_t drivers[][2] = { { 0x42, 2 }, { 0x5c, 2 }, { 0x5f, 2 }, { 0x43, 1 },
		{ 0x47, 0 } };
	const uint32_t row = random_below(COUNT(drivers));
	const struct nic_command *c = &nic_commands[random_below((uint32_t)nic_command_cnt)];

	insn->tgt = drivers[row][0];
	insn->token = drivers[row][1];
	insn->cnt = random_below(8);
	if (one_in(2))
		return;
	while (!c->unit)
		c = &nic_commands[random_below((uint32_t)nic_command_cnt)];
	insn->tgt = nic_target_info(c->target)->first + (uint32_t)c->action;
	insn->token = c->token;
}

static void
put_override(struct writing *w)
{
	struct nic_insn insn = { .op = NIC_OP_IMMED,
		.imm = 0x80 | random_below(32) << 8 | (one_in(3) ? 0x10 : 0) |
		       (one_in(30) ? random_below(256) : 0) };

	put_insn(w, &insn);
}

static void
put_command(struct writing *w)
{
	struct nic_insn insn = { .op = NIC_OP_CMD_32,
		.left = nic_gpr(NIC_GPR_A, 1),
		.right = one_in(3) ? any_reg(false, 127) : nic_imm(random_below(64)),
		.xfer = random_below(one_in(6) ? 64 : 4),
		.ctx = one_in(3) ? NIC_CTX_NO_SWAP : random_below(3),
		.sig = 1 + random_below(3) };

	choose_command(&insn);
	if (one_in(3)) {
		insn.op = NIC_OP_CMD_B40;
		insn.left = nic_gpr(NIC_GPR_A, 0);
		insn.right = nic_gpr(NIC_GPR_B, 2);
	}
	if (insn.ctx == NIC_CTX_NO_SWAP && one_in(2))
		insn.sig = 0;
	if (one_in(5)) {
		insn.indir = true;
		put_override(w);
	}
	if (!put_insn(w, &insn))
		put_alu(w);
}

static void
put_arbitration(struct writing *w)
{
	struct nic_insn insn = { .op = one_in(2) ? NIC_OP_CTX_ARB_VOLUNTARY : NIC_OP_CTX_ARB,
		.defer = random_below(3) };

	if (insn.op == NIC_OP_CTX_ARB)
		insn.signals = 1 + random_below(7);
	put_insn(w, &insn);
}

/* Any instruction there is, with any fields. */
static void
put_anything(struct writing *w)
{
	struct nic_insn insn;
	uint64_t word;

	do {
		const struct nic_op_info *info = nic_op_info((enum nic_op)random_below(NIC_OP_CNT));

		word = (random_bits() & ~info->match.mask & NIC_INSN_MASK) | info->match.value;
	} while (nic_decode(word, &insn));
	put(w, word);
}

/* ---- programs ---- */

void
microcode_make(uint64_t seed, uint32_t contexts, uint64_t *words, uint32_t at, uint32_t cnt)
{
	static const struct {
		void (*put)(struct writing *w);
		uint32_t weight;
	} kinds[] = {
		{ put_alu, 350 },
		{ put_shift, 100 },
		{ put_field, 100 },
		{ put_immed, 140 },
		{ put_branch, 50 },
		{ put_compare, 60 },
		{ put_chain, 40 },
		{ put_product, 8 },
		{ put_pointer, 25 },
		{ put_csr, 8 },
		{ put_command, 60 },
		{ put_jump, 8 },
		{ put_arbitration, 3 },
		{ put_anything, 2 },
	};
	struct writing w = { .words = words, .at = at, .cnt = cnt };
	uint32_t sum = 0;

	random_state = seed;
	gprs = contexts == NIC_CONTEXTS ? 16 : 32;
	for (uint32_t i = 0; i < COUNT(kinds); i++)
		sum += kinds[i].weight;
	while (w.size < cnt) {
		uint32_t n = random_below(sum), i = 0;

		while (n >= kinds[i].weight)
			n -= kinds[i++].weight;
		kinds[i].put(&w);
	}
}
