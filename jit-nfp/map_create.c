/* SPDX-License-Identifier: BSD-2-Clause */
/* Would the card make a map? The driver's checks in its order (nfp-offload-rules.md 7), which is
 * that of the rules' rows. */
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

static uint32_t
elem_bytes(const struct xb_map_def *def)
{
	return round8(def->key_size) + round8(def->value_size);
}

struct asked {
	const struct xb_map_def *def;
	const struct jit_card *card;
	uint32_t maps; /* there are so many */
	uint32_t left; /* elements */
	char *message;
};

/* rule, when it says no; else JIT_RULE_CNT. */
static enum jit_rule
check(const struct asked *a, enum jit_rule rule)
{
	const struct xb_map_def *def = a->def;
	const struct jit_card *card = a->card;

	switch (rule) {
	case JIT_RULE_MAP_NONE:
		return card->maps.types == 0 ? refuse(a->message, rule) : JIT_RULE_CNT;
	case JIT_RULE_MAP_FLAGS: return def->flags != 0 ? refuse(a->message, rule) : JIT_RULE_CNT;
	case JIT_RULE_MAP_TYPE:
		return def->type > 31 || !(card->maps.types & 1u << def->type)
			       ? refuse(a->message, rule)
			       : JIT_RULE_CNT;
	case JIT_RULE_MAP_CNT:
		return a->maps == card->maps.maps_max ? refuse(a->message, rule) : JIT_RULE_CNT;
	case JIT_RULE_MAP_ELEMS:
		return def->max_entries > a->left
			       ? refuse(a->message, rule, def->max_entries, a->left)
			       : JIT_RULE_CNT;
	case JIT_RULE_MAP_ELEM_BYTES:
		return elem_bytes(def) > card->maps.elem_bytes_max
			       ? refuse(a->message, rule, elem_bytes(def),
					 card->maps.elem_bytes_max)
			       : JIT_RULE_CNT;
	case JIT_RULE_MAP_KEY_BYTES:
		return def->key_size > card->maps.key_bytes_max
			       ? refuse(a->message, rule, def->key_size, card->maps.key_bytes_max)
			       : JIT_RULE_CNT;
	case JIT_RULE_MAP_VALUE_BYTES:
		return def->value_size > card->maps.value_bytes_max
			       ? refuse(a->message, rule, def->value_size,
					 card->maps.value_bytes_max)
			       : JIT_RULE_CNT;
	default: return JIT_RULE_CNT;
	}
}

enum jit_rule
jit_map_create_check(const struct xb_map_def *def, const struct jit_card *card,
	struct jit_maps_used *used, enum jit_rule from, char message[JIT_MESSAGE_BYTES])
{
	const struct asked asked = {
		.def = def,
		.card = card,
		.maps = used->maps,
		.left = card->maps.elems_max - used->elems,
		.message = message,
	};
	enum jit_rule rule = from > JIT_RULE_MAP_NONE ? from : JIT_RULE_MAP_NONE;

	while (rule <= JIT_RULE_MAP_VALUE_BYTES && check(&asked, rule) == JIT_RULE_CNT)
		rule++;
	if (rule <= JIT_RULE_MAP_VALUE_BYTES)
		return rule;
	if (from <= JIT_RULE_MAP_NONE) {
		used->maps++;
		used->elems += def->max_entries;
	}
	return JIT_RULE_CNT;
}
