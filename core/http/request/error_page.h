/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Error pages: the directive error_page, and what answers a request that has failed.
 */
#ifndef SKUA_HTTP_REQUEST_ERROR_PAGE_H
#define SKUA_HTTP_REQUEST_ERROR_PAGE_H

#include <module.h>

/* A code that error_page names: what the response has instead, and where it is. */
struct error_page {
	int code;
	int becomes; /* 0: keeps its code; -1: the code of the response from there (`=`) */
	const struct template *uri;
	struct error_page *next; /* of the same location; the first that has the code counts */
};

/* The setter of error_page; call->data is struct http_conf. */
directive_set error_page_set;

/*
 * Renders an error: by error_page, or the built-in page. DONE, RESTART (it is redirected
 * to the page) or CLOSE (444).
 */
verdict error_page_respond(struct request *req, int status);

/* Fills in the built-in page for a status. DONE. */
verdict error_page_built_in(struct request *req, int status);

#endif
