/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP dates. Digits by hand: strftime() asks the locale and is slower.
 */
#include "base/date.h"

#include <string.h>

static const char day_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static char *put_two(char *to, int n)
{
	*to++ = (char)('0' + n / 10);
	*to++ = (char)('0' + n % 10);
	return to;
}

static char *put_text(char *to, const char *text, size_t len)
{
	memcpy(to, text, len);
	return to + len;
}

char *date_put_http(char *to, time_t time)
{
	const time_t first = -62167219200, last = 253402300799;
	struct tm tm;

	time = time < first ? first : time > last ? last : time;
	gmtime_r(&time, &tm);

	to = put_text(to, day_names[tm.tm_wday], 3);
	to = put_text(to, ", ", 2);
	to = put_two(to, tm.tm_mday);
	*to++ = ' ';
	to = put_text(to, month_names[tm.tm_mon], 3);
	*to++ = ' ';
	to = put_two(to, (tm.tm_year + 1900) / 100);
	to = put_two(to, (tm.tm_year + 1900) % 100);
	*to++ = ' ';
	to = put_two(to, tm.tm_hour);
	*to++ = ':';
	to = put_two(to, tm.tm_min);
	*to++ = ':';
	to = put_two(to, tm.tm_sec);
	return put_text(to, " GMT", 4);
}
