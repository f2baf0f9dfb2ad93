/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sequences of commands: after each the invariants hold, one that fails changed nothing, and
 * at the end of a sequence nothing is left.
 * usage: off_random_test [SEQUENCES [SEED]]: alone it takes a seed of the clock
 */
#include "offload/nsim.h"
#include "tests/unit/offload/world.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COMMANDS 80
#define FDS 64 /* more than a sequence makes */

struct run {
	struct off_kernel *k;
	struct off_caller who;
	uint64_t seed;
	struct off_asic *asics[3];
	uint32_t netns_cnt;
};

static uint32_t
pick(struct run *r, uint32_t n)
{
	r->seed ^= r->seed << 13;
	r->seed ^= r->seed >> 7;
	r->seed ^= r->seed << 17;
	return (uint32_t)(r->seed >> 32) % n;
}

/* A descriptor of that kind, if there is one; sometimes another, or none. */
static int
any_fd(struct run *r, enum off_kind kind)
{
	uint32_t start = pick(r, FDS);
	bool careful = pick(r, 10);

	for (uint32_t i = 0; careful && i < r->k->fd_cnt; i++) {
		uint32_t fd = (start + i) % r->k->fd_cnt;

		if (r->k->fds[fd] && r->k->fds[fd]->kind == kind)
			return (int)fd;
	}
	return (int)pick(r, FDS) - 1;
}

static int
any_prog(struct run *r)
{
	return any_fd(r, OFF_KIND_PROG);
}

static int
any_map(struct run *r)
{
	return any_fd(r, OFF_KIND_MAP);
}

static enum off_kind
any_kind(struct run *r)
{
	return (enum off_kind)(1 + pick(r, 3));
}

static int
any_ifindex(struct run *r)
{
	uint32_t skip = pick(r, 4);
	struct off_netdev *dev;
	int ifindex = (int)pick(r, 10);

	TAILQ_FOREACH (dev, &r->k->netdevs, in_kernel) {
		if (dev->netns != r->who.netns)
			continue;
		ifindex = dev->ifindex;
		if (skip-- == 0)
			break;
	}
	return ifindex;
}

static const char *const paths[4] = { "a", "b", "c", "d" };

static const char *
any_path(struct run *r)
{
	return paths[pick(r, 4)];
}

static struct off_asic **
any_asic(struct run *r)
{
	return &r->asics[pick(r, 3)];
}

/* ---- commands: what it answered ---- */

static int
do_load(struct run *r)
{
	static const enum bpf_prog_type types[] = { BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_XDP,
		BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_KPROBE };
	static const uint32_t flags[] = { 0, 0, 0, BOUND_ONLY, BPF_F_XDP_HAS_FRAGS };
	const struct bpf_insn insns[] = { LD_MAP_FD(1, any_map(r)), LD_MAP_FD(1, any_map(r)),
		MOV64_IMM(0, 0), EXIT() };
	bool with_maps = pick(r, 2);
	struct off_prog_load attr = {
		.prog_type = types[pick(r, 16) ? pick(r, 3) : 3],
		.insns = with_maps ? insns : insns + 4,
		.insn_cnt = with_maps	 ? 6
			    : pick(r, 8) ? 2
					 : 1,
		.license = "GPL",
		.prog_flags = pick(r, 3) ? 0 : flags[pick(r, 5)],
		.prog_ifindex = pick(r, 3) ? (uint32_t)any_ifindex(r) : 0,
		.prog_name = pick(r, 16) ? "f" : "no good",
	};

	return off_prog_load(&r->who, &attr, NULL);
}

static int
do_create(struct run *r)
{
	static const enum bpf_map_type types[] = { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY,
		BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_LPM_TRIE };
	uint32_t type = pick(r, 5);
	struct off_map_create attr = {
		.map_type = types[type],
		.key_size = 4,
		.value_size = type < 2 ? 8 : 4,
		.max_entries = pick(r, 4),
		.map_ifindex = pick(r, 3) ? (uint32_t)any_ifindex(r) : 0,
		.map_flags = pick(r, 8) ? 0 : BPF_F_NO_PREALLOC,
		.btf_value_type_id = pick(r, 8) ? 0 : 1,
	};

	return off_map_create(&r->who, &attr, NULL);
}

