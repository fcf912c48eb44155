/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The setters of the directives that belong to the http module. Its table is
 * in http_directives.c; what it fills in is described in http.h.
 */
#ifndef SKUA_HTTP_CONF_HTTP_CONF_H
#define SKUA_HTTP_CONF_HTTP_CONF_H

#include <conf.h>

#include "http/conf/http.h"

/* Blocks and names: http_blocks.c, location_conf.c. */
directive_set http_block_set;
directive_set server_block_set;
directive_set server_name_set;
directive_set location_block_set;

/* With the settings of this scope, which is about to be applied. */
struct http_location *location_create(struct conf_call *call, struct conf_scope *scope,
				      enum location_kind kind);

/* Single settings: http_settings.c. */
directive_set root_set;
directive_set alias_set;
directive_set internal_set;
directive_set keepalive_timeout_set;
directive_set large_client_header_buffers_set;
directive_set server_tokens_set;
directive_set http2_set;

/* 0, or -EINVAL after it was reported that the program was built without HTTP/2. */
int http2_check(struct conf_call *call, const struct conf_word *word);

/* listen_conf.c */
directive_set listen_set;

#endif
