/* SPDX-License-Identifier: BSD-2-Clause */
/* Decodes gzip for clients that do not accept it. */
#ifndef GZIP_GUNZIP_H
#define GZIP_GUNZIP_H

#include <module.h>

/*
 * Replaces the body of the response, which is encoded with gzip (RFC 1952; several members in
 * a row are one content), by one that gives the decoded bytes. Content-Encoding goes, and the
 * ETag becomes weak. A body that is no gzip, or ends too early, breaks the connection off. PASS, or
 * 503 if compress_memory allows no further decoder.
 */
verdict gunzip_response(struct request *req);

#endif
