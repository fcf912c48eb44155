/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS as a transport of the harness, by OpenSSL's client. All programs of tests speak it with all
 * servers at 127.0.0.1 if the environment says so:
 *
 *     TEST_TLS=1.3          TLS 1.3, records of the server's own
 *     TEST_TLS=1.3-openssl  TLS 1.3, records of OpenSSL
 *     TEST_TLS=1.2          TLS 1.2
 *
 * or if a program begins with
 *
 *     #include "harness/tls_wire.h"
 *     OVER_TLS("1.3")
 */
#ifndef HARNESS_TLS_WIRE_H
#define HARNESS_TLS_WIRE_H

#include "harness/wire.h"

#include <stdlib.h>

#define OVER_TLS(value)                                              \
	__attribute__((constructor(101))) static void use_tls(void) \
	{                                                            \
		setenv("TEST_TLS", value, 0);                        \
	}

#endif
