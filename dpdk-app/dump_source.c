/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `xoffload dump OBJECT nfp --source`: C, BPF and microcode, one under the other, with what a
 * reader new to the card must know: what the registers are, where a jump goes, what a branch out of
 * the program is for, why an instruction has no words. cmd_dump_nfp.c calls it.
 */
#include <inttypes.h>
#include <string.h>

#include "dpdk-app/check.h"
#include "dpdk-app/dump.h"
#include "dpdk-app/profile.h"
#include "nic/nic.h"

#define LINE_BYTES (NIC_TEXT_MAX + 32)

/* How far the listing is. */
struct walk {
	const struct check *check;
	const uint64_t *words; /* as they are to be shown */
	uint32_t next;	       /* the first instruction that was not printed */
	const struct xb_line *line;
	const struct costs *costs; /* NULL: not asked for */
	uint64_t cycles;	   /* of all words */
};

/* nfp-isa.md 8.1 to 8.3 */
static const char legend[] =
	"BPF rN     gpr 2N is its low half, 2N+1 its high half; bank A and bank B hold the same\n"
	"gprA_22    where the frame begins on the stack; r10 is that and the frame's depth\n"
	"gprB_22    length of the packet\n"
	"gpr 20, 21 scratch\n"
	"*l$index0  the stack\n"
	"*l$index1  of the packet: [0] its length and more, [2] where it begins\n"
	"$xfer_N    what mem[] has read, what it will write\n"
	"ctx_swap   the other contexts of the microengine run until the memory has answered\n"
	"defer[N]   the N words behind run before the branch is taken\n";

/* ---- what it costs ---- */

#define COST_WIDTH 39

static const char costs_legend[] = "runs       executions, all packets together\n"
				   "cycles     of issue, a packet; a helper's are its caller's, a "
				   "branch's its last deferred word's\n"
				   "%          of these\n"
				   "waits      cycles a packet that the context waits for a "
				   "memory; the other three run meanwhile\n";

static void
put_blank(const struct walk *w)
{
	if (w->costs != NULL)
		printf("%*s", COST_WIDTH, "");
}

/* runs: UINT64_MAX, not one number. */
static void
put_cost(const struct walk *w, uint64_t runs, uint64_t cycles, double waits)
{
	const double packets = (double)w->costs->packets;

	if (runs == 0 || packets == 0) {
		put_blank(w);
		return;
	}
	if (runs == UINT64_MAX)
		printf("%10s", "");
	else
		printf("%10" PRIu64, runs);
	printf(" %8.2f %5.1f%% %8.2f    ", (double)cycles / packets,
		100.0 * (double)cycles / (double)w->cycles, waits);
}

static void
put_word_cost(const struct walk *w, uint32_t index)
{
	const struct costs *c = w->costs;

	if (c == NULL)
		putchar('\t');
	else
		put_cost(w, c->runs[index], c->cycles[index], c->waits[index]);
}

/* Of the C line that begins at slot: all its words up to the next line. */
static void
put_line_cost(const struct walk *w, uint32_t slot)
{
	const struct xb_prog *prog = w->check->prog;
	const struct xb_line *line = xb_prog_line(prog, slot);
	uint32_t end = slot + 1;
	uint64_t cycles = 0;
	double waits = 0;

	while (end < prog->insn_cnt && !dump_is_new_line(prog, end, line))
		end++;
	for (uint32_t i = 0; i < w->check->image.cnt; i++) {
		const uint32_t insn = w->check->image.insns[i];

		if (insn >= slot && insn < end) {
			cycles += w->costs->cycles[i];
			waits += w->costs->waits[i];
		}
	}
	put_cost(w, cycles > 0 ? UINT64_MAX : 0, cycles, waits);
}

/* ---- beside a BPF instruction ---- */

static bool
is_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL);
}

