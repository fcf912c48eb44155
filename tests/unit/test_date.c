/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dates: written, read in three forms, refused.
 */
#include "harness/test.h"

#include <date.h>
#include <stdlib.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct {
	int64_t seconds;
	const char *text;
} dates[] = {
	{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
	{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
	{ -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
	{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
	{ 951868800, "Wed, 01 Mar 2000 00:00:00 GMT" },
	{ 1709164800, "Thu, 29 Feb 2024 00:00:00 GMT" },
	{ 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT" },
	{ 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT" },
	{ -62167219200, "Sat, 01 Jan 0000 00:00:00 GMT" },
};

START_TEST(writes_and_reads)
{
	for (size_t i = 0; i < COUNT(dates); i++) {
		char text[DATE_HTTP_LEN + 1] = "";
		time_t seconds = 1;

		ck_assert_ptr_eq(date_put_http(text, dates[i].seconds), text + DATE_HTTP_LEN);
		ck_assert_str_eq(text, dates[i].text);
		ck_assert_int_eq(date_parse_http(str_from(text), &seconds), 0);
		ck_assert_int_eq(seconds, dates[i].seconds);
	}
}
END_TEST

START_TEST(writes_what_the_library_writes)
{
	char text[DATE_HTTP_LEN + 1] = "", expected[64];

	/* Steps of a prime number of seconds meet every day of the week and month. */
	for (int64_t seconds = -62167219200; seconds < 253402300800; seconds += 86028121) {
		struct tm tm;
		time_t got = 0;

		gmtime_r(&(time_t){ seconds }, &tm);
		strftime(expected, sizeof(expected), "%a, %d %b %%04d %T GMT", &tm);
		date_put_http(text, seconds);
		ck_assert(strncmp(text, expected, 12) == 0);
		ck_assert(strcmp(text + 16, expected + 16) == 0);
		ck_assert_int_eq(date_parse_http(str_from(text), &got), 0);
		ck_assert_int_eq(got, seconds);
	}
}
END_TEST

START_TEST(clamps_years)
{
	char text[DATE_HTTP_LEN + 1] = "";

	date_put_http(text, INT64_MAX);
	ck_assert_str_eq(text, "Fri, 31 Dec 9999 23:59:59 GMT");
	date_put_http(text, INT64_MIN);
	ck_assert_str_eq(text, "Sat, 01 Jan 0000 00:00:00 GMT");
}
END_TEST

START_TEST(reads_obsolete_forms)
{
	const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
		{ "Sun Nov  6 08:49:37 1994", 784111777 },
		{ "Sun Nov 16 08:49:37 1994", 784975777 },
		{ "Wednesday, 01-Jan-70 00:00:00 GMT", 0 },
		{ "Tuesday, 01-Jan-69 00:00:00 GMT", 3124224000 },
		{ "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
		{ "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 },
	};
	time_t seconds;

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(date_parse_http(str_from(rows[i].text), &seconds) == 0, "%s",
			      rows[i].text);
		ck_assert_int_eq(seconds, rows[i].seconds);
	}
}
END_TEST

START_TEST(refuses_what_is_no_date)
{
	const char *rows[] = {
		"",
		"Sun",
		"Sun,",
		"yesterday",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"sun, 06 nov 1994 08:49:37 gmt",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Mon, 29 Feb 2100 00:00:00 GMT",
		"Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06-Nov-94 08:49:37 GMT",
		"Sunday, 06 Nov 1994 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994",
		"Sun Nov  6 08:49:37 1994 GMT",
	};
	time_t seconds;

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(date_parse_http(str_from(rows[i]), &seconds) < 0, "%s", rows[i]);
}
END_TEST

START_TEST(writes_for_logs)
{
	const struct {
		const char *zone, *log, *iso8601;
	} rows[] = {
		{ "UTC0", "06/Nov/1994:08:49:37 +0000", "1994-11-06T08:49:37+00:00" },
		{ "EST5", "06/Nov/1994:03:49:37 -0500", "1994-11-06T03:49:37-05:00" },
		{ "IST-5:30", "06/Nov/1994:14:19:37 +0530", "1994-11-06T14:19:37+05:30" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[DATE_LOG_LEN + 1] = "", iso8601[DATE_ISO8601_LEN + 1] = "";

		setenv("TZ", rows[i].zone, 1);
		tzset();
		ck_assert_ptr_eq(date_put_log(text, 784111777), text + DATE_LOG_LEN);
		ck_assert_str_eq(text, rows[i].log);
		ck_assert_ptr_eq(date_put_iso8601(iso8601, 784111777), iso8601 + DATE_ISO8601_LEN);
		ck_assert_str_eq(iso8601, rows[i].iso8601);
	}
}
END_TEST

START_TEST(writes_utc)
{
	char text[DATE_UTC_LEN + 1] = "";

	ck_assert_ptr_eq(date_put_utc(text, 784111777), text + DATE_UTC_LEN);
	ck_assert_str_eq(text, "1994-11-06T08:49:37Z");
	date_put_utc(text, -1);
	ck_assert_str_eq(text, "1969-12-31T23:59:59Z");
}
END_TEST

TESTS("date", writes_and_reads, writes_what_the_library_writes, clamps_years, reads_obsolete_forms,
      refuses_what_is_no_date, writes_for_logs, writes_utc)
