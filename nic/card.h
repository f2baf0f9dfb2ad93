/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Card files: which card, which firmware, and how its firmware describes itself to the driver.
 *
 * A card file is an .ini file of keys (card.def); one names a board, another a firmware, a user's
 * own may have both or a few keys only. They are read one over the other into a struct nic_card;
 * nic_card_check() says what is missing. A value is followed by how it is known:
 *
 *	mhz = 800 (read: nic-firmware, platform.h)
 *
 * The files in nic/cards/ are part of the library. nic_card_bar() and nic_card_capabilities() turn
 * a card into the bytes a driver would find on it.
 *
 * Errors: 0 or -EINVAL and one sentence in message.
 */
#ifndef NIC_CARD_H
#define NIC_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a value is known. X(id, word, what it says) */
#define NIC_KNOWN_LIST(X)                                                                          \
	X(MISSING, "", "nobody said")                                                              \
	X(SAID, "said", "a file says so, without a source")                                        \
	X(MEASURED, "measured", "on a real card")                                                  \
	X(READ, "read", "in the source of firmware or driver")                                     \
	X(STATED, "stated", "by the vendor or a user of the card")                                 \
	X(INFERRED, "inferred", "from other facts; nobody has looked")                             \
	X(WHAT_IF, "what-if", "changed for this run")
enum nic_known {
#define X(id, word, what) NIC_KNOWN_##id,
	NIC_KNOWN_LIST(X)
#undef X
		NIC_KNOWN_CNT
};

#define NIC_CARD_TEXT_MAX 64	/* a TEXT value, with its NUL */
#define NIC_CARD_STEPS_MAX 160	/* a STEPS value, with its NUL */
#define NIC_CARD_VALUE_MAX 160	/* any value as text, with its NUL */
#define NIC_CARD_SOURCE_MAX 160 /* with its NUL */

enum nic_card_kind {
	NIC_CARD_TEXT,
	NIC_CARD_NUMBER,
	NIC_CARD_FLAG,
	NIC_CARD_MAP_TYPES,
	NIC_CARD_DECIMAL, /* up to three decimals, kept in thousandths; least and most are, too */
	NIC_CARD_STEPS,	  /* nic/timing/steps.h */
};

enum nic_card_key {
#define KEY(section, key, ...) NIC_KEY_##key,
#include "nic/card.def"
#undef KEY
	NIC_KEY_CNT
};

#define NIC_CARD_FIELD_TEXT(key) char key[NIC_CARD_TEXT_MAX]
#define NIC_CARD_FIELD_NUMBER(key) uint32_t key
#define NIC_CARD_FIELD_FLAG(key) bool key
#define NIC_CARD_FIELD_MAP_TYPES(key) uint32_t key /* bit n: enum bpf_map_type n */
#define NIC_CARD_FIELD_DECIMAL(key) uint32_t key   /* thousandths */
#define NIC_CARD_FIELD_STEPS(key) char key[NIC_CARD_STEPS_MAX]

/* Zero it to begin. */
struct nic_card {
#define KEY(section, key, kind, ...) NIC_CARD_FIELD_##kind(key);
#include "nic/card.def"
#undef KEY
	struct {
		enum nic_known known;
		char source[NIC_CARD_SOURCE_MAX]; /* "" when nobody said */
	} notes[NIC_KEY_CNT];
};

/* A row of card.def. */
struct nic_card_key_info {
	const char *section, *name;
	enum nic_card_kind kind;
	size_t at; /* in struct nic_card */
	const char *unit;
	uint32_t min, max, step; /* of a NUMBER */
	const char *what;
};
const struct nic_card_key_info *nic_card_key_info(enum nic_card_key key);
/* "read"; never NULL. */
const char *nic_known_name(enum nic_known known);
/* "2560", "hash array"; "-" of one that is missing. */
void nic_card_format(const struct nic_card *card, enum nic_card_key key, char *text, size_t size);

/* ---- the files of nic/cards/ ---- */

#define NIC_CARD_DEFAULT "agilio-cx-2x40"
#define NIC_FIRMWARE_DEFAULT "ebpf"

struct nic_card_file {
	const char *name; /* "agilio-cx-2x40", "firmware/ebpf" */
	const char *text;
};
extern const struct nic_card_file nic_card_files[]; /* ends with a NULL name */
/* The name behind "firmware/", or NULL: it is a card. */
const char *nic_card_file_firmware(const struct nic_card_file *file);
/* NULL when there is none of that name. */
const struct nic_card_file *nic_card_find(const char *name, bool is_firmware);

/* ---- reading ---- */

/* Sets what the text has over what card has. name is what messages call it; they begin with
 * "NAME:LINE: ". A key that is set twice in one text, or is none, or has a value it may not have,
 * is an error; card is then half read. */
int nic_card_read(struct nic_card *card, const char *name, const char *text, size_t bytes,
	char *message, size_t size);
/* One key: "mhz=1200", as --what-if has it. */
int nic_card_set(struct nic_card *card, const char *assignment, char *message, size_t size);
/* Is every key there? */
int nic_card_check(const struct nic_card *card, char *message, size_t size);

/* ---- card_tlv.c: what the driver finds (nfp-offload-rules.md 1, 2) ---- */

#define NIC_BAR_BYTES 0x98u /* of the vNIC's control BAR: up to the end of what is told of eBPF */
void nic_card_bar(const struct nic_card *card, uint8_t bar[NIC_BAR_BYTES]);

#define NIC_CAPABILITIES_MAX 256u
/* The bytes of the symbol _abi_bpf_capabilities; 0: the firmware has no such symbol. */
size_t nic_card_capabilities(const struct nic_card *card, uint8_t bytes[NIC_CAPABILITIES_MAX]);

#endif
