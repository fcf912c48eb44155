/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the head of a response in HTTP/1.1 (RFC 9112). */
#ifndef SKUA_HTTP_H1_RESPONSE_HEAD_H
#define SKUA_HTTP_H1_RESPONSE_HEAD_H

#include <module.h>

/*
 * The head for req->response, in the pool of the request: status line, fields (those of
 * response_fields()), empty line. What would not stay in its line is left out, see
 * response_check().
 */
struct str response_head(struct request *req);

/* The lines of the trailers, without the empty line behind them; checked as well. */
struct str response_trailers(struct request *req);

#endif
