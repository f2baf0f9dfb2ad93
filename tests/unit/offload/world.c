/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/offload/world.h"

#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <stdlib.h>
#include <string.h>

struct world *
world_new(uint32_t linux_version)
{
	struct world *w = calloc(1, sizeof(*w));
	struct off_kernel_opts opts = { .linux_version = linux_version };

	assert_non_null(w);
	w->k = off_kernel_new(&opts);
	assert_non_null(w->k);
	w->root = OFF_ROOT(w->k);
	w->nsim = off_nsim_new(w->k, 0, 1);
	assert_non_null(w->nsim);
	w->sim = off_port_ifindex(w->nsim, 0);
	assert_true(w->sim > 0);
	return w;
}

void
world_end(struct world *w)
{
	check_invariants(w->k);
	off_kernel_free(w->k);
	xb_log_free(&w->log);
	free(w);
}

int
world_setup(void **state)
{
	*state = world_new(0);
	return 0;
}

int
world_teardown(void **state)
{
	world_end(*state);
	return 0;
}

struct off_caller
without(const struct world *w, uint32_t caps)
{
	struct off_caller who = w->root;

	who.caps &= ~caps;
	return who;
}

struct off_prog_load
good_load(const struct world *w)
{
	static const struct bpf_insn ret0[] = { MOV64_IMM(0, 0), EXIT() };

	return (struct off_prog_load){
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = ret0,
		.insn_cnt = 2,
		.license = "GPL",
		.prog_ifindex = (uint32_t)w->sim,
	};
}

int
load_attr_as(struct world *w, const struct off_caller *who, const struct off_prog_load *attr)
{
	xb_log_free(&w->log);
	w->log = (struct xb_log){ 0 };
	return off_prog_load(who, attr, &w->log);
}

int
load_attr(struct world *w, const struct off_prog_load *attr)
{
	return load_attr_as(w, &w->root, attr);
}

int
load_as(struct world *w, const struct off_caller *who, enum bpf_prog_type type, uint32_t ifindex,
	uint32_t flags, int ret)
{
	const struct bpf_insn insns[] = { MOV64_IMM(0, ret), EXIT() };
	struct off_prog_load attr = {
		.prog_type = type,
		.insns = insns,
		.insn_cnt = 2,
		.license = "GPL",
		.prog_name = "func",
		.prog_ifindex = ifindex,
		.prog_flags = flags,
	};

	return load_attr_as(w, who, &attr);
}

int
load(struct world *w, int ifindex)
{
	return load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)ifindex, 0, 0);
}

int
load_bound_only(struct world *w, int ifindex)
{
	return load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)ifindex, BOUND_ONLY, 0);
}

int
load_orphan(struct world *w)
{
	struct off_asic *nsim = off_nsim_new(w->k, 77, 1);
	int fd = load(w, off_port_ifindex(nsim, 0));

	off_asic_free(nsim);
	assert_true(fd >= 0);
	return fd;
}

int
load_insns(struct world *w, const struct bpf_insn *insns, uint32_t cnt, int ifindex)
{
	struct off_prog_load attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = insns,
		.insn_cnt = cnt,
		.license = "GPL",
		.prog_ifindex = (uint32_t)ifindex,
	};

	return load_attr(w, &attr);
}

int
create(struct world *w, enum bpf_map_type type, int ifindex)
{
	struct off_map_create attr = {
		.map_type = type,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 2,
		.map_name = type == BPF_MAP_TYPE_HASH ? "htab" : "array",
		.map_ifindex = (uint32_t)ifindex,
	};

	return off_map_create(&w->root, &attr, NULL);
}

