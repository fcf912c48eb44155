/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test_http1_connection.c over TLS 1.2. */
#include "harness/tls_wire.h"

OVER_TLS("1.2")

#include "functional/test_http1_connection.c"
