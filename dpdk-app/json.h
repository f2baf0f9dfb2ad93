/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands' --json outputs share. Used by cmd_*.c and report.c. */
#ifndef APP_JSON_H
#define APP_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "bpf/xb.h"

/* A JSON string of any bytes: JSON is UTF-8, names of files and what an object says need not be.
 * What is not UTF-8 becomes U+FFFD, a byte each. NULL text is null; NULL: no memory. */
json_t *json_text(const char *text);
/* The key "program" of every report. */
json_t *json_program(const struct xb_object *obj, const struct xb_prog *prog);
/* Print and free; root may be NULL (no memory). 0, or -ENOMEM. */
int json_print(json_t *root, FILE *out);

#endif
