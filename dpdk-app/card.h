/* SPDX-License-Identifier: BSD-2-Clause */
/* The card a command line asks for. */
#ifndef APP_CARD_H
#define APP_CARD_H

#include "dpdk-app/cmd.h"
#include "jit-nfp/jit.h"

struct card {
	const char *name, *firmware; /* as on the command line, or the defaults */
	struct nic_card nic;
	struct jit_card jit;
	/* The driver's probe found fault with it: errno and sentence. Nothing can be loaded then.
	 */
	int err;
	char message[256];
	struct jit_debug debug; /* of the translation to it */
};

/* STATUS_DONE, or the status to exit with, complaint made. name, firmware: NULL is the default. */
int card_open(
	struct card *card, const char *name, const char *firmware, const struct words *what_if);
/* The same with --card, --firmware and --what-if, and with --jit and --debug-jit; what is not there
 * is refused. */
int card_of_options(struct card *card, const struct options *opt);

#endif
