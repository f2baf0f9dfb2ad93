/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of the kernel's own selftest (tools/testing/selftests/net/bpf_offload.py) as
 * reference/kernel-offload.md 5 numbers them, those with tc: A, B, C, H, I. "bound" are the
 * directories of bpf_bound_progs/, "loaded" the programs that are listed and have their device.
 */
#include "offload/internal.h"
#include "tests/unit/offload/world.h"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

static const char is_off[] = "TC offload is disabled on net device";
static const char is_taken[] = "netdevsim: driver and netdev offload states mismatch";

static const struct sock_filter bytecode[] = { { .code = BPF_RET | BPF_K, .k = 0xffffffff } };

/* The environment of A2 ... A9: a device with an ingress qdisc. */
static struct world *
with_ingress(void **state)
{
	struct world *w = *state;

	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_INGRESS), 0);
	return w;
}

static struct world *
with_hw_tc(void **state)
{
	struct world *w = with_ingress(state);

	assert_int_equal(set_hw_tc(w, w->sim, true), 0);
	return w;
}

/* "tc qdisc del", "tc qdisc add". */
static void
flush(struct world *w)
{
	assert_int_equal(del_qdisc(w, w->sim), 0);
	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_INGRESS), 0);
	assert_int_equal(count_filters(w, w->sim), 0);
}

static void
assert_counts(struct world *w, uint32_t bound, uint32_t loaded)
{
	assert_int_equal(count_bound(w->nsim), bound);
	assert_int_equal(count_loaded(w), loaded);
}

static struct off_filter
bytecode_filter(const struct world *w)
{
	struct off_filter f = good_filter(w->sim);

	f.ops = bytecode;
	f.ops_cnt = 1;
	return f;
}

static void
preflight_a_refusal_has_a_sentence(void **state)
{
	struct world *w = *state;

	assert_int_equal(off_qdisc_del(&w->root, w->sim, 0, 0, NULL, &w->extack), -ENOENT);
	assert_extack(w, "Failed to find qdisc with specified handle");
}

/* ---- A ---- */

static void
a2_a_filter_of_the_host(void **state)
{
	struct world *w = with_ingress(state);

	assert_int_equal(set_tc(w, w->sim, SKIP_HW), 0);
}

static void
a3_a_filter_without_flags_is_not_bound(void **state)
{
	struct world *w = with_ingress(state);

	assert_int_equal(set_tc(w, w->sim, SKIP_HW), 0);
	assert_int_equal(set_tc(w, w->sim, 0), 0);
	assert_int_equal(count_bound(w->nsim), 0);
	assert_int_equal(count_filters(w, w->sim), 2);
	flush(w);
	assert_counts(w, 0, 0);
}

static void
a4_offload_is_off_by_default(void **state)
{
	struct world *w = with_ingress(state);

	assert_int_equal(set_tc(w, w->sim, SKIP_SW), -EOPNOTSUPP);
	assert_extack(w, is_off);
	assert_counts(w, 0, 0);
}

static void
a5_a6_hardware_may_take_an_unbound_program(void **state)
{
	struct world *w = with_ingress(state);

	assert_int_equal(set_hw_tc(w, w->sim, true), 0);
	set_knob(w, OFF_NSIM_TC_NON_BOUND_ACCEPT, 1);
	assert_int_equal(set_tc(w, w->sim, 0), 0);
	assert_int_equal(count_bound(w->nsim), 0);
	assert_int_equal(count_filters(w, w->sim), 1);
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, IN_HW);
	flush(w);
	assert_int_equal(in_hardware(w), 0);
}

static void
a7_hardware_may_take_bytecode(void **state)
{
	struct world *w = with_hw_tc(state);
	struct off_filter f = bytecode_filter(w);

	set_knob(w, OFF_NSIM_TC_NON_BOUND_ACCEPT, 1);
	assert_int_equal(add_filter(w, &f), 0);
	assert_int_equal(count_bound(w->nsim), 0);
	assert_int_equal(count_filters(w, w->sim), 1);
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, IN_HW);
	flush(w);
	set_knob(w, OFF_NSIM_TC_NON_BOUND_ACCEPT, 0);
}

static void
a8_bytecode_is_never_bound(void **state)
{
	struct world *w = with_hw_tc(state);
	struct off_filter f = bytecode_filter(w);

	f.gen_flags = SKIP_SW;
	assert_int_equal(add_filter(w, &f), -EOPNOTSUPP);
	assert_extack(w, "netdevsim: netdevsim configured to reject unbound programs");
	assert_counts(w, 0, 0);
}

