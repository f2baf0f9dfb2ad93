/* SPDX-License-Identifier: BSD-2-Clause */
/* A program written for a test. */
#ifndef TESTS_FIRMWARE_MICROCODE_H
#define TESTS_FIRMWARE_MICROCODE_H

#include "nic/firmware/firmware.h"
#include "tests/_cmocka.h"

#define MICROCODE_WORDS_MAX 256

/* Lines of microcode, NULL behind the last, become port 0's program; the done address and helpers
 * stand there by their addresses. */
static inline void
load_microcode(struct nic_fw *of, const char *const *lines)
{
	uint64_t words[MICROCODE_WORDS_MAX];
	uint32_t cnt = 0;

	for (; lines[cnt]; cnt++) {
		struct nic_asm_error error;

		if (nic_parse(lines[cnt], &words[cnt], &error))
			fail_msg("%s: %s", lines[cnt], error.text);
		words[cnt] = nic_ecc_add(nic_reloc_set(words[cnt], NIC_RELOC_NONE));
	}
	assert_int_equal(nic_fw_load(of, 0, words, cnt), 0);
}

#endif
