/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP/1 as what connections speak: the worker gives it to http_start(). */
#ifndef SKUA_HTTP_H1_HTTP1_H
#define SKUA_HTTP_H1_HTTP1_H

struct protocol;

extern const struct protocol http1_protocol;

#endif
