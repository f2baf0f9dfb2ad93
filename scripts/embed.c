/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints card files as C, for nic/card.c. A program of the build only.
 * usage: embed NAME FILE FILE [NAME FILE FILE]...: two files become one text */
#include <stdio.h>

static int
put_file(const char *path)
{
	FILE *in = fopen(path, "r");
	int c;

	if (in == NULL) {
		perror(path);
		return 1;
	}
	fputs("\t  \"", stdout);
	while ((c = getc(in)) != EOF) {
		if (c == '\n')
			fputs("\\n\"\n\t  \"", stdout);
		else if (c == '"' || c == '\\')
			printf("\\%c", c);
		else
			putchar(c);
	}
	fputs("\"\n", stdout);
	return fclose(in) != 0;
}

int
main(int argc, char **argv)
{
	int failed = 0;

	puts("#include \"nic/card.h\"\n\nconst struct nic_card_file nic_card_files[] = {");
	for (int i = 1; i + 2 < argc; i += 3) {
		printf("\t{ \"%s\",\n", argv[i]);
		failed |= put_file(argv[i + 1]) | put_file(argv[i + 2]);
		puts("\t},");
	}
	puts("\t{ NULL, NULL },\n};");
	return failed || fflush(stdout) != 0;
}
