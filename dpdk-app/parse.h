/* SPDX-License-Identifier: BSD-2-Clause */
/* Strict readers of what people type: numbers and hex. */
#ifndef APP_PARSE_H
#define APP_PARSE_H

#include <stddef.h>
#include <stdint.h>

/* The whole string is a number from min to max, decimal or 0x hex, no sign, no blanks.
 * 0, -EINVAL (no number), -ERANGE. */
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* Bytes in hex: two digits each, blanks of any kind between bytes. *out is malloc'ed, NULL when
 * there are no bytes. 0, -ENOMEM, or -EINVAL with *bad at the offending character. */
int parse_hex(const char *text, size_t len, uint8_t **out, size_t *out_len, size_t *bad);

/* Edits (insert, delete, replace) from a to b; for "did you mean". */
unsigned int edit_distance(const char *a, const char *b);

#endif