/* Where it goes, INT64_MAX: on. */
static int64_t
target_of(const struct bpf_insn *insn, uint32_t slot)
{
	uint8_t class = BPF_CLASS(insn->code);
	int64_t next = (int64_t)slot + 1;

	if ((class != BPF_JMP && class != BPF_JMP32) || BPF_OP(insn->code) == BPF_EXIT)
		return INT64_MAX;
	if (is_call(insn))
		return insn->src_reg == BPF_PSEUDO_CALL ? next + insn->imm : INT64_MAX;
	return next + insn->off;
}

/* Its words being none, why not. */
static const char *
why_no_words(const struct bpf_insn *insn, enum jit_skip skip)
{
	uint8_t class = BPF_CLASS(insn->code);

	if (skip == JIT_SKIP_DEAD)
		return "no words: never reached";
	if (skip != JIT_SKIP_PRECEDING)
		return "no words: nothing to do";
	if (class == BPF_LDX || class == BPF_STX)
		return "no words: part of the copy above";
	if (insn->src_reg == BPF_REG_1)
		return "no words: on the card the context is no memory";
	return "no words: the load above did it";
}

/* "; to 200", "; map services", or nothing. */
static void
note_insn(const struct walk *w, uint32_t slot, bool has_words, char note[DUMP_NOTE_BYTES])
{
	const struct xb_object *obj = w->check->obj;
	const struct xb_prog *prog = w->check->prog;
	const struct bpf_insn *insn = &prog->insns[slot];
	int64_t target = target_of(insn, slot);

	note[0] = '\0';
	if (!has_words)
		snprintf(note, DUMP_NOTE_BYTES, " ; %s",
			why_no_words(insn, (enum jit_skip)w->check->image.skips[slot]));
	else if (xb_insn_names_map(insn) && (uint32_t)insn->imm < obj->map_cnt)
		snprintf(note, DUMP_NOTE_BYTES, " ; map %s", obj->maps[insn->imm].name);
	else if (target >= 0 && target < prog->insn_cnt && is_call(insn))
		snprintf(note, DUMP_NOTE_BYTES, " ; %s, at %" PRId64,
			xb_prog_func(prog, (uint32_t)target)->name, target);
	else if (target != INT64_MAX)
		snprintf(note, DUMP_NOTE_BYTES, " ; to %" PRId64, target);
}

static void
print_insn(struct walk *w, uint32_t slot, bool has_words)
{
	const struct xb_prog *prog = w->check->prog;
	char note[DUMP_NOTE_BYTES];

	if (dump_is_subprogram(prog, slot) || dump_is_new_line(prog, slot, w->line))
		putchar('\n');
	dump_subprogram(prog, slot);
	if (w->costs != NULL && dump_is_new_line(prog, slot, w->line))
		put_line_cost(w, slot);
	dump_line(prog, slot, &w->line);
	note_insn(w, slot, has_words, note);
	put_blank(w);
	w->next = slot + dump_insn(prog, slot, note);
}

/* Up to slot, which has words; those before have none. */
static void
print_insns(struct walk *w, uint32_t slot)
{
	while (w->next <= slot && w->next < w->check->prog->insn_cnt)
		print_insn(w, w->next, w->next == slot);
}

/* ---- beside a word ---- */

static uint32_t
branch_target(uint64_t word)
{
	enum nic_op op = nic_op_find(word);

	return op < NIC_OP_CNT ? nic_field_get(nic_op_info(op)->form, NIC_F_ADDR, word) : 0;
}

static void
note_helper(uint32_t target, char note[DUMP_NOTE_BYTES])
{
	const struct xb_helper *helper = xb_helper_by_id((int32_t)(target - NIC_RELOC_TARGET));

	snprintf(note, DUMP_NOTE_BYTES, " ; to the firmware's %s",
		helper != NULL ? helper->name : "helper");
}