static void
a9_chain_0_only(void **state)
{
	struct world *w = with_hw_tc(state);
	struct off_filter f = good_filter(w->sim);

	f.chain = 1;
	f.prio = 1;
	f.handle = 1;
	f.gen_flags = SKIP_SW;
	assert_int_equal(add_loaded(w, &f), -EOPNOTSUPP);
	assert_extack(w, "Driver supports only offload of chain 0");
	flush(w);
	assert_counts(w, 0, 0);
}

/* ---- B ---- */

static struct off_filter
first_filter(const struct world *w, uint32_t gen_flags)
{
	struct off_filter f = good_filter(w->sim);

	f.prio = 1;
	f.handle = 1;
	f.gen_flags = gen_flags;
	return f;
}

/* "tc filter replace". */
static int
replace(struct world *w, uint32_t gen_flags)
{
	struct off_filter f = first_filter(w, gen_flags);

	f.nl_flags = NLM_F_CREATE;
	return add_loaded(w, &f);
}

static int
del(struct world *w)
{
	struct off_filter f = first_filter(w, 0);

	f.protocol = 0;
	return del_filter(w, &f);
}

/* Each says nothing. */
static void
add_replace_delete(struct world *w, uint32_t gen_flags)
{
	struct off_filter f = first_filter(w, gen_flags);
	uint32_t id;

	assert_int_equal(add_loaded(w, &f), 0);
	assert_extack(w, "");
	id = filter_nth(w, w->sim, 0).prog_id;
	assert_int_equal(replace(w, gen_flags), 0);
	assert_extack(w, "");
	assert_int_equal(count_filters(w, w->sim), 1);
	assert_int_not_equal(filter_nth(w, w->sim, 0).prog_id, id);
	assert_int_equal(del(w), 0);
	assert_extack(w, "");
	assert_int_equal(count_filters(w, w->sim), 0);
	assert_counts(w, 0, 0);
}

static void
b10_replace_without_flags(void **state)
{
	add_replace_delete(with_hw_tc(state), 0);
}

static void
b11_replace_with_skip_sw(void **state)
{
	struct world *w = with_hw_tc(state);

	add_replace_delete(w, SKIP_SW);
	assert_int_equal(in_hardware(w), 0);
}

static void
b12_replace_with_skip_hw(void **state)
{
	add_replace_delete(with_hw_tc(state), SKIP_HW);
}

static void
b13_flags_stay_as_they_are(void **state)
{
	struct world *w = with_hw_tc(state);

	for (int round = 0; round < 3; round++) {
		assert_int_equal(replace(w, 0), 0);
		assert_int_equal(replace(w, SKIP_SW), -EINVAL);
		assert_int_equal(replace(w, SKIP_HW), -EINVAL);
		assert_int_equal(del(w), 0);
	}
	assert_counts(w, 0, 0);
}

static void
b14_b15_b16_nothing_is_said_that_nobody_asked_for(void **state)
{
	struct world *w = with_hw_tc(state);

	for (int on = 1; on >= 0; on--) {
		assert_int_equal(set_hw_tc(w, w->sim, on), 0);
		add_replace_delete(w, 0);
		add_replace_delete(w, SKIP_HW);
	}
	assert_int_equal(set_hw_tc(w, w->sim, true), 0);
	flush(w);
	assert_counts(w, 0, 0);
}

/* ---- C ---- */

static void
c17_the_driver_refuses_in_the_verifier(void **state)
{
	struct world *w = with_hw_tc(state);

	set_knob(w, OFF_NSIM_BIND_VERIFIER_ACCEPT, 0);
	assert_int_equal(set_tc(w, w->sim, SKIP_SW), -EOPNOTSUPP);
	assert_in_log(w, "[netdevsim] Hello from netdevsim!\n");
	set_knob(w, OFF_NSIM_BIND_VERIFIER_ACCEPT, 1);
}

static void
c18_c19_a_filter_in_hardware(void **state)
{
	struct world *w = with_hw_tc(state);

	assert_int_equal(set_tc(w, w->sim, SKIP_SW), 0);
	assert_counts(w, 1, 1);
	assert_int_equal(count_filters(w, w->sim), 1);
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, IN_HW | SKIP_SW);
}

