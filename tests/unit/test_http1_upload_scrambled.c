/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test_http1_upload.c, over the transport of tests/modules/scramble. */
#include "harness/scramble.h"

SCRAMBLED

#include "unit/test_http1_upload.c"
