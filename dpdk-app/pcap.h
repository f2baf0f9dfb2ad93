/* SPDX-License-Identifier: BSD-2-Clause */
/* libpcap beside the kernel's BPF: both have a struct bpf_insn, and we want the kernel's. */
#ifndef APP_PCAP_H
#define APP_PCAP_H

#include "bpf/xb.h"

#define bpf_insn pcap_insn
#include <pcap/pcap.h>
#undef bpf_insn

#endif
