/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dates as HTTP and logs write them. Independent of the locale; only the two
 * formats for logs know a time zone.
 */
#ifndef SKUA_DATE_H
#define SKUA_DATE_H

#include <time.h>

#include <str.h>

#define DATE_HTTP_LEN    29
#define DATE_LOG_LEN     26
#define DATE_ISO8601_LEN 25
#define DATE_UTC_LEN     20

/*
 * Writes "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7): exactly
 * DATE_HTTP_LEN bytes without NUL. Returns the new end. Years outside of 0 to
 * 9999 are written as the nearest of these.
 */
char *date_put_http(char *to, time_t seconds);

/*
 * Reads any of the three forms of RFC 9110 section 5.6.7. A year of two digits
 * is one of 1970 to 2069. The name of the day need not be the right one. 0 or
 * -EINVAL.
 */
int date_parse_http(struct str text, time_t *seconds);

/* $time_local, "06/Nov/1994:09:49:37 +0100": DATE_LOG_LEN bytes, in the local zone. */
char *date_put_log(char *to, time_t seconds);

/* $time_iso8601, "1994-11-06T09:49:37+01:00": DATE_ISO8601_LEN bytes, in the local zone. */
char *date_put_iso8601(char *to, time_t seconds);

/* "1994-11-06T08:49:37Z": DATE_UTC_LEN bytes. */
char *date_put_utc(char *to, time_t seconds);

#endif
