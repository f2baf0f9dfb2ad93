/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver is called with, and when (reference/kernel-offload.md 1.2): one of the test's own
 * writes down what it is asked. A device that goes while its driver is asked.
 */
#include "offload/internal.h"
#include "tests/unit/offload/world.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CNT(a) (sizeof(a) / sizeof(*(a)))

/* ---- a driver that remembers ---- */

static struct {
	char calls[512];
	int fail_at_insn, fail_replace; /* errno, at insn 0; of replace_insn */
	int opt_failed;			/* as translate saw it */
	uint32_t map_refs_at_destroy;
	bool wait_at_insn_0; /* until somebody waits for the machine's lock */
	sem_t in_callback;
} seen;

static const uint8_t image[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void
note(const char *what)
{
	strcat(seen.calls, what);
	strcat(seen.calls, " ");
}

static int
rec_port_init(struct off_netdev *dev)
{
	(void)dev;
	return 0;
}

static void
rec_port_fini(struct off_netdev *dev)
{
	(void)dev;
}

static void
rec_asic_fini(struct off_asic *asic)
{
	(void)asic;
}

static int
rec_bpf(struct off_netdev *dev, struct off_bpf *bpf)
{
	(void)dev;
	note(bpf->command == OFF_BPF_MAP_FREE ? "map_free" : "bpf");
	return 0;
}

static int
rec_setup_tc(struct off_netdev *dev, struct off_tc *tc)
{
	char text[64];

	(void)dev;
	assert_true(tc->is_bpf && tc->command == OFF_TC_OFFLOAD);
	snprintf(text, sizeof(text), "tc%s%s%s%s@%u/%x", tc->prog ? "+" : "",
		tc->old_prog ? "-" : "", tc->is_direct_action ? "d" : "",
		tc->has_actions ? "a" : "", tc->chain, tc->protocol);
	note(text);
	if (tc->extack)
		note("heard");
	return 0;
}

static int
rec_prepare(struct off_prog *prog, const struct xb_verify_env *env)
{
	(void)env;
	assert_int_equal(prog->o.id, 0);
	note("prepare");
	return 0;
}

/* Those who wait for the machine's lock, which somebody has. */
static uint64_t
waiting(struct off_kernel *k)
{
	uint64_t cnt;

	pthread_mutex_lock(&k->lock.mutex);
	cnt = k->lock.next - k->lock.now - 1;
	pthread_mutex_unlock(&k->lock.mutex);
	return cnt;
}

static int
rec_insn(struct off_prog *prog, struct xb_verify_env *env, int insn, int prev)
{
	char text[32];

	(void)env;
	snprintf(text, sizeof(text), "%d<%d", insn, prev);
	note(text);
	if (seen.wait_at_insn_0 && insn == 0) {
		sem_post(&seen.in_callback);
		while (waiting(prog->o.k) == 0)
			nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
	}
	return insn == 0 ? -seen.fail_at_insn : 0;
}

static int
rec_finalize(struct off_prog *prog, struct xb_verify_env *env)
{
	(void)prog;
	(void)env;
	note("finalize");
	return 0;
}

static int
rec_replace(
	struct off_prog *prog, struct xb_verify_env *env, uint32_t off, const struct bpf_insn *insn)
{
	char text[32];

	(void)prog;
	(void)env;
	snprintf(text, sizeof(text), "replace@%u+%d", off, insn->off);
	note(text);
	return -seen.fail_replace;
}

static int
rec_remove(struct off_prog *prog, struct xb_verify_env *env, uint32_t off, uint32_t cnt)
{
	char text[32];

	(void)prog;
	(void)env;
	snprintf(text, sizeof(text), "remove@%u*%u", off, cnt);
	note(text);
	return 0;
}

static int
rec_translate(struct off_prog *prog, const struct xb_facts *facts)
{
	assert_true(facts->visited > 0);
	note("translate");
	seen.opt_failed = prog->offload->opt_failed;
	prog->offload->image = image;
	prog->offload->image_bytes = sizeof(image);
	return 0;
}

static void
rec_destroy(struct off_prog *prog)
{
	seen.map_refs_at_destroy = prog->map_cnt ? prog->maps[0]->o.refs : 0;
	note("destroy");
}

static const struct off_driver recorder = {
	.name = "recorder",
	.port_init = rec_port_init,
	.port_fini = rec_port_fini,
	.asic_fini = rec_asic_fini,
	.bpf = rec_bpf,
	.setup_tc = rec_setup_tc,
	.prepare = rec_prepare,
	.insn_hook = rec_insn,
	.finalize = rec_finalize,
	.replace_insn = rec_replace,
	.remove_insns = rec_remove,
	.translate = rec_translate,
	.destroy = rec_destroy,
};

static int
recorder_port(struct world *w)
{
	struct off_asic *asic = off_asic_new(w->k, &recorder, 1, NULL);

	memset(&seen, 0, sizeof(seen));
	assert_non_null(asic);
	return off_port_add(asic, 0, 0);
}

/* r0 = 0; if r0 == 0 goto 3; r0 = 1 is dead */
static const struct bpf_insn with_dead[] = { MOV64_IMM(0, 0), JMP_IMM(BPF_JEQ, 0, 0, 1),
	MOV64_IMM(0, 1), EXIT() };

static void
the_driver_is_called_in_order(void **state)
{
	struct world *w = *state;
	int port = recorder_port(w);

	assert_true(load_insns(w, with_dead, CNT(with_dead), port) >= 0);
	assert_string_equal(seen.calls, "prepare 0<-1 1<0 3<1 finalize replace@1+1 "
					"remove@2*1 remove@1*1 translate ");
	assert_int_equal(seen.opt_failed, 0);
}

static void
what_fails_to_optimise_is_no_refusal(void **state)
{
	struct world *w = *state;
	int port = recorder_port(w);

	seen.fail_replace = EINVAL;
	assert_true(load_insns(w, with_dead, CNT(with_dead), port) >= 0);
	assert_string_equal(seen.calls, "prepare 0<-1 1<0 3<1 finalize replace@1+1 translate ");
	assert_int_equal(seen.opt_failed, -EINVAL);
}

static void
a_driver_without_optimisation_is_remembered_to_have_failed(void **state)
{
	struct world *w = *state;
	int fd = load_insns(w, with_dead, CNT(with_dead), w->sim);

	assert_true(fd >= 0);
	assert_int_equal(off_fd_prog(w->k, fd)->offload->opt_failed, -EOPNOTSUPP);
	fd = load(w, w->sim);
	assert_int_equal(off_fd_prog(w->k, fd)->offload->opt_failed, 0);
}

static void
what_was_prepared_is_destroyed(void **state)
{
	struct world *w = *state;
	int port = recorder_port(w);

	seen.fail_at_insn = EOPNOTSUPP;
	assert_int_equal(load(w, port), -EOPNOTSUPP);
	assert_string_equal(seen.calls, "prepare 0<-1 destroy ");
	seen.calls[0] = '\0';
	seen.fail_at_insn = 0;
	off_close(w->k, load(w, port));
	assert_string_equal(seen.calls, "prepare 0<-1 1<0 finalize translate destroy ");
}

static void
a_bound_only_program_is_not_the_drivers(void **state)
{
	struct world *w = *state;
	int port = recorder_port(w);

	off_close(w->k, load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)port, BOUND_ONLY, 0));
	assert_string_equal(seen.calls, "");
}

