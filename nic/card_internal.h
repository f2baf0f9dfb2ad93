/* SPDX-License-Identifier: BSD-2-Clause */
/* Between card.c and card_read.c. */
#ifndef NIC_CARD_INTERNAL_H
#define NIC_CARD_INTERNAL_H

#include "nic/card.h"

#define NIC_CARD_WHY_MAX 128

/* NIC_KEY_CNT: none of that name. */
enum nic_card_key nic_card_key_find(const char *name, size_t len);
/* 0, or -EINVAL and what is wrong with the value. */
int nic_card_set_value(struct nic_card *card, enum nic_card_key key, const char *value,
	char *message, size_t size);

#endif
