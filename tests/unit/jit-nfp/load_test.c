/* SPDX-License-Identifier: BSD-2-Clause */
/* One image at many places of the code store: addresses, check bits, what cannot be loaded. The
 * image is made by hand, of one word of each relocation type. */
#include "jit-nfp/internal.h"
#include "tests/_cmocka.h"

#include <errno.h>
#include <string.h>

enum {
	WORD_PLAIN,
	WORD_REL,
	WORD_BIT,
	WORD_OUT,
	WORD_ABORT,
	WORD_PUSH,
	WORD_POP,
	WORD_NEXT,
	WORD_HELPER,
	WORD_IMMED,
	WORD_CNT
};

struct loaded {
	uint64_t words[WORD_CNT];
	uint32_t insns[WORD_CNT];
	uint64_t loaded[WORD_CNT];
	struct jit_image image;
	struct jit_card card;
};

static uint64_t
word_of(const char *text, enum nic_reloc reloc)
{
	struct nic_asm_error error;
	uint64_t word = 0;

	assert_int_equal(nic_parse(text, &word, &error), 0);
	return nic_reloc_set(word & NIC_INSN_MASK, reloc);
}

static void
make(struct loaded *l, uint32_t start, uint32_t done)
{
	const uint64_t words[WORD_CNT] = {
		[WORD_PLAIN] = word_of("alu[gprA_0, --, B, gprB_2]", NIC_RELOC_NONE),
		[WORD_REL] = word_of("bcc[.5]", NIC_RELOC_BR_REL),
		[WORD_BIT] = word_of("br_bset[gprA_8, 5, .9]", NIC_RELOC_BR_REL),
		[WORD_OUT] = word_of("br[.15000]", NIC_RELOC_BR_GO_OUT),
		[WORD_ABORT] = word_of("bcc[.15000]", NIC_RELOC_BR_GO_ABORT),
		[WORD_PUSH] = word_of("br[.15000], defer[2]", NIC_RELOC_BR_GO_CALL_PUSH_REGS),
		[WORD_POP] = word_of("br[.15000], defer[1]", NIC_RELOC_BR_GO_CALL_POP_REGS),
		[WORD_NEXT] = word_of("br[.15000], defer[2]", NIC_RELOC_BR_NEXT_PKT),
		[WORD_HELPER] = word_of("br[.15025], defer[2]", NIC_RELOC_BR_HELPER),
		[WORD_IMMED] = word_of("immed[gprB_0, 0x106]", NIC_RELOC_IMMED_REL),
	};

	*l = (struct loaded){
		.image = { .words = l->words,
			.insns = l->insns,
			.cnt = WORD_CNT,
			.out = 8,
			.abort = 5,
			.push = 21,
			.pop = 30 },
		.card = { .start = start, .done = done, .helper = { [JIT_FW_PERF_EVENT] = 0x410 } },
	};
	memcpy(l->words, words, sizeof(words));
}

static void
check(const struct loaded *l, uint32_t index, const char *format, uint32_t address)
{
	char expected[NIC_TEXT_MAX], now[NIC_TEXT_MAX];

	snprintf(expected, sizeof(expected), format, address);
	nic_format(l->loaded[index], now);
	assert_string_equal(now, expected);
	assert_true(nic_ecc_is_right(l->loaded[index]));
	assert_int_equal(l->loaded[index] >> (NIC_INSN_BITS + 7), 0);
}

static void
every_word_gets_its_address_wherever_the_program_starts(void **state)
{
	static const uint32_t starts[] = { 0, 1, 250, 3072, 5632, 8140, 8192, 16353 };

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		uint32_t start = starts[i];
		struct loaded l;

		make(&l, start, i == 0 ? 0 : 8191);
		assert_int_equal(jit_image_load(&l.image, &l.card, l.loaded), 0);
		check(&l, WORD_PLAIN, "alu[gprA_0, --, B, gprB_2]", 0);
		check(&l, WORD_REL, "bcc[.%u]", start + 5);
		check(&l, WORD_BIT, "br_bset[gprA_8, 5, .%u]", start + 9);
		check(&l, WORD_OUT, "br[.%u]", start + 8);
		check(&l, WORD_ABORT, "bcc[.%u]", start + 5);
		check(&l, WORD_PUSH, "br[.%u], defer[2]", start + 21);
		check(&l, WORD_POP, "br[.%u], defer[1]", start + 30);
		check(&l, WORD_NEXT, "br[.%u], defer[2]", i == 0 ? 0 : 8191);
		check(&l, WORD_HELPER, "br[.%u], defer[2]", 0x410);
		check(&l, WORD_IMMED, "immed[gprB_0, 0x%x]", start + 0x106);
	}
}

