/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cases of test_upgrade_deaths.c over TLS 1.3. Two holders of the keys of a connection would
 * seal two records with the same number, and the client could not open the second one.
 */
#include "harness/tls_wire.h"

OVER_TLS("1.3")

#include "functional/test_upgrade_deaths.c"
