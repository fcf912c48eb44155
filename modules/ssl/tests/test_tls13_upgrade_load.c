/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of test_upgrade_load.c over TLS 1.3, with updates of keys under way. */
#include "harness/tls_wire.h"

OVER_TLS("1.3")

#include "functional/test_upgrade_load.c"
