/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of offload/ share, a section a file. Nobody but offload/ and its tests includes
 * it. Data first; who holds what is in README.md. Everything here runs with k->lock held, unless
 * it says otherwise.
 */
#ifndef OFF_INTERNAL_H
#define OFF_INTERNAL_H

#include "offload/offload.h"

#include <pthread.h>
#include <sys/queue.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

struct off_netdev;
struct off_prog;
struct off_map;
struct off_link;

/* ---- 1. objects: programs, maps, links ---- */

/* The beginning of each of them. References: descriptors, pins, and for
 *	a program	XDP slots, links, cells of program arrays, tc filters (a cBPF program is its
 *			filter's alone: no id, no descriptor)
 *	a map		programs that use it; the card, while such a program is there
 *	an event	cells of perf event arrays */
struct off_object {
	enum off_kind kind;
	uint32_t refs, user_refs; /* user_refs: those of them that are descriptors and pins */
	uint32_t id;		  /* 0: not yet, or no more (a map whose device is gone) */
	struct off_kernel *k;
	TAILQ_ENTRY(off_object) by_id; /* in k->objects[kind] while id is not 0 */
};
TAILQ_HEAD(off_objects, off_object);

/* What a program has while its device is there. */
struct off_prog_offload {
	struct off_prog *prog;
	struct off_netdev *dev; /* its home now: moves to a sibling when that port goes */
	struct off_asic *asic;	/* NULL: bound only */
	bool is_prepared;	/* the driver's prepare() succeeded: destroy() is owed */
	int opt_failed;		/* what replace_insn, remove_insns first failed with */
	void *priv;		/* the driver's */
	const void *image;	/* for info; the driver's, lives until destroy() */
	uint32_t image_bytes;	/* 0: "not jited" */
	LIST_ENTRY(off_prog_offload) of_record;
};

struct off_prog {
	struct off_object o; /* id 0 while it is verified */
	enum bpf_prog_type type;
	uint32_t expected_attach_type;
	uint8_t tag[8];
	char name[OFF_NAME_BYTES];
	bool gpl_compatible, has_frags;
	bool dev_bound, offload_requested; /* for ever */
	struct off_prog_offload *offload;  /* NULL: never had a device, or it is gone */
	struct off_map **maps;		   /* used; index: imm of BPF_PSEUDO_MAP_IDX in insns */
	uint32_t map_cnt;
	struct bpf_insn *insns; /* as loaded, maps by that index */
	uint32_t insn_cnt;
	struct bpf_insn *xlated; /* dead code gone, for info */
	uint32_t xlated_cnt;
	uint32_t verified_insns, max_packet_offset;
	int32_t refused_insn; /* by the verifier, -1 */
	uint32_t uid;
	uint64_t load_time_ns; /* CLOCK_BOOTTIME */
};

/* map_fd: the descriptor of the map it was put in through. */
struct off_perf_cell {
	struct off_perf *perf; /* a reference; NULL: empty */
	int map_fd;
};

struct off_map {
	struct off_object o;
	struct xb_map_def def; /* def.name is name */
	char name[OFF_NAME_BYTES];
	bool frozen;
	struct off_map *inner; /* of a map of maps; a reference */
	/* A host's map: */
	struct xb_map *host;	      /* NULL of a program array */
	struct off_prog **cells;      /* of a program array, max_entries of them */
	struct off_perf_cell *events; /* of a perf event array, as many */
	struct {		      /* what programs in it and users of it are, since the first */
		enum bpf_prog_type type; /* BPF_PROG_TYPE_UNSPEC: there was none */
		bool has_frags;
	} owner;
	/* A device's map: */
	bool offloaded;		/* for ever */
	bool is_refused;	/* it is here for the sake of findings, the driver has no part */
	struct off_netdev *dev; /* home; NULL: it is gone */
	void *priv;		/* the driver's */
	LIST_ENTRY(off_map) of_record;
};

/* An event of a cpu, and what waits in its ring. */
struct off_perf {
	struct off_object o; /* id 0 always */
	uint32_t cpu;
	uint32_t ring_bytes, used;
	uint64_t lost; /* not told yet */
	TAILQ_HEAD(, off_perf_entry) ring;
};

enum off_slot_mode { OFF_SLOT_SKB, OFF_SLOT_DRV, OFF_SLOT_HW, OFF_SLOT_CNT };

struct off_link {
	struct off_object o;
	struct off_prog *prog;
	struct off_netdev *dev; /* NULL: detached */
	enum off_slot_mode mode;
};

