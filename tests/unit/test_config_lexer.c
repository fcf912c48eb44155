/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of the configuration: quotes, escapes, comments, braces.
 */
#include "unit/config_test.h"

/* The words that "words …;" gets, each in brackets. */
static const char *words_of(const char *line)
{
	static char joined[4096];
	struct conf *conf = load_good(line);
	struct str_list list = sample_main(conf)->words;
	char *to = joined;

	*to = '\0';

	for (size_t i = 0; i < list.count; i++)
		to += snprintf(to, sizeof(joined) - (size_t)(to - joined), "[%.*s]",
			       STR_ARG(list.items[i]));
	conf_destroy(conf);
	return joined;
}

START_TEST(plain_words)
{
	ck_assert_str_eq(words_of("words a bc\td\r\n\n e;"), "[a][bc][d][e]");
	ck_assert_str_eq(words_of("words a;words b;"), "[a][b]");
	ck_assert_str_eq(words_of("words a\x01\xff;"), "[a\x01\xff]");
}
END_TEST

START_TEST(quotes)
{
	ck_assert_str_eq(words_of("words \"a b\" 'c d';"), "[a b][c d]");
	ck_assert_str_eq(words_of("words \"it's\" 'say \"x\"';"), "[it's][say \"x\"]");
	ck_assert_str_eq(words_of("words \"\" '';"), "[][]");
	ck_assert_str_eq(words_of("words \"a;b{c}d#e\";"), "[a;b{c}d#e]");
	ck_assert_str_eq(words_of("words \"two\nlines\";"), "[two\nlines]");
	ck_assert_str_eq(words_of("'words' a;"), "[a]");
}
END_TEST

START_TEST(quotes_within_words)
{
	ck_assert_str_eq(words_of("words a\"b c\"d;"), "[a\"b][c\"d]");
	ck_assert_str_eq(words_of("words it's;"), "[it's]");
}
END_TEST

START_TEST(escapes)
{
	ck_assert_str_eq(words_of("words \"a\\\"b\" 'c\\'d' e\\\\f;"), "[a\"b][c'd][e\\f]");
	ck_assert_str_eq(words_of("words a\\ b c\\;d e\\{f;"), "[a\\ b][c\\;d][e\\{f]");
	ck_assert_str_eq(words_of("words \"a\\tb\\r\\nc\";"), "[a\tb\r\nc]");
	ck_assert_str_eq(words_of("words \\.php$ \\d+ \\w;"), "[\\.php$][\\d+][\\w]");
	ck_assert_str_eq(words_of("words \\\"a b\\\";"), "[\"a][b\"]");
}
END_TEST

START_TEST(comments)
{
	ck_assert_str_eq(words_of("# first\nwords a # b ; }\n c#d;# last"), "[a][c#d]");
	ck_assert_str_eq(words_of("#only a comment"), "");
}
END_TEST

START_TEST(braces_of_variables)
{
	ck_assert_str_eq(words_of("words a${b}c ${d};"), "[a${b}c][${d}]");
	ck_assert_str_eq(words_of("words a}b;"), "[a}b]");
}
END_TEST

START_TEST(byte_order_mark)
{
	ck_assert_str_eq(words_of("\xEF\xBB\xBFwords a;"), "[a]");
}
END_TEST

START_TEST(a_huge_word)
{
	size_t len = 1 << 20;
	char *text = malloc(len + 8);

	memcpy(text, "words ", 6);
	memset(text + 6, 'x', len);
	strcpy(text + 6 + len, ";");
	struct conf *conf = load_good(text);

	ck_assert_uint_eq(sample_main(conf)->words.items[0].len, len);
	conf_destroy(conf);
	free(text);
}
END_TEST

START_TEST(after_a_quote)
{
	assert_has(errors_of("words \"a\"b;"), "skua.conf:1:10: unexpected character after");
	ck_assert_str_eq(words_of("words (\"a\");"), "[(\"a\")]");
	ck_assert_str_eq(words_of("words ( \"a\");"), "[(][a][)]");
}
END_TEST

START_TEST(open_quotes)
{
	assert_has(errors_of("words a;\nwords 'b c;\nnumber 99;"),
		   "skua.conf:2:7: this quote is not closed");
	assert_has(messages, "skua.conf:3:8: 99 is out of range");
	assert_has(errors_of("words \"b;\nroot \"c d\";\nnumber 99;"),
		   "skua.conf:1:7: this quote is not closed");
	assert_has(messages, "skua.conf:3:8: 99 is out of range");
	assert_has_not(messages, "unexpected");
}
END_TEST

START_TEST(binary)
{
	struct conf *conf = load_with((struct conf_options){ .path = STR("/a"), .name = STR("a") },
				      (struct str){ "flag on;\n\177ELF\0;", 15 });

	ck_assert_int_eq(loaded, -EINVAL);
	assert_has(messages, "a:2:5: this is not a text file");
	conf_destroy(conf);
}
END_TEST

TESTS("words of the configuration", plain_words, quotes, quotes_within_words, escapes, comments,
      braces_of_variables, byte_order_mark, a_huge_word, after_a_quote, open_quotes, binary)
