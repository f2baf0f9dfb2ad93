/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs that are neither XDP nor tc classifiers, of entries of maps, and of kernel functions. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#define PROGRAM(section, name)                                                                     \
	SEC(section) int name(void *ctx)                                                           \
	{                                                                                          \
		return 0;                                                                          \
	}

/* clang-format off */

/* first whole load EINVAL: Invalid argument */
PROGRAM("kprobe/do_unlinkat", a_kprobe)

/* first whole load EINVAL: Invalid argument */
PROGRAM("tracepoint/net/netif_rx", a_tracepoint)

/* first whole load EINVAL: Invalid argument */
PROGRAM("raw_tp/netif_rx", a_raw_tracepoint)

/* first whole load EINVAL: Invalid argument */
PROGRAM("fentry/do_unlinkat", a_tracing)

/* first whole load EINVAL: Invalid argument */
PROGRAM("perf_event", a_perf_event)

/* first whole load EINVAL: Invalid argument */
PROGRAM("cgroup_skb/ingress", a_cgroup)

/* first whole load EINVAL: Invalid argument */
PROGRAM("cgroup/connect4", a_cgroup_address)

/* first whole load EINVAL: Invalid argument */
PROGRAM("socket", a_socket_filter)

/* first whole load EINVAL: Invalid argument */
PROGRAM("sockops", a_socket_callback)

/* first whole load EINVAL: Invalid argument */
PROGRAM("lwt_xmit", a_route)

/* first whole attach EINVAL: BPF_XDP_DEVMAP programs can not be attached to a device */
PROGRAM("xdp/devmap", on_egress)

/* first whole attach EINVAL: BPF_XDP_CPUMAP programs can not be attached to a device */
PROGRAM("xdp/cpumap", on_a_cpu)

/* clang-format on */

SEC("action")
int
an_action(struct __sk_buff *skb)
{
	/* first whole load EINVAL: Invalid argument */
	/* then driver EINVAL: unsupported exit state: 1, imm: 3 */
	return TC_ACT_PIPE;
}

extern int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, __u32 *hash) __ksym;
extern void *bpf_task_from_pid(int pid) __ksym;

SEC("xdp")
int
metadata_function(struct xdp_md *ctx)
{
	__u32 hash = 0;

	/* first whole verifier EINVAL: metadata kfuncs can't be offloaded */
	return bpf_xdp_metadata_rx_hash(ctx, &hash) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
kernel_function(struct xdp_md *ctx)
{
	/* first whole driver EOPNOTSUPP: unsupported function id: * */
	return bpf_task_from_pid(1) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
