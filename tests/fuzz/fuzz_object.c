/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Damage good objects at random and open them: no crash, no hang, a sentence for each refusal, and
 * nothing out of bounds in what is accepted.
 *
 *   fuzz_object -n ITERATIONS | -t SECONDS [-s SEED] [-k FILE] [-v] OBJECT...
 *   meson test fuzz_object --test-args='-t 60'   (a time wins over a number)
 *
 * Iteration i uses SEED + i alone, and a crash or a hang prints it: `-n 1 -s THAT` does it again
 * (with -k FILE the damaged object is kept). Most useful with -Db_sanitize=address,undefined.
 */
#include "bpf/xb.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MAX_FILES 64
/* A hang is time of the processor; a machine that does something else is none. */
#define HANG_CPU_SECONDS 20
#define HANG_SECONDS 120u

struct bytes {
	const char *path;
	uint8_t *data;
	size_t size;
};

static struct bytes inputs[MAX_FILES];
static int input_cnt;
static uint64_t rng;

/* ---- random numbers ------------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t
next(void)
{
	uint64_t z = rng += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static size_t
below(size_t n)
{
	return n ? (size_t)(next() % n) : 0;
}

/* A number that sits on some edge, or any. */
static uint64_t
number(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 3, 4, 7, 8, 12, 16, 24, 0x7f, 0xff, 0x100,
		0xffff, 0xff00, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8, UINT64_MAX,
		UINT64_MAX - 7, INT64_MAX };

	switch (below(4)) {
	case 0: return next();
	case 1: return below(256);
	default: return edges[below(sizeof(edges) / sizeof(edges[0]))];
	}
}

/* ---- damage --------------------------------------------------------------------------------- */

/* Overwrite width bytes with a number, or add a little to what is there. */
static void
damage_at(struct bytes *b, size_t off, size_t width)
{
	uint64_t v = 0;

	if (off > b->size || width > b->size - off)
		return;
	memcpy(&v, b->data + off, width);
	v = below(2) ? number() : v + below(9) - 4;
	memcpy(b->data + off, &v, width);
}

static void
flip_bits(struct bytes *b)
{
	for (size_t n = 1 + below(8); n > 0 && b->size; n--)
		b->data[below(b->size)] ^= (uint8_t)(1u << below(8));
}

static void
truncate_it(struct bytes *b)
{
	b->size = below(b->size + 1);
}

static void
copy_piece(struct bytes *b)
{
	size_t len = 1 + below(64), from = below(b->size), to = below(b->size);

	if (from + len <= b->size && to + len <= b->size)
		memmove(b->data + to, b->data + from, len);
}

static void
damage_header(struct bytes *b)
{
	damage_at(b, below(sizeof(Elf64_Ehdr)), (size_t[]){ 1, 2, 4, 8 }[below(4)]);
}

/* A random section header; false when the file has no sane table. */
static bool
pick_section(const struct bytes *b, Elf64_Shdr *s, size_t *at)
{
	Elf64_Ehdr h;

	if (b->size < sizeof(h))
		return false;
	memcpy(&h, b->data, sizeof(h));
	if (h.e_shnum == 0 || h.e_shoff > b->size || h.e_shnum > (b->size - h.e_shoff) / sizeof(*s))
		return false;
	*at = h.e_shoff + below(h.e_shnum) * sizeof(*s);
	memcpy(s, b->data + *at, sizeof(*s));
	return true;
}

static void
damage_section_header(struct bytes *b)
{
	Elf64_Shdr s;
	size_t at;

	if (pick_section(b, &s, &at))
		damage_at(b, at + 4 * below(sizeof(s) / 4), below(2) ? 4 : 8);
}

