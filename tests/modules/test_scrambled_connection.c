/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test_http1_connection.c, over tests/modules/scramble. */
#include "harness/scramble.h"

SCRAMBLED

#include "functional/test_http1_connection.c"
