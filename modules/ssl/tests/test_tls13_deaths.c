/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test_deaths.c over TLS 1.3: workers that are killed under load. */
#include "harness/tls_wire.h"

OVER_TLS("1.3")

#include "functional/test_deaths.c"
