/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What blocks inherit, in which order their directives run, what may repeat.
 */
#include "unit/config_test.h"

START_TEST(a_block_shares_what_it_does_not_set)
{
	struct conf *conf = load_good("number 4; http { server { location / { root a; } } }");

	ck_assert_uint_eq(scope_count, 3);
	ck_assert_int_eq(sample_of(scopes[2])->number, 4);
	assert_str(sample_of(scopes[2])->word, "a");
	assert_str(sample_of(scopes[1])->word, "html");
	assert_str(sample_main(conf)->word, "html");
	conf_destroy(conf);

	conf = load_good("http { types { } flag off; server { } }");
	ck_assert_ptr_eq(sample_of(scopes[1]), sample_of(scopes[0]));
	conf_destroy(conf);
}
END_TEST

START_TEST(what_follows_a_block_counts_in_it)
{
	struct conf *conf =
		load_good("http { server { location / { } root b; } number 5; } flag off;");

	ck_assert(!sample_of(scopes[2])->flag);
	ck_assert_int_eq(sample_of(scopes[2])->number, 5);
	assert_str(sample_of(scopes[2])->word, "b");
	conf_destroy(conf);
}
END_TEST

START_TEST(local_is_not_inherited)
{
	struct conf *conf =
		load_good("http { server { location /a { local x; root r; location /a/b { }"
			  "location /a/c { local y; } location /a/d { flag off; } } } }");

	assert_str(sample_of(scopes[2])->local, "x");
	assert_str(sample_of(scopes[3])->local, "");
	assert_str(sample_of(scopes[3])->word, "r");
	assert_str(sample_of(scopes[4])->local, "y");
	assert_str(sample_of(scopes[5])->local, "");
	conf_destroy(conf);
}
END_TEST

START_TEST(a_list_replaces_the_inherited_one)
{
	struct conf *conf =
		load_good("http { index a; index b c; server { } server { index d; index e; } }");

	ck_assert_uint_eq(sample_of(scopes[0])->list.count, 3);
	ck_assert_uint_eq(sample_of(scopes[1])->list.count, 3);
	ck_assert_uint_eq(sample_of(scopes[2])->list.count, 2);
	assert_str(sample_of(scopes[2])->list.items[0], "d");
	assert_str(sample_of(scopes[2])->list.items[1], "e");
	conf_destroy(conf);
}
END_TEST

START_TEST(what_repeats_adds_to_the_inherited)
{
	struct conf *conf = load_good("words a; http { words b c; words d; server { words e; } }");

	ck_assert_uint_eq(sample_main(conf)->words.count, 1);
	ck_assert_uint_eq(sample_of(scopes[0])->words.count, 4);
	ck_assert_uint_eq(sample_of(scopes[1])->words.count, 5);
	assert_str(sample_of(scopes[1])->words.items[4], "e");
	conf_destroy(conf);
}
END_TEST

START_TEST(order_is_kept)
{
	struct conf *conf = load_good(
		"http { server { location / { order a; if (x) { order z; } order b; root r; } } }");

	ck_assert_str_eq(sample_of(scopes[2])->order, "aIb");
	assert_str(sample_of(scopes[3])->word, "r");
	conf_destroy(conf);
}
END_TEST

START_TEST(duplicates)
{
	assert_has(errors_of("http {\n  root a;\n  root b;\n}"),
		   "skua.conf:3:3: \"root\" directive is duplicate\n");
	assert_has(messages, "the first one is at skua.conf:2:3");
	assert_has(errors_of("http {} http {}"), "\"http\" directive is duplicate");
	load_good("root a; http { root b; server { root c; } server { root d; } }");
}
END_TEST

START_TEST(raw_blocks)
{
	struct conf *conf =
		load_good("types { text/html html htm; \"\" 'a b'; flag; root; default x; }");

	assert_str(sample_main(conf)->word, "[text/html html htm][ a b][flag][root][default x]");
	conf_destroy(conf);
}
END_TEST

START_TEST(contexts)
{
	assert_has(errors_of("server { }"), "skua.conf:1:1: \"server\" is not allowed here\n");
	assert_has(messages, "it belongs into http\n");
	assert_has(errors_of("local x;"), "it belongs into location\n");
	assert_has(errors_of("location / { }"), "it belongs into server or location\n");
}
END_TEST

START_TEST(globals)
{
	struct conf *conf = load_with((struct conf_options){ .path = STR("/x"),
							     .globals = STR("number 9; root g;") },
				      STR("flag off;"));

	ck_assert_int_eq(loaded, 0);
	ck_assert_int_eq(sample_main(conf)->number, 9);
	ck_assert(!sample_main(conf)->flag);
	conf_destroy(conf);

	conf = load_with((struct conf_options){ .path = STR("/x"),
						.name = STR("x"),
						.globals = STR("number 9; rot g; flag on") },
			 STR("number 8;"));
	assert_has(messages, "-g:1:11: unknown directive \"rot\"");
	assert_has(messages, "-g:1:25: missing \";\" before the end");
	assert_has(messages, "x:1:1: \"number\" directive is duplicate");
	assert_has(messages, "the first one is at -g:1:1");
	conf_destroy(conf);
}
END_TEST

START_TEST(checks_see_each_struct_once)
{
	conf_destroy(load_good("http { number 4; server { } server { flag off; } }"));
	ck_assert_uint_eq(checks, 3);
	assert_has(errors_of("http {\n server { number 7; } }"),
		   "skua.conf:2:2: number 7 and flag exclude each other");
	errors_of("http { number 7; } root a b;");
	ck_assert_uint_eq(checks, 0);
}
END_TEST

START_TEST(shared_things)
{
	static const int key, other;
	struct conf *conf = load_good("");
	int *first = conf_shared(conf, &key, sizeof(int));

	ck_assert_int_eq(*first, 0);
	ck_assert_ptr_eq(conf_shared(conf, &key, sizeof(int)), first);
	ck_assert_ptr_ne(conf_shared(conf, &other, sizeof(int)), first);
	conf_destroy(conf);
}
END_TEST

START_TEST(many_blocks)
{
	size_t len;
	char *text;
	FILE *stream = open_memstream(&text, &len);

	fputs("http {\n", stream);
	for (int i = 0; i < 20000; i++)
		fprintf(stream, "server { root /srv/%d; location / { index a b; } }\n", i);
	fputs("}\n", stream);
	fclose(stream);
	conf_destroy(load_good(text));
	free(text);
}
END_TEST

TESTS("blocks of the configuration", a_block_shares_what_it_does_not_set,
      what_follows_a_block_counts_in_it, local_is_not_inherited, a_list_replaces_the_inherited_one,
      what_repeats_adds_to_the_inherited, order_is_kept, duplicates, raw_blocks, contexts, globals,
      checks_see_each_struct_once, shared_things, many_blocks)
