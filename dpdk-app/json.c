/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings that may hold anything, and the one way a result is printed. */
#include "dpdk-app/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD in UTF-8 */
#define REAL_DIGITS 9

/* Bytes of the character at text, 0 when it is none. It is what jansson takes. */
static size_t
char_bytes(const char *text)
{
	for (size_t n = 1; n <= 4 && text[n - 1] != '\0'; n++) {
		json_t *one = json_stringn(text, n);

		json_decref(one);
		if (one != NULL)
			return n;
	}
	return 0;
}

static json_t *
mended(const char *text)
{
	char *copy = malloc(strlen(text) * strlen(REPLACEMENT) + 1);
	char *end = copy;
	json_t *string;

	while (copy != NULL && *text != '\0') {
		size_t n = char_bytes(text);

		if (n > 0) {
			memcpy(end, text, n);
			end += n;
		} else {
			memcpy(end, REPLACEMENT, strlen(REPLACEMENT));
			end += strlen(REPLACEMENT);
		}
		text += n > 0 ? n : 1;
	}
	string = copy != NULL ? json_stringn(copy, (size_t)(end - copy)) : NULL;
	free(copy);
	return string;
}

json_t *
json_text(const char *text)
{
	json_t *string;

	if (text == NULL)
		return json_null();
	string = json_string(text);
	return string != NULL ? string : mended(text);
}

json_t *
json_program(const struct xb_object *obj, const struct xb_prog *prog)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:i}", "object", json_text(obj->path), "name",
		json_text(prog->name), "section", json_text(prog->section), "type",
		xb_prog_type_name(prog->type), "insns", (int)prog->insn_cnt);
}

int
json_print(json_t *root, FILE *out)
{
	int ret = root != NULL
			  ? json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS))
			  : -1;

	fputc('\n', out);
	json_decref(root);
	return ret == 0 ? 0 : -ENOMEM;
}
