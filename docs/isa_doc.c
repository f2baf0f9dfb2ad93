/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints docs/bpf-isa.md from the instruction table. A program of the build only (make docs). */
#include "bpf/xb.h"

int
main(void)
{
	xb_isa_print_markdown(stdout);
	return fflush(stdout) != 0;
}
