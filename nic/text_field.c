/* SPDX-License-Identifier: BSD-2-Clause */
/* Letters that are a field: numbers, names, flags (text.c). */
#include "nic/internal.h"

#include <string.h>

#define F(field) (UINT64_C(1) << NIC_F_##field)

/* One of a list of names with holes; the longest that fits. */
static bool
read_name(struct nic_input *in, const char *const *names, uint32_t cnt, const char *what,
	uint32_t *value)
{
	size_t best = 0;

	for (uint32_t i = 0; i < cnt; i++) {
		size_t len = names[i] ? strlen(names[i]) : 0;

		if (len > best && !strncmp(in->p, names[i], len)) {
			best = len;
			*value = i;
		}
	}
	if (!best)
		nic_expect(in, in->p, what);
	in->p += best;
	return best != 0;
}

/* ---- plain numbers, targets, names ---- */

/* A letter that is a number, or a "." and a number, or a name. */
struct plain {
	enum nic_field field;
	const char *prefix, *fmt, *suffix;
	uint32_t max;
	const char *what;
};

static const struct plain plains[128] = {
	['t'] = { NIC_F_ADDR, ".", "%u", "", 0x3fff, "a target .0 to .16383" },
	['o'] = { NIC_F_IMM_HI, ".", "%u", "", 0x1ffff, "an offset .0 to .131071" },
	['x'] = { NIC_F_CSS, "", "%u", "", 15, "a number up to 15" },
	['J'] = { NIC_F_CSS, "cls_ring", "%u", "_status", 15, "a ring up to 15" },
	['b'] = { NIC_F_BYTE, "", "%u", "", 3, "a byte 0 to 3" },
	['e'] = { NIC_F_STATE, "", "%u", "", 15, "a state 0 to 15" },
	['X'] = { NIC_F_XFER, "$xfer_", "%u", "", 63, "a transfer register up to $xfer_63" },
	['H'] = { NIC_F_THIRD, "", "0x%x", "", 0x7f, "a number up to 0x7f" },
	['G'] = { NIC_F_IMM_ADDR, "", "0x%x", "", 0xffff, "an address up to 0xffff" },
	['Q'] = { NIC_F_IMM_DATA, "", "0x%x", "", 0x3fffff, "a number of at most 22 bits" },
};

static void
print_plain(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	const struct plain *p = &plains[(unsigned char)letter];

	nic_put(line, "%s", p->prefix);
	nic_put(line, p->fmt[0] == '0' ? "0x%x" : "%u", insn->field[p->field]);
	nic_put(line, "%s", p->suffix);
}

static bool
read_plain(struct nic_input *in, char letter, struct nic_insn *insn)
{
	const struct plain *p = &plains[(unsigned char)letter];
	const char *start = in->p;

	if (nic_read_word(in, p->prefix) &&
		nic_read_number(in, p->max, p->what, &insn->field[p->field]) &&
		nic_read_word(in, p->suffix))
		return true;
	nic_expect(in, in->p == start + strlen(p->prefix) ? in->p : start, p->what);
	return false;
}

static void
print_bit(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	nic_put(line, "%u", insn->bit);
}

static bool
read_bit(struct nic_input *in, char letter, struct nic_insn *insn)
{
	(void)letter;
	return nic_read_number(in, 31, "a bit 0 to 31", &insn->bit);
}

/* A name out of a list. */
struct list {
	enum nic_field field;
	const char *const *names;
	uint32_t cnt;
	const char *what;
};

static const char *const polynomials[8] = { "--", NULL, "crc_ccitt", NULL, "crc_32", "crc_iscsi",
	"crc_10", "crc_5" };
static const char *const crc_bytes[8] = { NULL, "bytes_1_3", "bytes_2_3", "byte_3", "bytes_0_2",
	"bytes_0_1", "byte_0", NULL };
