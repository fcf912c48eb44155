/* SPDX-License-Identifier: BSD-2-Clause */
/* Regular expressions: captures, named groups, limits, messages. */
#include "unit/http_test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "config/template.h"

/* The expression of the first location of a server. */
static const struct pattern *pattern_of(struct http *http, const char *uri)
{
	struct request *req = request_for(http, "", uri);
	const struct http_location *location = request_find_location(req, http->servers[0]);

	end_request(req);
	ck_assert_int_eq(location->kind, LOCATION_REGEX);
	return location->pattern;
}

START_TEST(captures_are_parts_of_the_subject)
{
	struct http *http = good_http("server { location ~ ^/(a)(b)?(c)$ { } }");
	const struct pattern *pattern = pattern_of(http, "/abc");
	struct request *req = request_for(http, "", "/");

	ck_assert_int_eq(pattern_match(req, pattern, STR("/ac")), MATCH_YES);
	ck_assert_uint_eq(req->captures_count, 4);
	assert_str(req->captures[0], "/ac");
	assert_str(req->captures[1], "a");
	ck_assert_ptr_null(req->captures[2].data);
	assert_str(req->captures[3], "c");
	end_request(req);
}
END_TEST

START_TEST(what_does_not_match_leaves_captures_alone)
{
	struct http *http = good_http("server { location ~ ^/(.) { } }");
	const struct pattern *pattern = pattern_of(http, "/a");
	struct request *req = request_for(http, "", "/");

	ck_assert_int_eq(pattern_match(req, pattern, STR("/x")), MATCH_YES);
	ck_assert_int_eq(pattern_match(req, pattern, STR("x")), MATCH_NO);
	assert_str(req->captures[1], "x");
	end_request(req);
}
END_TEST

START_TEST(a_match_without_groups_ends_the_captures)
{
	struct http *http = good_http("server { location ~ /(.)/ { } location ~ b { } }");
	const struct pattern *with = pattern_of(http, "/a/"), *without = pattern_of(http, "b");
	struct request *req = request_for(http, "", "/");

	ck_assert_int_eq(pattern_match(req, with, STR("/a/")), MATCH_YES);
	ck_assert_int_eq(pattern_match(req, without, STR("b")), MATCH_YES);
	ck_assert_uint_eq(req->captures_count, 1);
	end_request(req);
}
END_TEST

START_TEST(named_groups_stay_until_they_match_again)
{
	struct http *http = good_http("server { root /$X/$y;"
				      "location ~ ^/x(?<x>.*)$ { } location ~ ^/y(?<y>.*)$ { }"
				      "location ~ ^/z(?<X>.*)$ { } }");
	struct request *req = request_for(http, "", "/");

	ck_assert_int_eq(pattern_match(req, pattern_of(http, "/x"), STR("/x1")), MATCH_YES);
	ck_assert_int_eq(pattern_match(req, pattern_of(http, "/y"), STR("/y2")), MATCH_YES);
	assert_str(request_path(req, STR("/")), "/1/2/");
	ck_assert_int_eq(pattern_match(req, pattern_of(http, "/z"), STR("/z3")), MATCH_YES);
	assert_str(request_path(req, STR("/")), "/3/2/");
	end_request(req);
}
END_TEST

START_TEST(a_group_of_the_same_name_in_another_branch)
{
	struct http *http = good_http("server { root /$x;"
				      "location ~ (?J)^/(?:a(?<x>.)|b(?<x>.)) { } }");
	struct request *req = request_for(http, "", "/");

	ck_assert_int_eq(pattern_match(req, pattern_of(http, "/a1"), STR("/a1")), MATCH_YES);
	assert_str(variable_text(req, STR("x")), "1");
	ck_assert_int_eq(pattern_match(req, pattern_of(http, "/b2"), STR("/b2")), MATCH_YES);
	assert_str(variable_text(req, STR("x")), "2");
	end_request(req);
}
END_TEST