/* What loading puts into the word, as a word of this listing or of the firmware. */
void
dump_word_note(
	const struct jit_image *image, uint32_t index, uint64_t shown, char note[DUMP_NOTE_BYTES])
{
	uint64_t word = image->words[index];
	enum nic_reloc reloc = nic_reloc_get(word);
	struct nic_insn immed;

	note[0] = '\0';
	switch (reloc) {
	case NIC_RELOC_BR_GO_OUT:
		snprintf(note, DUMP_NOTE_BYTES, " ; to out, .%u", image->out);
		break;
	case NIC_RELOC_BR_GO_ABORT:
		snprintf(note, DUMP_NOTE_BYTES, " ; to abort, .%u", image->abort);
		break;
	case NIC_RELOC_BR_GO_CALL_PUSH_REGS:
		snprintf(note, DUMP_NOTE_BYTES, " ; to push, .%u", image->push);
		break;
	case NIC_RELOC_BR_GO_CALL_POP_REGS:
		snprintf(note, DUMP_NOTE_BYTES, " ; to pop, .%u", image->pop);
		break;
	case NIC_RELOC_BR_NEXT_PKT:
		snprintf(note, DUMP_NOTE_BYTES, " ; to the firmware: the packet is done");
		break;
	case NIC_RELOC_BR_HELPER: note_helper(branch_target(word), note); break;
	case NIC_RELOC_IMMED_REL:
		if (nic_decode(word, &immed) == NULL)
			snprintf(note, DUMP_NOTE_BYTES, " ; the address of .%u", immed.imm);
		break;
	case NIC_RELOC_BR_REL: /* as it is printed, unless it is relocated */
		if (shown != word)
			snprintf(note, DUMP_NOTE_BYTES, " ; to .%u", branch_target(word));
		break;
	default: break;
	}
}

static void
print_word(const struct walk *w, uint32_t index)
{
	char text[LINE_BYTES], note[DUMP_NOTE_BYTES];

	nic_format_line(w->words[index], index, w->check->image.cnt, text, sizeof(text));
	dump_word_note(&w->check->image, index, w->words[index], note);
	put_word_cost(w, index);
	printf("%s%s\n", text, note);
}

/* ---- places that come from no instruction ---- */

const char *
dump_label(const struct jit_image *image, uint32_t index)
{
	const struct {
		const char *name;
		uint32_t at;
		bool is_there;
	} labels[] = {
		{ "intro: gprB_22 becomes the length of the packet", 0, true },
		{ "abort: the verdict of a packet the program cannot handle", image->abort, true },
		{ "out: r0 becomes the verdict, in A0 for the firmware", image->out, true },
		{ "push: r6 to r9 are saved in the frame", image->push, image->push != 0 },
		{ "pop: r6 to r9 are restored from it", image->pop, image->pop != 0 },
		{ "padding: the microengine fetches words ahead", image->cnt - NIC_PREFETCH_WORDS,
			true },
	};

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (labels[i].is_there && labels[i].at == index)
			return labels[i].name;
	return NULL;
}

void
dump_legend(void)
{
	printf("\n%s", legend);
}

void
dump_source(const struct check *check, const uint64_t *words, const struct costs *costs)
{
	const struct jit_image *image = &check->image;
	struct walk w = { .check = check, .words = words, .costs = costs };
	const char *label;

	for (uint32_t i = 0; costs != NULL && i < image->cnt; i++)
		w.cycles += costs->cycles[i];
	dump_legend();
	if (costs != NULL)
		printf("%s\n%10s %8s %6s %8s\n", costs_legend, "runs", "cycles", "%", "waits");
	for (uint32_t i = 0; i < image->cnt; i++) {
		if (i == image->abort)
			print_insns(&w, UINT32_MAX);
		label = dump_label(image, i);
		if (label != NULL)
			printf("\n%s\n", label);
		if (image->insns[i] != JIT_NO_INSN)
			print_insns(&w, image->insns[i]);
		print_word(&w, i);
	}
}
