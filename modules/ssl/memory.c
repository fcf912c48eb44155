/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_ours;
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
	size_t old_size = memory ? malloc_usable_size(memory) : 0;

	if (wipes && size && size < old_size)
		explicit_bzero((char *)memory + size, old_size - size);
	if (size && (!wipes || size <= old_size))
		return realloc(memory, size);

	/* realloc() would leave the bytes where they were. */
	void *grown = get_memory(size, file, line);

	if (grown && memory)
		memcpy(grown, memory, old_size);
	if (grown || !size)
		free_memory(memory, file, line);
	return grown;
}

/* OpenSSL takes other functions only before it has got memory for the first time. */
static void __attribute__((constructor)) use_own_functions(void)
{
	is_ours = CRYPTO_set_mem_functions(get_memory, resize_memory, free_memory) == 1;
}

bool ssl_memory_is_ours(void)
{
	return is_ours;
}

int ssl_do_handshake_wiped(SSL *ssl)
{
	wipes = true;

	int result = SSL_do_handshake(ssl);

	wipes = false;
	return result;
}

void ssl_free_wiped(SSL *ssl)
{
	wipes = true;
	SSL_free(ssl);
	wipes = false;
}
