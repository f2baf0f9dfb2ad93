/* SPDX-License-Identifier: BSD-2-Clause */
/* cmocka with the headers it wants before itself. Tests include this, never <cmocka.h>. */
#ifndef TESTS_CMOCKA_H
#define TESTS_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
