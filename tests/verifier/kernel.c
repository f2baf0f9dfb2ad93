/* SPDX-License-Identifier: BSD-2-Clause */
/* The running kernel as a verifier to compare with. Needs CAP_BPF and CAP_NET_ADMIN. */
#include "tests/verifier/verdict.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_STATS 4u /* kernel/bpf: BPF_LOG_STATS; refusals are printed at any level */
#define LOG_MAX_BYTES (16u << 20)

static char kernel_log[LOG_MAX_BYTES];

const char *
kernel_refuses_bpf(void)
{
	const struct bpf_insn trivial[] = { { .code = 0xb7 }, { .code = 0x95 } };
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "GPL", trivial, 2, NULL);

	if (fd < 0)
		return strerror(errno);
	close(fd);
	return NULL;
}

static int
make_map(const struct xb_map_def *def, const int *fds)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = def->flags);
	int fd;

	if (def->type == BPF_MAP_TYPE_HASH_OF_MAPS || def->type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		opts.inner_map_fd = (uint32_t)fds[def->inner];
	fd = bpf_map_create(
		def->type, def->name, def->key_size, def->value_size, def->max_entries, &opts);
	if (fd >= 0 && def->frozen && bpf_map_freeze(fd)) {
		close(fd);
		return -errno;
	}
	return fd < 0 ? -errno : fd;
}

int
kernel_make_maps(const struct xb_map_def *maps, uint32_t cnt, int *fds)
{
	for (uint32_t i = 0; i < cnt; i++) {
		fds[i] = make_map(&maps[i], fds);
		if (fds[i] < 0) {
			kernel_close_maps(fds, i);
			return fds[i];
		}
	}
	return 0;
}

void
kernel_close_maps(const int *fds, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		close(fds[i]);
}

static void
read_log(const char *log, struct verdict *v)
{
	const char *time = strstr(log, "verification time "), *done = strstr(log, "processed ");

	v->usec = time ? strtoull(time + strlen("verification time "), NULL, 10) : 0;
	v->processed = done ? (uint32_t)strtoul(done + strlen("processed "), NULL, 10) : 0;
	v->log = log;
	if (v->err)
		verdict_copy_sentence(log, v->sentence, sizeof(v->sentence));
}

void
kernel_verify(const struct question *q, struct verdict *v)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_level = LOG_STATS | q->log_level,
		.log_buf = kernel_log, .log_size = sizeof(kernel_log), .fd_array = q->map_fds,
		.attempts = 1);
	int fd;

	*v = (struct verdict){ 0 };
	kernel_log[0] = '\0';
	fd = bpf_prog_load(
		q->type, "case", q->license ? q->license : "GPL", q->insns, q->cnt, &opts);
	if (fd >= 0)
		close(fd);
	else
		v->err = -errno;
	read_log(kernel_log, v);
}
