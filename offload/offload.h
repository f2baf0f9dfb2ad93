/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * off: the part Linux plays between a user and a card. Who may load what for which device, what
 * may be attached where, what becomes of it when a port goes.
 *
 * The calls are the kernel's commands, bpf(2) (2-5) and rtnetlink (5, 6), with the kernel's
 * numbers, flags, errno and sentences (reference/kernel-offload.md; Linux 6.12). Everything lives
 * in one struct off_kernel, a machine of its own; file descriptors, ids and ifindexes are that
 * machine's.
 *
 *	k = off_kernel_new(NULL)                    a machine without devices
 *	who = OFF_ROOT(k)                           root in the first network namespace
 *	asic = off_nsim_new(k, 1, 3)                "1 3" into /sys/bus/netdevsim/new_device
 *	ifindex = off_port_ifindex(asic, 0)
 *	fd = off_prog_load(&who, &attr, &log)       BPF_PROG_LOAD, attr.prog_ifindex = ifindex
 *	off_xdp_set(&who, &xdp, &extack)            RTM_SETLINK with IFLA_XDP
 *
 * Errors: 0 (or a descriptor, an ifindex) or -errno; constructors NULL and errno. The sentence of
 * a refusal is in the verifier's log of a load, in the extack of a netlink request. A call that
 * fails changed nothing. Any thread may call: a lock for each machine, which a load lets go
 * between the driver's callbacks, as the kernel does. The library prints nothing.
 */
#ifndef OFF_H
#define OFF_H

#include "bpf/verifier/verifier.h"
#include "bpf/xb.h"

#include <stdbool.h>
#include <stdint.h>

#define OFF_NAME_BYTES 16u /* of an object or a port, with the NUL: BPF_OBJ_NAME_LEN, IFNAMSIZ */
#define OFF_ENOTSUPP 524   /* the kernel's own, not in the UAPI */

/* ---- 1. kernel.c: the machine, and who asks ---- */

struct off_kernel;

#define OFF_LINUX(major, minor) ((major)*1000u + (minor))

/* What time it is; now_ns NULL: CLOCK_MONOTONIC. */
struct off_clock {
	uint64_t (*now_ns)(void *arg);
	void *arg;
};

struct off_kernel_opts {
	/* OFF_LINUX(6, 12) is the default. From 6.14 tcp-data-split is looked at (XA-18), from
	 * 6.18 tags are SHA-256. */
	uint32_t linux_version;
	/* /proc/sys/kernel/unprivileged_bpf_disabled: without CAP_BPF no map can be made. */
	bool unprivileged_disabled;
	struct off_clock clock; /* the kernel log's, the driver's, of events */
};

/* opts may be NULL. NULL and errno. */
struct off_kernel *off_kernel_new(const struct off_kernel_opts *opts);
/* With all that is in it. */
void off_kernel_free(struct off_kernel *k);

enum off_cap {
	OFF_CAP_BPF = 1u << 0,
	OFF_CAP_NET_ADMIN = 1u << 1,
	OFF_CAP_SYS_ADMIN = 1u << 2, /* includes CAP_BPF, as in the kernel */
};

/* The task that makes a call. */
struct off_caller {
	struct off_kernel *k;
	uint32_t netns; /* ifindexes are this namespace's; 0: the first one */
	uint32_t caps;	/* enum off_cap */
	uint32_t uid;
};

#define OFF_ROOT(kernel)                                                                           \
	((struct off_caller){                                                                      \
		.k = (kernel), .caps = OFF_CAP_BPF | OFF_CAP_NET_ADMIN | OFF_CAP_SYS_ADMIN })

/* A new network namespace: its number, or -errno. They stay as long as the machine. */
int off_netns_add(struct off_kernel *k);
/* What object info calls it. */
int off_netns_id(struct off_kernel *k, uint32_t netns, uint64_t *dev, uint64_t *ino);

/* The sentence with which a netlink request was refused; "" when there is none, and then tools
 * print the errno. Where a call takes one it may be NULL. */
struct off_extack {
	char text[192];
};

/* dmesg: what the card's driver writes into the kernel log, whose last lines are kept. */
#define OFF_KLOG_LINES 256u
struct off_klog_line {
	uint64_t number; /* from 0 on; a gap: lines in between are gone */
	uint64_t time_ns;
	char text[240]; /* "nfp 0000:04:00.0: cmsg drop - too short 3!" */
};
/* The oldest line whose number is not below *number, which then is the next one's. -ENOENT: there
 * is none. */
