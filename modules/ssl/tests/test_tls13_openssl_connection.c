/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test_http1_connection.c over TLS 1.3 with the records of OpenSSL. */
#include "harness/tls_wire.h"

OVER_TLS("1.3-openssl")

#include "functional/test_http1_connection.c"