/* ---- 2. devices ---- */

/* kernel/bpf/offload.c's record of a network device: there while netdev->record is not NULL. */
struct off_record {
	struct off_asic *asic; /* NULL: made for a bound-only program, ends with its last */
	LIST_HEAD(, off_prog_offload) progs;
	LIST_HEAD(, off_map) maps;
};

struct off_slot {
	struct off_prog *prog; /* a reference, unless it is the link's */
	struct off_link *link;
};

struct off_netdev {
	struct off_kernel *k;
	int ifindex;
	uint32_t netns;
	char name[OFF_NAME_BYTES];
	uint32_t mtu, mtu_min, mtu_max;	 /* bytes */
	const struct off_driver *driver; /* NULL: no ndo_bpf */
	void *priv;			 /* the driver's, of a port */
	uint32_t features, changeable;	 /* enum off_feature */
	uint32_t wanted;		 /* features as they were last asked for */
	struct off_netdev *upper;
	struct off_slot slot[OFF_SLOT_CNT];
	struct off_sch *sch; /* ingress or clsact; NULL: neither */
	bool had_sch;	     /* now or before: TQ-3, TQ-4 */
	struct off_record *record;
	struct off_asic *asic; /* whose port it is; NULL: none */
	uint32_t port;
	TAILQ_ENTRY(off_netdev) in_kernel;
	TAILQ_ENTRY(off_netdev) in_asic;
};

struct off_asic {
	struct off_kernel *k;
	const struct off_driver *driver;
	uint32_t id;				 /* in names of ports */
	void *priv;				 /* the driver's */
	TAILQ_HEAD(off_ports, off_netdev) ports; /* the newest first */
	TAILQ_ENTRY(off_asic) in_kernel;
};

/* ---- 3. drivers ---- */

/* Commands of ndo_bpf (enum bpf_netdev_command). */
enum off_bpf_command {
	OFF_BPF_SETUP_PROG,    /* native XDP; prog NULL: none */
	OFF_BPF_SETUP_PROG_HW, /* offloaded XDP */
	OFF_BPF_MAP_ALLOC,     /* sets map->priv */
	OFF_BPF_MAP_FREE,
};
struct off_bpf {
	enum off_bpf_command command;
	struct off_prog *prog;
	uint32_t flags; /* XDP_FLAGS_* */
	struct off_map *map;
	struct off_extack *extack; /* may be NULL */
};

/* What a tc block asks of a port's driver (struct tc_cls_bpf_offload). */
enum off_tc_command { OFF_TC_OFFLOAD, OFF_TC_STATS };
struct off_tc {
	bool is_bpf; /* the classifier is cls_bpf; the rest is only there then */
	enum off_tc_command command;
	uint32_t chain;
	uint16_t protocol;		  /* ETH_P_*, host order */
	struct off_prog *prog, *old_prog; /* NULL: none */
	bool is_direct_action, has_actions;
	struct off_extack *extack; /* NULL unless skip_sw: nobody reads it then */
};

/*
 * A driver: one table. The names are those of struct net_device_ops and bpf_prog_offload_ops.
 * What is NULL is not supported. Sentences go through off_refuse() and xb_verify_say().
 */
struct off_driver {
	const char *name; /* KBUILD_MODNAME */

	/* A port comes and goes. port_init sets priv, features, MTU bounds. fini is called after
	 * programs and maps have left. */
	int (*port_init)(struct off_netdev *dev);
	void (*port_fini)(struct off_netdev *dev);
	void (*asic_fini)(struct off_asic *asic);

	int (*bpf)(struct off_netdev *dev, struct off_bpf *bpf);
	/* 0, or what a block callback answers; checks are 4.4's. */
	int (*setup_tc)(struct off_netdev *dev, struct off_tc *tc);
	int (*change_mtu)(struct off_netdev *dev, uint32_t mtu);
	int (*set_features)(struct off_netdev *dev, uint32_t features);

	/* A program, prog->offload being there. In this order: */
	int (*prepare)(struct off_prog *prog, const struct xb_verify_env *env);
	int (*insn_hook)(struct off_prog *prog, struct xb_verify_env *env, int insn, int prev);
	int (*finalize)(struct off_prog *prog, struct xb_verify_env *env);
	int (*replace_insn)(struct off_prog *prog, struct xb_verify_env *env, uint32_t off,
		const struct bpf_insn *insn);
	int (*remove_insns)(
		struct off_prog *prog, struct xb_verify_env *env, uint32_t off, uint32_t cnt);
	/* What the walk found; sets offload->image for info. */
	int (*translate)(struct off_prog *prog, const struct xb_facts *facts);
	/* With findings: the verifier refused the program. NULL: nothing more to say. */
	void (*find_unreached)(struct off_prog *prog);
	void (*destroy)(struct off_prog *prog);

