/* SPDX-License-Identifier: BSD-2-Clause */
/* DPDK's environment, started so that it needs neither root nor huge pages. */
#ifndef APP_EAL_H
#define APP_EAL_H

#include "bpf/xb.h"

#define LCORES_MAX 16 /* RTE_PMD_RING_MAX_RX_RINGS */

/* Start EAL with `lcores` threads; extra: more arguments, blanks between, may be NULL. The caller
 * becomes the main lcore. 0, or -errno and a sentence. Once a process. */
int eal_start(unsigned int lcores, bool verbose, const char *extra, struct xb_log *log);
void eal_stop(void);

#endif
