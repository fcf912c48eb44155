/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test_http1_connection.c over TLS 1.3 with the server's own records. */
#include "harness/tls_wire.h"

OVER_TLS("1.3")

#include "functional/test_http1_connection.c"
