/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores of packets and map values behind the passes, run on the exact microengine and
 * compared with what each instruction says. A difference is allowed in the bytes and registers that
 * a driver's quirk is about, where it was found, and in what was made of those. NIC_SEED=N repeats
 * a run. Then, what is refused.
 */
#include "tests/unit/jit-nfp/machine.h"
#include "tests/unit/nic/random.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 4000u
#define PACKET_NUMBER 5u
#define PACKET_BYTES 2048u
#define PACKET_AT 136u /* what r4 points to; nfp-isa.md 15 */
#define FURTHER 600u   /* r5: so much behind */
#define VALUE_AT 512u  /* in EMEM */
#define REGS 11u

/* ---- programs ---- */

static char text[32768];

static void __attribute__((format(printf, 1, 2))) add(const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	va_end(ap);
}

/* Registers to load into; pointers: r4, r5 to the packet, r7 to the map's value. */
static uint32_t
random_reg(void)
{
	static const uint32_t regs[] = { 0, 2, 3, 6, 8 };

	return regs[random_below(5)];
}

static const char *
facts_of(uint32_t pointer)
{
	return pointer == 4 ? "pkt off=0" : pointer == 5 ? "pkt off=600" : "map";
}

static void
add_load(uint32_t pointer)
{
	int32_t lowest = pointer == 7 ? 0 : -40;
	int32_t off = lowest + (int32_t)random_below(150);

	add("r%u = *(u%u *)(r%u %+d) ; %s zext\n", random_reg(), 8u << random_below(4), pointer,
		off, facts_of(pointer));
}

static void
add_store(void)
{
	uint32_t pointer = 4 + random_below(2);

	add("*(u%u *)(r%u %+d) = r%u ; %s\n", 8u << random_below(4), pointer,
		(int32_t)random_below(150) - 40, random_reg(), facts_of(pointer));
}

static void
add_classic_load(void)
{
	uint32_t size = 8u << random_below(3), off = random_below(300);

	if (random_below(2) == 0)
		add("r0 = *(u%u *)skb[%u] ; zext\n", size, off);
	else
		add("r0 = *(u%u *)skb[r9 + %u] ; zext\n", size, off);
}

/* Pairs that go on in one direction; where the two places lie near each other they overlap. */
static void
add_copy(void)
{
	uint32_t from = random_below(3) == 0 ? 7 : 4 + random_below(2), to = 4 + random_below(2);
	uint32_t bytes = 1u << random_below(4);
	uint32_t pairs = 1 + random_below(bytes < 4 ? 26 : 80 / bytes);
	uint32_t reg = random_reg(), load_off = random_below(90);
	uint32_t store_off = load_off + random_below(100) + (random_below(8) == 0 ? 150 : 0);
	bool is_down = random_below(3) == 0;

	if (random_below(2) == 0) {
		uint32_t other = load_off;

		load_off = store_off;
		store_off = other;
	}
	for (uint32_t i = 0; i < pairs; i++) {
		uint32_t at = (is_down ? pairs - 1 - i : i) * bytes;

		add("r%u = *(u%u *)(r%u %+d) ; %s zext\n", reg, bytes * 8, from,
			(int32_t)(load_off + at), facts_of(from));
		add("*(u%u *)(r%u %+d) = r%u ; %s\n", bytes * 8, to, (int32_t)(store_off + at), reg,
			facts_of(to));
	}
}

/* So that all of them matter. */
static void
add_stores_of_all(void)
{
	for (uint32_t reg = 0; reg <= BPF_REG_9; reg++)
		add("*(u64 *)(r5 +%u) = r%u ; %s\n", 400 + reg * 9, reg, facts_of(5));
}

static struct jit_prog *
random_program(void)
{
	text[0] = '\0';
	for (uint32_t i = 1 + random_below(6); i > 0; i--)
		switch (random_below(8)) {
		case 0: add_store(); break;
		case 1: add_classic_load(); break;
		case 2: add_copy(); break;
		case 3: add_load(7); break;
		case 4: add_load(5); break;
		default: add_load(4); break;
		}
	add_stores_of_all();
	return program_new(text, 0);
}

/* ---- what they say ---- */

