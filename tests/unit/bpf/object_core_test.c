/* SPDX-License-Identifier: BSD-2-Clause */
/* CO-RE: against a kernel's BTF made here, against the running kernel's, and against none. */
#include "tests/unit/bpf/object_util.h"

#include <bpf/btf.h>
#include <sys/mman.h>
#include <unistd.h>

#define IFINDEX_AT 72

/* BTF of a kernel in which struct net_device has ifindex at byte 72. */
static struct btf *
make_kernel(void)
{
	struct btf *btf = btf__new_empty();
	int id = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);

	assert_true(btf__add_struct(btf, "net_device", 128) > 0);
	assert_int_equal(btf__add_field(btf, "ifindex", id, IFINDEX_AT * 8, 0), 0);
	return btf;
}

/* A path to these bytes that lives as long as the descriptor. */
static int
make_file(char *path, size_t size, const void *data, size_t bytes)
{
	int fd = memfd_create("test", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, bytes), (ssize_t)bytes);
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}

static int
make_btf_file(char *path, size_t size)
{
	struct btf *btf = make_kernel();
	uint32_t bytes;
	const void *data = btf__raw_data(btf, &bytes);
	int fd = make_file(path, size, data, bytes);

	btf__free(btf);
	return fd;
}

/* Offsets of the loads on the line with this text, in order; returns how many. */
static size_t
loads_of(const struct xb_prog *p, const char *text, int16_t *offs, size_t max)
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->insn_cnt && n < max; i++)
		if (p->insns[i].code == (BPF_LDX | BPF_MEM | BPF_W) && xb_prog_line(p, i) &&
			strstr(xb_prog_line(p, i)->text, text))
			offs[n++] = p->insns[i].off;
	return n;
}

static void
offsets_are_those_of_the_btf_file(void **state)
{
	char path[64];
	int fd = make_btf_file(path, sizeof(path));
	struct xb_object_opts opts = { .btf = path };
	struct fixture f = open_fixture("core", &opts);
	int16_t offs[4];

	(void)state;
	assert_int_equal(loads_of(prog_of(&f, "core"), "old->ifindex", offs, 4), 2);
	assert_int_equal(offs[0], IFINDEX_AT);
	assert_int_equal(offs[1], IFINDEX_AT);
	close_fixture(&f);
	close(fd);
}

static void
what_the_kernel_has_not_is_poisoned_and_told(void **state)
{
	char path[64];
	int fd = make_btf_file(path, sizeof(path));
	struct xb_object_opts opts = { .btf = path };
	struct fixture f = open_fixture("core", &opts);
	const struct xb_prog *p = prog_of(&f, "poisoned");
	uint32_t poisoned = 0;

	(void)state;
	for (uint32_t i = 0; i < p->insn_cnt; i++)
		poisoned +=
			p->insns[i].code == (BPF_JMP | BPF_CALL) && p->insns[i].imm == 195896080;
	assert_int_equal(poisoned, 1);
	assert_says(&f, "program 'poisoned': insn 1: what it reads is not in the kernel's BTF");
	assert_says(&f, "core.bpf.c:39: return dev->no_such_field;)\n");
	close_fixture(&f);
	close(fd);
}

static void
a_program_poisoned_many_times_has_one_note(void **state)
{
	char path[64];
	int fd = make_btf_file(path, sizeof(path));
	struct xb_object_opts opts = { .btf = path, .program = "poisoned_often" };
	struct fixture f = open_fixture("core", &opts);
	const char *note = strstr(xb_log_text(&f.log), "'poisoned_often': insn ");

	(void)state;
	assert_non_null(note);
	assert_null(strstr(note + 1, "'poisoned_often'"));
	assert_says(&f, "; and so 29 more\n");
	close_fixture(&f);
	close(fd);
}

static void
none_leaves_offsets_as_compiled(void **state)
{
	struct xb_object_opts opts = { .btf = "none" };
	struct fixture f = open_fixture("core", &opts);
	int16_t offs[4];

	(void)state;
	assert_int_equal(loads_of(prog_of(&f, "core"), "old->ifindex", offs, 4), 2);
	assert_int_equal(offs[0], 4000);
	assert_int_equal(offs[1], 0);
	assert_false(says(&f, "BTF"));
	close_fixture(&f);
}

/* No kernel has 4000 bytes before ifindex, so a change is the kernel's doing. */
static void
the_running_kernel_is_the_default_where_it_has_btf(void **state)
{
	bool has_btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
	struct fixture f = open_fixture("core", NULL);
	int16_t offs[4];

	(void)state;
	assert_int_equal(loads_of(prog_of(&f, "core"), "old->ifindex", offs, 4), 2);
	if (has_btf) {
		assert_int_not_equal(offs[0], 4000);
		assert_int_equal(offs[0], offs[1]);
	} else {
		assert_int_equal(offs[0], 4000);
		assert_says(&f, "CO-RE offsets stay as compiled");
	}
	close_fixture(&f);
}

static void
a_btf_file_that_is_none_is_refused_by_name(void **state)
{
	struct xb_object_opts opts = { .btf = OBJECTS "/core.o" };
	struct btf *btf = make_kernel();
	uint32_t bytes;
	const uint8_t *data = btf__raw_data(btf, &bytes);
	char path[64];
	int fd;

	(void)state;
	assert_refused(try_fixture("core", &opts), ENOEXEC, "an ELF file, not BTF");
	opts.btf = "/does/not/exist";
	assert_refused(try_fixture("core", &opts), ENOENT, "/does/not/exist: cannot be read");
	fd = make_file(path, sizeof(path), data, bytes - 1);
	opts.btf = path;
	assert_refused(try_fixture("core", &opts), ENOEXEC, "cut off or damaged");
	close(fd);
	btf__free(btf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_those_of_the_btf_file),
		cmocka_unit_test(what_the_kernel_has_not_is_poisoned_and_told),
		cmocka_unit_test(a_program_poisoned_many_times_has_one_note),
		cmocka_unit_test(none_leaves_offsets_as_compiled),
		cmocka_unit_test(the_running_kernel_is_the_default_where_it_has_btf),
		cmocka_unit_test(a_btf_file_that_is_none_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
