/* SPDX-License-Identifier: BSD-2-Clause */
/* netdevsim's own rules: loading, attaching, tc's requests (as a block makes them), MTU, features.
 */
#include "offload/nsim.h"
#include "tests/unit/offload/world.h"

#include <linux/if_ether.h>
#include <string.h>

static void
ns_1_nothing_is_bound(void **state)
{
	struct world *w = *state;

	set_knob(w, OFF_NSIM_BIND_ACCEPT, 0);
	set_knob(w, OFF_NSIM_BIND_VERIFIER_ACCEPT, 0); /* would say hello */
	assert_int_equal(load(w, w->sim), -EOPNOTSUPP);
	assert_null(strstr(xb_log_text(&w->log), "Hello"));
	assert_int_equal(count_bound(w->nsim), 0);
	assert_true(load(w, 0) >= 0);
}

static void
ns_2_hello(void **state)
{
	const struct bpf_insn bad[] = { MOV64_REG(0, 5), EXIT() };
	struct world *w = *state;

	set_knob(w, OFF_NSIM_BIND_VERIFIER_ACCEPT, 0);
	assert_int_equal(load(w, w->sim), -EOPNOTSUPP);
	assert_in_log(w, "[netdevsim] Hello from netdevsim!\n");
	assert_int_equal(load_insns(w, bad, 2, w->sim), -EACCES); /* the core was first */
	assert_null(strstr(xb_log_text(&w->log), "Hello"));
	set_knob(w, OFF_NSIM_BIND_VERIFIER_ACCEPT, 1);
	assert_true(load(w, w->sim) >= 0);
	assert_in_log(w, "[netdevsim] Hello from netdevsim!\n");
}

static void
directories_are_numbered_and_known_by_their_files(void **state)
{
	struct world *w = *state;
	struct off_nsim_bound bound;
	int one = load(w, w->sim), two = load(w, w->sim);

	off_close(w->k, one);
	assert_int_equal(off_nsim_bound(w->nsim, 0, &bound), 0);
	assert_int_equal(bound.dir, 1);
	assert_int_equal(bound.id, prog_id(w, two));
	assert_string_equal(bound.state, "xlated");
	assert_false(bound.loaded);
	assert_int_equal(off_nsim_bound(w->nsim, 1, &bound), -ENOENT);
	assert_string_equal(off_nsim_knob_file(OFF_NSIM_XDPDRV_ACCEPT), "bpf_xdpdrv_accept");
	assert_int_equal(off_nsim_set(w->nsim, 9, OFF_NSIM_TC_ACCEPT, 1), -ENODEV);
}

static void
a_device_has_an_id_of_its_own(void **state)
{
	struct world *w = *state;

	errno = 0;
	assert_null(off_nsim_new(w->k, 0, 1));
	assert_int_equal(errno, EEXIST);
	assert_non_null(off_nsim_new(w->k, 1, 0));
}

/* ---- XDP ---- */

static int
set_mtu(struct world *w, uint32_t mtu)
{
	return off_netdev_set_mtu(&w->root, w->sim, mtu, &w->extack);
}

static void
ns_6_bound_programs_are_not_native(void **state)
{
	struct world *w = *state;
	int fd = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)w->sim, BOUND_ONLY, 0);

	assert_int_equal(set_mtu(w, 9000), 0); /* NS-7 would be next */
	assert_int_equal(attach(w, w->sim, fd, DRV), -EINVAL);
	assert_extack(w, "netdevsim: attempt to load offloaded prog to drv");
}

static void
ns_7_mtu_is_too_large(void **state)
{
	struct world *w = *state;

	set_knob(w, OFF_NSIM_XDPDRV_ACCEPT, 0); /* NS-8, EOPNOTSUPP, would be next */
	assert_int_equal(set_mtu(w, 4001), 0);
	assert_int_equal(set_xdp(w, w->sim, DRV), -EINVAL);
	assert_extack(w, "netdevsim: MTU too large w/ XDP enabled");
	set_knob(w, OFF_NSIM_XDPDRV_ACCEPT, 1);
	assert_int_equal(set_xdp(w, w->sim, HW), 0); /* the hardware does not mind */
	assert_int_equal(set_mtu(w, 4000), 0);
	assert_int_equal(set_xdp(w, w->sim, DRV), 0);
}

static void
ns_8_no_native_xdp(void **state)
{
	struct world *w = *state;

	set_knob(w, OFF_NSIM_XDPDRV_ACCEPT, 0);
	assert_int_equal(set_xdp(w, w->sim, DRV), -EOPNOTSUPP);
	assert_extack(w, "netdevsim: driver XDP disabled in DebugFS");
}

