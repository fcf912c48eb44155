/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clients' side of tests/modules/scramble. A program of tests that begins with
 *
 *     #include "harness/scramble.h"
 *     SCRAMBLED
 *
 * speaks scrambled with all servers at 127.0.0.1: "listen 127.0.0.1:…" gets the parameter
 * `scrambled`, and clients of the harness scramble what they send. So the cases of another
 * program run over this transport if its source is included behind these lines.
 */
#ifndef HARNESS_SCRAMBLE_H
#define HARNESS_SCRAMBLE_H

#include "harness/wire.h"

extern const struct wire_type scramble_wire;

#define SCRAMBLED                                                   \
	__attribute__((constructor)) static void be_scrambled(void) \
	{                                                           \
		wire_type = &scramble_wire;                         \
	}

#endif
