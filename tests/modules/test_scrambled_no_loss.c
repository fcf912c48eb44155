/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test_no_loss.c, over the transport of tests/modules/scramble. */
#include "harness/scramble.h"

SCRAMBLED

#include "functional/test_no_loss.c"
