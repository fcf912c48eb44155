/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges, entity tags, preconditions, and what may stand in a field line.
 */
#include "harness/test.h"

#include <field.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Ranges of 1000 bytes as text: "0-9 20-29"; "-": ignored; "416". */
static const struct {
	const char *value, *result;
} ranges[] = {
	{ "bytes=0-9", "0-9" },
	{ "bytes=0-", "0-999" },
	{ "bytes=-1", "999-999" },
	{ "bytes=-1000", "0-999" },
	{ "bytes=-5000", "0-999" },
	{ "bytes=990-2000", "990-999" },
	{ "BYTES=1-1", "1-1" },
	{ "bytes= 0-0 , 5-6\t,-2", "0-0 5-6 998-999" },
	{ "bytes=5-6,0-0", "5-6 0-0" },
	{ "bytes=,0-0,,", "0-0" },
	{ "bytes=1000-", "416" },
	{ "bytes=1000-2000,5000-", "416" },
	{ "bytes=-0", "416" },
	{ "bytes=1000-,0-1", "0-1" },
	{ "bytes=99999999999999999999999-", "416" },
	{ "bytes=0-99999999999999999999999", "0-999" },
	{ "bytes=-99999999999999999999999", "0-999" },
	{ "bytes=0-,0-0", "-" },
	{ "bytes=0-499,0-499,0-0", "-" },
	{ "bytes=0-499,500-999", "0-499 500-999" },
	{ "bytes=0-0,1-1,2-2,3-3,4-4", "-" },
	{ "bytes=9-5", "-" },
	{ "bytes=a-b", "-" },
	{ "bytes=1", "-" },
	{ "bytes=-", "-" },
	{ "bytes=--1", "-" },
	{ "bytes=1-2-3", "-" },
	{ "bytes=1 - 2", "-" },
	{ "bytes=0-1;2-3", "-" },
	{ "bytes=", "-" },
	{ "bytes=,", "-" },
	{ "bytes 0-1", "-" },
	{ "lines=0-1", "-" },
	{ "", "-" },
};

static void range_text(const char *value, uint64_t length, char *to, size_t size)
{
	struct range list[4];
	size_t count;

	*to = 0;
	switch (range_parse(str_from(value), length, list, COUNT(list), &count)) {
	case RANGE_IGNORED:
		snprintf(to, size, "-");
		break;
	case RANGE_UNSATISFIABLE:
		snprintf(to, size, "416");
		break;
	case RANGE_PARTIAL:
		for (size_t i = 0; i < count; i++)
			snprintf(to + strlen(to), size - strlen(to), "%s%lu-%lu", i ? " " : "",
				 (unsigned long)list[i].first, (unsigned long)list[i].last);
	}
}

START_TEST(parses_ranges)
{
	char text[256];

	for (size_t i = 0; i < COUNT(ranges); i++) {
		range_text(ranges[i].value, 1000, text, sizeof(text));
		ck_assert_msg(strcmp(text, ranges[i].result) == 0, "%s gave %s", ranges[i].value,
			      text);
	}
}
END_TEST

START_TEST(parses_ranges_of_extremes)
{
	char text[256];

	range_text("bytes=0-", 0, text, sizeof(text));
	ck_assert_str_eq(text, "-");
	range_text("bytes=-5", 0, text, sizeof(text));
	ck_assert_str_eq(text, "-");
	range_text("bytes=9223372036854775806-", INT64_MAX, text, sizeof(text));
	ck_assert_str_eq(text, "9223372036854775806-9223372036854775806");
	range_text("bytes=5000000000-5000000001", 6000000000, text, sizeof(text));
	ck_assert_str_eq(text, "5000000000-5000000001");
}
END_TEST

START_TEST(allows_no_ranges)
{
	size_t count;

	ck_assert_int_eq(range_parse(STR("bytes=0-0"), 10, NULL, 0, &count), RANGE_IGNORED);
	ck_assert_int_eq(range_parse(STR("bytes=10-"), 10, NULL, 0, &count), RANGE_UNSATISFIABLE);
}
END_TEST

START_TEST(compares_etags)
{
	struct str strong = STR("\"a\""), weak = STR("W/\"a\""), other = STR("\"b\"");

	ck_assert(etag_equals_strongly(strong, strong));
	ck_assert(!etag_equals_strongly(weak, weak));
	ck_assert(!etag_equals_strongly(strong, weak));
	ck_assert(!etag_equals_strongly(strong, other));
	ck_assert(!etag_equals_strongly(STR(""), STR("")));
	ck_assert(etag_equals_weakly(strong, weak));
	ck_assert(etag_equals_weakly(weak, weak));
	ck_assert(!etag_equals_weakly(weak, other));
	ck_assert(!etag_equals_weakly(STR(""), STR("")));
}
END_TEST