static const char *const states[16] = { "nn_empty", "nn_full", "ctm_ring0_status",
	"ctm_ring1_status", "ctm_ring2_status", "ctm_ring3_status", "ctm_ring4_status",
	"ctm_ring5_status", "ctm_ring6_status", "ctm_ring7_status", "ctm_ring8_status",
	"ctm_ring9_status", "ctm_ring10_status", "ctm_ring11_status", "ctm_ring12_status",
	"ctm_ring13_status" };

static const struct list lists[128] = {
	['q'] = { NIC_F_CRC_POLY, polynomials, 8, "a polynomial (crc_32, crc_ccitt, ...) or `--`" },
	['I'] = { NIC_F_CSS, states, 16, "a state (nn_empty, ctm_ring0_status, ...)" },
};

static void
print_list(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	const struct list *l = &lists[(unsigned char)letter];
	const char *name = l->names[insn->field[l->field]];

	nic_put(line, "%s", name ? name : "?");
}

static bool
read_list(struct nic_input *in, char letter, struct nic_insn *insn)
{
	const struct list *l = &lists[(unsigned char)letter];

	return read_name(in, l->names, l->cnt, l->what, &insn->field[l->field]);
}

static void
print_crc_bytes(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	if (crc_bytes[insn->crc_bytes])
		nic_put(line, ", %s", crc_bytes[insn->crc_bytes]);
	else if (insn->crc_bytes)
		nic_put(line, ", bytes_%u", insn->crc_bytes); /* 7: no name known */
}

static bool
read_crc_bytes(struct nic_input *in, char letter, struct nic_insn *insn)
{
	(void)letter;
	if (nic_read_option(in, "bytes_7"))
		insn->crc_bytes = 7;
	for (uint32_t i = 0; !insn->crc_bytes && i < 8; i++)
		if (crc_bytes[i] && nic_read_option(in, crc_bytes[i]))
			insn->crc_bytes = i;
	return true;
}

static void
print_csr(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	const char *name = nic_csr_name(insn->csr);

	(void)letter;
	if (name)
		nic_put(line, "%s", name);
	else
		nic_put(line, "0x%x", insn->csr * 4);
}