static int
do_element(struct run *r)
{
	uint32_t key = pick(r, 4);
	uint64_t value = (uint64_t)any_prog(r);
	int fd = any_map(r);

	switch (pick(r, 6)) {
	case 0: return off_map_lookup(&r->who, fd, &key, &value, pick(r, 8) == 0);
	case 1: return off_map_delete(&r->who, fd, &key);
	case 2: return off_map_next_key(&r->who, fd, pick(r, 2) ? &key : NULL, &key);
	case 3: return pick(r, 8) ? 0 : off_map_freeze(&r->who, fd);
	case 4: return off_map_lookup_and_delete(&r->who, fd, &key, &value);
	default: return off_map_update(&r->who, fd, &key, &value, pick(r, 4));
	}
}

static int
do_attach(struct run *r)
{
	struct off_xdp xdp = {
		.ifindex = any_ifindex(r),
		.fd = pick(r, 4) ? any_prog(r) : -1,
		.flags = 1u << pick(r, 5),
		.has_expected = pick(r, 4) != 0,
		.expected_fd = any_prog(r),
	};

	if (pick(r, 3) == 0)
		xdp.flags |= 1u << pick(r, 6);
	return off_xdp_set(&r->who, &xdp, NULL);
}

static int
do_link(struct run *r)
{
	switch (pick(r, 4)) {
	case 0: return off_link_detach(&r->who, any_fd(r, OFF_KIND_LINK));
	case 1:
		return off_link_update(&r->who, any_fd(r, OFF_KIND_LINK), any_prog(r),
			pick(r, 2) ? BPF_F_REPLACE : 0, any_prog(r));
	default:
		return off_link_create(
			&r->who, any_prog(r), any_ifindex(r), 1u << pick(r, 5), NULL);
	}
}

/* Mostly 0. */
static uint32_t
any_block(struct run *r)
{
	return pick(r, 3) ? 0 : 1 + pick(r, 2);
}

static int
do_qdisc(struct run *r)
{
	static const char *const kinds[] = { NULL, "clsact", "ingress" };
	struct off_qdisc qdisc = {
		.ifindex = any_ifindex(r),
		.kind = pick(r, 4) ? OFF_QDISC_CLSACT : OFF_QDISC_INGRESS,
		.ingress_block = any_block(r),
		.egress_block = any_block(r),
	};

	if (pick(r, 4))
		return off_qdisc_add(&r->who, &qdisc, NULL);
	return off_qdisc_del(
		&r->who, qdisc.ifindex, pick(r, 8) ? TC_H_CLSACT : 0, 0, kinds[pick(r, 3)], NULL);
}

static struct off_filter
any_filter(struct run *r)
{
	static const struct sock_filter bytecode[] = { { .code = BPF_RET | BPF_K } };
	static const uint32_t gen_flags[] = { 0, SKIP_SW, SKIP_SW, SKIP_HW, SKIP_HW | SKIP_SW };
	bool is_cbpf = pick(r, 6) == 0;

	return (struct off_filter){
		.ifindex = pick(r, 3) ? any_ifindex(r) : 0,
		.block = 1 + pick(r, 2),
		.parent = pick(r, 6) ? OFF_TC_INGRESS : OFF_TC_EGRESS,
		.chain = pick(r, 6) == 0,
		.prio = (uint16_t)pick(r, 3),
		.handle = pick(r, 3),
		.protocol = pick(r, 8) ? ETH_P_ALL : ETH_P_IP,
		.nl_flags = pick(r, 3) ? NLM_F_CREATE : NLM_F_CREATE | NLM_F_EXCL,
		.kind = pick(r, 16) ? "bpf" : "u32",
		.name = "f",
		.fd = is_cbpf ? 0 : any_prog(r),
		.ops = is_cbpf ? bytecode : NULL,
		.ops_cnt = 1,
		.flags = pick(r, 2) ? DA : 0,
		.gen_flags = gen_flags[pick(r, pick(r, 8) ? 4 : 5)],
	};
}

static int
do_filter(struct run *r)
{
	struct off_filter f = any_filter(r);

	return off_filter_add(&r->who, &f, NULL);
}

