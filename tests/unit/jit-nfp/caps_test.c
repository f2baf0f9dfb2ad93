/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver reads of a card: every card of the library there and back, every error. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jit-nfp/jit.h"
#include "nic/card.h"
#include "tests/_cmocka.h"

#define WORDS_MAX 32

/* A firmware's bytes. Capabilities are allocated to their size, so that a sanitizer sees a read
 * behind them. */
struct bytes {
	uint8_t bar[NIC_BAR_BYTES];
	uint8_t *capabilities;
	size_t size;
	uint32_t app_id;
};

static void
read_library(struct nic_card *card, const char *name, const char *firmware)
{
	const char *texts[] = {
		nic_card_find(firmware, true)->text,
		nic_card_find(name, false)->text,
	};
	char message[256];

	*card = (struct nic_card){ 0 };
	for (int i = 0; i < 2; i++)
		assert_int_equal(nic_card_read(card, name, texts[i], strlen(texts[i]), message,
					 sizeof(message)),
			0);
}

static struct bytes
bytes_of(const struct nic_card *card)
{
	struct bytes b = { .app_id = card->app_id };
	uint8_t buffer[NIC_CAPABILITIES_MAX];

	nic_card_bar(card, b.bar);
	b.size = nic_card_capabilities(card, buffer);
	b.capabilities = b.size > 0 ? malloc(b.size) : NULL;
	if (b.size > 0)
		memcpy(b.capabilities, buffer, b.size);
	return b;
}

/* The words are the symbol; the BAR is the open firmware's. */
static struct bytes
bytes_of_words(const uint32_t *words, size_t cnt)
{
	struct nic_card card;
	struct bytes b;

	read_library(&card, "agilio-cx-2x40", "corenic");
	b = bytes_of(&card);
	free(b.capabilities);
	b.size = cnt * 4;
	b.capabilities = malloc(b.size);
	assert_non_null(b.capabilities);
	memcpy(b.capabilities, words, b.size);
	return b;
}

/* Ends b, too. */
static int
probe(struct jit_card *card, struct bytes b, struct xb_log *log)
{
	const struct jit_firmware fw = {
		.app_id = b.app_id,
		.bar = b.bar,
		.bar_bytes = sizeof(b.bar),
		.capabilities = b.capabilities,
		.capability_bytes = b.size,
	};
	int ret;

	*log = (struct xb_log){ 0 };
	ret = jit_card_probe(card, &fw, log);
	free(b.capabilities);
	return ret;
}

static void
assert_log(struct xb_log *log, const char *text)
{
	assert_string_equal(xb_log_text(log), text);
	xb_log_free(log);
}

static void
assert_same(const struct nic_card *nic, const struct jit_card *jit)
{
	assert_int_equal(jit->abi_version, nic->abi);
	assert_int_equal(jit->insns_max, nic->max_len);
	assert_int_equal(jit->start, nic->start);
	assert_int_equal(jit->done, nic->done);
	assert_int_equal(jit->stack_bytes, nic->stack_bytes);
	assert_int_equal(jit->packet_split_bytes, nic->split_bytes - 32);
	assert_int_equal(jit->helper[JIT_FW_LOOKUP], nic->map_lookup);
	assert_int_equal(jit->helper[JIT_FW_UPDATE], nic->map_update);
	assert_int_equal(jit->helper[JIT_FW_DELETE], nic->map_delete);
	assert_int_equal(jit->helper[JIT_FW_PERF_EVENT], nic->perf_event_output);
	assert_int_equal(jit->adjust_head.flags, nic->adjust_head_flags);
	assert_int_equal(jit->adjust_head.off_min, nic->adjust_head_off_min);
	assert_int_equal(jit->adjust_head.off_max, nic->adjust_head_off_max);
	assert_int_equal(jit->adjust_head.guaranteed_sub, nic->adjust_head_guaranteed_sub);
	assert_int_equal(jit->adjust_head.guaranteed_add, nic->adjust_head_guaranteed_add);
	assert_int_equal(jit->maps.types, nic->map_types);
	assert_int_equal(jit->maps.maps_max, nic->map_cnt_max);
	assert_int_equal(jit->maps.elems_max, nic->map_entries_max);
	assert_int_equal(jit->maps.key_bytes_max, nic->map_key_bytes_max);
	assert_int_equal(jit->maps.value_bytes_max, nic->map_value_bytes_max);
	assert_int_equal(jit->maps.elem_bytes_max, nic->map_entry_bytes_max);
	assert_int_equal(jit->has_live_reload, nic->live_reload);
	assert_int_equal(jit->has_random, nic->prandom);
	assert_int_equal(jit->has_queue_select, nic->queue_select);
	assert_int_equal(jit->has_adjust_tail, nic->adjust_tail);
	assert_int_equal(jit->has_multi_entry, nic->multi_entry);
}