static void
maps_go_before_the_program(void **state)
{
	struct world *w = *state;
	int port = recorder_port(w), map = create(w, BPF_MAP_TYPE_HASH, port), fd;

	fd = load_maps(w, port, map, map);
	assert_true(fd >= 0);
	seen.calls[0] = '\0';
	off_close(w->k, fd);
	assert_string_equal(seen.calls, "destroy ");
	assert_int_equal(seen.map_refs_at_destroy, 1); /* the descriptor's */
	off_close(w->k, map);
	assert_string_equal(seen.calls, "destroy map_free ");
}

static void
a_block_tells_the_driver_what_the_filter_is(void **state)
{
	struct world *w = *state;
	int port = recorder_port(w);
	struct off_filter f = good_filter(port);

	assert_int_equal(add_qdisc(w, port, OFF_QDISC_CLSACT), 0);
	f.fd = load_tc(w, port);
	f.chain = 3;
	f.handle = f.prio = 1;
	f.protocol = 0x800;
	f.flags = DA;
	f.gen_flags = SKIP_SW;
	seen.calls[0] = '\0';
	assert_int_equal(add_filter(w, &f), 0);
	f.nl_flags = 0;
	f.flags = 0;
	f.has_actions = true;
	assert_int_equal(add_filter(w, &f), 0);
	assert_int_equal(del_filter(w, &f), 0);
	assert_string_equal(seen.calls, "tc+d@3/800 heard tc+-a@3/800 heard tc-a@3/800 ");
	seen.calls[0] = '\0';
	assert_int_equal(set_tc(w, port, 0), 0);
	assert_int_equal(set_tc(w, port, SKIP_HW), 0);
	assert_string_equal(seen.calls, "tc+@0/3 "); /* not heard; not asked */
}

