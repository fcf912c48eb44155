/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test_handover.c, over the transport of tests/modules/scramble. */
#include "harness/scramble.h"

SCRAMBLED

#include "functional/test_handover.c"
