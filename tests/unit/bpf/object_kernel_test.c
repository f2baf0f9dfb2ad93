/* SPDX-License-Identifier: BSD-2-Clause */
/* What opening an object does not do: no bpf(2), no privilege, no trace in the process. */
#include "tests/unit/bpf/object_util.h"

#include <bpf/libbpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const fixtures[] = { "core", "globals", "kconfig", "legacy", "map_in_map",
	"maps", "mixed", "plain", "subprogs", "tail" };
#define FIXTURES (sizeof(fixtures) / sizeof(fixtures[0]))

#define ODD_ERRNO 77 /* ENOSR; bpf(2) never says it */

/* From now on the kernel does this when the process calls bpf(2). */
static void
forbid_bpf(uint32_t action)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = insns };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		_exit(99);
}

/* Run in a child; its wait status. */
static int
status_of(int (*run)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int
open_all(void)
{
	int failed = 0;

	for (size_t i = 0; i < FIXTURES; i++) {
		struct fixture f = try_fixture(fixtures[i], NULL);

		failed += !f.obj;
		close_fixture(&f);
	}
	return failed;
}

static long
call_bpf(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	return syscall(__NR_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int
open_all_or_die(void)
{
	forbid_bpf(SECCOMP_RET_KILL_PROCESS);
	return open_all();
}

static int
call_bpf_or_die(void)
{
	forbid_bpf(SECCOMP_RET_KILL_PROCESS);
	call_bpf();
	return 0;
}

static void
bpf_is_never_called(void **state)
{
	int status = status_of(open_all_or_die);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* and if it were, the process would have died */
	status = status_of(call_bpf_or_die);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static int
call_bpf_before_and_after(void)
{
	forbid_bpf(SECCOMP_RET_ERRNO | ODD_ERRNO);
	if (call_bpf() != -1 || errno != ODD_ERRNO)
		return 1;
	if (open_all())
		return 2;
	return call_bpf() != -1 || errno != ODD_ERRNO ? 3 : 0;
}

static void
bpf_of_others_still_reaches_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(status_of(call_bpf_before_and_after), 0);
}

/* The build directory may be closed to others, so copy what they shall open. */
static void
copy_file(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	close(in);
	close(out);
}

static char copies[FIXTURES][64];

static int
open_all_as_nobody(void)
{
	int failed = 0;

	if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
		return 98;
	for (size_t i = 0; i < FIXTURES; i++) {
		struct fixture f = try_path(copies[i], NULL);

		failed += !f.obj;
		close_fixture(&f);
	}
	return failed;
}

static void
no_privilege_is_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < FIXTURES; i++) {
		char from[4096];

		snprintf(from, sizeof(from), OBJECTS "/%s.o", fixtures[i]);
		snprintf(copies[i], sizeof(copies[i]), "/tmp/object_kernel_test.%d.%zu", getpid(),
			i);
		copy_file(from, copies[i]);
	}
	assert_int_equal(status_of(open_all_as_nobody), 0);
	for (size_t i = 0; i < FIXTURES; i++)
		unlink(copies[i]);
}

static void
limits_of_the_process_stay(void **state)
{
	struct rlimit before[RLIM_NLIMITS], after;

	(void)state;
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		assert_int_equal(getrlimit((__rlimit_resource_t)i, &before[i]), 0);
	assert_int_equal(open_all(), 0);
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		assert_int_equal(getrlimit((__rlimit_resource_t)i, &after), 0);
		assert_memory_equal(&before[i], &after, sizeof(after));
	}
}

static int
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void
no_descriptor_stays_open(void **state)
{
	int before = count_fds();

	(void)state;
	assert_int_equal(open_all(), 0);
	assert_int_equal(count_fds(), before);
}

static int
open_all_without_stdin(void)
{
	close(0);
	close(1);
	close(2);
	return open_all();
}

static void
descriptors_below_three_may_be_closed(void **state)
{
	(void)state;
	assert_int_equal(status_of(open_all_without_stdin), 0);
}

static int
open_with_few_descriptors(void)
{
	struct rlimit few = { 6, 6 };
	struct fixture f;

	if (setrlimit(RLIMIT_NOFILE, &few))
		return 1;
	f = try_fixture("maps", NULL);
	if (f.obj || f.err != EMFILE || !says(&f, "Too many open files"))
		return 2;
	close_fixture(&f);
	return 0;
}

static void
too_few_descriptors_are_an_error(void **state)
{
	(void)state;
	assert_int_equal(status_of(open_with_few_descriptors), 0);
}

static int printed;

static int
count_prints(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return ++printed;
}

static void
libbpf_prints_as_before_and_nothing_meanwhile(void **state)
{
	libbpf_print_fn_t before = libbpf_set_print(count_prints);

	(void)state;
	assert_int_equal(open_all(), 0);
	assert_int_equal(printed, 0);
	assert_ptr_equal(libbpf_set_print(before), count_prints);
}

static void *
open_often(void *arg)
{
	int *failed = arg;

	for (int i = 0; i < 10; i++)
		*failed += open_all();
	return NULL;
}

static void
threads_may_open_at_once(void **state)
{
	int failed[2] = { 0, 0 };
	pthread_t threads[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_often, &failed[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(failed[0] + failed[1], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bpf_is_never_called),
		cmocka_unit_test(bpf_of_others_still_reaches_the_kernel),
		cmocka_unit_test(no_privilege_is_needed),
		cmocka_unit_test(limits_of_the_process_stay),
		cmocka_unit_test(no_descriptor_stays_open),
		cmocka_unit_test(descriptors_below_three_may_be_closed),
		cmocka_unit_test(too_few_descriptors_are_an_error),
		cmocka_unit_test(libbpf_prints_as_before_and_nothing_meanwhile),
		cmocka_unit_test(threads_may_open_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