static void
every_card_reads_back_as_it_is(void **state)
{
	struct jit_card jit;
	struct nic_card nic;
	struct xb_log log;

	(void)state;
	for (const struct nic_card_file *c = nic_card_files; c->name != NULL; c++)
		for (const struct nic_card_file *f = nic_card_files; f->name != NULL; f++) {
			if (nic_card_file_firmware(c) != NULL || !nic_card_file_firmware(f))
				continue;
			read_library(&nic, c->name, nic_card_file_firmware(f));
			assert_int_equal(probe(&jit, bytes_of(&nic), &log), 0);
			assert_log(&log, "");
			assert_same(&nic, &jit);
		}
}

/* nfp-offload-rules.md 2: what the open firmware advertises, byte for byte. */
static void
the_open_firmwares_symbol_is_as_described(void **state)
{
	static const uint32_t words[] = { 4, 0, 5, 0, 6, 0, 2, 20, 1, 44, 248, 84, 112, 3, 24, 6,
		128, 2048000, 56, 56, 64, 1, 8, 1, 0x3e0 };
	struct nic_card nic;
	struct bytes b;

	(void)state;
	read_library(&nic, "agilio-cx-2x40", "corenic");
	b = bytes_of(&nic);
	assert_int_equal(b.size, sizeof(words));
	assert_memory_equal(b.capabilities, words, sizeof(words));
	assert_int_equal(b.bar[0x3b], 0x08); /* CAP bit 27 */
	assert_int_equal(b.bar[0x80], 2);
	assert_int_equal(b.bar[0x81], 1);
	assert_int_equal(b.bar[0x82] | b.bar[0x83] << 8, 2560);
	assert_int_equal(b.bar[0x84] | b.bar[0x85] << 8, 3072);
	assert_int_equal(b.bar[0x86] | b.bar[0x87] << 8, 1);
	assert_int_equal(b.bar[0x88], 8);
	assert_int_equal(b.bar[0x89], 30);
	free(b.capabilities);
}

static void
a_firmware_without_the_symbol_has_no_capabilities(void **state)
{
	static const char *const nothing[] = { "map_lookup=0", "map_types=none", "adjust_head=no",
		"adjust_tail=no", "prandom=no", "queue_select=no" };
	struct jit_card jit;
	struct nic_card nic;
	struct xb_log log;
	char message[128];

	(void)state;
	read_library(&nic, "agilio-cx-2x40", "corenic");
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		assert_int_equal(nic_card_set(&nic, nothing[i], message, sizeof(message)), 0);
	assert_int_equal(probe(&jit, bytes_of(&nic), &log), 0);
	assert_log(&log, "");
	assert_int_equal(jit.abi_version, 2);
	assert_int_equal(jit.insns_max, 2560);
	assert_int_equal(jit.maps.types, 0);
	assert_int_equal(jit.adjust_head.off_max, 0);
	assert_false(jit.has_random);
}

static void
unknown_types_and_helpers_are_ignored_and_longer_values_are_taken(void **state)
{
	static const uint32_t words[] = { 77, 4, 5, 0, 0, 1, 8, 5, 0x99, 1, 12, 25, 0x44, 0xffff, 4,
		4, 1, 0xffffffff, 8, 1, 2 };
	struct jit_card jit;
	struct xb_log log;

	(void)state;
	assert_int_equal(probe(&jit, bytes_of_words(words, sizeof(words) / 4), &log), 0);
	assert_log(&log, "");
	assert_int_equal(jit.helper[JIT_FW_PERF_EVENT], 0x44);
	assert_int_equal(jit.helper[JIT_FW_LOOKUP], 0);
	assert_true(jit.has_random);
}

static void
every_error_of_the_symbol_is_told(void **state)
{
	static const struct {
		uint32_t cnt;
		uint32_t words[WORDS_MAX];
		const char *sentences;
	} cases[] = {
		{ 1, { 4 }, "rtsym '_abi_bpf_capabilities': too small\n" },
		{ 6, { 2, 16, 1, 44, 248, 84 },
			"truncated adjust_head TLV: 16\ninvalid BPF capabilities at offset:24\n" },
		{ 7, { 2, 20, 1, 45, 44, 84, 112 },
			"invalid adjust_head TLV: min > max\ninvalid BPF capabilities at "
			"offset:28\n" },
		{ 3, { 1, 4, 1 },
			"truncated function TLV: 4\ninvalid BPF capabilities at offset:12\n" },
		{ 7, { 3, 20, 6, 1, 1, 1, 1 },
			"truncated maps TLV: 20\ninvalid BPF capabilities at offset:28\n" },
		{ 4, { 4, 0, 7, 0 },
			"truncated ABI version TLV: 0\ninvalid BPF capabilities at offset:16\n" },
		{ 3, { 4, 0, 5 },
			"BPF capabilities left after parsing, parsed:8 total length:12\ninvalid "
			"BPF capabilities at offset:8\n" },
		{ 2, { 4, 1 }, "invalid BPF capabilities at offset:9\n" },
		{ 2, { 99, 0xfffffff8 }, "invalid BPF capabilities at offset:4294967296\n" },
	};
	struct jit_card jit;
	struct xb_log log;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			probe(&jit, bytes_of_words(cases[i].words, cases[i].cnt), &log), -EINVAL);
		assert_log(&log, cases[i].sentences);
	}
}