int off_klog_read(struct off_kernel *k, uint64_t *number, struct off_klog_line *line);

/* Descriptors: from load, create, get, by id; events (OFF_KIND_PERF) have no ids and no pins. */
enum off_kind { OFF_KIND_PROG = 1, OFF_KIND_MAP, OFF_KIND_LINK, OFF_KIND_PERF };
int off_fd_kind(struct off_kernel *k, int fd); /* enum off_kind or -EBADF */
int off_close(struct off_kernel *k, int fd);

/* BPF_OBJ_PIN, BPF_OBJ_GET, unlink(2). The file system is the machine's own, names are free. */
int off_obj_pin(const struct off_caller *who, int fd, const char *path);
int off_obj_get(const struct off_caller *who, const char *path);
int off_obj_unlink(const struct off_caller *who, const char *path);

/* BPF_*_GET_NEXT_ID: 0 and the smallest id above `id` in *next, or -ENOENT. BPF_*_GET_FD_BY_ID. */
int off_get_next_id(const struct off_caller *who, enum off_kind kind, uint32_t id, uint32_t *next);
int off_get_fd_by_id(const struct off_caller *who, enum off_kind kind, uint32_t id);

/*
 * BPF_OBJ_GET_INFO_BY_FD: struct bpf_prog_info, bpf_map_info or bpf_link_info. *size: bytes of
 * info, then bytes filled. Pointers in it are asked for as in the kernel: a length and an address
 * in, the true length out. -ENODEV of a program or map whose device is gone; nothing is written.
 */
int off_obj_info(const struct off_caller *who, int fd, void *info, uint32_t *size);

/* ---- 2. netdev.c, device.c: devices, their ports, other network devices ---- */

/* A card, or a netdevsim device; its ports share programs and maps. */
struct off_asic;

/* Port numbers are the caller's. The ifindex of the new port, or -errno. */
int off_port_add(struct off_asic *asic, uint32_t port, uint32_t netns);
int off_port_del(struct off_asic *asic, uint32_t port);
/* 0: there is no such port. */
int off_port_ifindex(struct off_asic *asic, uint32_t port);
/* Ports first, the latest before the others. */
void off_asic_free(struct off_asic *asic);

/* Network devices that are no port of a card. */
enum off_netdev_kind {
	OFF_NETDEV_PLAIN,  /* its driver has no ndo_bpf: only generic XDP */
	OFF_NETDEV_NATIVE, /* its driver runs XDP, and has nothing to offload to */
};
int off_netdev_add(const struct off_caller *who, enum off_netdev_kind kind, const char *name);
int off_netdev_del(const struct off_caller *who, int ifindex);

/* To another namespace. The ifindex there: the same one if it is free. */
int off_netdev_move(const struct off_caller *who, int ifindex, uint32_t netns);
/* The name into OFF_NAME_BYTES, or -ENODEV: how tools turn an ifindex into a name. */
int off_netdev_name(const struct off_caller *who, int ifindex, char *name);
int off_netdev_set_mtu(
	const struct off_caller *who, int ifindex, uint32_t mtu, struct off_extack *extack);
/* The bond or team it is a port of; 0: none. */
int off_netdev_set_upper(const struct off_caller *who, int ifindex, int upper);

enum off_feature {
	OFF_FEATURE_HW_TC = 1u << 0,	       /* ethtool -K DEV hw-tc-offload */
	OFF_FEATURE_TCP_DATA_SPLIT = 1u << 1,  /* ethtool -G DEV tcp-data-split */
	OFF_FEATURE_MEMORY_PROVIDER = 1u << 2, /* a queue's packets are put elsewhere (devmem) */
};
/* One feature on or off; -EBUSY when the driver refuses, -EOPNOTSUPP when the device has none such.
 * What is refused stays wanted ("[requested off]"): the same request once more asks nobody, the
 * feature has to be wanted back first. */
int off_netdev_set_feature(
	const struct off_caller *who, int ifindex, enum off_feature feature, bool on);
/* Bits of enum off_feature, or -ENODEV. */
int off_netdev_features(const struct off_caller *who, int ifindex);
/* As they were last asked for. */
int off_netdev_wanted(const struct off_caller *who, int ifindex);

/* ---- 3. prog*.c: programs ---- */