static void
a_port_that_goes_loses_filters_then_xdp_then_programs(void **state)
{
	struct world *w = *state;
	int port = recorder_port(w);

	assert_int_equal(add_qdisc(w, port, OFF_QDISC_INGRESS), 0);
	assert_int_equal(set_tc(w, port, SKIP_SW), 0);
	assert_int_equal(set_xdp(w, port, HW), 0);
	pin(w, load(w, port), "pinned");
	seen.calls[0] = '\0';
	assert_int_equal(off_port_del(TAILQ_LAST(&w->k->asics, off_asics), 0), 0);
	assert_string_equal(seen.calls, "tc-@0/3 destroy bpf destroy destroy ");
}

static void
info_of_an_offloaded_program(void **state)
{
	struct world *w = *state;
	int port = recorder_port(w), map = create(w, BPF_MAP_TYPE_HASH, port);
	int fd = load_maps(w, port, map, map);
	uint32_t ids[4] = { 0 }, size = sizeof(struct bpf_prog_info);
	struct bpf_insn insns[32];
	uint8_t jited[4];
	struct bpf_prog_info info = {
		.nr_map_ids = 4,
		.map_ids = (uintptr_t)ids,
		.xlated_prog_len = sizeof(insns),
		.xlated_prog_insns = (uintptr_t)insns,
		.jited_prog_len = sizeof(jited),
		.jited_prog_insns = (uintptr_t)jited,
		.nr_line_info = 17,
	};

	assert_int_equal(off_obj_info(&w->root, fd, &info, &size), 0);
	assert_int_equal(info.type, BPF_PROG_TYPE_XDP);
	assert_int_equal(info.ifindex, port);
	assert_true(info.gpl_compatible);
	assert_int_equal(info.nr_map_ids, 1);
	assert_int_equal(ids[0], nth_id(w, OFF_KIND_MAP, 0));
	assert_int_equal(info.jited_prog_len, sizeof(image));
	assert_memory_equal(jited, image, sizeof(jited));
	assert_int_equal(info.xlated_prog_len, 13 * sizeof(struct bpf_insn));
	assert_int_equal(insns[3].src_reg, BPF_PSEUDO_MAP_FD);
	assert_int_equal(insns[3].imm, ids[0]);
	assert_int_equal(info.nr_line_info, 17); /* as the caller passed it */
	assert_true(info.verified_insns > 0);
	assert_true(info.load_time > 0);
}

/* ---- a device that goes while a program is verified ---- */

struct race {
	struct world *w;
	int port, ret;
};

static void *
load_in_background(void *arg)
{
	struct race *r = arg;
	const struct bpf_insn ret0[] = { MOV64_IMM(0, 0), EXIT() };
	struct off_prog_load attr = { .prog_type = BPF_PROG_TYPE_XDP,
		.insns = ret0,
		.insn_cnt = 2,
		.license = "GPL",
		.prog_ifindex = (uint32_t)r->port };

	r->ret = off_prog_load(&r->w->root, &attr, NULL);
	return NULL;
}

static void
a_device_that_goes_waits_for_the_callback_and_fails_the_load(void **state)
{
	struct race r = { .w = *state };
	pthread_t thread;

	r.port = recorder_port(r.w);
	sem_init(&seen.in_callback, 0, 0);
	seen.wait_at_insn_0 = true;
	assert_int_equal(pthread_create(&thread, NULL, load_in_background, &r), 0);
	sem_wait(&seen.in_callback);
	assert_int_equal(off_port_del(TAILQ_LAST(&r.w->k->asics, off_asics), 0), 0);
	pthread_join(thread, NULL);
	sem_destroy(&seen.in_callback);
	assert_int_equal(r.ret, -ENODEV);
	assert_string_equal(seen.calls, "prepare 0<-1 destroy ");
	assert_int_equal(count(r.w, OFF_KIND_PROG), 0);
}

static void
the_verifier_may_be_delayed(void **state)
{
	struct world *w = *state;
	struct timespec start, end;

	assert_int_equal(off_nsim_set(w->nsim, 0, OFF_NSIM_BIND_VERIFIER_DELAY, 100), 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_true(load(w, w->sim) >= 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true((end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec - start.tv_nsec >=
		    100000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_driver_is_called_in_order),
		TEST(what_fails_to_optimise_is_no_refusal),
		TEST(a_driver_without_optimisation_is_remembered_to_have_failed),
		TEST(what_was_prepared_is_destroyed),
		TEST(a_bound_only_program_is_not_the_drivers),
		TEST(maps_go_before_the_program),
		TEST(a_block_tells_the_driver_what_the_filter_is),
		TEST(a_port_that_goes_loses_filters_then_xdp_then_programs),
		TEST(info_of_an_offloaded_program),
		TEST(the_verifier_may_be_delayed),
		TEST(a_device_that_goes_waits_for_the_callback_and_fails_the_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
