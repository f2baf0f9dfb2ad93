/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the fuzz target of the disassembler on random words and on mutants of real texts, where
 * there is no libFuzzer. */
#include "nic/nic.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/random.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
any_words(void **state)
{
	uint64_t words[16];

	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		for (unsigned int j = 0; j < 16; j++)
			words[j] = random_bits();
		LLVMFuzzerTestOneInput((const uint8_t *)words, sizeof(words) - random_below(8));
	}
}

/* A real text with some characters replaced, cut or repeated. */
static size_t
mutate(char *text, size_t size)
{
	static const char alphabet[] = "[],.-+<>$*&x0123456789abgprAB_ \t\n;=";
	size_t len = strlen(text);

	for (unsigned int n = 1 + random_below(4); n && len; n--) {
		size_t at = random_below((uint32_t)len);

		switch (random_below(3)) {
		case 0: text[at] = alphabet[random_below(sizeof(alphabet) - 1)]; break;
		case 1: len = at; break;
		default:
			if (len + 1 < size)
				memmove(text + at + 1, text + at, len++ - at);
		}
	}
	return len;
}

static void
texts_almost_right(void **state)
{
	char text[2 * NIC_TEXT_MAX];

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		const struct nic_op_info *info = nic_op_info((enum nic_op)random_below(NIC_OP_CNT));

		nic_format((random_bits() & ~info->match.mask) | info->match.value, text);
		LLVMFuzzerTestOneInput((const uint8_t *)text, mutate(text, sizeof(text)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_words),
		cmocka_unit_test(texts_almost_right),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
