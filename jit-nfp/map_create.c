/* SPDX-License-Identifier: BSD-2-Clause */
/* Would the card make a map? The kernel's checks (kernel-offload.md 2.1, MO-6), then the driver's
 * in its order (nfp-offload-rules.md 7). */
#include <stdarg.h>

#include "jit-nfp/internal.h"

static uint32_t
round8(uint32_t bytes)
{
	return (bytes + 7) & ~7u;
}

static enum jit_rule
refuse(char message[JIT_MESSAGE_BYTES], enum jit_rule rule, ...)
{
	va_list ap;

	va_start(ap, rule);
	vsnprintf(message, JIT_MESSAGE_BYTES, jit_rule_info(rule)->text, ap);
	va_end(ap);
	return rule;
}

static enum jit_rule
check_size(const struct xb_map_def *def, const struct jit_card *card, char *message)
{
	uint32_t elem_bytes = round8(def->key_size) + round8(def->value_size);

	if (elem_bytes > card->maps.elem_bytes_max)
		return refuse(
			message, JIT_RULE_MAP_ELEM_BYTES, elem_bytes, card->maps.elem_bytes_max);
	if (def->key_size > card->maps.key_bytes_max)
		return refuse(
			message, JIT_RULE_MAP_KEY_BYTES, def->key_size, card->maps.key_bytes_max);
	if (def->value_size > card->maps.value_bytes_max)
		return refuse(message, JIT_RULE_MAP_VALUE_BYTES, def->value_size,
			card->maps.value_bytes_max);
	return JIT_RULE_CNT;
}

static enum jit_rule
check(const struct xb_map_def *def, const struct jit_card *card, const struct jit_maps_used *used,
	char *message)
{
	uint32_t left = card->maps.elems_max - used->elems;

	if (def->type != BPF_MAP_TYPE_HASH && def->type != BPF_MAP_TYPE_ARRAY)
		return refuse(message, JIT_RULE_MAP_KERNEL_TYPE);
	if (card->maps.types == 0)
		return refuse(message, JIT_RULE_MAP_NONE);
	if (def->flags != 0)
		return refuse(message, JIT_RULE_MAP_FLAGS);
	if (!(card->maps.types & 1u << def->type))
		return refuse(message, JIT_RULE_MAP_TYPE);
	if (used->maps == card->maps.maps_max)
		return refuse(message, JIT_RULE_MAP_CNT);
	if (def->max_entries > left)
		return refuse(message, JIT_RULE_MAP_ELEMS, def->max_entries, left);
	return check_size(def, card, message);
}

enum jit_rule
jit_map_create_check(const struct xb_map_def *def, const struct jit_card *card,
	struct jit_maps_used *used, char message[JIT_MESSAGE_BYTES])
{
	enum jit_rule rule;

	if (def->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return JIT_RULE_CNT;
	rule = check(def, card, used, message);
	if (rule == JIT_RULE_CNT) {
		used->maps++;
		used->elems += def->max_entries;
	}
	return rule;
}