struct world {
	uint64_t regs[REGS];
	uint8_t packet[PACKET_BYTES], value[PACKET_BYTES];
};

static uint8_t *
place(struct world *world, uint32_t pointer, int32_t off)
{
	return pointer == 7 ? world->value + off
			    : world->packet + PACKET_AT + (pointer == 5 ? FURTHER : 0) + off;
}

static uint64_t
classic(struct world *world, const struct jit_insn *insn)
{
	uint32_t index = BPF_MODE(insn->bpf.code) == BPF_IND ? (uint32_t)world->regs[9] : 0;
	uint64_t value = 0;

	memcpy(&value, world->packet + PACKET_AT + index + insn->bpf.imm, 8);
	return be64toh(value) >> (64 - jit_access_bytes(insn) * 8);
}

static void
evaluate(struct world *world, const struct jit_insn *insn)
{
	uint32_t size = jit_access_bytes(insn);
	uint64_t *dst = &world->regs[insn->bpf.dst_reg];

	if (jit_is_store(insn)) {
		memcpy(place(world, insn->bpf.dst_reg, insn->bpf.off),
			&world->regs[insn->bpf.src_reg], size);
	} else if (jit_is_load(insn)) {
		*dst = 0;
		memcpy(dst, place(world, insn->bpf.src_reg, insn->bpf.off), size);
	} else {
		*dst = classic(world, insn);
	}
}

static void
random_world(struct world *world)
{
	for (uint32_t i = 0; i < PACKET_BYTES; i++) {
		world->packet[i] = (uint8_t)random_bits();
		world->value[i] = (uint8_t)random_bits();
	}
	for (uint32_t i = 0; i < REGS; i++)
		world->regs[i] = random_bits();
	world->regs[4] = NIC_PACKET_ADDRESS | PACKET_NUMBER << 16 | PACKET_AT;
	world->regs[5] = world->regs[4] + FURTHER;
	world->regs[7] = (uint64_t)NIC_ISLAND_EMEM << (NIC_ISLAND_SHIFT - 8) << 32 | VALUE_AT;
	world->regs[9] &= UINT64_C(0xffffffff0000003f);
}

/* ---- the card ---- */