/* Symbols, relocations, BTF, instructions: all are words. */
static void
damage_section_data(struct bytes *b)
{
	Elf64_Shdr s;
	size_t at;

	for (int tries = 0; tries < 8; tries++) {
		/* .debug_* has no alignment and is of no interest; the rest is aligned. */
		if (!pick_section(b, &s, &at) || s.sh_type == SHT_NOBITS || s.sh_size < 4 ||
			s.sh_addralign < 4 || s.sh_offset > b->size ||
			s.sh_size > b->size - s.sh_offset)
			continue;
		for (size_t n = 1 + below(4); n > 0; n--)
			damage_at(b, s.sh_offset + 4 * below(s.sh_size / 4),
				(size_t[]){ 1, 2, 4, 8 }[below(4)]);
		return;
	}
}

static void
damage(struct bytes *b)
{
	static void (*const ways[])(struct bytes *) = { flip_bits, flip_bits, copy_piece,
		damage_header, damage_section_header, damage_section_header, damage_section_data,
		damage_section_data, damage_section_data, damage_section_data };

	for (size_t n = 1 + below(3); n > 0; n--)
		ways[below(sizeof(ways) / sizeof(ways[0]))](b);
	if (below(16) == 0)
		truncate_it(b);
}

/* Turn an object into a damaged copy of its .BTF, for --btf. False when it has none. */
static bool
only_btf(struct bytes *b)
{
	for (int tries = 0; tries < 64; tries++) {
		Elf64_Shdr s;
		size_t at;

		if (!pick_section(b, &s, &at) || s.sh_offset + 2 > b->size ||
			b->data[s.sh_offset] != 0x9f || b->data[s.sh_offset + 1] != 0xeb)
			continue;
		/* .BTF.ext has the same magic; it is BTF that is damaged already. */
		memmove(b->data, b->data + s.sh_offset, s.sh_size);
		b->size = s.sh_size;
		for (size_t n = below(4); n > 0; n--)
			damage_at(b, 4 * below(b->size / 4), 4);
		return true;
	}
	return false;
}

/* ---- what was accepted ---------------------------------------------------------------------- */

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "fuzz_object: line %d: not so: %s (errno %d)\n", __LINE__, \
				#cond, errno);                                                     \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static volatile size_t sink;

static void
read_string(const char *s)
{
	CHECK(s);
	sink += strlen(s);
}

static void
check_insns(const struct xb_object *obj, const struct xb_prog *p)
{
	for (uint32_t i = 0; i < p->insn_cnt; i++) {
		const struct bpf_insn *insn = &p->insns[i];

		sink += insn->code;
		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW) || ++i == p->insn_cnt)
			continue;
		CHECK(insn->src_reg != BPF_PSEUDO_MAP_FD && insn->src_reg != BPF_PSEUDO_MAP_VALUE);
		if (insn->src_reg == BPF_PSEUDO_MAP_IDX ||
			insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE)
			CHECK((uint32_t)insn->imm < obj->map_cnt);
	}
}

static void
check_prog(const struct xb_object *obj, const struct xb_prog *p)
{
	read_string(p->name);
	read_string(p->section);
	CHECK(p->type == BPF_PROG_TYPE_XDP || p->type == BPF_PROG_TYPE_SCHED_CLS ||
		p->type == BPF_PROG_TYPE_SCHED_ACT);
	CHECK(p->insn_cnt > 0 && p->func_cnt > 0 && p->funcs[0].insn == 0);
	check_insns(obj, p);
	for (uint32_t i = 0; i < p->line_cnt; i++) {
		CHECK(p->lines[i].insn < p->insn_cnt);
		CHECK(i == 0 || p->lines[i - 1].insn <= p->lines[i].insn);
		read_string(p->lines[i].file);
		read_string(p->lines[i].text);
	}
	for (uint32_t i = 0; i < p->func_cnt; i++) {
		CHECK(p->funcs[i].insn < p->insn_cnt);
		CHECK(i == 0 || p->funcs[i - 1].insn < p->funcs[i].insn);
		read_string(p->funcs[i].name);
	}
}

