/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program in which OpenSSL has got memory before the functions of this module could be given to
 * it, as it may be with a library in LD_PRELOAD: it works, and says that secrets stay in memory.
 */
#include "harness/test.h"

#include <openssl/crypto.h>
#include <string.h>

#include "memory.h"

static void *early;

/* Runs before the constructors without a priority. */
static void __attribute__((constructor(101))) get_early_memory(void)
{
	early = OPENSSL_malloc(100);
}

START_TEST(openssl_keeps_its_functions)
{
	ck_assert_ptr_nonnull(early);
	ck_assert(!ssl_memory_is_ours());
	early = OPENSSL_realloc(early, 10000);
	OPENSSL_free(early);
}
END_TEST

TESTS("memory of OpenSSL", openssl_keeps_its_functions)