/* A device whose driver says no to taking its program away loses it all the same. */
static void
ns_8_the_device_goes_whatever_the_driver_says(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_xdp(w, w->sim, DRV), 0);
	assert_int_equal(set_xdp(w, w->sim, HW), 0);
	set_knob(w, OFF_NSIM_XDPDRV_ACCEPT, 0);
	set_knob(w, OFF_NSIM_XDPOFFLOAD_ACCEPT, 0);
	assert_int_equal(unset_xdp(w, w->sim, DRV), -EOPNOTSUPP);
	off_asic_free(w->nsim);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

static void
ns_9_only_offloaded_programs(void **state)
{
	struct world *w = *state;
	int bound = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)w->sim, BOUND_ONLY, 0);

	set_knob(w, OFF_NSIM_XDPOFFLOAD_ACCEPT, 0); /* NS-11, EOPNOTSUPP, would be later */
	assert_int_equal(attach(w, w->sim, load(w, 0), HW), -EINVAL);
	assert_extack(w, "netdevsim: xdpoffload of non-bound program");
	assert_int_equal(attach(w, w->sim, bound, HW), -EINVAL);
	assert_extack(w, "netdevsim: xdpoffload of non-bound program");
}

/* No command leads here; the driver checks it. */
static void
ns_10_what_is_not_translated(void **state)
{
	struct world *w = *state;
	int fd = load(w, w->sim);
	struct off_nsim_prog *bound = off_fd_prog(w->k, fd)->offload->priv;

	set_knob(w, OFF_NSIM_XDPOFFLOAD_ACCEPT, 0); /* NS-11, EOPNOTSUPP, would be next */
	bound->state = "verify";
	assert_int_equal(attach(w, w->sim, fd, HW), -EINVAL);
	assert_extack(w, "netdevsim: offloading program in bad state");
}

/* What a block would say to the port. */
static int
tc(struct world *w, int fd, int old_fd, const struct off_tc *how)
{
	struct off_netdev *dev = off_netdev_find(w->k, 0, w->sim);
	struct off_tc request = *how;

	request.prog = fd < 0 ? NULL : off_fd_prog(w->k, fd);
	request.old_prog = old_fd < 0 ? NULL : off_fd_prog(w->k, old_fd);
	request.extack = &w->extack;
	w->extack.text[0] = '\0';
	return dev->driver->setup_tc(dev, &request);
}

static const struct off_tc good = { .is_bpf = true, .protocol = ETH_P_ALL };

static int
hw_tc(struct world *w, bool on)
{
	return set_hw_tc(w, w->sim, on);
}

static void
ns_11_no_offload(void **state)
{
	struct world *w = *state;

	hw_tc(w, true);
	assert_int_equal(tc(w, load_tc(w, w->sim), -1, &good), 0); /* NS-12, EBUSY, would be next */
	set_knob(w, OFF_NSIM_XDPOFFLOAD_ACCEPT, 0);
	assert_int_equal(set_xdp(w, w->sim, HW), -EOPNOTSUPP);
	assert_extack(w, "netdevsim: XDP offload disabled in DebugFS");
}

static void
ns_12_tc_has_the_hardware(void **state)
{
	struct world *w = *state;
	int fd = load_tc(w, w->sim);

	hw_tc(w, true);
	assert_int_equal(tc(w, fd, -1, &good), 0);
	assert_int_equal(set_xdp(w, w->sim, HW), -EBUSY);
	assert_extack(w, "netdevsim: TC program is already loaded");
	assert_int_equal(tc(w, -1, fd, &good), 0);
	assert_int_equal(set_xdp(w, w->sim, HW), 0);
}

static void
ns_13_hw_tc_offload_stays_on_while_it_is_used(void **state)
{
	struct world *w = *state;
	int fd = load_tc(w, w->sim);

	assert_int_equal(off_netdev_features(&w->root, w->sim), 0); /* off at the beginning */
	hw_tc(w, true);
	assert_int_equal(tc(w, fd, -1, &good), 0);
	assert_int_equal(hw_tc(w, false), -EBUSY);
	assert_int_equal(off_netdev_features(&w->root, w->sim), OFF_FEATURE_HW_TC);
	assert_int_equal(hw_tc(w, true), 0); /* wanted back */
	assert_int_equal(tc(w, -1, fd, &good), 0);
	assert_int_equal(set_xdp(w, w->sim, HW), 0);
	assert_int_equal(hw_tc(w, false), 0);
}

