/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control messages between driver and firmware on the control vNIC (nfp-offload-rules.md 8):
 * where each field is. The firmware's half is nic/firmware/control.c.
 *
 *	0  type (a reply's has NIC_CCM_REPLY)   1  version   2  tag, 16 bits, that a reply repeats
 *
 * All numbers are big endian, keys and values raw bytes. An entry is a key and a value, each in a
 * slot of a size that both sides know: NIC_CCM_SLOT_BYTES in ABI 2, the firmware's longest key and
 * value in ABI 3.
 */
#ifndef NIC_CCM_H
#define NIC_CCM_H

#include <stdint.h>

#define NIC_CCM_VERSION 1u
#define NIC_CCM_REPLY 0x80u
#define NIC_CCM_HEADER_BYTES 4u
#define NIC_CCM_REPLY_BYTES_MIN 8u /* header and result; the driver looks at nothing shorter */
#define NIC_CCM_SLOT_BYTES 64u	   /* ABI 2 */
#define NIC_CCM_BYTES_MAX 9216u	   /* the longest message there may be: no control MTU is larger */

enum nic_ccm_type {
	NIC_CCM_MAP_ALLOC = 1,
	NIC_CCM_MAP_FREE,
	NIC_CCM_MAP_LOOKUP,
	NIC_CCM_MAP_UPDATE,
	NIC_CCM_MAP_DELETE,
	NIC_CCM_MAP_GETNEXT,
	NIC_CCM_MAP_GETFIRST,
	NIC_CCM_BPF_EVENT, /* firmware to host, no reply */
};

/* Results. */
enum nic_ccm_rc {
	NIC_CCM_OK,
	NIC_CCM_BAD_MAP,
	NIC_CCM_NO_ENTRY,
	NIC_CCM_BAD_ARGUMENT,
	NIC_CCM_BAD_MESSAGE,
	NIC_CCM_EXISTS,
	NIC_CCM_NO_MEMORY,
	NIC_CCM_TOO_BIG,
};

/* Offsets of fields, and sizes of messages. */
enum {
	NIC_CCM_TYPE = 0,
	NIC_CCM_VER = 1,
	NIC_CCM_TAG = 2,

	NIC_CCM_ALLOC_KEY = 4, /* bytes */
	NIC_CCM_ALLOC_VALUE = 8,
	NIC_CCM_ALLOC_ENTRIES = 12,
	NIC_CCM_ALLOC_MAP_TYPE = 16, /* enum bpf_map_type */
	NIC_CCM_ALLOC_FLAGS = 20,
	NIC_CCM_ALLOC_BYTES = 24,

	NIC_CCM_FREE_MAP = 4,
	NIC_CCM_FREE_BYTES = 8,

	NIC_CCM_RC = 4,		  /* of every reply */
	NIC_CCM_REPLY_MAP = 8,	  /* of ALLOC; of FREE how many entries there were */
	NIC_CCM_SHORT_BYTES = 12, /* replies to both */

	NIC_CCM_OP_MAP = 4,    /* of LOOKUP to GETFIRST; one entry follows */
	NIC_CCM_OP_COUNT = 8,  /* entries asked for; of a reply those that were done */
	NIC_CCM_OP_FLAGS = 12, /* BPF_ANY, BPF_NOEXIST, BPF_EXIST */
	NIC_CCM_OP_BYTES =
		16, /* a reply has so many entries behind it, one more when rc is not 0 */

	NIC_CCM_EVENT_CPU = 4,
	NIC_CCM_EVENT_MAP = 8, /* 64 bits: the host's map, as the program names it */
	NIC_CCM_EVENT_DATA_BYTES = 16,
	NIC_CCM_EVENT_PACKET_BYTES = 20,
	NIC_CCM_EVENT_BYTES = 24, /* the packet's follow, padded to 4, then the data */
};

static inline void
nic_ccm_put(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline uint32_t
nic_ccm_get(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

#endif
