/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Section names that libbpf 1.x does not know. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define PROG(section, name)                                                                        \
	SEC(section)                                                                               \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		return 1;                                                                          \
	}

PROG("xdp_icmp", p1)
PROG("xdp-rrl", p2)
PROG("xdp/pass", p3)
PROG("cls_test", p4)
PROG("tc/ingress", p5)
PROG("tcx/ingress", p6)
PROG("tc_packet_hook0", p7)
PROG("redirect_to_111", p8)
PROG("action_drop", p9)
PROG("classifier/egress", p10)
PROG("some_section", xdp_by_function)
PROG("prog", p11)
PROG("?xdp", p12)
PROG("ingress", p13)
PROG("egress", p14)

char _license[] SEC("license") = "GPL";
