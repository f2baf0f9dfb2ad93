/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Variables of the kernel's configuration that libbpf fills in itself. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

extern int LINUX_KERNEL_VERSION __kconfig;
extern unsigned long CONFIG_NO_SUCH_OPTION __kconfig __weak;

SEC("xdp")
int
kconfig(struct xdp_md *ctx)
{
	return LINUX_KERNEL_VERSION > 1 && !CONFIG_NO_SUCH_OPTION ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
