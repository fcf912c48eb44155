/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts in PEM (RFC 7468): blocks between "-----BEGIN X-----" and "-----END X-----". Here are
 * those that programs write today. PEM_read_bio(3) reads the others, and takes longer.
 */
#ifndef SKUA_SSL_PEM_H
#define SKUA_SSL_PEM_H

#include <stddef.h>
#include <str.h>

struct pem_block {
	struct str name; /* "CERTIFICATE"; in the text */
	unsigned char *bytes; /* what the block holds, in DER; from malloc(3) */
	size_t len;
};

enum pem_result {
	PEM_BLOCK,
	PEM_END, /* no block follows */
	PEM_UNUSUAL, /* a block has a head, is not in the strict form, is broken; or: no memory */
};

/*
 * Cuts the text off behind its next block. *block can be used with PEM_BLOCK only, and its name as
 * long as the text. What stands between blocks is passed over.
 */
enum pem_result pem_next(struct str *text, struct pem_block *block);

/* Wipes and frees the bytes. */
void pem_block_free(struct pem_block *block);

#endif