int
load_maps(struct world *w, int ifindex, int map, int other)
{
	const struct bpf_insn insns[] = {
		ST(BPF_W, 10, -4, 0),
		MOV64_REG(2, 10),
		ADD64_IMM(2, -4),
		LD_MAP_FD(1, map),
		CALL(BPF_FUNC_map_lookup_elem),
		MOV64_REG(2, 10),
		ADD64_IMM(2, -4),
		LD_MAP_FD(1, other),
		CALL(BPF_FUNC_map_lookup_elem),
		MOV64_IMM(0, XDP_PASS),
		EXIT(),
	};

	return load_insns(w, insns, sizeof(insns) / sizeof(*insns), ifindex);
}

int
attach(struct world *w, int ifindex, int fd, uint32_t flags)
{
	struct off_xdp xdp = { .ifindex = ifindex, .fd = fd, .flags = flags };

	return off_xdp_set(&w->root, &xdp, &w->extack);
}

int
set_xdp(struct world *w, int ifindex, uint32_t flags)
{
	int fd = load(w, flags & HW ? ifindex : 0), err;

	if (fd < 0)
		return fd;
	err = attach(w, ifindex, fd, flags);
	off_close(w->k, fd);
	return err;
}

int
set_xdp_maps(struct world *w, int ifindex)
{
	int map = create(w, BPF_MAP_TYPE_HASH, ifindex);
	int other = create(w, BPF_MAP_TYPE_ARRAY, ifindex);
	int fd = map < 0 || other < 0 ? -EINVAL : load_maps(w, ifindex, map, other);
	int err = fd < 0 ? fd : attach(w, ifindex, fd, HW);

	off_close(w->k, map);
	off_close(w->k, other);
	off_close(w->k, fd);
	return err;
}

int
unset_xdp(struct world *w, int ifindex, uint32_t mode)
{
	return attach(w, ifindex, -1, mode);
}

int
share_block(struct world *w, int ifindex, uint32_t ingress, uint32_t egress)
{
	struct off_qdisc qdisc = {
		.ifindex = ifindex,
		.kind = OFF_QDISC_CLSACT,
		.ingress_block = ingress,
		.egress_block = egress,
	};

	return off_qdisc_add(&w->root, &qdisc, &w->extack);
}

int
add_qdisc(struct world *w, int ifindex, enum off_qdisc_kind kind)
{
	struct off_qdisc qdisc = { .ifindex = ifindex, .kind = kind };

	return off_qdisc_add(&w->root, &qdisc, &w->extack);
}

int
del_qdisc(struct world *w, int ifindex)
{
	return off_qdisc_del(&w->root, ifindex, TC_H_INGRESS, 0, NULL, &w->extack);
}

int
set_hw_tc(struct world *w, int ifindex, bool on)
{
	return off_netdev_set_feature(&w->root, ifindex, OFF_FEATURE_HW_TC, on);
}

void
set_knob(struct world *w, enum off_nsim_knob knob, uint32_t value)
{
	assert_int_equal(off_nsim_set(w->nsim, 0, knob, value), 0);
}

struct off_filter
good_filter(int ifindex)
{
	return (struct off_filter){
		.ifindex = ifindex,
		.parent = OFF_TC_INGRESS,
		.protocol = ETH_P_ALL,
		.nl_flags = NLM_F_CREATE | NLM_F_EXCL,
		.kind = "bpf",
		.name = "prog.o:[classifier]",
	};
}

int
add_filter(struct world *w, const struct off_filter *filter)
{
	return off_filter_add(&w->root, filter, &w->extack);
}

int
del_filter(struct world *w, const struct off_filter *filter)
{
	return off_filter_del(&w->root, filter, &w->extack);
}

int
load_tc(struct world *w, int ifindex)
{
	return load_as(w, &w->root, BPF_PROG_TYPE_SCHED_CLS, (uint32_t)ifindex, 0, 0);
}

int
add_loaded(struct world *w, const struct off_filter *filter)
{
	struct off_filter f = *filter;
	int err;

	f.fd = load_tc(w, f.gen_flags & SKIP_SW ? f.ifindex : 0);
	if (f.fd < 0)
		return f.fd;
	err = add_filter(w, &f);
	off_close(w->k, f.fd);
	return err;
}

