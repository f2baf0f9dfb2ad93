/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of expectations. dir: GOLDEN_DIR, which the meson.build of the test says. */
#ifndef TESTS_UNIT_NIC_GOLDEN_FILE_H
#define TESTS_UNIT_NIC_GOLDEN_FILE_H

#include "tests/_cmocka.h"

#include <stdio.h>

static inline FILE *
golden_open(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: cannot be opened", path);
	return f;
}

#endif