static void
adjust_head_beyond_an_immediate_is_disabled_with_a_warning(void **state)
{
	static const uint32_t words[] = { 2, 20, 1, 44, 256, 84, 112, 4, 0 };
	struct jit_card jit;
	struct xb_log log;

	(void)state;
	assert_int_equal(probe(&jit, bytes_of_words(words, sizeof(words) / 4), &log), 0);
	assert_log(
		&log, "disabling adjust_head - driver expects min/max to fit in as immediates\n");
	assert_int_equal(jit.adjust_head.off_max, 0);
	assert_int_equal(jit.adjust_head.guaranteed_add, 0);
	assert_true(jit.has_random);
}

static void
an_abi_is_2_or_3_and_the_same_in_both_places(void **state)
{
	static const struct {
		uint32_t told, bar;
		int ret;
		const char *sentences;
	} cases[] = {
		{ 2, 2, 0, "" },
		{ 3, 3, 0, "" },
		{ 3, 2, -EOPNOTSUPP, "NFP firmware does not support eBPF offload\n" },
		{ 1, 1, -EOPNOTSUPP,
			"unsupported BPF ABI version: 1\nNFP firmware does not support eBPF "
			"offload\n" },
		{ 4, 4, -EOPNOTSUPP,
			"unsupported BPF ABI version: 4\nNFP firmware does not support eBPF "
			"offload\n" },
		{ 0xffffffff, 0, -EOPNOTSUPP,
			"unsupported BPF ABI version: -1\nNFP firmware does not support eBPF "
			"offload\n" },
	};
	struct jit_card jit;
	struct xb_log log;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint32_t words[] = { 7, 4, cases[i].told };
		struct bytes b = bytes_of_words(words, 3);

		b.bar[0x80] = (uint8_t)cases[i].bar;
		assert_int_equal(probe(&jit, b, &log), cases[i].ret);
		assert_log(&log, cases[i].sentences);
	}
}

static void
another_application_and_a_vnic_without_bpf_take_no_program(void **state)
{
	static const char *const changes[] = { "app_id=1", "app_id=3", "has_bpf=no", "abi=3" };
	struct jit_card jit;
	struct nic_card nic;
	struct xb_log log;
	char message[128];

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		read_library(&nic, "agilio-cx-2x40", "ebpf");
		assert_int_equal(nic_card_set(&nic, changes[i], message, sizeof(message)), 0);
		assert_int_equal(probe(&jit, bytes_of(&nic), &log), -EOPNOTSUPP);
		assert_log(&log, "NFP firmware does not support eBPF offload\n");
	}
}

static void
a_symbol_cut_anywhere_is_read_or_refused(void **state)
{
	struct nic_card nic;
	int taken = 0;

	(void)state;
	read_library(&nic, "agilio-cx-2x40", "ebpf");
	for (size_t size = 0;; size++) {
		struct bytes b = bytes_of(&nic);
		struct jit_card jit;
		struct xb_log log;
		uint8_t *cut = malloc(size + !size);

		assert_non_null(cut);
		if (size == b.size) {
			free(cut);
			free(b.capabilities);
			break;
		}
		memcpy(cut, b.capabilities, size);
		free(b.capabilities);
		b.capabilities = cut;
		b.size = size;
		if (probe(&jit, b, &log) == 0)
			taken++;
		else
			assert_int_not_equal(log.len, 0);
		xb_log_free(&log);
	}
	assert_int_equal(taken, 9); /* at the ends of all TLVs but the last */
}

static void
a_bar_that_is_too_short_is_refused(void **state)
{
	static const uint8_t bar[NIC_BAR_BYTES];
	const struct jit_firmware fw = { .app_id = 2, .bar = bar, .bar_bytes = 0x89 };
	struct xb_log log = { 0 };
	struct jit_card jit;

	(void)state;
	assert_int_equal(jit_card_probe(&jit, &fw, &log), -EINVAL);
	assert_log(&log, "the control BAR has 137 bytes, less than 138\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_card_reads_back_as_it_is),
		cmocka_unit_test(the_open_firmwares_symbol_is_as_described),
		cmocka_unit_test(a_firmware_without_the_symbol_has_no_capabilities),
		cmocka_unit_test(unknown_types_and_helpers_are_ignored_and_longer_values_are_taken),
		cmocka_unit_test(every_error_of_the_symbol_is_told),
		cmocka_unit_test(adjust_head_beyond_an_immediate_is_disabled_with_a_warning),
		cmocka_unit_test(an_abi_is_2_or_3_and_the_same_in_both_places),
		cmocka_unit_test(another_application_and_a_vnic_without_bpf_take_no_program),
		cmocka_unit_test(a_symbol_cut_anywhere_is_read_or_refused),
		cmocka_unit_test(a_bar_that_is_too_short_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