static void
check_map(const struct xb_object *obj, const struct xb_map_def *m)
{
	bool of_maps =
		m->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || m->type == BPF_MAP_TYPE_HASH_OF_MAPS;

	read_string(m->name);
	CHECK(m->inner < (int)obj->map_cnt && m->inner >= -1);
	for (uint32_t i = 0; m->contents && i < m->value_size; i++)
		sink += ((const uint8_t *)m->contents)[i];
	for (uint32_t i = 0; i < m->slot_cnt; i++)
		CHECK(m->slots[i].prog < (of_maps ? obj->map_cnt : obj->prog_cnt));
}

static void
check_object(const struct xb_object *obj)
{
	CHECK(obj->prog_cnt > 0 && obj->prog_cnt <= XB_OBJECT_MAX_PROGS);
	CHECK(obj->map_cnt <= XB_OBJECT_MAX_MAPS);
	read_string(obj->license);
	for (uint32_t i = 0; i < obj->prog_cnt; i++)
		check_prog(obj, &obj->progs[i]);
	for (uint32_t i = 0; i < obj->map_cnt; i++)
		check_map(obj, &obj->maps[i]);
	for (uint32_t i = 0; i < obj->skipped_cnt; i++)
		read_string(obj->skipped[i].reason);
}

/* ---- one iteration -------------------------------------------------------------------------- */

static char where[64]; /* said when all is lost */
static size_t where_len;

static void
say_where(void)
{
	ssize_t n = write(2, where, where_len);

	(void)n;
}

static void
on_signal(int sig)
{
	static const char cpu[] = "fuzz_object: it does not end\n",
			  wall[] = "fuzz_object: it waits\n";
	ssize_t n = sig == SIGPROF   ? write(2, cpu, sizeof(cpu) - 1)
		    : sig == SIGALRM ? write(2, wall, sizeof(wall) - 1)
				     : 0;

	(void)n;
	say_where();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Of the sanitizers, when they are there: their reports end the process without a signal. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void
catch_crashes(void)
{
	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(say_where);
	} else {
		signal(SIGSEGV, on_signal);
		signal(SIGBUS, on_signal);
		signal(SIGFPE, on_signal);
	}
	signal(SIGABRT, on_signal);
	signal(SIGALRM, on_signal);
	signal(SIGPROF, on_signal);
}

static void
watch_for_hangs(bool on)
{
	const struct itimerval cpu = { .it_value.tv_sec = on ? HANG_CPU_SECONDS : 0 };

	setitimer(ITIMER_PROF, &cpu, NULL);
	alarm(on ? HANG_SECONDS : 0);
}

static void
keep(const char *path, const struct bytes *b)
{
	FILE *out = fopen(path, "w");

	if (!out || fwrite(b->data, 1, b->size, out) != b->size)
		fprintf(stderr, "fuzz_object: cannot write %s\n", path);
	if (out)
		fclose(out);
}

/* What failed is the machine's, not the reader's: no finding, and told apart from one. */
static void
give_up(const char *step, size_t bytes)
{
	const int err = errno;

	fprintf(stderr, "fuzz_object: %s, %zu bytes: %s (errno %d)\n", step, bytes, strerror(err),
		err);
	abort();
}

/* In as many pieces as the system likes. */
static void
write_all(int fd, const struct bytes *b)
{
	for (size_t done = 0; done < b->size;) {
		ssize_t n = write(fd, b->data + done, b->size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			give_up("cannot write the damaged object", b->size);
		done += (size_t)n;
	}
}

/* A file of these bytes, which are freed. */
static int
make_file(char *path, size_t size, struct bytes *b)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		give_up("cannot make a file in memory", b->size);
	write_all(fd, b);
	free(b->data);
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}

static struct bytes
copy_of(const struct bytes *b)
{
	struct bytes copy = *b;

	copy.data = malloc(b->size + 1);
	if (!copy.data)
		give_up("no memory for a copy", b->size);
	memcpy(copy.data, b->data, b->size);
	return copy;
}