static void
put_world(const struct world *world, uint8_t *packet)
{
	uint64_t value = (uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT | VALUE_AT;

	memcpy(packet, world->packet, PACKET_BYTES);
	memcpy(nic_mem_at(mem, NIC_TARGET_MEM, value, PACKET_BYTES), world->value, PACKET_BYTES);
	for (uint32_t i = 0; i < REGS - 1; i++)
		set_register(i, world->regs[i]);
	*nic_me_gpr(me, 0, true, JIT_GPR_PKTLEN) = 1500;
	*nic_me_lm(me, VECTOR_AT / 4 + 2) = (uint32_t)world->regs[4];
	nic_me_set_lm_addr(me, 0, 1, VECTOR_AT);
}

static void
run_program(struct jit_prog *prog)
{
	struct program_words words;

	program_begin(&words, prog);
	for (uint32_t i = 0; i < prog->insn_cnt; i++)
		program_emit(&words, i);
	run(&words);
}

/* ---- what may differ: where a quirk was found, and what was made of that ---- */

struct doubt {
	bool regs[REGS];
	bool packet[PACKET_BYTES];
};

static bool
has_rule(const struct jit_prog *prog, uint32_t slot, enum jit_rule rule)
{
	return program_has_finding(prog, rule, (int32_t)slot);
}

static bool *
doubt_at(struct doubt *doubt, struct world *world, uint32_t pointer, int32_t off)
{
	return doubt->packet + (place(world, pointer, off) - world->packet);
}

static bool
is_any(const bool *doubts, uint32_t cnt)
{
	return memchr(doubts, true, cnt) != NULL;
}

/* What an instruction reads in doubt it leaves in doubt; all else it leaves certain. */
static void
pass_doubt(struct doubt *doubt, struct world *world, const struct jit_insn *insn)
{
	uint32_t size = jit_access_bytes(insn), index;

	if (jit_is_store(insn)) {
		memset(doubt_at(doubt, world, insn->bpf.dst_reg, insn->bpf.off),
			doubt->regs[insn->bpf.src_reg], size);
	} else if (jit_is_load(insn)) {
		doubt->regs[insn->bpf.dst_reg] =
			insn->bpf.src_reg != 7 &&
			is_any(doubt_at(doubt, world, insn->bpf.src_reg, insn->bpf.off), size);
	} else {
		index = BPF_MODE(insn->bpf.code) == BPF_IND ? (uint32_t)world->regs[9] : 0;
		doubt->regs[0] = is_any(doubt->packet + PACKET_AT + index + insn->bpf.imm, size);
	}
}

/* Behind a copy, whose head is that slot of the program after the passes. */
static void
add_doubt(struct doubt *doubt, struct world *world, const struct jit_prog *prog, uint32_t head)
{
	const struct jit_insn *load = &prog->insns[head];
	const struct jit_insn *store = &prog->insns[load->gather_store];
	uint32_t len = (uint32_t)abs(load->gather_bytes), rest = len % 4;
	int32_t rest_off = store->bpf.off + (int32_t)(len - rest);

	if (has_rule(prog, head, JIT_RULE_QUIRK_COPY_OVERLAP)) {
		memset(doubt_at(doubt, world, store->bpf.dst_reg, store->bpf.off), true, len);
		doubt->regs[load->bpf.dst_reg] = true;
	}
	if (has_rule(prog, head, JIT_RULE_QUIRK_COPY_REST)) {
		memset(doubt_at(doubt, world, store->bpf.dst_reg, rest_off), true, rest);
		memset(doubt_at(doubt, world, store->bpf.dst_reg, (uint8_t)rest_off), true, rest);
	}
	if (has_rule(prog, head, JIT_RULE_QUIRK_COPY_REGISTER))
		doubt->regs[load->bpf.dst_reg] = true;
}

/* plain: the program as written. */
static void
evaluate_all(struct doubt *doubt, struct world *world, const struct jit_prog *plain,
	const struct jit_prog *prog)
{
	uint32_t head = 0, end = JIT_NONE;

	*doubt = (struct doubt){ 0 };
	for (uint32_t i = 0; i < plain->insn_cnt; i++) {
		uint32_t bytes = (uint32_t)abs(prog->insns[i].gather_bytes);

		if (bytes != 0) {
			head = i;
			end = i + 2 * bytes / jit_access_bytes(&plain->insns[i]) - 1;
		}
		evaluate(world, &plain->insns[i]);
		pass_doubt(doubt, world, &plain->insns[i]);
		if (i == end)
			add_doubt(doubt, world, prog, head);
	}
}

/* ---- compared ---- */

/* Does anything differ? */
static bool
compare(const struct doubt *doubt, const struct world *world, const uint8_t *packet)
{
	bool differs = false;

	for (uint32_t i = 0; i < REGS - 1; i++)
		if (register_value(i) != world->regs[i]) {
			if (!doubt->regs[i])
				fail_msg("r%u is %#llx, not %#llx:\n%s", i,
					(unsigned long long)register_value(i),
					(unsigned long long)world->regs[i], text);
			differs = true;
		}
	for (uint32_t i = 0; i < PACKET_BYTES; i++)
		if (packet[i] != world->packet[i]) {
			if (!doubt->packet[i])
				fail_msg("byte %d of the packet is %02x, not %02x:\n%s",
					(int)i - (int)PACKET_AT, packet[i], world->packet[i], text);
			differs = true;
		}
	return differs;
}

static void
programs_do_what_they_say_but_for_the_quirks_found(void **state)
{
	static struct world world;
	static struct doubt doubt;
	static uint8_t packet[PACKET_BYTES];
	uint32_t quirks = 0, copies = 0, owners = 0;

	(void)state;
	random_begin();
	assert_int_equal(nic_mem_set_packet(mem, PACKET_NUMBER, packet, PACKET_BYTES), 0);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct jit_prog *prog = random_program(), *plain = program_new(text, 0);

		random_world(&world);
		put_world(&world, packet);
		jit_optimize(prog);
		run_program(prog);
		evaluate_all(&doubt, &world, plain, prog);
		quirks += compare(&doubt, &world, packet);
		for (uint32_t i = 0; i < prog->insn_cnt; i++) {
			copies += prog->insns[i].gather_bytes != 0;
			owners += prog->insns[i].cache_owner;
		}
		jit_prog_free(prog);
		jit_prog_free(plain);
	}
	print_message("%u programs, %u copies, %u ranges; %u differ by a quirk\n", ROUNDS, copies,
		owners, quirks);
	assert_true(copies > ROUNDS / 10 && owners > ROUNDS && quirks > 0);
	nic_mem_set_packet(mem, PACKET_NUMBER, NULL, 0);
}

