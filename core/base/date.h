/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dates as HTTP writes them (RFC 9110, section 5.6.7): always 29 characters,
 * always GMT, never in the language of the machine.
 */
#ifndef SKUA_BASE_DATE_H
#define SKUA_BASE_DATE_H

#include <time.h>

#define HTTP_DATE_LEN 29

/*
 * Writes "Sun, 06 Nov 1994 08:49:37 GMT" at `to` and returns the new end. Years
 * outside of 0 to 9999 are written as the nearest of these.
 */
char *date_put_http(char *to, time_t time);

#endif