/* true: the object was taken */
static bool
iterate(uint64_t seed, const char *keep_path, bool verbose)
{
	static const enum bpf_prog_type types[] = { BPF_PROG_TYPE_UNSPEC, BPF_PROG_TYPE_XDP };
	struct xb_object_opts opts = { 0 };
	struct xb_log log = { 0 };
	struct bytes b, btf;
	struct xb_object *obj;
	char path[64], btf_path[64];
	int fd, btf_fd = -1;

	rng = seed;
	where_len =
		(size_t)snprintf(where, sizeof(where), "fuzz_object: -n 1 -s %" PRIu64 "\n", seed);
	b = copy_of(&inputs[below((size_t)input_cnt)]);
	opts.type = types[below(2)];
	/* The running kernel's BTF takes much longer, so only now and then. */
	opts.btf = below(16) ? "none" : NULL;
	btf = copy_of(&b);
	if (below(8) == 0 && only_btf(&btf)) {
		btf_fd = make_file(btf_path, sizeof(btf_path), &btf);
		opts.btf = btf_path;
	} else {
		free(btf.data);
		damage(&b);
	}
	if (keep_path)
		keep(keep_path, &b);
	fd = make_file(path, sizeof(path), &b);
	watch_for_hangs(true);
	obj = xb_object_open(path, &opts, &log);
	watch_for_hangs(false);
	if (obj)
		check_object(obj);
	else
		CHECK(log.len && errno && log.text[log.len - 1] == '\n');
	if (verbose)
		printf("%" PRIu64 ": %s%s", seed, obj ? "taken\n" : "", xb_log_text(&log));
	xb_log_free(&log);
	xb_object_close(obj);
	close(fd);
	if (btf_fd >= 0)
		close(btf_fd);
	return obj != NULL;
}

static void
read_input(const char *path)
{
	struct bytes *b = &inputs[input_cnt];
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (input_cnt == MAX_FILES || fd < 0 || fstat(fd, &st) ||
		!(b->data = malloc((size_t)st.st_size + 1)) ||
		read(fd, b->data, (size_t)st.st_size) != st.st_size) {
		fprintf(stderr, "fuzz_object: cannot read %s\n", path);
		exit(2);
	}
	b->path = path;
	b->size = (size_t)st.st_size;
	input_cnt++;
	close(fd);
}

int
main(int argc, char **argv)
{
	uint64_t seed = (uint64_t)time(NULL) * 1000003u, max = UINT64_MAX, done = 0, taken = 0;
	const char *keep_path = NULL;
	bool verbose = false;
	time_t end = 0;
	int opt;

	while ((opt = getopt(argc, argv, "n:t:s:k:v")) != -1) {
		switch (opt) {
		case 'n': max = strtoull(optarg, NULL, 0); break;
		case 't': end = time(NULL) + strtol(optarg, NULL, 0); break;
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 'k': keep_path = optarg; break;
		case 'v': verbose = true; break;
		default: return 2;
		}
	}
	if (optind == argc || (max == UINT64_MAX && !end)) {
		fprintf(stderr,
			"usage: fuzz_object -n ITERATIONS | -t SECONDS [-s SEED] [-k FILE] [-v]"
			" OBJECT...\n");
		return 2;
	}
	for (int i = optind; i < argc; i++)
		read_input(argv[i]);
	printf("fuzz_object: seed %" PRIu64 "\n", seed);
	fflush(stdout);
	catch_crashes();
	for (; end ? time(NULL) < end : done < max; done++)
		taken += iterate(seed + done, keep_path, verbose);
	printf("fuzz_object: %" PRIu64 " damaged objects, %" PRIu64 " of them taken\n", done,
		taken);
	for (int i = 0; i < input_cnt; i++)
		free(inputs[i].data);
	return 0;
}
