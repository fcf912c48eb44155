/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outermost values that nginx takes for a directive are taken here, too, and
 * mean the same.
 */
#include "unit/http_test.h"

enum { WORDS = 5000 };

/* "NAME FIRST w0 w1 … LAST;" */
static const char *with_words(const char *name, const char *word, const char *last)
{
	size_t room = WORDS * (strlen(word) + 16) + strlen(name) + strlen(last) + 16;
	char *text = memory_alloc(room), *to = text + sprintf(text, "%s", name);

	for (int i = 0; i < WORDS; i++)
		to += sprintf(to, " %s%d", word, 300 + i % 190);
	sprintf(to, " %s;", last);
	return text;
}

START_TEST(a_directive_has_as_many_words_as_one_likes)
{
	good_http(memory_printf("server { %s }", with_words("index", "file", "index.html")));
	good_http(memory_printf("server { %s }", with_words("try_files", "/file", "=404")));
	good_http(memory_printf("server { %s }", with_words("error_page", "", "/error.html")));
	good_http(memory_printf("%s server { }", with_words("log_format own", "${uri}", "")));
	ck_assert(load_http(memory_printf("server { %s }", with_words("server_name", "a", "b"))));
}
END_TEST

START_TEST(buffers_of_a_head)
{
	good_http("server { client_header_buffer_size 1; }");
	good_http("server { client_header_buffer_size 128; }");
	good_http("connection_pool_size 256; server { large_client_header_buffers 4 256; }");
	good_http("connection_pool_size 112; server { large_client_header_buffers 4 112; }");
	ck_assert(!load_http("server { large_client_header_buffers 4 111; }"));
	assert_says("expected 112 to 1m");
	ck_assert(!load_http("server { client_header_buffer_size 0; }"));
}
END_TEST

START_TEST(numbers)
{
	good_http("server { listen 8080 backlog=99999999; keepalive_requests 99999999999; }");
}
END_TEST

START_TEST(statuses)
{
	good_http("server { return 999; location /a { return 600 text; } "
		  "location /b { try_files /a =999; } }");
	ck_assert(!load_http("server { return 1000; }"));
	assert_says("expected 200 to 999");
	ck_assert(!load_http("server { return 199 text; }"));
	ck_assert(!load_http("server { location / { try_files /a =1000; } }"));
	assert_says("expected =200 to =999");
}
END_TEST

TESTS("limits of nginx", a_directive_has_as_many_words_as_one_likes, buffers_of_a_head, numbers,
      statuses)
