/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drives a fuzz target where libFuzzer is not linked: suite `fuzz`, any compiler. Runs the seeds,
 * then mutants of them. The same seeds give the same mutants; slow targets see fewer of them.
 *
 * usage: TARGET [SEED_FILE | DIRECTORY_OF_SEEDS]...
 *
 * When the target dies, the input it died of is left in ./TARGET.crash; kept under
 * tests/fuzz/corpus/TARGET/ with the bug's name, it is run first ever after.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX_BYTES (256u << 10)
#define MUTANTS_MAX 20000u
#define MUTATING_MAX_S 10
#define ONE_INPUT_MAX_S 20u

struct seed {
	uint8_t *data;
	size_t size;
};

static struct seed *seeds;
static size_t seed_cnt;
static uint8_t input[INPUT_MAX_BYTES]; /* the mutant being run */
static struct seed current;	       /* what to keep when the target dies */
static char crash_path[4096];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Of the sanitizers' runtime, where there is one. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* Called when the process is past saving: system calls only. */
static void
keep_current(void)
{
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t done;

	if (fd < 0)
		return;
	done = write(fd, current.data, current.size);
	done = write(STDERR_FILENO, "input kept in ", 14);
	done = write(STDERR_FILENO, crash_path, strlen(crash_path));
	done = write(STDERR_FILENO, "\n", 1);
	(void)done;
	close(fd);
}

static void
on_signal(int sig)
{
	keep_current();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
watch_for_death(const char *program)
{
	static const int signals[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };

	snprintf(crash_path, sizeof(crash_path), "%s.crash",
		strrchr(program, '/') ? strrchr(program, '/') + 1 : program);
	signal(SIGALRM, on_signal);
	/* The sanitizers' own handlers say more than ours would. */
	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(keep_current);
		return;
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], on_signal);
}

/* A copy of exactly that size, so that a sanitizer sees a read past its end. */
static void
run(const uint8_t *data, size_t size)
{
	current.data = malloc(size);
	current.size = size;
	if (size && !current.data)
		exit(1);
	if (size)
		memcpy(current.data, data, size);
	alarm(ONE_INPUT_MAX_S);
	LLVMFuzzerTestOneInput(current.data, size);
	alarm(0);
	free(current.data);
}

static void
add_seed(const uint8_t *data, size_t size)
{
	struct seed *more = realloc(seeds, (seed_cnt + 1) * sizeof(*seeds));
	uint8_t *copy = malloc(size + 1);

	if (!more || !copy)
		exit(1);
	memcpy(copy, data, size);
	seeds = more;
	seeds[seed_cnt++] = (struct seed){ .data = copy, .size = size };
}

static bool
add_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f)
		return false;
	size = fread(input, 1, sizeof(input), f);
	fclose(f);
	add_seed(input, size);
	return true;
}

/* A file, or the files of a directory in the order of their names. */
static bool
add_path(const char *path)
{
	struct dirent **names;
	struct stat st;
	char file[4096];
	int n;

	if (stat(path, &st) != 0)
		return false;
	if (!S_ISDIR(st.st_mode))
		return add_file(path);
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
			add_file(file);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return n >= 0;
}

/* xorshift64: any generator does, a fixed one lets a run be repeated. */
static uint32_t
random_below(uint32_t limit)
{
	static uint64_t x = 0x9e3779b97f4a7c15;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return limit ? (uint32_t)(x >> 32) % limit : 0;
}

static uint8_t
interesting_byte(void)
{
	static const uint8_t bytes[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };

	return random_below(2) ? bytes[random_below(sizeof(bytes))] : (uint8_t)random_below(256);
}

/* One small change of input[0, size); returns the new size. */
static size_t
mutate(size_t size)
{
	uint32_t at = random_below((uint32_t)size);
	uint32_t len = 1 + random_below(16);
	const struct seed *other;

	switch (random_below(5)) {
	case 0: /* a bit */
		if (size)
			input[at] ^= (uint8_t)(1u << random_below(8));
		return size;
	case 1: /* a byte */
		if (size)
			input[at] = interesting_byte();
		return size;
	case 2: /* cut off the end */ return at;
	case 3: /* grow by bytes */
		for (; len && size < sizeof(input); len--)
			input[size++] = interesting_byte();
		return size;
	default: /* a piece of another seed */
		other = &seeds[random_below((uint32_t)seed_cnt)];
		len = random_below((uint32_t)other->size + 1);
		if (len > sizeof(input) - at)
			len = (uint32_t)sizeof(input) - at;
		memcpy(input + at, other->data + random_below((uint32_t)(other->size - len) + 1),
			len);
		return at + len > size ? at + len : size;
	}
}

int
main(int argc, char **argv)
{
	const time_t end = time(NULL) + MUTATING_MAX_S;
	uint32_t mutants = 0;

	watch_for_death(argv[0]);
	for (int i = 1; i < argc; i++) {
		if (!add_path(argv[i])) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
			return 1;
		}
	}
	if (seed_cnt == 0)
		add_seed((const uint8_t *)"", 0);

	for (size_t i = 0; i < seed_cnt; i++)
		run(seeds[i].data, seeds[i].size);
	while (mutants < MUTANTS_MAX && time(NULL) < end) {
		const struct seed *seed = &seeds[random_below((uint32_t)seed_cnt)];
		size_t size = seed->size;

		memcpy(input, seed->data, size);
		for (uint32_t n = 1 + random_below(4); n; n--)
			size = mutate(size);
		run(input, size);
		mutants++;
	}
	printf("%zu seeds, %u mutants\n", seed_cnt, mutants);
	for (size_t i = 0; i < seed_cnt; i++)
		free(seeds[i].data);
	free(seeds);
	return 0;
}
