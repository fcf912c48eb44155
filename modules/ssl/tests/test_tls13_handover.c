/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test_handover.c over TLS 1.3, with updates of keys before and after. */
#include "harness/tls_wire.h"

OVER_TLS("1.3")

#include "functional/test_handover.c"
