/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cases of test_upgrade_load.c over TLS 1.3, with updates of keys under way. Handshakes take
 * their time, and those of a server give way to all else on the machine: so even with SOAK=1 there
 * are fewer.
 */
#include "harness/tls_wire.h"

#define SOAK_IDLE 2000
#define SOAK_UPGRADES 5

OVER_TLS("1.3")

#include "functional/test_upgrade_load.c"