/* ---- a copy's writes: nfp-isa.md 11.5 ---- */

static const struct {
	uint32_t len;
	const char *writes; /* command and units of each */
} copy_cases[] = {
	{ 2, "write8_swap 2 " },
	{ 8, "write8_swap 8 " },
	{ 9, "write8_swap 9 " },
	{ 12, "write32_swap 3 " },
	{ 31, "write8_swap 31 " },
	{ 32, "write32_swap 8 " },
	{ 33, "write32_swap 8 write8_swap 1 " },
	{ 36, "write32_swap 9 " },
	{ 39, "write32_swap 8 write8_swap 7 " },
	{ 40, "write32_swap 10 " },
	{ 41, "write32_swap 10 write8_swap 1 " },
	{ 43, "write32_swap 10 write8_swap 3 " },
	{ 44, "write32_swap 11 " },
	{ 127, "write32_swap 31 write8_swap 3 " },
	{ 128, "write32_swap 32 " },
};

/* More units than the command can say are in the word before. */
static void
writes_of(const struct program_words *words, char *buf, size_t size)
{
	struct nic_insn insn, before = { 0 };
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < words->image.cnt; before = insn, i++) {
		const struct nic_command *command;

		assert_null(nic_decode(words->words[i], &insn));
		if (insn.op != NIC_OP_CMD_32)
			continue;
		command = nic_command_find(insn.tgt, insn.token, insn.cnt);
		if (command->does == NIC_DOES_WRITE)
			len += (size_t)snprintf(buf + len, size - len, "%s %u ", command->name,
				(insn.indir ? before.imm >> 8 & 31 : insn.cnt) + 1);
	}
}

static void
copies_are_written_by_the_drivers_commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(copy_cases) / sizeof(*copy_cases); i++) {
		struct program_words words;
		struct jit_prog *prog;
		char writes[128];

		text[0] = '\0';
		for (uint32_t at = 0; at < copy_cases[i].len; at++)
			add("r3 = *(u8 *)(r4 +%u) ; pkt\n*(u8 *)(r5 +%u) = r3 ; pkt off=600\n", at,
				at);
		prog = program_new(text, 0);
		jit_optimize(prog);
		program_begin(&words, prog);
		program_emit(&words, 0);
		writes_of(&words, writes, sizeof(writes));
		assert_string_equal(writes, copy_cases[i].writes);
		jit_prog_free(prog);
	}
}

/* ---- quirks found where they are, and nowhere else ---- */

struct finding_case {
	const char *text;
	uint32_t slot; /* translated, after the passes */
	enum jit_rule rule;
	bool is_found;
};

#define PAIR(size, from, facts)                                                                    \
	"r3 = *(u" size " *)(r4 " from ") ; pkt " facts "\n*(u" size " *)(r5 " from                \
	") = r3 ; pkt off=900\n"

#define THEN_READ "r0 = r3\n"

