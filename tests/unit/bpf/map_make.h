/* SPDX-License-Identifier: BSD-2-Clause */
/* A map for a test of maps, of a definition that must be taken without a word. */
#ifndef TESTS_UNIT_BPF_MAP_MAKE_H
#define TESTS_UNIT_BPF_MAP_MAKE_H

#include "bpf/xb.h"
#include "tests/_cmocka.h"

#define CPUS 3u

static inline struct xb_map *
make(enum bpf_map_type type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags)
{
	const struct xb_map_def def = { .name = "m",
		.type = type,
		.key_size = key,
		.value_size = value,
		.max_entries = entries,
		.flags = flags,
		.inner = -1 };
	struct xb_log log = { 0 };
	struct xb_map *map = xb_map_new(&def, CPUS, &log);

	if (!map)
		print_error("%s", xb_log_text(&log));
	assert_non_null(map);
	assert_string_equal(xb_log_text(&log), "");
	return map;
}

#endif
