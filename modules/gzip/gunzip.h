/* SPDX-License-Identifier: BSD-2-Clause */
/* Decodes gzip for clients that do not accept it. */
#ifndef GZIP_GUNZIP_H
#define GZIP_GUNZIP_H

#include <module.h>

/*
 * Replaces the body of the response, which is encoded with gzip (RFC 1952), with a body that
 * returns the decoded bytes. Several members in a row are decoded as one content. Content-Encoding
 * is removed, and the ETag becomes weak. If the body is not valid gzip or is truncated, the
 * connection is closed. Returns PASS, or 503 if compress_memory allows no further decoder.
 */
verdict gunzip_response(struct request *req);

#endif
