/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts in PEM. OpenSSL finds the same blocks with the same bytes as the module ssl does, up to one
 * that is unusual.
 */
#include <assert.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "../../modules/ssl/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ck_block(BIO *bio, const struct pem_block *block)
{
	char *name, *head;
	unsigned char *bytes;
	long len;

	assert(PEM_read_bio(bio, &name, &head, &bytes, &len) == 1);
	assert(!*head && str_eq(block->name, str_from(name)));
	assert(block->len == (size_t)len && memcmp(block->bytes, bytes, block->len) == 0);
	OPENSSL_free(name);
	OPENSSL_free(head);
	OPENSSL_free(bytes);
}

static void ck_end(BIO *bio)
{
	char *name, *head;
	unsigned char *bytes;
	long len;

	assert(PEM_read_bio(bio, &name, &head, &bytes, &len) == 0);
	assert(ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE);
	ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	BIO *bio = BIO_new_mem_buf(data, (int)size);
	struct pem_block block;
	enum pem_result result;

	while ((result = pem_next(&text, &block)) == PEM_BLOCK) {
		ck_block(bio, &block);
		pem_block_free(&block);
	}
	assert(!block.bytes);
	if (result == PEM_END)
		ck_end(bio);
	BIO_free(bio);
	return 0;
}
