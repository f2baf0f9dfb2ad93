/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects as clang makes them, to our verifier and, where bpf(2) is allowed, through libbpf to the
 * running kernel's.
 *
 *	objects_test accepted OBJECT...	both accept every program
 *	objects_test same OBJECT...	both say the same; skipped without bpf(2)
 *
 * An object that one of the two loaders does not open is counted and told: other tests are about
 * loaders.
 */
#include "bpf/verifier/verifier.h"
#include "tests/verifier/verdict.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

struct counts {
	uint32_t accepted, refused, wrong;
	uint32_t by_kernel; /* of all these, how many the kernel was asked about */
	uint32_t unopened;
};

static char kernel_log[1 << 20];

/* ---- ours ---- */

static int
ours(const struct xb_object *obj, const struct xb_prog *prog, struct xb_log *log)
{
	const struct xb_verify_opts opts = xb_verify_opts_of(obj, prog);
	struct xb_facts facts = { 0 };
	int err = xb_verify(prog->insns, prog->insn_cnt, &opts, &facts, log);

	if (!err)
		xb_facts_free(&facts);
	return err;
}

/* ---- the kernel's ---- */

/* 1: libbpf cannot open it, or not make its maps; `only` is the program to load. */
static int
kernel_through_libbpf(const char *path, const struct xb_prog *only)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	struct bpf_program *prog;
	int err;

	if (!obj)
		return 1;
	kernel_log[0] = '\0';
	bpf_object__for_each_program (prog, obj) {
		bool is_it = !strcmp(bpf_program__name(prog), only->name);

		bpf_program__set_autoload(prog, is_it);
		if (!is_it)
			continue;
		bpf_program__set_type(prog, only->type);
		bpf_program__set_log_buf(prog, kernel_log, sizeof(kernel_log));
	}
	err = bpf_object__load(obj);
	bpf_object__close(obj);
	/* A program array wants all programs loaded; without a log the verifier said yes. */
	return err && !kernel_log[0] ? 1 : err;
}

static bool
libbpf_loads_all(const char *path)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	bool is_loaded = obj && bpf_object__load(obj) == 0;

	if (obj)
		bpf_object__close(obj);
	return is_loaded;
}

/* Objects of the older form: our loader reads them. */
static int
kernel_without_libbpf(const struct xb_object *obj, const struct xb_prog *prog)
{
	int fds[XB_OBJECT_MAX_MAPS];
	const struct question q = {
		.type = prog->type,
		.insns = prog->insns,
		.cnt = prog->insn_cnt,
		.maps = obj->maps,
		.map_cnt = obj->map_cnt,
		.map_fds = fds,
		.license = obj->license,
	};
	struct verdict v;

	if (kernel_make_maps(obj->maps, obj->map_cnt, fds))
		return 1;
	kernel_verify(&q, &v);
	kernel_close_maps(fds, obj->map_cnt);
	snprintf(kernel_log, sizeof(kernel_log), "%s\n", v.log);
	return v.err;
}

static int
kernel(const char *path, const struct xb_object *obj, const struct xb_prog *prog)
{
	if (obj->legacy)
		return kernel_without_libbpf(obj, prog);
	return libbpf_loads_all(path) ? 0 : kernel_through_libbpf(path, prog);
}

/* ---- both ---- */

static void
one_program(const char *path, const struct xb_object *obj, const struct xb_prog *prog,
	bool must_accept, bool has_kernel, struct counts *counts)
{
	struct xb_log log = { 0 };
	int our = ours(obj, prog, &log), their = has_kernel ? kernel(path, obj, prog) : 1;
	bool is_asked = their <= 0,
	     is_right = must_accept ? !our && (!their || !has_kernel) : our == their;

	if (!is_asked && !must_accept) {
		printf("%s: %s: libbpf does not load it\n", path, prog->name);
		counts->unopened++;
	} else if (!is_right) {
		printf("WRONG %s: %s: ours %s, the kernel %s\n-- ours\n%s-- kernel\n%s", path,
			prog->name, err_name(our), is_asked ? err_name(their) : "not asked",
			xb_log_text(&log), is_asked ? kernel_log : "");
		counts->wrong++;
	} else {
		counts->accepted += !our;
		counts->refused += our != 0;
		counts->by_kernel += is_asked;
	}
	xb_log_free(&log);
}

static void
one_object(const char *path, bool must_accept, bool has_kernel, struct counts *counts)
{
	struct xb_log log = { 0 };
	struct xb_object *obj = xb_object_open(path, NULL, &log);

	if (!obj) {
		printf("%s%s", must_accept ? "WRONG " : "", xb_log_text(&log));
		counts->wrong += must_accept;
		counts->unopened++;
	}
	for (uint32_t i = 0; obj && i < obj->prog_cnt; i++)
		one_program(path, obj, &obj->progs[i], must_accept, has_kernel, counts);
	xb_object_close(obj);
	xb_log_free(&log);
}

int
main(int argc, char **argv)
{
	bool must_accept = argc > 1 && !strcmp(argv[1], "accepted");
	const char *refusal = kernel_refuses_bpf();
	struct counts counts = { 0 };

	if (argc < 3 || (!must_accept && strcmp(argv[1], "same") != 0)) {
		fprintf(stderr, "usage: objects_test accepted|same OBJECT...\n");
		return 2;
	}
	if (refusal && !must_accept) {
		printf("skipped: this kernel refuses bpf(2): %s\n", refusal);
		return SKIPPED;
	}
	libbpf_set_print(NULL);
	for (int i = 2; i < argc; i++)
		one_object(argv[i], must_accept, !refusal, &counts);
	printf("%u programs accepted, %u refused, %u wrong; the kernel was asked about %u%s%s; %u "
	       "not opened\n",
		counts.accepted, counts.refused, counts.wrong, counts.by_kernel,
		refusal ? ", it refuses bpf(2): " : "", refusal ? refusal : "", counts.unopened);
	return counts.wrong > 0 || counts.accepted == 0;
}