static void
loading_leaves_the_image_alone(void **state)
{
	struct loaded l, before;

	(void)state;
	make(&l, 3072, 1);
	before = l;
	assert_int_equal(jit_image_load(&l.image, &l.card, l.loaded), 0);
	assert_memory_equal(l.words, before.words, sizeof(l.words));
}

static void
a_helper_the_card_does_not_have_cannot_be_called(void **state)
{
	struct loaded l;

	(void)state;
	make(&l, 3072, 1);
	l.card.helper[JIT_FW_PERF_EVENT] = 0;
	assert_int_equal(jit_image_load(&l.image, &l.card, l.loaded), -EINVAL);
	make(&l, 3072, 1);
	l.words[WORD_HELPER] = word_of("br[.15007], defer[2]", NIC_RELOC_BR_HELPER);
	assert_int_equal(jit_image_load(&l.image, &l.card, l.loaded), -EINVAL);
}

static void
routines_the_image_does_not_have_cannot_be_called(void **state)
{
	struct loaded l;

	(void)state;
	make(&l, 3072, 1);
	l.image.push = 0;
	assert_int_equal(jit_image_load(&l.image, &l.card, l.loaded), -EINVAL);
	make(&l, 3072, 1);
	l.image.pop = 0;
	assert_int_equal(jit_image_load(&l.image, &l.card, l.loaded), -EINVAL);
}

static void
an_address_beyond_the_field_is_refused(void **state)
{
	struct loaded l;

	(void)state;
	make(&l, 16354, 1); /* pop would be at 16384, of which the word has no bit */
	assert_int_equal(jit_image_load(&l.image, &l.card, l.loaded), -EINVAL);
	make(&l, 3072, 16384);
	assert_int_equal(jit_image_load(&l.image, &l.card, l.loaded), -EINVAL);
	make(&l, 100, 1);
	l.words[WORD_IMMED] = word_of("immed[gprB_0, 0xffa0]", NIC_RELOC_IMMED_REL);
	assert_int_equal(jit_image_load(&l.image, &l.card, l.loaded), -EINVAL);
}

static void
a_relocation_of_a_word_that_cannot_have_it_is_refused(void **state)
{
	static const struct {
		uint32_t index;
		const char *text;
		enum nic_reloc reloc;
	} rows[] = {
		{ WORD_OUT, "alu[gprA_0, --, B, gprB_2]", NIC_RELOC_BR_GO_OUT },
		{ WORD_REL, "rtn[gprA_21]", NIC_RELOC_BR_REL },
		{ WORD_IMMED, "br[.5]", NIC_RELOC_IMMED_REL },
		{ WORD_IMMED, "immed[gprB_0, 0x5, <<8]", NIC_RELOC_IMMED_REL },
		{ WORD_IMMED, "immed[gprB_0, 0xfffffffe]", NIC_RELOC_IMMED_REL },
		{ WORD_IMMED, "immed_w1[gprB_0, 0x5]", NIC_RELOC_IMMED_REL },
		{ WORD_REL, "br[.5]", NIC_RELOC_CNT },
	};
	struct loaded l;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(&l, 3072, 1);
		l.words[rows[i].index] = word_of(rows[i].text, rows[i].reloc);
		assert_int_equal(jit_image_load(&l.image, &l.card, l.loaded), -EINVAL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_gets_its_address_wherever_the_program_starts),
		cmocka_unit_test(loading_leaves_the_image_alone),
		cmocka_unit_test(a_helper_the_card_does_not_have_cannot_be_called),
		cmocka_unit_test(routines_the_image_does_not_have_cannot_be_called),
		cmocka_unit_test(an_address_beyond_the_field_is_refused),
		cmocka_unit_test(a_relocation_of_a_word_that_cannot_have_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
