/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine for tests: one netdevsim device with one port, root as the caller; loaders' commands in
 * one call each. Programs and maps that such a call makes for itself are let go by it, as by a tool
 * that ends.
 */
#ifndef TESTS_UNIT_OFFLOAD_WORLD_H
#define TESTS_UNIT_OFFLOAD_WORLD_H

#include "offload/offload.h"
#include "tests/_cmocka.h"
#include "tests/unit/bpf/asm.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>

#define HW XDP_FLAGS_HW_MODE
#define DRV XDP_FLAGS_DRV_MODE
#define SKB XDP_FLAGS_SKB_MODE
#define NOEXIST XDP_FLAGS_UPDATE_IF_NOEXIST
#define BOUND_ONLY (1u << 6) /* BPF_F_XDP_DEV_BOUND_ONLY */
#define LD_MAP_FD(d, fd) INSN(BPF_LD | BPF_IMM | BPF_DW, d, 1, 0, fd), INSN(0, 0, 0, 0, 0)

struct world {
	struct off_kernel *k;
	struct off_caller root;
	struct off_asic *nsim;
	int sim;		  /* its port */
	struct off_extack extack; /* of the last request */
	struct xb_log log;	  /* of the last load */
};

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
int world_setup(void **state);
int world_teardown(void **state); /* invariants hold, nothing leaks */
/* A world of that kernel version; the caller ends it. */
struct world *world_new(uint32_t linux_version);
void world_end(struct world *w);

/* Root without these capabilities. */
struct off_caller without(const struct world *w, uint32_t caps);
/* What loads well for the device; a test breaks it. */
struct off_prog_load good_load(const struct world *w);
/* A descriptor or -errno; the log is of this load. */
int load_attr_as(struct world *w, const struct off_caller *who, const struct off_prog_load *attr);
int load_attr(struct world *w, const struct off_prog_load *attr);

/* "return ret" of that type for a device (0: none): a descriptor or -errno. */
int load_as(struct world *w, const struct off_caller *who, enum bpf_prog_type type,
	uint32_t ifindex, uint32_t flags, int ret);
int load(struct world *w, int ifindex); /* XDP, 0 */
int load_bound_only(struct world *w, int ifindex);
int load_orphan(struct world *w); /* its device is gone */
int load_insns(struct world *w, const struct bpf_insn *insns, uint32_t cnt, int ifindex);
int create(struct world *w, enum bpf_map_type type, int ifindex); /* key 4, value 8, 2 entries */
/* An XDP program that looks into both. */
int load_maps(struct world *w, int ifindex, int map, int other);

/* RTM_SETLINK; fd -1 detaches. */
int attach(struct world *w, int ifindex, int fd, uint32_t flags);
/* Load, for the device when the mode is HW, attach, close. */
int set_xdp(struct world *w, int ifindex, uint32_t flags);
/* As set_xdp() in HW mode with an object of two maps. */
int set_xdp_maps(struct world *w, int ifindex);
int unset_xdp(struct world *w, int ifindex, uint32_t mode);

/* ---- tc ---- */

#define SKIP_HW ((uint32_t)TCA_CLS_FLAGS_SKIP_HW)
#define SKIP_SW ((uint32_t)TCA_CLS_FLAGS_SKIP_SW)
#define IN_HW ((uint32_t)TCA_CLS_FLAGS_IN_HW)
#define NOT_IN_HW ((uint32_t)TCA_CLS_FLAGS_NOT_IN_HW)
#define DA ((uint32_t)TCA_BPF_FLAG_ACT_DIRECT)

/* "tc qdisc add dev D ingress", clsact; del: whichever it is. */
int add_qdisc(struct world *w, int ifindex, enum off_qdisc_kind kind);
int del_qdisc(struct world *w, int ifindex);
/* The same with blocks of that number on both sides. */
int share_block(struct world *w, int ifindex, uint32_t ingress, uint32_t egress);
int set_hw_tc(struct world *w, int ifindex, bool on);
void set_knob(struct world *w, enum off_nsim_knob knob, uint32_t value);
/* "tc filter add dev D ingress bpf fd FD", without a program. A test breaks it. */
struct off_filter good_filter(int ifindex);
int add_filter(struct world *w, const struct off_filter *filter);
int del_filter(struct world *w, const struct off_filter *filter);
/* A program "return 0" of tc for a device (0: none). */
int load_tc(struct world *w, int ifindex);
/* As a loader: a program for the filter, for the filter's device with skip_sw, which it forgets. */
int add_loaded(struct world *w, const struct off_filter *filter);
/* add_loaded() of a good filter. */
int set_tc(struct world *w, int ifindex, uint32_t gen_flags);
/* The n-th filter at ingress; fails when there are fewer. */
struct off_filter_report filter_nth(struct world *w, int ifindex, uint32_t n);
uint32_t count_filters(struct world *w, int ifindex);
/* The program in port 0 of the device, 0: none. */
uint32_t in_hardware(struct world *w);

/* Two ports of another device, with hw-tc-offload, for the shared block 7. */
struct ports {
	struct off_asic *nsim;
	int port[2]; /* ifindexes */
};
struct ports two_ports(struct world *w);
uint32_t in_port(const struct ports *s, uint32_t port);
/* A good filter of block 7, and the n-th in it. */
struct off_filter block_filter(uint16_t prio, uint32_t gen_flags);
struct off_filter_report in_block(struct world *w, uint32_t n);

struct off_xdp_report report(struct world *w, int ifindex);
struct bpf_prog_info prog_info(struct world *w, int fd);
uint32_t prog_id(struct world *w, int fd);
/* Ids that are listed; without those whose device is gone. */
uint32_t count(struct world *w, enum off_kind kind);
uint32_t count_loaded(struct world *w);
uint32_t count_bound(struct off_asic *nsim);
/* The n-th id that is listed, 0: there are fewer. */
uint32_t nth_id(struct world *w, enum off_kind kind, uint32_t n);
/* Pin and close; get by path. */
void pin(struct world *w, int fd, const char *path);

/* The last request was refused with this sentence, or with none. */
#define assert_extack(w, sentence) assert_string_equal((w)->extack.text, sentence)
#define assert_in_log(w, text)                                                                     \
	do {                                                                                       \
		if (!strstr(xb_log_text(&(w)->log), text))                                         \
			fail_msg("'%s' is not in the log:\n%s", text, xb_log_text(&(w)->log));     \
	} while (0)

/* ---- invariants.c ---- */

/* References are those that are there, lists and pointers agree. Fails the test. */
void check_invariants(struct off_kernel *k);
/* All that a user can see, and references, as text; to be freed. */
char *snapshot(struct off_kernel *k);
/* It is still so; frees the text. */
void check_unchanged(struct off_kernel *k, char *before);
/* A request about a filter is refused with that errno and sentence, and changes nothing. */
#define assert_refused(w, request, filter, err, sentence)                                          \
	do {                                                                                       \
		char *before_ = snapshot((w)->k);                                                  \
		assert_int_equal(request(w, filter), err);                                         \
		assert_extack(w, sentence);                                                        \
		check_unchanged((w)->k, before_);                                                  \
	} while (0)

#endif
