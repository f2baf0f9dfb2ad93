/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Nothing that could run here. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_open")
int
on_open(void *ctx)
{
	return 0;
}

SEC("nothing")
int
unknown(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
