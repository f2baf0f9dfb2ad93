/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a firmware shows to a driver: the vNIC's control BAR, as far as it is about eBPF, and the
 * capability TLVs (nfp-offload-rules.md 1, 2). All little endian. card_tlv.c writes it,
 * jit-nfp/caps.c reads it.
 */
#ifndef NIC_VNIC_H
#define NIC_VNIC_H

#define NIC_BAR_CAP 0x38
#define NIC_BAR_BPF_ABI 0x80
#define NIC_BAR_BPF_CAP 0x81
#define NIC_BAR_BPF_MAX_LEN 0x82
#define NIC_BAR_BPF_START 0x84
#define NIC_BAR_BPF_DONE 0x86
#define NIC_BAR_BPF_STACK_SZ 0x88
#define NIC_BAR_BPF_INL_MTU 0x89
#define NIC_BAR_BPF_END 0x8a

#define NIC_CAP_BPF (1u << 27)	/* of CAP */
#define NIC_BPF_CAP_RELO 1u	/* of BPF_CAP: live reload */
#define NIC_BAR_UNIT_BYTES 64u	/* of BPF_STACK_SZ and BPF_INL_MTU */
#define NIC_TLV_HEADER_BYTES 8u /* type, length of the value */

enum nic_tlv {
	NIC_TLV_FUNC = 1,
	NIC_TLV_ADJUST_HEAD,
	NIC_TLV_MAPS,
	NIC_TLV_RANDOM,
	NIC_TLV_QUEUE_SELECT,
	NIC_TLV_ADJUST_TAIL,
	NIC_TLV_ABI_VERSION,
	NIC_TLV_MULTI_ENTRY,
};

#endif