/* The kernel functions a program calls, as vmlinux BTF would name them. */
struct off_kfunc {
	int32_t btf_id; /* imm of the call */
	const char *name;
};

/* union bpf_attr of BPF_PROG_LOAD, without addresses in integers. */
struct off_prog_load {
	enum bpf_prog_type prog_type;
	uint32_t expected_attach_type; /* enum bpf_attach_type */
	/* Maps as BPF_PSEUDO_MAP_FD (imm a descriptor) or _IDX (an index in fd_array), and their
	 * _VALUE forms. */
	const struct bpf_insn *insns;
	uint32_t insn_cnt;
	const int *fd_array;
	uint32_t fd_cnt;
	const char *license;
	const char *prog_name;
	uint32_t prog_flags;
	uint32_t prog_ifindex;
	int attach_prog_fd; /* 0: none */
	uint32_t attach_btf_id;
	unsigned int log_level; /* of the verifier */
	const struct off_kfunc *kfuncs;
	uint32_t kfunc_cnt;
	/* As struct xb_verify_opts has them; may be left out. */
	const struct btf *btf;
	const struct xb_func *funcs;
	uint32_t func_cnt;
	const struct xb_line *lines;
	uint32_t line_cnt;
};

/* A descriptor or -errno, the reason in the log unless one of the rules before the verifier
 * (PL-1 ... PL-12) refused: those are silent. */
int off_prog_load(
	const struct off_caller *who, const struct off_prog_load *attr, struct xb_log *log);
/* Would BPF_PROG_TEST_RUN run it on the host? 0, -OFF_ENOTSUPP, -EINVAL. */
int off_prog_test_run(const struct off_caller *who, int fd);

/* ---- 4. map*.c: maps ---- */

/* union bpf_attr of BPF_MAP_CREATE. */
struct off_map_create {
	enum bpf_map_type map_type;
	uint32_t key_size, value_size, max_entries; /* bytes, bytes, count */
	uint32_t map_flags;
	uint32_t numa_node; /* with BPF_F_NUMA_NODE; there is node 0 */
	const char *map_name;
	uint32_t map_ifindex;
	uint32_t btf_key_type_id, btf_value_type_id;
	uint64_t map_extra;
};

/* A descriptor or -errno. Maps of the host are xb_maps with one worker; what is wrong with their
 * attributes is in the log. */
int off_map_create(
	const struct off_caller *who, const struct off_map_create *attr, struct xb_log *log);

/* BPF_MAP_*_ELEM. Buffers hold key_size and value_size bytes (of the host's per-cpu maps:
 * xb_map_user_value_size()). */
int off_map_lookup(
	const struct off_caller *who, int fd, const void *key, void *value, uint64_t flags);
int off_map_update(
	const struct off_caller *who, int fd, const void *key, const void *value, uint64_t flags);
int off_map_delete(const struct off_caller *who, int fd, const void *key);
/* key NULL: the first. */
int off_map_next_key(const struct off_caller *who, int fd, const void *key, void *next);
int off_map_lookup_and_delete(const struct off_caller *who, int fd, const void *key, void *value);
/* No more writes through this interface (BPF_MAP_FREEZE). */
int off_map_freeze(const struct off_caller *who, int fd);
/* May BPF_MAP_*_BATCH, may mmap(2)? 0, or -OFF_ENOTSUPP of a device's map. */
int off_map_batch(const struct off_caller *who, int fd);

/* perf.c: perf_event_open(2) of PERF_COUNT_SW_BPF_OUTPUT on a cpu, with a ring of so many bytes, a
 * power of 2 and at least 4,096: a descriptor, or -errno. Programs' events reach it when it is in
 * a perf event array (off_map_update()) and the program's card interrupts that cpu: 0. */
int off_perf_open(const struct off_caller *who, uint32_t cpu, uint32_t ring_bytes);
/* A record as it is in the ring: a sample, its data as perf tools see it, to which the kernel adds
 * bytes up to 8 n + 4; or how many were lost before it. */
struct off_perf_record {
	bool is_lost;
	uint64_t lost;
	uint64_t time_ns;
	uint32_t bytes;
};
/* The oldest record is taken, its data is in data; -EAGAIN: there is none; -ENOSPC: it is longer
 * than size, and stays. */
int off_perf_read(const struct off_caller *who, int fd, struct off_perf_record *record, void *data,
	uint32_t size);

/* ---- 5. xdp.c, link.c: XDP ---- */