START_TEST(searches_lists_of_etags)
{
	struct str etag = STR("\"a,b\"");

	ck_assert(etag_list_has(STR("\"a,b\""), etag, true));
	ck_assert(etag_list_has(STR("\"x\" , W/\"y\",\"a,b\""), etag, true));
	ck_assert(!etag_list_has(STR("W/\"a,b\""), etag, true));
	ck_assert(etag_list_has(STR("W/\"a,b\""), etag, false));
	ck_assert(etag_list_has(STR("*"), etag, true));
	ck_assert(etag_list_has(STR("*"), STR(""), true));
	ck_assert(!etag_list_has(STR("\"*\""), etag, true));
	ck_assert(!etag_list_has(STR("a,b"), etag, false));
	ck_assert(!etag_list_has(STR("\"a,b"), etag, false));
	ck_assert(!etag_list_has(STR(""), etag, false));
	ck_assert(!etag_list_has(STR("\"\""), STR(""), false));
}
END_TEST

#define EARLIER "Sun, 06 Nov 1994 08:49:36 GMT"
#define DATE    "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER   "Sun, 06 Nov 1994 08:49:38 GMT"

/* The answer has the tag "a" and DATE. The method is GET, the mode exact. */
static const struct {
	const char *match, *unmodified, *none_match, *modified;
	int get, post;
} preconditions[] = {
	{ NULL, NULL, NULL, NULL, 0, 0 },
	{ "\"a\"", NULL, NULL, NULL, 0, 0 },
	{ "\"b\"", NULL, NULL, NULL, 412, 412 },
	{ "W/\"a\"", NULL, NULL, NULL, 412, 412 },
	{ "*", NULL, NULL, NULL, 0, 0 },
	{ NULL, EARLIER, NULL, NULL, 412, 412 },
	{ NULL, DATE, NULL, NULL, 0, 0 },
	{ NULL, "nonsense", NULL, NULL, 0, 0 },
	{ "\"a\"", EARLIER, NULL, NULL, 0, 0 },
	{ NULL, NULL, "\"a\"", NULL, 304, 412 },
	{ NULL, NULL, "W/\"a\"", NULL, 304, 412 },
	{ NULL, NULL, "*", NULL, 304, 412 },
	{ NULL, NULL, "\"b\"", NULL, 0, 0 },
	{ NULL, NULL, "\"b\"", DATE, 0, 0 },
	{ NULL, NULL, "\"a\"", EARLIER, 304, 412 },
	{ NULL, NULL, NULL, DATE, 304, 0 },
	{ NULL, NULL, NULL, LATER, 0, 0 },
	{ NULL, NULL, NULL, EARLIER, 0, 0 },
	{ NULL, NULL, NULL, "nonsense", 0, 0 },
	{ "\"b\"", NULL, "\"a\"", NULL, 412, 412 },
	{ "\"a\"", NULL, "\"a\"", NULL, 304, 412 },
};

START_TEST(checks_preconditions)
{
	for (size_t i = 0; i < COUNT(preconditions); i++) {
		struct request_known known = {
			.if_match = str_from(preconditions[i].match),
			.if_unmodified_since = str_from(preconditions[i].unmodified),
			.if_none_match = str_from(preconditions[i].none_match),
			.if_modified_since = str_from(preconditions[i].modified),
		};
		int get = preconditions_check(&known, METHOD_GET, STR("\"a\""), 784111777,
					      SINCE_EXACT);
		int post = preconditions_check(&known, METHOD_POST, STR("\"a\""), 784111777,
					       SINCE_EXACT);

		ck_assert_msg(get == preconditions[i].get, "row %zu gave %d", i, get);
		ck_assert_msg(post == preconditions[i].post, "row %zu gave %d", i, post);
	}
}
END_TEST

START_TEST(knows_methods_without_preconditions)
{
	struct request_known known = { .if_match = STR("\"b\"") };

	ck_assert_int_eq(preconditions_check(&known, METHOD_OPTIONS, STR("\"a\""), -1, SINCE_OFF),
			 0);
	ck_assert_int_eq(preconditions_check(&known, METHOD_PUT, STR("\"a\""), -1, SINCE_OFF),
			 412);
}
END_TEST

