/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local bool wipes;

static void free_memory(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	if (wipes && memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void *get_memory(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size ? malloc(size) : NULL;
}

static void *resize_memory(void *memory, size_t size, const char *file, int line)
{
	if (size)
		return realloc(memory, size);
	free_memory(memory, file, line);
	return NULL;
}

/* OpenSSL takes other functions only before it has got memory for the first time. */
static void __attribute__((constructor)) use_own_functions(void)
{
	(void)CRYPTO_set_mem_functions(get_memory, resize_memory, free_memory);
}

void ssl_free_wiped(SSL *ssl)
{
	wipes = true;
	SSL_free(ssl);
	wipes = false;
}