/* XDP_FLAGS_* of linux/if_link.h. */
struct off_xdp {
	int ifindex;
	int fd; /* less than 0: detach */
	uint32_t flags;
	bool has_expected; /* IFLA_XDP_EXPECTED_FD is there */
	int expected_fd;   /* less than 0: no program is expected */
};
/* RTM_SETLINK, IFLA_XDP. */
int off_xdp_set(const struct off_caller *who, const struct off_xdp *xdp, struct off_extack *extack);

/* IFLA_XDP of a link dump. */
struct off_xdp_report {
	uint8_t attached; /* XDP_ATTACHED_* */
	uint32_t prog_id; /* of the only program; 0 when there is none or more than one */
	uint32_t drv_id, skb_id, hw_id;
};
int off_xdp_query(const struct off_caller *who, int ifindex, struct off_xdp_report *report);

/* BPF_LINK_CREATE for XDP: a descriptor, or -errno. */
int off_link_create(const struct off_caller *who, int prog_fd, int ifindex, uint32_t flags,
	struct off_extack *extack);
/* BPF_LINK_UPDATE; flags: BPF_F_REPLACE, the program must then be that of old_fd. */
int off_link_update(
	const struct off_caller *who, int link_fd, int prog_fd, uint32_t flags, int old_fd);
int off_link_detach(const struct off_caller *who, int link_fd);

/* ---- 6. tc*.c: tc ---- */

enum off_qdisc_kind { OFF_QDISC_INGRESS, OFF_QDISC_CLSACT };
struct off_qdisc {
	int ifindex;
	enum off_qdisc_kind kind;
	/* 0: a block of its own. Else the number of a block that devices of a namespace share; it
	 * comes and goes with them. egress: of clsact. */
	uint32_t ingress_block, egress_block;
};
/* RTM_NEWQDISC of "tc qdisc add": its handle is ffff: */
int off_qdisc_add(
	const struct off_caller *who, const struct off_qdisc *qdisc, struct off_extack *extack);
/* RTM_DELQDISC. "tc qdisc del dev D clsact" is parent TC_H_CLSACT, handle ffff:0, kind "clsact";
 * kind NULL: any. */
int off_qdisc_del(const struct off_caller *who, int ifindex, uint32_t parent, uint32_t handle,
	const char *kind, struct off_extack *extack);
/* "tc qdisc show", without what every device has by itself: -ENOENT. */
int off_qdisc_show(const struct off_caller *who, int ifindex, struct off_qdisc *qdisc);

#define OFF_TC_INGRESS 0xfffffff2u /* TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS) */
#define OFF_TC_EGRESS 0xfffffff3u

struct sock_filter;

/* struct tcmsg and the attributes of RTM_NEWTFILTER, RTM_DELTFILTER. */
struct off_filter {
	int ifindex;		/* 0: a shared block is meant */
	uint32_t block;		/* its number */
	uint32_t parent;	/* OFF_TC_INGRESS, OFF_TC_EGRESS */
	uint32_t chain, handle; /* handle 0: the lowest that is free; removal: all */
	uint16_t prio;		/* 0: one below the lowest, from 49152 on; removal: all */
	uint16_t protocol;	/* ETH_P_*, host order */
	uint32_t nl_flags;	/* NLM_F_CREATE (add, replace), NLM_F_EXCL (add) */
	const char *kind;	/* "bpf"; NULL: not given */
	/* TCA_BPF_*, not looked at by removal: */
	int fd; /* of an eBPF program; 0: none */
	const struct sock_filter *ops;
	uint32_t ops_cnt; /* of cBPF instructions; 0: none */
	const char *name;
	uint32_t flags;	    /* TCA_BPF_FLAG_ACT_DIRECT */
	uint32_t gen_flags; /* TCA_CLS_FLAGS_SKIP_HW, _SKIP_SW */
	bool has_actions;   /* an action or a police besides; which one does not matter here */
};
/* RTM_NEWTFILTER: a new filter, or in the place of one with that chain, prio, handle. */
int off_filter_add(
	const struct off_caller *who, const struct off_filter *filter, struct off_extack *extack);
/* RTM_DELTFILTER. */
int off_filter_del(
	const struct off_caller *who, const struct off_filter *filter, struct off_extack *extack);

