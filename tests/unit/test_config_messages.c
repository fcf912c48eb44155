/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is printed about mistakes: all of them, at their places, with remedies,
 * and nothing that a terminal would obey.
 */
#include "unit/config_test.h"

#include "harness/memory.h"

START_TEST(form)
{
	ck_assert_str_eq(errors_of("http {\n    servr { }\n}\n"),
			 "skua: error: skua.conf:2:5: unknown directive \"servr\"\n"
			 "     2 |     servr { }\n"
			 "       |     ^~~~~ did you mean \"server\"?\n");
}
END_TEST

START_TEST(tabs_and_wide_letters)
{
	ck_assert_str_eq(errors_of("http {\n\tserver {\n\t\troot \"ä\"\tb c; } }"),
			 "skua: error: skua.conf:3:13: \"root\" takes 1 argument, not 3\n"
			 "     3 |                 root \"ä\"        b c; } }\n"
			 "       |                                 ^ syntax: root path;\n");
	assert_has(errors_of("root \"äö\"; number \"ä\";"),
		   "     1 | root \"äö\"; number \"ä\";\n"
		   "       |                   ^~~ expected decimal digits\n");
}
END_TEST

START_TEST(bytes_that_a_terminal_would_obey)
{
	ck_assert_str_eq(errors_of("\033[2Jx\x80\xc2\x9b\x7fy;\r\n"),
			 "skua: error: skua.conf:1:1: unknown directive "
			 "\"\\x1B[2Jx\\x80\\xC2\\x9B\\x7Fy\"\n"
			 "     1 | ?[2Jx????y;\n"
			 "       | ^~~~~~~~~~\n");
}
END_TEST

START_TEST(long_lines)
{
	char text[2048];

	snprintf(text, sizeof(text), "words %0700d; number 99; words %0700d;", 1, 2);
	errors_of(text);
	assert_has(messages, "skua.conf:1:716: 99 is out of range\n");
	assert_has(messages, "\n     1 | ...000");
	assert_has(messages, "; number 99; words 000");
	for (const char *line = messages; *line; line = strchr(line, '\n') + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 120);
	snprintf(text, sizeof(text), "%01500d;", 1);
	errors_of(text);
	for (const char *line = messages; *line; line = strchr(line, '\n') + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 500);
}
END_TEST

START_TEST(all_in_one_run_and_in_order)
{
	errors_of("http {\n server {\n  location / { number 0; }\n  flag x;\n }\n size x;\n"
		  " rot x;\n}\n");
	const char *third = strstr(messages, "conf:3:"), *fourth = strstr(messages, "conf:4:");
	const char *sixth = strstr(messages, "conf:6:"), *seventh = strstr(messages, "conf:7:");

	ck_assert(third && fourth && sixth && seventh);
	ck_assert(third < fourth && fourth < sixth && sixth < seventh);
}
END_TEST

START_TEST(all_that_there_are)
{
	char text[4096] = "", *to = text;

	for (int i = 0; i < 120; i++)
		to += snprintf(to, 32, "unheard_of%d x;\n", i);
	errors_of(text);
	for (int i = 0; i < 120; i++)
		assert_has(messages, memory_printf("skua.conf:%d:1: unknown", i + 1));
}
END_TEST

START_TEST(nearest_names)
{
	assert_has(errors_of("nubmer 3;"), "did you mean \"number\"?");
	assert_has(errors_of("Root x;"), "did you mean \"root\"?");
	assert_has(errors_of("root=/srv;"), "did you mean \"root\"?");
	assert_has(errors_of("inlcude x;"), "did you mean \"include\"?");
	assert_has_not(errors_of("completely_else x;"), "did you mean");
	assert_has_not(errors_of("root_of_all x;"), "did you mean");
	assert_has(errors_of("http { server { locaton / { } } }"), "did you mean \"location\"?");
}
END_TEST

START_TEST(expressions_with_braces)
{
	ck_assert_str_eq(
		errors_of("http { server { location ~ ^/a{2,3}/b{4}$ { root x; } } }"),
		"skua: error: skua.conf:1:31: \"{\" begins a block\n"
		"     1 | http { server { location ~ ^/a{2,3}/b{4}$ { root x; } } }\n"
		"       |                               ^ an expression with \"{\" in it "
		"must stand in quotes\n"
		"       | the same in line 1\n");
	conf_destroy(load_good("http { server { location ~ '^/a{2}$' { root x; } } }"));
}
END_TEST