START_TEST(compares_dates_as_it_is_told)
{
	struct request_known later = { .if_modified_since = STR(LATER) };
	struct request_known same = { .if_modified_since = STR(DATE) };
	struct str none = STR("");

	ck_assert_int_eq(preconditions_check(&later, METHOD_HEAD, none, 784111777, SINCE_BEFORE),
			 304);
	ck_assert_int_eq(preconditions_check(&same, METHOD_HEAD, none, 784111777, SINCE_BEFORE),
			 304);
	ck_assert_int_eq(preconditions_check(&same, METHOD_GET, none, 784111777, SINCE_OFF), 0);
	ck_assert_int_eq(preconditions_check(&same, METHOD_GET, none, -1, SINCE_BEFORE), 0);
}
END_TEST

static bool if_range(struct str value, struct str etag, time_t last_modified)
{
	return if_range_holds(value, etag, last_modified, 784111777 + 3600);
}

START_TEST(checks_if_range)
{
	struct str etag = STR("\"a\""), absent = { 0 };

	ck_assert(if_range(absent, etag, 784111777));
	ck_assert(if_range(STR("\"a\""), etag, 784111777));
	ck_assert(!if_range(STR("\"b\""), etag, 784111777));
	ck_assert(!if_range(STR("W/\"a\""), etag, 784111777));
	ck_assert(!if_range(STR("W/\"a\""), STR("W/\"a\""), 784111777));
	ck_assert(if_range(STR(DATE), etag, 784111777));
	ck_assert(!if_range(STR(LATER), etag, 784111777));
	ck_assert(!if_range(STR(DATE), etag, -1));
	ck_assert(!if_range(STR("nonsense"), etag, 784111777));
	ck_assert(!if_range(STR(""), etag, 784111777));
}
END_TEST

START_TEST(takes_no_weak_date_for_if_range)
{
	struct str etag = STR("\"a\"");

	for (time_t age = -1; age < 2; age++) {
		ck_assert(!if_range_holds(STR(DATE), etag, 784111777, 784111777 + age));
		ck_assert(if_range_holds(STR("\"a\""), etag, 784111777, 784111777 + age));
	}
	ck_assert(if_range_holds(STR(DATE), etag, 784111777, 784111777 + 2));
}
END_TEST

/* Room for a text at the end of a page; who reads beyond its end is ended. */
static char *end_of_page(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	ck_assert_ptr_ne(pages, MAP_FAILED);
	ck_assert_int_eq(mprotect(pages + size, size, PROT_NONE), 0);
	return pages + size;
}

/* Texts are looked at in blocks: each place of each length up to three of them, each byte. */
static void check_bytes(bool (*is_good)(struct str s), const char *bad, size_t bad_len)
{
	char *end = end_of_page();

	for (size_t len = 1; len <= 50; len++) {
		struct str text = { end - len, len };

		memset(end - len, 'a', len);
		ck_assert(is_good(text));
		for (size_t at = 0; at < len; at++) {
			for (int c = 0; c < 256; c++) {
				end[(ptrdiff_t)at - (ptrdiff_t)len] = (char)c;
				ck_assert_msg(is_good(text) == !memchr(bad, c, bad_len),
					      "byte %d at %zu of %zu", c, at, len);
			}
			end[(ptrdiff_t)at - (ptrdiff_t)len] = 'a';
		}
	}
}

START_TEST(values_have_no_line_end)
{
	check_bytes(is_field_value, "\r\n", 3);
	ck_assert(is_field_value((struct str){ NULL, 0 }));
}
END_TEST

START_TEST(tokens_are_made_of_certain_characters)
{
	static const char good[] = "!#$%&'*+-.^_`|~0123456789"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char bad[256];
	size_t count = 0;

	for (int c = 0; c < 256; c++)
		if (!memchr(good, c, sizeof(good) - 1))
			bad[count++] = (char)c;
	check_bytes(is_token, bad, count);
	ck_assert(!is_token((struct str){ NULL, 0 }));
}
END_TEST

TESTS("field", parses_ranges, parses_ranges_of_extremes, allows_no_ranges, compares_etags,
      searches_lists_of_etags, checks_preconditions, knows_methods_without_preconditions,
      compares_dates_as_it_is_told, checks_if_range, takes_no_weak_date_for_if_range,
      values_have_no_line_end, tokens_are_made_of_certain_characters)