/* A filter in "tc -s filter show". */
struct off_filter_report {
	uint32_t chain, handle;
	uint16_t prio, protocol;
	char name[257];
	uint32_t flags, gen_flags; /* with TCA_CLS_FLAGS_IN_HW or _NOT_IN_HW */
	uint32_t in_hw_count;	   /* ports that have it */
	uint32_t prog_id;	   /* 0: cBPF */
	uint8_t tag[8];
};
/* The n-th at that ifindex and parent, or in that block. -ENOENT: there are fewer. Of packets
 * nothing is said: no driver here counts them by filter. */
int off_filter_show(const struct off_caller *who, const struct off_filter *where, uint32_t n,
	struct off_filter_report *report);

/* ---- 7. nsim*.c: netdevsim ---- */

/* "ID PORTS" into new_device: ports 0 ... ports - 1 in the first namespace. NULL and
 * errno: EEXIST when there is one of that id. */
struct off_asic *off_nsim_new(struct off_kernel *k, uint32_t id, uint32_t ports);

/* Knobs, files in debugfs. KNOB(id, file, of a port?, at the beginning) */
#define OFF_NSIM_KNOB_LIST(KNOB)                                                                   \
	KNOB(BIND_ACCEPT, "bpf_bind_accept", false, 1)                                             \
	KNOB(BIND_VERIFIER_DELAY, "bpf_bind_verifier_delay", false, 0) /* ms */                    \
	KNOB(BIND_VERIFIER_ACCEPT, "bpf_bind_verifier_accept", false, 1)                           \
	KNOB(TC_ACCEPT, "bpf_tc_accept", true, 1)                                                  \
	KNOB(TC_NON_BOUND_ACCEPT, "bpf_tc_non_bound_accept", true, 0)                              \
	KNOB(XDPDRV_ACCEPT, "bpf_xdpdrv_accept", true, 1)                                          \
	KNOB(XDPOFFLOAD_ACCEPT, "bpf_xdpoffload_accept", true, 1)                                  \
	KNOB(MAP_ACCEPT, "bpf_map_accept", true, 1)
enum off_nsim_knob {
#define KNOB(id, file, is_port, initial) OFF_NSIM_##id,
	OFF_NSIM_KNOB_LIST(KNOB)
#undef KNOB
		OFF_NSIM_KNOB_CNT
};
const char *off_nsim_knob_file(enum off_nsim_knob knob);
/* port: of the knobs that are a port's; else not looked at. -ENODEV: there is no such port. */
int off_nsim_set(struct off_asic *nsim, uint32_t port, enum off_nsim_knob knob, uint32_t value);
/* ports/N/bpf_offloaded_id: the program in the port's hardware, 0: none. */
int off_nsim_offloaded_id(struct off_asic *nsim, uint32_t port, uint32_t *id);

/* A directory in bpf_bound_progs/. */
struct off_nsim_bound {
	uint32_t dir; /* its name */
	uint32_t id;
	const char *state; /* "verify", "xlated" */
	bool loaded;
};
/* The n-th, oldest first; -ENOENT: there are fewer. */
int off_nsim_bound(struct off_asic *nsim, uint32_t n, struct off_nsim_bound *bound);

/* ---- 8. nfp*.c: the card ---- */

struct nic_fw;
/*
 * A card with all its ports in the first namespace, its firmware being fw, which must live as long.
 * NULL and errno: EINVAL where the driver's probe fails, EOPNOTSUPP where there is a card that
 * takes no program; the driver's sentences are in the log.
 */
struct off_asic *off_nfp_new(
	struct off_kernel *k, uint32_t id, struct nic_fw *fw, struct xb_log *log);
/* The card's interrupt: what the firmware has sent by itself, events of programs, is delivered. How
 * many messages there were. */
uint32_t off_nfp_poll(struct off_asic *nfp);
/* The firmware's number of a map on a card, as a program's microcode has it. -EBADF: it is none. */
int off_nfp_map_number(struct off_kernel *k, int fd, uint32_t *number);

/* ---- 9. rules.c: every rule ---- */

enum off_rule {
#define RULE(id, ...) OFF_RULE_##id,
#include "offload/rules.def"
#undef RULE
	OFF_RULE_CNT
};

struct off_rule_info {
	const char *id;	  /* "XA_10" */
	int err;	  /* errno, positive; 0 of a rule that refuses nothing */
	const char *text; /* the sentence, "" when there is none */
	const char *what; /* when, for people */
};
const struct off_rule_info *off_rule_info(enum off_rule rule);

#endif