START_TEST(modules_that_were_left_out)
{
	assert_has(errors_of("http { autoindex on; }"),
		   "skua.conf:1:8: unknown directive \"autoindex\": "
		   "the module autoindex was left out\n");
	assert_has(messages, "run auto/configure with --with-autoindex to get it");
}
END_TEST

START_TEST(missing_semicolons)
{
	assert_has(errors_of("http {\n  root /srv\n  flag off;\n  number 99;\n}"),
		   "skua.conf:2:12: missing \";\" after \"/srv\"\n");
	assert_has(messages, "^ \"flag\" on line 3 seems to begin a new directive");
	assert_has(messages, "skua.conf:4:10: 99 is out of range");
	assert_has(errors_of("http {\n  root /srv\n}\n"),
		   "skua.conf:2:12: missing \";\" before \"}\"");
	assert_has_not(messages, "conf:3");
	assert_has(errors_of("flag on"), "skua.conf:1:8: missing \";\" before the end of the file");
	assert_has(errors_of("http {\n root x\n server { number 99; }\n}"),
		   "skua.conf:2:8: missing \";\" after \"x\"");
	assert_has(messages, "skua.conf:3:18: 99 is out of range");
	assert_has(errors_of("colours red\nflag on;"),
		   "skua.conf:1:12: missing \";\" after \"red\"");
	assert_has_not(messages, "invalid");
}
END_TEST

START_TEST(a_semicolon_that_is_perhaps_missing)
{
	conf_destroy(load("index a\nroot /srv;"));
	ck_assert_int_eq(loaded, 0);
	assert_has(messages,
		   "skua: warning: skua.conf:2:1: \"root\" is an argument of \"index\" here");
	conf_destroy(load_good("index a\n   b.html\n   'root';"));
	conf_destroy(load_good("index a root;"));
}
END_TEST

START_TEST(braces)
{
	ck_assert_str_eq(
		errors_of("http {\n  server {\n    location / {\n  }\n  server {\n  }\n}\n"),
		"skua: error: skua.conf:3:5: the block of \"location\" is not closed\n"
		"     3 |     location / {\n"
		"       |     ^~~~~~~~ a \"}\" is missing\n");
	assert_has(errors_of("http { server { "), "skua.conf:1:8: the block of \"server\"");
	assert_has_not(messages, "\"http\"");
	ck_assert_str_eq(errors_of("http {\n}\n}\nserver { }\n"),
			 "skua: error: skua.conf:3:1: unexpected \"}\"\n"
			 "     3 | }\n"
			 "       | ^ no block is open here\n");
	assert_has(errors_of("http { { root x; } }"), "skua.conf:1:8: unexpected \"{\"");
	assert_has(errors_of("flag on;;"), "skua.conf:1:9: unexpected \";\"");
	assert_has(errors_of("root x { }"), "\"root\" takes no block\n");
	assert_has(errors_of("http;"), "skua.conf:1:5: \"http\" needs a block\n");
	ck_assert_str_eq(errors_of("http {\n  server\n    root x;\n  }\n}\n"),
			 "skua: error: skua.conf:2:9: \"server\" needs a block\n"
			 "     2 |   server\n"
			 "       |         ^ expected \"{\"\n");
}
END_TEST

START_TEST(too_many_levels)
{
	char text[1024] = "";

	for (int i = 0; i < 110; i++)
		strcat(text, "http { ");
	assert_has(errors_of(text), "blocks are nested more than 100 levels deep");
}
END_TEST

START_TEST(places_of_nothing)
{
	struct conf *conf =
		load_with((struct conf_options){ .path = STR("/no/such.conf") }, (struct str){ 0 });

	ck_assert_int_eq(loaded, -EINVAL);
	ck_assert_str_eq(
		messages,
		"skua: error: /no/such.conf: cannot read the configuration "
		"(2: No such file or directory)\n"
		"       | another file is named with -c FILE, another prefix with -p DIR\n");
	conf_destroy(conf);
}
END_TEST

TESTS("messages about a configuration", form, tabs_and_wide_letters,
      bytes_that_a_terminal_would_obey, long_lines, all_in_one_run_and_in_order,
      all_that_there_are, nearest_names, expressions_with_braces, modules_that_were_left_out,
      missing_semicolons, a_semicolon_that_is_perhaps_missing, braces, too_many_levels,
      places_of_nothing)