static const struct finding_case finding_cases[] = {
	{ "r0 = *(u8 *)skb[65535]\n", 0, JIT_RULE_QUIRK_CLASSIC_OFFSET, false },
	{ "r0 = *(u8 *)skb[65536]\n", 0, JIT_RULE_QUIRK_CLASSIC_OFFSET, true },
	{ "r0 = *(u8 *)skb[-4096]\n", 0, JIT_RULE_QUIRK_CLASSIC_OFFSET, true },
	{ "r0 = *(u8 *)skb[r2 + -4096]\n", 0, JIT_RULE_QUIRK_CLASSIC_OFFSET, true },
	{ "r0 = *(u8 *)skb[r2 + 1] ; max=4294967293\n", 0, JIT_RULE_QUIRK_INDEX_WRAPS, false },
	{ "r0 = *(u8 *)skb[r2 + 1] ; max=4294967294\n", 0, JIT_RULE_QUIRK_INDEX_WRAPS, true },
	{ "r0 = *(u8 *)skb[1]\n", 0, JIT_RULE_QUIRK_INDEX_WRAPS, false },
	{ "r0 = *(u32 *)(r7 +0) ; map\n", 0, JIT_RULE_QUIRK_MAP_OFFSET, false },
	{ "r0 = *(u32 *)(r7 -4) ; map\n", 0, JIT_RULE_QUIRK_MAP_OFFSET, true },
	{ "r0 = *(u32 *)(r4 -4) ; pkt\n", 0, JIT_RULE_QUIRK_MAP_OFFSET, false },
	{ "r3 = *(u32 *)(r7 -8) ; map\n*(u32 *)(r5 +0) = r3 ; pkt\n"
	  "r3 = *(u32 *)(r7 -4) ; map\n*(u32 *)(r5 +4) = r3 ; pkt\n",
		0, JIT_RULE_QUIRK_MAP_OFFSET, true },
	{ "lock *(u32 *)(r7 -4) += r0 ; map over16\n", 0, JIT_RULE_QUIRK_MAP_OFFSET, true },
	{ "lock *(u32 *)(r7 +4) += r0 ; map over16\n", 0, JIT_RULE_QUIRK_MAP_OFFSET, false },
	/* the register behind a copy */
	{ PAIR("32", "+0", "") PAIR("32", "+4", "") THEN_READ, 0, JIT_RULE_QUIRK_COPY_REGISTER,
		true },
	{ PAIR("32", "+4", "") PAIR("32", "+0", "") THEN_READ, 0, JIT_RULE_QUIRK_COPY_REGISTER,
		false },
	{ PAIR("16", "+0", "") PAIR("16", "+2", "") THEN_READ, 0, JIT_RULE_QUIRK_COPY_REGISTER,
		false },
	{ PAIR("16", "+2", "") PAIR("16", "+0", "") THEN_READ, 0, JIT_RULE_QUIRK_COPY_REGISTER,
		true },
	{ PAIR("8", "+0", "") PAIR("8", "+1", "") THEN_READ, 0, JIT_RULE_QUIRK_COPY_REGISTER,
		false },
	{ PAIR("8", "+1", "") PAIR("8", "+0", "") THEN_READ, 0, JIT_RULE_QUIRK_COPY_REGISTER,
		true },
	{ PAIR("64", "+0", "") PAIR("64", "+8", "") THEN_READ, 0, JIT_RULE_QUIRK_COPY_REGISTER,
		false },
	{ PAIR("64", "+8", "") PAIR("64", "+0", "") THEN_READ, 0, JIT_RULE_QUIRK_COPY_REGISTER,
		false },
	{ PAIR("32", "+0", "") PAIR("32", "+4", "") "r3 = 0\n" THEN_READ, 0,
		JIT_RULE_QUIRK_COPY_REGISTER, false },
};

static void
quirks_are_found_where_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(finding_cases) / sizeof(*finding_cases); i++) {
		const struct finding_case *test = &finding_cases[i];
		struct jit_prog *prog = program_new(test->text, 0);
		struct program_words words;

		jit_optimize(prog);
		program_begin(&words, prog);
		program_emit(&words, test->slot);
		assert_int_equal(words.out.err, 0);
		if (program_has_finding(prog, test->rule, (int32_t)test->slot) != test->is_found)
			fail_msg("%s is %sfound:\n%s", jit_rule_info(test->rule)->name,
				test->is_found ? "not " : "", test->text);
		jit_prog_free(prog);
	}
}

/* ---- map helpers: nfp-isa.md 12.2 ---- */

static uint32_t
words_of(const char *line)
{
	struct jit_prog *prog = program_new(line, 64);
	struct program_words words;

	program_begin(&words, prog);
	program_emit(&words, 0);
	assert_int_equal(words.out.err, 0);
	jit_prog_free(prog);
	return words.image.cnt;
}