static bool
read_csr(struct nic_input *in, char letter, struct nic_insn *insn)
{
	const char *start = in->p;
	size_t len =
		strspn(start, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

	(void)letter;
	if (nic_csr_find(start, len, &insn->csr)) {
		in->p += len;
		return true;
	}
	if (!nic_read_number(
		    in, 0x7ff * 4, "a local CSR (ActLMAddr0, ...) or its address", &insn->csr))
		return false;
	if (insn->csr & 3) {
		nic_expect(in, start, "an address that is a multiple of 4");
		return false;
	}
	insn->csr /= 4;
	return true;
}

/* ---- flags and other parts that may be missing ---- */

struct flag {
	enum nic_field field;
	const char *word;
};

static const struct flag flags[128] = {
	['n'] = { NIC_F_NO_CC, "no_cc" },
	['p'] = { NIC_F_PRED_CC, "predicate_cc" },
	['c'] = { NIC_F_LOAD_CC, "load_cc" },
	['z'] = { NIC_F_CRC_BIT_SWAP, "bit_swap" },
	['A'] = { NIC_F_ANY_SIGNAL, "any" },
	['v'] = { NIC_F_INDIR, "indirect_ref" },
};

static void
print_flag(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	const struct flag *f = &flags[(unsigned char)letter];

	if (insn->field[f->field])
		nic_put(line, ", %s", f->word);
}

static bool
read_flag(struct nic_input *in, char letter, struct nic_insn *insn)
{
	const struct flag *f = &flags[(unsigned char)letter];

	insn->field[f->field] = nic_read_option(in, f->word);
	return true;
}

static void
print_both(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	if (insn->dst.kind == NIC_GPR_BOTH || insn->dst.kind == NIC_GPR_BOTH_B)
		nic_put(line, ", gpr_wrboth");
}

static bool
read_both(struct nic_input *in, char letter, struct nic_insn *insn)
{
	const char *start = in->p;

	(void)letter;
	if (!nic_read_option(in, "gpr_wrboth"))
		return true;
	if (insn->dst.kind != NIC_GPR_A && insn->dst.kind != NIC_GPR_B) {
		nic_expect(in, start, "no gpr_wrboth: the destination is no GPR");
		return false;
	}
	insn->dst.kind = insn->dst.kind == NIC_GPR_A ? NIC_GPR_BOTH : NIC_GPR_BOTH_B;
	return true;
}

static void
print_defer(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	if (insn->defer)
		nic_put(line, ", defer[%u]", insn->defer);
}

static bool
read_defer(struct nic_input *in, char letter, struct nic_insn *insn)
{
	uint32_t max = nic_op_info(insn->op)->defer_max;

	(void)letter;
	if (!nic_read_option(in, "defer["))
		return true;
	return nic_read_number(in, max, max == 2 ? "0 to 2 instructions" : "0 to 3 instructions",
		       &insn->defer) &&
	       nic_read_bracket(in);
}

static void
print_signals(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	const char *sep = "";

	(void)letter;
	for (unsigned int n = 1; n < 16; n++)
		if (insn->signals >> (n - 1) & 1) {
			nic_put(line, "%ssig%u", sep, n);
			sep = ", ";
		}
}

static bool
read_signals(struct nic_input *in, char letter, struct nic_insn *insn)
{
	uint32_t n;

	(void)letter;
	if (!nic_read_word(in, "sig")) {
		nic_expect(in, in->p, "a signal (sig1)");
		return false;
	}
	do {
		const char *start = in->p;

		if (!nic_read_number(in, 15, "a signal 1 to 15", &n))
			return false;
		if (!n) {
			nic_expect(in, start, "a signal 1 to 15");
			return false;
		}
		insn->signals |= 1u << (n - 1);
	} while (nic_read_option(in, "sig"));
	return true;
}

static void
print_resume(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	if (insn->resume)
		nic_put(line, ", br[.%u]", insn->addr);
}

static bool
read_resume(struct nic_input *in, char letter, struct nic_insn *insn)
{
	(void)letter;
	if (!nic_read_option(in, "br["))
		return true;
	insn->resume = 1;
	return read_plain(in, 't', insn) && nic_read_bracket(in);
}

/* ---- the letters ---- */

const struct nic_letter nic_field_letters[NIC_LETTER_CNT] = {
	['t'] = { F(ADDR), print_plain, read_plain },
	['o'] = { F(IMM_HI), print_plain, read_plain },
	['x'] = { F(CSS), print_plain, read_plain },
	['I'] = { F(CSS), print_list, read_list },
	['J'] = { F(CSS), print_plain, read_plain },
	['b'] = { F(BYTE), print_plain, read_plain },
	['B'] = { 0, print_bit, read_bit },
	['e'] = { F(STATE), print_plain, read_plain },
	['q'] = { F(CRC_POLY), print_list, read_list },
	['y'] = { F(CRC_BYTES), print_crc_bytes, read_crc_bytes },
	['z'] = { F(CRC_BIT_SWAP), print_flag, read_flag },
	['C'] = { F(CSR), print_csr, read_csr },
	['E'] = { F(SIGNALS), print_signals, read_signals },
	['A'] = { F(ANY_SIGNAL), print_flag, read_flag },
	['u'] = { F(RESUME) | F(ADDR), print_resume, read_resume },
	['d'] = { F(DEFER), print_defer, read_defer },
	['n'] = { F(NO_CC), print_flag, read_flag },
	['w'] = { 0, print_both, read_both },
	['p'] = { F(PRED_CC), print_flag, read_flag },
	['c'] = { F(LOAD_CC), print_flag, read_flag },
	['H'] = { F(THIRD), print_plain, read_plain },
	['G'] = { F(IMM_ADDR), print_plain, read_plain },
	['Q'] = { F(IMM_DATA), print_plain, read_plain },
	['X'] = { F(XFER), print_plain, read_plain },
	['v'] = { F(INDIR), print_flag, read_flag },
};