/* "ethtool -k" then says "on [requested off]". */
static void
fe_1_what_was_refused_is_not_tried_again(void **state)
{
	struct world *w = *state;
	int fd = load_tc(w, w->sim);

	hw_tc(w, true);
	assert_int_equal(tc(w, fd, -1, &good), 0);
	assert_int_equal(hw_tc(w, false), -EBUSY);
	assert_int_equal(off_netdev_wanted(&w->root, w->sim), 0);
	assert_int_equal(tc(w, -1, fd, &good), 0);
	assert_int_equal(hw_tc(w, false), -EBUSY); /* though the driver would */
	assert_int_equal(off_netdev_features(&w->root, w->sim), OFF_FEATURE_HW_TC);
	assert_int_equal(off_netdev_set_feature(&w->root, w->sim, OFF_FEATURE_TCP_DATA_SPLIT, true),
		0); /* another one is another matter */
	assert_int_equal(hw_tc(w, true), 0);
	assert_int_equal(hw_tc(w, false), 0);
	assert_int_equal(off_netdev_features(&w->root, w->sim), OFF_FEATURE_TCP_DATA_SPLIT);
}

/* ---- tc, in order: each test breaks the next rule, too ---- */

static void
td_1_another_classifier(void **state)
{
	struct world *w = *state;
	struct off_tc how = good;

	how.is_bpf = false;
	assert_int_equal(tc(w, load_tc(w, w->sim), -1, &how), -EOPNOTSUPP);
	assert_extack(w, "netdevsim: only offload of BPF classifiers supported");
}

static void
td_2_hw_tc_offload_is_off(void **state)
{
	struct world *w = *state;
	struct off_tc how = good;

	how.chain = 1;
	assert_int_equal(tc(w, load_tc(w, w->sim), -1, &how), -EOPNOTSUPP);
	assert_extack(w, "TC offload is disabled on net device");
}

static void
td_3_chain_0_only(void **state)
{
	struct world *w = *state;
	struct off_tc how = good;

	hw_tc(w, true);
	how.chain = 1;
	how.protocol = ETH_P_IP;
	assert_int_equal(tc(w, load_tc(w, w->sim), -1, &how), -EOPNOTSUPP);
	assert_extack(w, "Driver supports only offload of chain 0");
}

static void
td_5_all_protocols_only(void **state)
{
	struct world *w = *state;
	struct off_tc how = good;

	hw_tc(w, true);
	set_knob(w, OFF_NSIM_TC_ACCEPT, 0);
	how.protocol = ETH_P_IP;
	assert_int_equal(tc(w, load_tc(w, w->sim), -1, &how), -EOPNOTSUPP);
	assert_extack(w, "netdevsim: only ETH_P_ALL supported as filter protocol");
}

static void
td_6_configured_to_refuse(void **state)
{
	struct world *w = *state;

	hw_tc(w, true);
	set_knob(w, OFF_NSIM_TC_ACCEPT, 0);
	assert_int_equal(tc(w, load_tc(w, 0), -1, &good), -EOPNOTSUPP);
	assert_extack(w, "netdevsim: netdevsim configured to reject BPF TC offload");
}

static void
td_7_programs_of_the_host(void **state)
{
	struct world *w = *state;
	struct off_tc how = good;
	int fd = load_tc(w, 0);

	hw_tc(w, true);
	how.command = OFF_TC_STATS; /* TD-10 is silent */
	assert_int_equal(tc(w, fd, -1, &how), -EOPNOTSUPP);
	assert_extack(w, "netdevsim: netdevsim configured to reject unbound programs");
	set_knob(w, OFF_NSIM_TC_NON_BOUND_ACCEPT, 1);
	assert_int_equal(tc(w, fd, -1, &good), 0);
}

static void
td_8_another_devices_program(void **state)
{
	struct world *w = *state;
	struct off_asic *other = off_nsim_new(w->k, 1, 1);
	struct off_tc how = good;

	hw_tc(w, true);
	how.command = OFF_TC_STATS; /* TD-10, EOPNOTSUPP, would be next */
	assert_int_equal(tc(w, load_tc(w, off_port_ifindex(other, 0)), -1, &how), -EINVAL);
	assert_extack(w, "netdevsim: program bound to a different device");
}

static void
td_10_no_statistics(void **state)
{
	struct world *w = *state;
	struct off_tc how = good;
	int fd = load_tc(w, w->sim);

	hw_tc(w, true);
	assert_int_equal(tc(w, fd, -1, &good), 0);
	how.command = OFF_TC_STATS;
	assert_int_equal(tc(w, fd, fd, &how), -EOPNOTSUPP);
	assert_extack(w, "");
}