	/* Elements of a device's map. flags are BPF_ANY, NOEXIST, EXIST. */
	int (*map_lookup)(struct off_map *map, const void *key, void *value);
	int (*map_update)(struct off_map *map, const void *key, const void *value, uint64_t flags);
	int (*map_delete)(struct off_map *map, const void *key);
	int (*map_next_key)(struct off_map *map, const void *key, void *next);
};

/* ---- 4. kernel.c ---- */

struct off_netns {
	int next_ifindex;
};

struct off_pin {
	char *path;
	struct off_object *object;
	TAILQ_ENTRY(off_pin) in_kernel;
};

/* First come, first served: who waits to remove a device is next after the callback that runs. */
struct off_lock {
	pthread_mutex_t mutex;
	pthread_cond_t turn;
	uint64_t next, now; /* tickets */
};

/* net_ratelimit() is the machine's, not a device's. */
struct off_klog {
	struct off_clock clock;
	struct off_klog_line lines[OFF_KLOG_LINES];
	uint64_t next;
	bool has_window;
	uint64_t window_start;
	uint32_t printed, missed; /* since then */
	bool has_event_note;	  /* CM-20 */
};

struct off_kernel {
	struct off_lock lock;
	struct off_kernel_opts opts;
	struct off_klog klog;
	struct off_netns *netns;
	uint32_t netns_cnt;
	TAILQ_HEAD(, off_netdev) netdevs;
	TAILQ_HEAD(off_asics, off_asic) asics;
	TAILQ_HEAD(, off_block) blocks;		       /* those with an index */
	struct off_objects objects[OFF_KIND_LINK + 1]; /* by kind, ascending by id */
	uint32_t last_id[OFF_KIND_LINK + 1];
	struct off_object **fds; /* index: descriptor; NULL: free */
	uint32_t fd_cnt;
	TAILQ_HEAD(, off_pin) pins;
};

void off_lock(struct off_kernel *k);
/* err, so that a call can end with it. */
int off_unlock(struct off_kernel *k, int err);
/* What info calls a namespace. */
void off_netns_name(uint32_t netns, uint64_t *dev, uint64_t *ino);
bool off_has(const struct off_caller *who, enum off_cap cap);

/* ---- klog.c ---- */