/* A tool's: the program is loaded for it. */
static int
do_loaded_filter(struct run *r)
{
	static const struct bpf_insn ret0[] = { MOV64_IMM(0, 0), EXIT() };
	struct off_filter f = any_filter(r);
	struct off_netdev *dev = TAILQ_FIRST(&r->k->netdevs);
	struct off_prog_load attr = {
		.prog_type = BPF_PROG_TYPE_SCHED_CLS,
		.insns = ret0,
		.insn_cnt = 2,
		.license = "GPL",
		.prog_ifindex = f.ifindex ? (uint32_t)f.ifindex
				: dev	  ? (uint32_t)dev->ifindex
					  : 0,
	};
	int err;

	if (!(f.gen_flags & SKIP_SW))
		attr.prog_ifindex = 0;
	f.ops = NULL;
	f.kind = "bpf";
	f.fd = off_prog_load(&r->who, &attr, NULL);
	if (f.fd < 0)
		return f.fd;
	err = off_filter_add(&r->who, &f, NULL);
	off_close(r->k, f.fd);
	return err;
}

static int
do_filter_del(struct run *r)
{
	struct off_filter f = any_filter(r);

	if (pick(r, 4) == 0) {
		f.prio = f.protocol = 0;
		f.handle = 0;
		f.kind = NULL;
	}
	return off_filter_del(&r->who, &f, NULL);
}

static int
do_fd(struct run *r)
{
	uint32_t id = pick(r, 30);

	switch (pick(r, 5)) {
	case 0: return off_obj_pin(&r->who, any_fd(r, any_kind(r)), any_path(r));
	case 1: return off_obj_get(&r->who, any_path(r));
	case 2: return off_obj_unlink(&r->who, any_path(r));
	case 3: return off_get_fd_by_id(&r->who, any_kind(r), id);
	default: return off_close(r->k, any_fd(r, any_kind(r)));
	}
}

static int
do_port(struct run *r)
{
	struct off_asic **asic = any_asic(r);

	if (!*asic) {
		*asic = off_nsim_new(r->k, pick(r, 100), pick(r, 3));
		return *asic ? 0 : -errno;
	}
	switch (pick(r, 6)) {
	case 0:
		off_asic_free(*asic);
		*asic = NULL;
		return 0;
	case 1:
	case 2: return off_port_del(*asic, pick(r, 3));
	default: return off_port_add(*asic, pick(r, 3), pick(r, 2));
	}
}

static int
do_netdev(struct run *r)
{
	int ifindex = any_ifindex(r);

	switch (pick(r, 7)) {
	case 0: return off_netdev_add(&r->who, (enum off_netdev_kind)pick(r, 2), any_path(r));
	case 1: return off_netdev_del(&r->who, ifindex);
	case 2: return off_netdev_move(&r->who, ifindex, pick(r, 3));
	case 3: return off_netdev_set_mtu(&r->who, ifindex, pick(r, 70000), NULL);
	case 4: return off_netdev_set_upper(&r->who, ifindex, any_ifindex(r));
	case 5: r->who.netns = pick(r, 2); return 0;
	default:
		return off_netdev_set_feature(
			&r->who, ifindex, (enum off_feature)(1u << pick(r, 3)), pick(r, 2));
	}
}

static int
do_knob(struct run *r)
{
	struct off_asic *asic = *any_asic(r);
	enum off_nsim_knob knob = (enum off_nsim_knob)pick(r, OFF_NSIM_KNOB_CNT);

	if (!asic || knob == OFF_NSIM_BIND_VERIFIER_DELAY)
		return 0;
	return off_nsim_set(asic, pick(r, 3), knob, pick(r, 3) != 0);
}

static int (*const commands[])(struct run *r) = { do_load, do_load, do_load, do_create, do_create,
	do_element, do_element, do_attach, do_attach, do_attach, do_link, do_link, do_fd, do_fd,
	do_port, do_netdev, do_knob, do_qdisc, do_qdisc, do_filter, do_loaded_filter,
	do_loaded_filter, do_filter_del };

#define COMMAND_CNT ((uint32_t)(sizeof(commands) / sizeof(*commands)))

static uint32_t done[COMMAND_CNT], refused[COMMAND_CNT];
static uint32_t in_hardware_after[3]; /* commands that left a filter in that many ports, or more */

