/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/diff/oracle.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

void
need_bpf(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "probe", 4, 4, 1, NULL);

	if (fd < 0) {
		printf("skipped: bpf(2) is refused here: %s\n", strerror(errno));
		exit(EXIT_SKIP);
	}
	close(fd);
}

void
need_linux(unsigned int major, unsigned int minor)
{
	unsigned int a = 0, b = 0;
	struct utsname u;

	if (uname(&u) == 0 && sscanf(u.release, "%u.%u", &a, &b) == 2 &&
		(a > major || (a == major && b >= minor)))
		return;
	printf("skipped: compares with Linux %u.%u or later\n", major, minor);
	exit(EXIT_SKIP);
}

uint64_t
seed_of(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);

	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

uint32_t
draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*seed >> 32) % below);
}

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}