static void
td_11_what_is_not_there_is_removed_at_once(void **state)
{
	struct world *w = *state;
	int fd = load_tc(w, w->sim), other = load_tc(w, w->sim);
	uint32_t id;

	hw_tc(w, true);
	assert_int_equal(tc(w, fd, -1, &good), 0);
	assert_int_equal(tc(w, -1, other, &good), 0);
	assert_int_equal(off_nsim_offloaded_id(w->nsim, 0, &id), 0);
	assert_int_equal(id, prog_id(w, fd));
}

static void
td_12_one_program_a_port(void **state)
{
	struct world *w = *state;
	int fd = load_tc(w, w->sim), other = load_tc(w, w->sim);
	uint32_t id;

	hw_tc(w, true);
	assert_int_equal(tc(w, fd, -1, &good), 0);
	assert_int_equal(tc(w, other, -1, &good), -EBUSY);
	assert_extack(w, "netdevsim: driver and netdev offload states mismatch");
	assert_int_equal(tc(w, other, fd, &good), 0); /* replaces */
	assert_int_equal(off_nsim_offloaded_id(w->nsim, 0, &id), 0);
	assert_int_equal(id, prog_id(w, other));
	assert_int_equal(tc(w, -1, other, &good), 0);
	assert_int_equal(set_xdp(w, w->sim, HW), 0);
	assert_int_equal(tc(w, fd, -1, &good), -EBUSY); /* XDP's, this time */
	assert_extack(w, "netdevsim: driver and netdev offload states mismatch");
}

/* ---- MTU, and a driver with native XDP only ---- */

static void
mt_1_too_small(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_mtu(w, 67), -EINVAL);
	assert_extack(w, "mtu less than device minimum");
	assert_int_equal(set_mtu(w, 68), 0);
}

static void
mt_2_too_large(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_xdp(w, w->sim, DRV), 0); /* MT-3, EBUSY, would be next */
	assert_int_equal(set_mtu(w, 65536), -EINVAL);
	assert_extack(w, "mtu greater than device maximum");
}

static void
mt_3_native_xdp_holds_it_down(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_mtu(w, 65535), 0);
	assert_int_equal(set_mtu(w, 1500), 0);
	assert_int_equal(set_xdp(w, w->sim, HW), 0);
	assert_int_equal(set_mtu(w, 4001), 0); /* the hardware does not mind */
	assert_int_equal(set_mtu(w, 1500), 0);
	assert_int_equal(set_xdp(w, w->sim, DRV), 0);
	assert_int_equal(set_mtu(w, 4001), -EBUSY);
	assert_extack(w, "");
	assert_int_equal(set_mtu(w, 4000), 0);
}

static void
nv_1_native_only(void **state)
{
	struct world *w = *state;
	int veth = off_netdev_add(&w->root, OFF_NETDEV_NATIVE, "veth0");

	assert_int_equal(set_xdp(w, veth, DRV), 0);
	assert_int_equal(attach(w, veth, load(w, 0), HW), -EINVAL);
	assert_extack(w, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ns_1_nothing_is_bound),
		TEST(ns_2_hello),
		TEST(directories_are_numbered_and_known_by_their_files),
		TEST(a_device_has_an_id_of_its_own),
		TEST(ns_6_bound_programs_are_not_native),
		TEST(ns_7_mtu_is_too_large),
		TEST(ns_8_no_native_xdp),
		TEST(ns_8_the_device_goes_whatever_the_driver_says),
		TEST(ns_9_only_offloaded_programs),
		TEST(ns_10_what_is_not_translated),
		TEST(ns_11_no_offload),
		TEST(ns_12_tc_has_the_hardware),
		TEST(ns_13_hw_tc_offload_stays_on_while_it_is_used),
		TEST(fe_1_what_was_refused_is_not_tried_again),
		TEST(td_1_another_classifier),
		TEST(td_2_hw_tc_offload_is_off),
		TEST(td_3_chain_0_only),
		TEST(td_5_all_protocols_only),
		TEST(td_6_configured_to_refuse),
		TEST(td_7_programs_of_the_host),
		TEST(td_8_another_devices_program),
		TEST(td_10_no_statistics),
		TEST(td_11_what_is_not_there_is_removed_at_once),
		TEST(td_12_one_program_a_port),
		TEST(mt_1_too_small),
		TEST(mt_2_too_large),
		TEST(mt_3_native_xdp_holds_it_down),
		TEST(nv_1_native_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