uint64_t off_now(const struct off_clock *clock);
void off_klog_add(struct off_klog *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* nn_dp_warn(): "DEVICE: " and the rule's sentence, unless there were too many. */
void off_klog_warn(struct off_klog *log, const char *device, enum off_rule rule, ...);

/* ---- 5. object.c: references, ids, descriptors, pins ---- */

void off_object_init(struct off_object *o, struct off_kernel *k, enum off_kind kind);
void off_object_get(struct off_object *o);
/* The last one frees. NULL is nothing. */
void off_object_put(struct off_object *o);
/* *place is prog from now on (NULL: none); a reference comes, that of what was there goes. */
void off_prog_replace(struct off_prog **place, struct off_prog *prog);
/* The same for descriptors and pins: with the last one a program array is emptied, or a program in
 * it that uses it would live for ever (kernel: map_release_uref). */
void off_object_user_put(struct off_object *o);
void off_object_add_id(struct off_object *o);
void off_object_drop_id(struct off_object *o);
void off_pin_free(struct off_kernel *k, struct off_pin *pin);
/* A descriptor that takes over the caller's reference; -EMFILE, -ENOMEM and the reference is put.
 */
int off_fd_new(struct off_object *o);
/* NULL and errno: EBADF, no descriptor; EINVAL, of another kind (kernel: bpf_prog_get(),
 * __bpf_map_get()). No reference is taken. */
struct off_object *off_fd_object(struct off_kernel *k, int fd, enum off_kind kind);
struct off_prog *off_fd_prog(struct off_kernel *k, int fd);
struct off_map *off_fd_map(struct off_kernel *k, int fd);
/* The name into OFF_NAME_BYTES (bpf_obj_name_cpy): 0 or -EINVAL. NULL is "". */
int off_name_copy(char *to, const char *name);

/* ---- 6. netdev.c ---- */

/* NULL: none in that namespace. */
struct off_netdev *off_netdev_find(struct off_kernel *k, uint32_t netns, int ifindex);
/* Registered with everything, or NULL and errno. name NULL: eth%d. */
struct off_netdev *off_netdev_register(struct off_kernel *k, const struct off_driver *driver,
	struct off_asic *asic, uint32_t port, uint32_t netns, const char *name);
void off_netdev_unregister(struct off_netdev *dev);
extern const struct off_driver off_native_driver;

/* ---- 7. device.c: the binding of programs and maps to devices (kernel/bpf/offload.c) ---- */

int off_record_new(struct off_netdev *dev, struct off_asic *asic);
/* The record of a bound-only program goes with the last one. */
void off_record_try_free(struct off_netdev *dev);
/* The device leaves: what is homed on it moves to a sibling, or is orphaned. */
void off_record_unregister(struct off_netdev *dev);
/* "offloaded": on the device, not only bound to it. */
bool off_prog_is_offloaded(const struct off_prog *prog);
/* May this program be attached to dev, use a map of dev (1.5)? */
bool off_dev_match(const struct off_prog *prog, const struct off_netdev *dev);
bool off_map_match(const struct off_prog *prog, const struct off_map *map);
/* The program leaves its device: destroy() if owed, record freed. */
void off_prog_offload_end(struct off_prog *prog);
/* The map leaves its device. */
void off_map_offload_end(struct off_map *map);

struct off_asic *off_asic_new(
	struct off_kernel *k, const struct off_driver *driver, uint32_t id, void *priv);
/* Ports 0 to cnt - 1 in the first namespace. The card; or it is freed, NULL and errno. */
struct off_asic *off_asic_with_ports(struct off_asic *asic, uint32_t cnt);
struct off_netdev *off_port_find(struct off_asic *asic, uint32_t port);

/* ---- 8. prog.c, prog_rules.c, prog_verify.c, prog_xlated.c, prog_tag.c, info.c ---- */

void off_prog_free(struct off_prog *prog);
/* PL-1 ... PL-4: a rule, or OFF_RULE_CNT. */
enum off_rule off_prog_check_attr(const struct off_caller *who, const struct off_prog_load *attr);
/* PL-6 ... PL-13: the program gets its record. 0, -errno. */
int off_prog_bind(
	struct off_prog *prog, const struct off_caller *who, const struct off_prog_load *attr);
/* An extension's part of that: bound as its target (VF-4). */
int off_prog_inherit(struct off_prog *prog, const struct off_prog *target, struct xb_log *log);
/* May the program be in, or use, a map of programs (bpf_prog_map_compatible)? VF-5. */
bool off_prog_fits_array(const struct off_prog *prog, struct off_map *map);
/* What attach points get of a descriptor (1.4): with attach_drv an offloaded program, too. NULL
 * and errno (EBADF, EINVAL), no reference is taken. */
struct off_prog *off_prog_for_attach(
	struct off_kernel *k, int fd, enum bpf_prog_type type, bool attach_drv);
/* Lets the lock go meanwhile: the device may be gone afterwards. */
int off_prog_verify(struct off_prog *prog, const struct off_prog_load *attr, struct xb_log *log);
int off_prog_set_xlated(struct off_prog *prog, const struct xb_facts *facts);
void off_prog_set_tag(struct off_prog *prog, const struct bpf_insn *insns);

/* ---- 9. map.c, map_ops.c ---- */

void off_map_free(struct off_map *map);
/* A program array lets its programs go. */
void off_map_clear_cells(struct off_map *map);

/* ---- perf.c ---- */

void off_perf_free(struct off_perf *perf);
/* Cells. map_fd: the descriptor the caller has of the map. */
int off_perf_update(struct off_map *map, int map_fd, uint32_t i, int fd, uint64_t flags);
int off_perf_delete(struct off_map *map, uint32_t i);
/* A descriptor of the map is closed: what was put in through it leaves, unless the map keeps it. */
void off_perf_forget(struct off_map *map, int map_fd);
void off_perf_clear(struct off_map *map);
struct off_perf_data {
	const void *data, *packet;
	uint32_t data_bytes, packet_bytes;
};
/* bpf_event_output() in an interrupt. */
void off_perf_output(struct off_map *map, uint32_t index, const struct off_perf_data *data);

/* ---- 10. xdp.c, link.c ---- */

/* All slots are emptied, the driver is told; links stay, detached. */
void off_xdp_uninstall(struct off_netdev *dev);
uint32_t off_xdp_prog_cnt(const struct off_netdev *dev);
struct off_prog *off_slot_prog(const struct off_netdev *dev, enum off_slot_mode mode);
/* XA-1 ... XA-19. link: the slot becomes its. The caller's references stay its own. */
int off_xdp_attach(struct off_netdev *dev, struct off_link *link, struct off_prog *prog,
	struct off_prog *old, uint32_t flags, struct off_extack *extack);
/* XA-16 ... XA-19. */
int off_xdp_install(struct off_netdev *dev, enum off_slot_mode mode, struct off_prog *prog,
	uint32_t flags, struct off_extack *extack);
/* The slot becomes empty whatever the driver says to it. */
void off_xdp_tell_none(struct off_netdev *dev, enum off_slot_mode mode);
enum off_slot_mode off_xdp_mode(const struct off_netdev *dev, uint32_t flags);
void off_link_free(struct off_link *link);

/* ---- 11. tc_block.c, tc_bpf.c, tc.c ---- */

#define OFF_FILTER_NAME_MAX 256u /* CLS_BPF_NAME_LEN */

/* A filter. Its place in the block's list is all there is of chains and priorities. */
struct off_tc_filter {
	struct off_block *block;
	uint32_t chain, handle;
	uint16_t prio, protocol;
	struct off_prog *prog; /* a reference */
	char name[OFF_FILTER_NAME_MAX + 1];
	bool is_cbpf, is_direct_action, has_actions;
	uint32_t gen_flags;   /* TCA_CLS_FLAGS_SKIP_* */
	uint32_t in_hw_count; /* ports that have it */
	bool is_replayed;     /* by the port that is joining */
	TAILQ_ENTRY(off_tc_filter) in_block;
};

/* A side of a port's qdisc in its block. */
struct off_bind {
	struct off_block *block; /* NULL: not bound */
	struct off_netdev *dev;
	bool is_egress;
	TAILQ_ENTRY(off_bind) of_block;
};

/* Filters, by chain (the oldest first), then by priority, then the newest first. Lives as long as
 * something is bound to it. */
struct off_block {
	struct off_kernel *k;
	uint32_t netns, index;	      /* index 0: one port's own */
	TAILQ_HEAD(, off_bind) binds; /* the newest first, as drivers are asked */
	TAILQ_HEAD(off_tc_filters, off_tc_filter) filters;
	TAILQ_ENTRY(off_block) in_kernel;
};

/* The qdisc of a device that holds blocks; its handle is ffff: */
struct off_sch {
	bool is_clsact;
	struct off_bind ingress, egress;
};

/* tc_block.c. The device leaves, or its namespace: the qdisc goes, and filters with it. */
void off_sch_shutdown(struct off_netdev *dev);
/* The port's driver is asked for filters of this block. */
bool off_bind_is_asked(const struct off_bind *bind);
/* One driver's answer to filter (NULL: none) in the place of old (NULL: none). */
int off_bind_ask(const struct off_bind *bind, struct off_tc_filter *filter,
	struct off_tc_filter *old, struct off_extack *extack);

/* tc_bpf.c. TC-0 ... TC-8: a new filter at that place (chain, prio, protocol, handle are those of
 * the request; a handle of 0 is chosen), or in place of old. */
int off_bpf_change(struct off_block *block, struct off_tc_filter *old,
	const struct off_filter *request, struct off_extack *extack);
/* TC-9. */
void off_bpf_delete(struct off_tc_filter *filter);

/* ---- 12. rules.c ---- */

/* The rule's -errno, its sentence in extack (NULL: nobody reads it); further arguments are those
 * of the sentence. */
int off_refuse(struct off_extack *extack, enum off_rule rule, ...);
void off_extack_clear(struct off_extack *extack);
/* The same for a log: the sentence is a line. */
int off_refuse_log(struct xb_log *log, enum off_rule rule);

/* ---- 13. findings.c ---- */

/* Notes it if somebody wants to know; is_first is set here. */
void off_find(struct off_kernel *k, const struct off_finding *finding, const char *message);
/* A refusal by a rule, at an instruction or -1; type as in off_findings_add(). 0: it is noted and
 * the call goes on; else -errno. */
int off_find_rule(struct off_kernel *k, enum off_rule rule, int32_t insn, int type);
/* The same of a rule with several errno, and of what has no rule here, the verifier's. err is
 * negative. */
int off_find_errno(struct off_kernel *k, enum off_rule rule, int err);
int off_find_refusal(
	struct off_kernel *k, const char *stage, int err, int32_t insn, const char *message);

#endif