int
set_tc(struct world *w, int ifindex, uint32_t gen_flags)
{
	struct off_filter f = good_filter(ifindex);

	f.gen_flags = gen_flags;
	return add_loaded(w, &f);
}

struct off_filter_report
filter_nth(struct world *w, int ifindex, uint32_t n)
{
	struct off_filter where = good_filter(ifindex);
	struct off_filter_report r;

	assert_int_equal(off_filter_show(&w->root, &where, n, &r), 0);
	return r;
}

uint32_t
count_filters(struct world *w, int ifindex)
{
	struct off_filter where = good_filter(ifindex);
	struct off_filter_report r;
	uint32_t n = 0;

	while (!off_filter_show(&w->root, &where, n, &r))
		n++;
	return n;
}

uint32_t
in_hardware(struct world *w)
{
	uint32_t id;

	assert_int_equal(off_nsim_offloaded_id(w->nsim, 0, &id), 0);
	return id;
}

struct ports
two_ports(struct world *w)
{
	struct ports s = { .nsim = off_nsim_new(w->k, 1, 2) };

	for (uint32_t i = 0; i < 2; i++) {
		s.port[i] = off_port_ifindex(s.nsim, i);
		assert_int_equal(set_hw_tc(w, s.port[i], true), 0);
	}
	return s;
}

uint32_t
in_port(const struct ports *s, uint32_t port)
{
	uint32_t id;

	assert_int_equal(off_nsim_offloaded_id(s->nsim, port, &id), 0);
	return id;
}

struct off_filter
block_filter(uint16_t prio, uint32_t gen_flags)
{
	struct off_filter f = good_filter(0);

	f.block = 7;
	f.prio = prio;
	f.gen_flags = gen_flags;
	return f;
}

struct off_filter_report
in_block(struct world *w, uint32_t n)
{
	struct off_filter where = { .block = 7 };
	struct off_filter_report r;

	assert_int_equal(off_filter_show(&w->root, &where, n, &r), 0);
	return r;
}

struct off_xdp_report
report(struct world *w, int ifindex)
{
	struct off_xdp_report r;

	assert_int_equal(off_xdp_query(&w->root, ifindex, &r), 0);
	return r;
}

struct bpf_prog_info
prog_info(struct world *w, int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	assert_int_equal(off_obj_info(&w->root, fd, &info, &size), 0);
	assert_int_equal(size, sizeof(info));
	return info;
}

uint32_t
prog_id(struct world *w, int fd)
{
	return prog_info(w, fd).id;
}

uint32_t
nth_id(struct world *w, enum off_kind kind, uint32_t n)
{
	uint32_t id = 0;

	do {
		if (off_get_next_id(&w->root, kind, id, &id))
			return 0;
	} while (n--);
	return id;
}

uint32_t
count(struct world *w, enum off_kind kind)
{
	uint32_t id = 0, n = 0;

	while (!off_get_next_id(&w->root, kind, id, &id))
		n++;
	return n;
}

uint32_t
count_loaded(struct world *w)
{
	uint32_t id = 0, n = 0;

	while (!off_get_next_id(&w->root, OFF_KIND_PROG, id, &id)) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);
		int fd = off_get_fd_by_id(&w->root, OFF_KIND_PROG, id);

		assert_true(fd >= 0);
		n += off_obj_info(&w->root, fd, &info, &size) != -ENODEV;
		off_close(w->k, fd);
	}
	return n;
}

uint32_t
count_bound(struct off_asic *nsim)
{
	struct off_nsim_bound bound;
	uint32_t n = 0;

	while (!off_nsim_bound(nsim, n, &bound))
		n++;
	return n;
}

void
pin(struct world *w, int fd, const char *path)
{
	assert_true(fd >= 0);
	assert_int_equal(off_obj_pin(&w->root, fd, path), 0);
	assert_int_equal(off_close(w->k, fd), 0);
}
