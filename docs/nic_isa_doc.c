/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints docs/isa.md from the microengine's instruction table. A program of the build only. */
#include "nic/nic.h"

int
main(void)
{
	nic_isa_print_markdown(stdout);
	return fflush(stdout) != 0;
}
