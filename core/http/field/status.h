/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of status codes: the registry of RFC 9110 section 16.2, and those that
 * nginx keeps for error_page (494 to 499).
 */
#ifndef SKUA_HTTP_FIELD_STATUS_H
#define SKUA_HTTP_FIELD_STATUS_H

#include <stdbool.h>

#include <str.h>

/* The standard reason phrase; empty for a code that has none. */
struct str status_reason(int status);

/*
 * What is sent for a status that only means something inside the server: 494
 * (head too large) and 495 to 497 go out as 400, others as they are.
 */
int status_on_wire(int status);

/* RFC 9110 section 6.4.1: 1xx, 204 and 304 have no body, whatever the method. */
static inline bool status_has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

#endif