static void
c20_filter_program_and_device_say_the_same(void **state)
{
	struct world *w = with_hw_tc(state);
	struct off_filter_report filter;
	struct off_nsim_bound bound;
	int fd;

	assert_int_equal(set_tc(w, w->sim, SKIP_SW), 0);
	filter = filter_nth(w, w->sim, 0);
	assert_int_equal(filter.prog_id, nth_id(w, OFF_KIND_PROG, 0));
	fd = off_get_fd_by_id(&w->root, OFF_KIND_PROG, filter.prog_id);
	assert_memory_equal(prog_info(w, fd).tag, filter.tag, 8);
	assert_memory_equal(filter.tag, "\xa0\x4f\x5e\xef\x06\xa7\xf5\x55", 8);
	assert_int_equal(off_nsim_bound(w->nsim, 0, &bound), 0);
	assert_int_equal(bound.id, filter.prog_id);
	assert_string_equal(bound.state, "xlated");
	assert_true(bound.loaded);
	assert_int_equal(in_hardware(w), filter.prog_id);
}

static void
c21_hw_tc_offload_stays_on(void **state)
{
	struct world *w = with_hw_tc(state);

	assert_int_equal(set_tc(w, w->sim, SKIP_SW), 0);
	assert_int_equal(set_hw_tc(w, w->sim, false), -EBUSY);
	assert_int_equal(set_hw_tc(w, w->sim, true), 0);
}

static void
c22_c23_after_a_flush_it_goes_off(void **state)
{
	struct world *w = with_hw_tc(state);

	assert_int_equal(set_tc(w, w->sim, SKIP_SW), 0);
	flush(w);
	assert_counts(w, 0, 0);
	assert_int_equal(set_hw_tc(w, w->sim, false), 0);
	assert_int_equal(set_hw_tc(w, w->sim, true), 0);
}

static void
c24_deleting_the_device_frees_a_filters_program(void **state)
{
	struct world *w = with_hw_tc(state);

	assert_int_equal(set_tc(w, w->sim, SKIP_SW), 0);
	off_asic_free(w->nsim);
	assert_int_equal(count_loaded(w), 0);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

/* ---- H ---- */

static void
h47_xdp_has_the_hardware(void **state)
{
	struct world *w = with_hw_tc(state);

	assert_int_equal(set_xdp(w, w->sim, HW | NOEXIST), 0);
	assert_int_equal(set_tc(w, w->sim, SKIP_SW), -EBUSY);
	assert_extack(w, is_taken);
	assert_int_equal(unset_xdp(w, w->sim, HW), 0);
	assert_counts(w, 0, 0);
}

static void
h48_tc_has_the_hardware(void **state)
{
	struct world *w = with_hw_tc(state);

	assert_int_equal(set_tc(w, w->sim, SKIP_SW), 0);
	assert_int_equal(set_xdp(w, w->sim, HW | NOEXIST), -EBUSY);
	assert_extack(w, "netdevsim: TC program is already loaded");
}

/* The program of the first filter, pinned there. */
static void
pin_filters_prog(struct world *w, const char *path)
{
	uint32_t id = filter_nth(w, w->sim, 0).prog_id;

	pin(w, off_get_fd_by_id(&w->root, OFF_KIND_PROG, id), path);
}

static int
add_pinned(struct world *w, const char *path, uint32_t gen_flags)
{
	struct off_filter f = good_filter(w->sim);
	int err;

	f.fd = off_obj_get(&w->root, path);
	assert_true(f.fd >= 0);
	f.flags = DA;
	f.gen_flags = gen_flags;
	err = add_filter(w, &f);
	off_close(w->k, f.fd);
	return err;
}

static void
h49_a_pinned_program_comes_back(void **state)
{
	struct world *w = with_hw_tc(state);

	assert_int_equal(set_tc(w, w->sim, SKIP_SW), 0);
	pin_filters_prog(w, "pinned");
	flush(w);
	assert_counts(w, 1, 1);
	assert_int_equal(add_pinned(w, "pinned", SKIP_SW), 0);
	flush(w);
	assert_counts(w, 1, 1);
}

static void
h50_the_same_for_xdp(void **state)
{
	struct world *w = with_hw_tc(state);
	int fd;

	assert_int_equal(set_xdp(w, w->sim, HW | NOEXIST), 0);
	pin(w, off_get_fd_by_id(&w->root, OFF_KIND_PROG, report(w, w->sim).hw_id), "pinned2");
	fd = off_obj_get(&w->root, "pinned2");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(attach(w, w->sim, fd, HW), 0);
		assert_int_equal(unset_xdp(w, w->sim, HW), 0);
	}
	off_close(w->k, fd);
	assert_counts(w, 1, 1);
}