static void
a_key_that_may_be_elsewhere_moves_the_frame_pointer_and_back(void **state)
{
	(void)state;
	assert_int_equal(words_of("call 1#1 ; stack off=-64\n"), 3);
	assert_int_equal(words_of("call 1#1 ; stack off=-60\n"), 8);
	assert_int_equal(words_of("call 1#1 ; stack off=-60 var=-4\n"), 3);
	assert_int_equal(words_of("call 1#1 ; stack off=-64 notconst\n"), 8);
	assert_int_equal(words_of("call 2#2 ; stack off=-64 notconst\n"), 9);
}

/* ---- what the driver has no translation for ---- */

static const struct {
	const char *text;
	bool is_tc;
	int err;
} refusals[] = {
	{ "*(u32 *)(r10 -4) = 1\n", false, -EOPNOTSUPP }, /* 14.5: no pointer was noted */
	{ "*(u32 *)(r4 +0) = 1 ; stack\n", false, -EOPNOTSUPP },
	{ "*(u32 *)(r4 +0) = 1 ; pkt\n", false, 0 },
	{ "r3 = *(u32 *)(r4 +0)\n", false, -EOPNOTSUPP },
	{ "*(u32 *)(r7 +0) = r3 ; map\n", false, -EOPNOTSUPP },
	{ "r3 = *(u32 *)(r1 +0) ; ctx\n", false, 0 },
	{ "r3 = *(u32 *)(r1 +4) ; ctx\n", false, 0 },
	{ "r3 = *(u32 *)(r1 +8) ; ctx\n", false, -EOPNOTSUPP },
	{ "r3 = *(u32 *)(r1 +16) ; ctx\n", false, -EOPNOTSUPP },
	{ "r3 = *(u16 *)(r1 +0) ; ctx\n", false, -EOPNOTSUPP },
	{ "r3 = *(u32 *)(r1 +76) ; ctx\n", false, -EOPNOTSUPP },
	{ "r3 = *(u32 *)(r1 +0) ; ctx\n", true, 0 },
	{ "r3 = *(u32 *)(r1 +76) ; ctx\n", true, 0 },
	{ "r3 = *(u32 *)(r1 +80) ; ctx\n", true, 0 },
	{ "r3 = *(u32 *)(r1 +4) ; ctx\n", true, -EOPNOTSUPP },
	{ "r3 = *(u8 *)(r1 +0) ; ctx\n", true, -EOPNOTSUPP },
	{ "*(u32 *)(r1 +16) = r3 ; ctx\n", false, 0 },
	{ "*(u32 *)(r1 +16) = r3 ; ctx\n", true, -EOPNOTSUPP },
	{ "*(u16 *)(r1 +16) = r3 ; ctx\n", false, -EOPNOTSUPP },
	{ "*(u32 *)(r1 +12) = r3 ; ctx\n", false, -EOPNOTSUPP },
	{ "lock *(u32 *)(r7 +0) |= r3 ; map over16\n", false, -EOPNOTSUPP },
	{ "lock *(u32 *)(r7 +0) += r3 ; map over16\n", false, 0 },
	{ "call 5#5\n", false, -EOPNOTSUPP },
	{ "call 7#7\n", false, 0 },
};

static void
what_has_no_translation_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct jit_prog *prog = program_new(refusals[i].text, 64);
		struct program_words words;

		if (refusals[i].is_tc)
			prog->input.type = BPF_PROG_TYPE_SCHED_CLS;
		program_begin(&words, prog);
		program_emit(&words, 0);
		if (words.out.err != refusals[i].err)
			fail_msg(
				"%d, not %d: %s", words.out.err, refusals[i].err, refusals[i].text);
		assert_int_equal(words.image.cnt == 0, refusals[i].err != 0);
		jit_prog_free(prog);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_do_what_they_say_but_for_the_quirks_found),
		cmocka_unit_test(copies_are_written_by_the_drivers_commands),
		cmocka_unit_test(quirks_are_found_where_they_are),
		cmocka_unit_test(a_key_that_may_be_elsewhere_moves_the_frame_pointer_and_back),
		cmocka_unit_test(what_has_no_translation_is_an_error),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
