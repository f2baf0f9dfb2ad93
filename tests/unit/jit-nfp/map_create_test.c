/* SPDX-License-Identifier: BSD-2-Clause */
/* Which maps a card makes: every check by its sentence, and their order. */
#include <errno.h>
#include <string.h>

#include "jit-nfp/jit.h"
#include "tests/_cmocka.h"

static const struct jit_card open_firmware = {
	.maps = {
		.types = 1u << BPF_MAP_TYPE_HASH | 1u << BPF_MAP_TYPE_ARRAY,
		.maps_max = 128,
		.elems_max = 2048000,
		.key_bytes_max = 56,
		.value_bytes_max = 56,
		.elem_bytes_max = 64,
	},
};

static struct xb_map_def
hash(uint32_t key_size, uint32_t value_size, uint32_t max_entries)
{
	return (struct xb_map_def){
		.name = "m",
		.type = BPF_MAP_TYPE_HASH,
		.key_size = key_size,
		.value_size = value_size,
		.max_entries = max_entries,
	};
}

static void
assert_refused(struct xb_map_def def, const struct jit_card *card, enum jit_rule rule, int err,
	const char *sentence)
{
	struct jit_maps_used used = { .maps = 3, .elems = 1000 };
	char message[JIT_MESSAGE_BYTES];

	assert_int_equal(jit_map_create_check(&def, card, &used, 0, message), rule);
	assert_int_equal(jit_rule_info(rule)->err, err);
	assert_string_equal(jit_rule_info(rule)->stage, "map");
	assert_string_equal(message, sentence);
	assert_int_equal(used.maps, 3);
	assert_int_equal(used.elems, 1000);
}

static void
what_fits_is_charged(void **state)
{
	struct jit_maps_used used = { 0 };
	struct xb_map_def def = hash(56, 8, 2047999);
	char message[JIT_MESSAGE_BYTES];

	(void)state;
	assert_int_equal(
		jit_map_create_check(&def, &open_firmware, &used, 0, message), JIT_RULE_CNT);
	assert_int_equal(used.maps, 1);
	assert_int_equal(used.elems, 2047999);
	def = hash(8, 56, 1);
	assert_int_equal(
		jit_map_create_check(&def, &open_firmware, &used, 0, message), JIT_RULE_CNT);
	assert_int_equal(
		jit_map_create_check(&def, &open_firmware, &used, 0, message), JIT_RULE_MAP_ELEMS);
	assert_string_equal(message, "map with too many elements: 1, left: 0");
}

static void
every_check_has_its_sentence(void **state)
{
	struct jit_card card = open_firmware;
	struct xb_map_def def = hash(4, 4, 1);

	(void)state;
	def = hash(4, 4, 1);
	def.flags = BPF_F_NO_PREALLOC;
	assert_refused(def, &card, JIT_RULE_MAP_FLAGS, EINVAL, "map flags are not supported");
	card.maps.types = 1u << BPF_MAP_TYPE_ARRAY;
	assert_refused(
		hash(4, 4, 1), &card, JIT_RULE_MAP_TYPE, EOPNOTSUPP, "map type not supported");
	card.maps.types = 0;
	assert_refused(
		hash(4, 4, 1), &card, JIT_RULE_MAP_NONE, EOPNOTSUPP, "Operation not supported");
	card = open_firmware;
	card.maps.maps_max = 3;
	assert_refused(
		hash(4, 4, 1), &card, JIT_RULE_MAP_CNT, ENOMEM, "too many maps for a device");
	assert_refused(hash(4, 4, 2047001), &open_firmware, JIT_RULE_MAP_ELEMS, ENOMEM,
		"map with too many elements: 2047001, left: 2047000");
	assert_refused(hash(4, 57, 1), &open_firmware, JIT_RULE_MAP_ELEM_BYTES, ENOMEM,
		"map elements too large: 72, FW max element size (key+value): 64");
	card.maps.maps_max = 128;
	card.maps.elem_bytes_max = 128;
	assert_refused(hash(57, 4, 1), &card, JIT_RULE_MAP_KEY_BYTES, ENOMEM,
		"map key size 57, FW max is 56");
	assert_refused(hash(4, 57, 1), &card, JIT_RULE_MAP_VALUE_BYTES, ENOMEM,
		"map value size 57, FW max is 56");
}

/* Each line mends what the line before was refused for. */
static void
the_first_check_speaks(void **state)
{
	struct jit_card card = { .maps = { .maps_max = 3 } };
	struct xb_map_def def = hash(57, 57, 5000000);

	(void)state;
	def.flags = BPF_F_NO_PREALLOC;
	assert_refused(def, &card, JIT_RULE_MAP_NONE, EOPNOTSUPP, "Operation not supported");
	card.maps.types = 1u << BPF_MAP_TYPE_ARRAY;
	assert_refused(def, &card, JIT_RULE_MAP_FLAGS, EINVAL, "map flags are not supported");
	def.flags = 0;
	assert_refused(def, &card, JIT_RULE_MAP_TYPE, EOPNOTSUPP, "map type not supported");
	card.maps.types = 1u << BPF_MAP_TYPE_HASH;
	card.maps.elems_max = 1000;
	assert_refused(def, &card, JIT_RULE_MAP_CNT, ENOMEM, "too many maps for a device");
	card.maps.maps_max = 4;
	assert_refused(def, &card, JIT_RULE_MAP_ELEMS, ENOMEM,
		"map with too many elements: 5000000, left: 0");
	card.maps.elems_max = 5001000;
	assert_refused(def, &card, JIT_RULE_MAP_ELEM_BYTES, ENOMEM,
		"map elements too large: 128, FW max element size (key+value): 0");
	card.maps.elem_bytes_max = 128;
	assert_refused(def, &card, JIT_RULE_MAP_KEY_BYTES, ENOMEM, "map key size 57, FW max is 0");
	card.maps.key_bytes_max = 57;
	assert_refused(
		def, &card, JIT_RULE_MAP_VALUE_BYTES, ENOMEM, "map value size 57, FW max is 0");
}

/* One that is refused is asked on, and charges nothing. */
static void
the_other_checks_can_be_asked_too(void **state)
{
	const struct jit_card card = {
		.maps = { .types = 1u << BPF_MAP_TYPE_HASH, .maps_max = 3, .key_bytes_max = 4 }
	};
	const enum jit_rule all[] = { JIT_RULE_MAP_FLAGS, JIT_RULE_MAP_ELEMS,
		JIT_RULE_MAP_ELEM_BYTES, JIT_RULE_MAP_VALUE_BYTES, JIT_RULE_CNT };
	struct jit_maps_used used = { 0 };
	struct xb_map_def def = hash(4, 57, 1);
	char message[JIT_MESSAGE_BYTES];
	enum jit_rule from = 0;

	(void)state;
	def.flags = BPF_F_NO_PREALLOC;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		enum jit_rule rule = jit_map_create_check(&def, &card, &used, from, message);

		assert_int_equal(rule, all[i]);
		from = rule + 1;
	}
	assert_int_equal(used.maps, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_charged),
		cmocka_unit_test(every_check_has_its_sentence),
		cmocka_unit_test(the_first_check_speaks),
		cmocka_unit_test(the_other_checks_can_be_asked_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