static void
h51_an_xdp_program_is_no_filter(void **state)
{
	struct world *w = with_hw_tc(state);

	pin(w, load(w, w->sim), "pinned2");
	assert_int_equal(add_pinned(w, "pinned2", SKIP_SW), -EINVAL);
	assert_extack(w, "");
	assert_int_equal(count_filters(w, w->sim), 0);
}

static void
h52_one_filter_in_hardware(void **state)
{
	struct world *w = with_hw_tc(state);
	struct off_filter f = good_filter(w->sim);

	pin(w, load_tc(w, w->sim), "pinned");
	pin(w, load(w, w->sim), "pinned2");
	f.flags = DA;
	f.gen_flags = SKIP_SW;
	assert_int_equal(add_loaded(w, &f), 0);
	assert_int_equal(filter_nth(w, w->sim, 0).flags, DA);
	assert_int_equal(add_loaded(w, &f), -EBUSY);
	assert_extack(w, is_taken);
	assert_counts(w, 3, 3);
	flush(w);
	assert_counts(w, 2, 2);
}

/* ---- I ---- */

#define DELAY_MS 500u
#define HELD_MS 20u /* longer than a callback, unless it sleeps */

static void *
add_in_background(void *arg)
{
	struct world *w = arg;
	struct off_filter f = good_filter(w->sim);

	f.flags = DA;
	f.gen_flags = SKIP_SW;
	return (void *)(intptr_t)add_loaded(w, &f);
}

static void
sleep_ms(uint32_t ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = (long)ms * 1000000 }, NULL);
}

/* Until the driver sleeps: the machine's lock stays where it is. */
static void
wait_for_delay(struct off_kernel *k)
{
	uint64_t before = 0, now = 0;

	for (uint32_t held = 0; held < HELD_MS; before = now) {
		sleep_ms(1);
		pthread_mutex_lock(&k->lock.mutex);
		now = k->lock.now;
		held = now == before && now != k->lock.next ? held + 1 : 0;
		pthread_mutex_unlock(&k->lock.mutex);
	}
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
i53_the_device_goes_while_a_filter_is_loaded(void **state)
{
	struct world *w = with_hw_tc(state);
	pthread_t thread;
	uint64_t start;
	void *err;

	set_knob(w, OFF_NSIM_BIND_VERIFIER_DELAY, DELAY_MS);
	start = now_ms();
	assert_int_equal(pthread_create(&thread, NULL, add_in_background, w), 0);
	wait_for_delay(w->k);
	off_asic_free(w->nsim);
	assert_true(now_ms() - start >= DELAY_MS);
	pthread_join(thread, &err);
	assert_int_equal((intptr_t)err, -ENODEV);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(preflight_a_refusal_has_a_sentence),
		TEST(a2_a_filter_of_the_host),
		TEST(a3_a_filter_without_flags_is_not_bound),
		TEST(a4_offload_is_off_by_default),
		TEST(a5_a6_hardware_may_take_an_unbound_program),
		TEST(a7_hardware_may_take_bytecode),
		TEST(a8_bytecode_is_never_bound),
		TEST(a9_chain_0_only),
		TEST(b10_replace_without_flags),
		TEST(b11_replace_with_skip_sw),
		TEST(b12_replace_with_skip_hw),
		TEST(b13_flags_stay_as_they_are),
		TEST(b14_b15_b16_nothing_is_said_that_nobody_asked_for),
		TEST(c17_the_driver_refuses_in_the_verifier),
		TEST(c18_c19_a_filter_in_hardware),
		TEST(c20_filter_program_and_device_say_the_same),
		TEST(c21_hw_tc_offload_stays_on),
		TEST(c22_c23_after_a_flush_it_goes_off),
		TEST(c24_deleting_the_device_frees_a_filters_program),
		TEST(h47_xdp_has_the_hardware),
		TEST(h48_tc_has_the_hardware),
		TEST(h49_a_pinned_program_comes_back),
		TEST(h50_the_same_for_xdp),
		TEST(h51_an_xdp_program_is_no_filter),
		TEST(h52_one_filter_in_hardware),
		TEST(i53_the_device_goes_while_a_filter_is_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