static void
count_in_hardware(struct off_kernel *k)
{
	struct off_tc_filter *f;
	struct off_netdev *dev;
	uint32_t ports = 0;

	TAILQ_FOREACH (dev, &k->netdevs, in_kernel)
		if (dev->sch)
			TAILQ_FOREACH (f, &dev->sch->ingress.block->filters, in_block)
				ports = f->in_hw_count > ports ? f->in_hw_count : ports;
	in_hardware_after[ports > 2 ? 2 : ports]++;
}

static void
step(struct run *r)
{
	char *before = snapshot(r->k), *after;
	uint32_t command = pick(r, COMMAND_CNT);
	int err = commands[command](r);

	if (err >= 0) {
		done[command]++;
	} else {
		refused[command]++;
		after = snapshot(r->k);
		if (strcmp(before, after) != 0)
			fail_msg("command %u failed (%d) and changed:\n%s\nto:\n%s", command, err,
				before, after);
		free(after);
	}
	free(before);
	check_invariants(r->k);
	count_in_hardware(r->k);
}

/* Ports that take filters, most of them in one block. */
static void
with_tc(struct run *r)
{
	struct off_netdev *dev;

	TAILQ_FOREACH (dev, &r->k->netdevs, in_kernel) {
		struct off_qdisc qdisc = {
			.ifindex = dev->ifindex,
			.kind = OFF_QDISC_CLSACT,
			.ingress_block = any_block(r),
		};

		off_netdev_set_feature(&r->who, dev->ifindex, OFF_FEATURE_HW_TC, true);
		assert_int_equal(off_qdisc_add(&r->who, &qdisc, NULL), 0);
	}
}

static void
sequence(uint64_t seed)
{
	struct run r = { .k = off_kernel_new(NULL), .seed = seed };

	assert_non_null(r.k);
	r.who = OFF_ROOT(r.k);
	assert_int_equal(off_netns_add(r.k), 1);
	r.asics[0] = off_nsim_new(r.k, 0, 2);
	r.asics[1] = off_nsim_new(r.k, 1, 1);
	if (pick(&r, 2))
		with_tc(&r);
	for (int i = 0; i < COMMANDS; i++)
		step(&r);
	/* All descriptors and pins go, then all devices: nobody is left. */
	for (int fd = 0; fd < FDS; fd++)
		off_close(r.k, fd);
	for (int i = 0; i < 4; i++)
		off_obj_unlink(&r.who, paths[i]);
	check_invariants(r.k);
	for (int i = 0; i < 3; i++)
		if (r.asics[i])
			off_asic_free(r.asics[i]);
	while (!TAILQ_EMPTY(&r.k->netdevs))
		off_netdev_unregister(TAILQ_FIRST(&r.k->netdevs));
	for (int kind = OFF_KIND_PROG; kind <= OFF_KIND_LINK; kind++)
		assert_true(TAILQ_EMPTY(&r.k->objects[kind]));
	off_kernel_free(r.k);
}

static uint32_t sequences = 10000;
static uint64_t first_seed, seed_now;

static int
tell_seed(void **state)
{
	(void)state;
	print_message("the last sequence had seed %llu\n", (unsigned long long)seed_now);
	return 0;
}

static void
no_sequence_breaks_the_invariants(void **state)
{
	(void)state;
	for (seed_now = first_seed; seed_now < first_seed + sequences; seed_now++)
		/* Neighbours differ in all bits; 0 would stay 0. */
		sequence(seed_now * UINT64_C(0x9e3779b97f4a7c15) | 1);
	for (uint32_t i = 0; i < COMMAND_CNT; i++) {
		print_message("command %2u: %6u done, %6u refused\n", i, done[i], refused[i]);
		/* Neither answer is rare, so that both are looked at. */
		assert_true(sequences < 1000 || done[i] > refused[i] / 40);
	}
	print_message("after commands, a filter in hardware: %u none, %u one port, %u more\n",
		in_hardware_after[0], in_hardware_after[1], in_hardware_after[2]);
	assert_true(sequences < 1000 || in_hardware_after[2]);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(no_sequence_breaks_the_invariants, tell_seed),
	};

	if (argc > 1)
		sequences = (uint32_t)strtoul(argv[1], NULL, 10);
	first_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
	print_message("seed %llu\n", (unsigned long long)first_seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