START_TEST(nothing_is_captured_without_a_request)
{
	struct http *http = good_http("server { location ~ ^/(?<x>.) { } }");

	ck_assert_int_eq(pattern_match(NULL, pattern_of(http, "/a"), STR("/a")), MATCH_YES);
	ck_assert_int_eq(pattern_match(NULL, pattern_of(http, "/a"), STR("")), MATCH_NO);
	ck_assert_int_eq(pattern_match(NULL, pattern_of(http, "/a"), (struct str){ NULL, 0 }),
			 MATCH_NO);
}
END_TEST

/* Without a limit this takes longer than the universe is old. */
START_TEST(backtracking_ends)
{
	struct http *http = good_http("server { location ~ ^/(a+)+$ { } }");
	const struct pattern *pattern = pattern_of(http, "/a");
	struct request *req = request_for(http, "", "/");
	char subject[64], text[512] = "";
	const struct log log = { .fd = memfd_create("log", 0), .level = LEVEL_ALERT };

	memset(subject, 'a', sizeof(subject));
	subject[0] = '/';
	subject[sizeof(subject) - 1] = '!';
	log_process = &log;
	ck_assert_int_eq(pattern_match(req, pattern, (struct str){ subject, sizeof(subject) }),
			 MATCH_FAILED);
	ck_assert(request_core(req)->events & EVENT_MATCH_FAILED);
	ck_assert_int_gt(pread(log.fd, text, sizeof(text) - 1, 0), 0);
	ck_assert_ptr_nonnull(strstr(text, "matching \"^/(a+)+$\" was given up: match limit"));
	end_request(req);
}
END_TEST

START_TEST(text_that_is_no_utf_8)
{
	struct http *http = good_http("server { location ~ (*UTF)^/a { } }");
	struct request *req = request_for(http, "", "/");
	char text[512] = "";
	const struct log log = { .fd = memfd_create("log", 0), .level = LEVEL_ALERT };

	log_process = &log;
	ck_assert_int_eq(pattern_match(req, pattern_of(http, "/a"), STR("/a\xff")), MATCH_FAILED);
	ck_assert_int_gt(pread(log.fd, text, sizeof(text) - 1, 0), 0);
	ck_assert_ptr_nonnull(strstr(text, "matching \"(*UTF)^/a\" was given up: UTF-8 error"));
	ck_assert_ptr_null(strstr(text, "write it so"));
	close(log.fd);
	end_request(req);
}
END_TEST

START_TEST(deep_nesting_is_no_crash)
{
	struct http *http = good_http("server { location ~ ^/((a|b)(c|d)?)*$ { } }");
	const struct pattern *pattern = pattern_of(http, "/a");
	size_t len = 1 << 20;
	char *subject = memory_alloc(len);
	const struct log quiet = { .fd = -1 };

	memset(subject, 'a', len);
	subject[0] = '/';
	log_process = &quiet;
	ck_assert_int_eq(pattern_match(NULL, pattern, (struct str){ subject, len }), MATCH_FAILED);
}
END_TEST

START_TEST(mistakes_are_shown)
{
	ck_assert(!load_http("server { location ~ \"a[b\" { } }"));
	assert_says("\"a[b\" is wrong");
	ck_assert(!load_http("server { location ~ \"a)b\" { } }"));
	assert_says("unmatched closing parenthesis before )b");
	ck_assert(!load_http("server { location ~ (?<uri>.) { } }"));
	assert_says("the variable \"$uri\" exists already");
}
END_TEST

TESTS("pattern", captures_are_parts_of_the_subject, what_does_not_match_leaves_captures_alone,
      a_match_without_groups_ends_the_captures, named_groups_stay_until_they_match_again,
      a_group_of_the_same_name_in_another_branch, nothing_is_captured_without_a_request,
      backtracking_ends, text_that_is_no_utf_8, deep_nesting_is_no_crash, mistakes_are_shown)
