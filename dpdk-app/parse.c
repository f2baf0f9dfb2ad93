/* SPDX-License-Identifier: BSD-2-Clause */
/* Strict readers of what people type. Used by options.c, cmd_exec.c, cmd_gen.c; needs nothing. */
#include "dpdk-app/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int
parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long value;
	char *end;

	/* strtoull() would take blanks, signs, octal and an empty string. */
	if (hex ? !isxdigit((unsigned char)text[2]) : !isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, hex ? 16 : 10);
	if (*end != '\0')
		return -EINVAL;
	if (errno == ERANGE || value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
parse_hex(const char *text, size_t len, uint8_t **out, size_t *out_len, size_t *bad)
{
	uint8_t *bytes = malloc(len / 2 + 1);
	size_t n = 0;
	size_t i = 0;

	*out = NULL;
	*out_len = 0;
	if (bytes == NULL)
		return -ENOMEM;
	while (i < len) {
		int high = hex_digit(text[i]);
		int low = high >= 0 && i + 1 < len ? hex_digit(text[i + 1]) : -1;

		if (isspace((unsigned char)text[i])) {
			i++;
		} else if (low >= 0) {
			bytes[n++] = (uint8_t)(high << 4 | low);
			i += 2;
		} else {
			*bad = high < 0 ? i : i + 1;
			free(bytes);
			return -EINVAL;
		}
	}
	if (n == 0) {
		free(bytes);
		return 0;
	}
	*out = bytes;
	*out_len = n;
	return 0;
}

/* Wagner and Fischer's table, one row at a time; names longer than the row are far from anything.
 */
unsigned int
edit_distance(const char *a, const char *b)
{
	unsigned int row[64];
	size_t len = strlen(b);

	if (len >= sizeof(row) / sizeof(row[0]))
		return UINT32_MAX;
	for (unsigned int j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned int i = 0; a[i] != '\0'; i++) {
		unsigned int diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= len; j++) {
			unsigned int replaced = diagonal + (a[i] != b[j - 1]);

			diagonal = row[j];
			row[j] = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
			if (replaced < row[j])
				row[j] = replaced;
		}
	}
	return row[len];
}
