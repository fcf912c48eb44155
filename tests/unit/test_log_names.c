/* SPDX-License-Identifier: BSD-2-Clause */
/* What a helper that opens logs is told: it may come from a worker that was taken over. */
#include "unit/config_test.h"

#include "../../modules/log/paths.h"

static bool could_name(const char *template, const char *text)
{
	char line[128];

	snprintf(line, sizeof(line), "text \"%s\";", template);

	struct conf *conf = load_good(line);
	bool could = template_could_name(sample_main(conf)->text, str_from(text));

	conf_destroy(conf);
	return could;
}

START_TEST(names_that_a_template_can_make)
{
	ck_assert(could_name("$arg_a.log", "a.log"));
	ck_assert(could_name("$arg_a.log", ".log.log"));
	ck_assert(could_name("$arg_a", "a"));
	ck_assert(could_name("$arg_a$arg_b", "ab"));
	ck_assert(could_name("a-$arg_a-$arg_b/b", "a-1-2-3/b"));
	ck_assert(could_name("x/$arg_a/y/$arg_b.z", "x/1/y/2.z"));
	ck_assert(could_name("a.$arg_a", "a..b"));
}
END_TEST

START_TEST(other_names)
{
	static const char *const texts[] = { "",	 ".log",     "a.lo",	"a.log/",
					     "a/b.log",	 "../a.log", "/a.log",	"a\n.log",
					     "a.log.gz", "a\x7f.log" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(!could_name("$arg_a.log", texts[i]), "%s", texts[i]);
	ck_assert(!could_name("$arg_a", "."));
	ck_assert(!could_name("$arg_a", ".."));
	ck_assert(!could_name("$arg_a$arg_b", "a"));
	ck_assert(!could_name("$arg_a$arg_b", ".."));
	ck_assert(!could_name(".$arg_a", ".."));
	ck_assert(!could_name("x/$arg_a/y", "x/../y"));
	ck_assert(!could_name("x/$arg_a/y", "x//y"));
	ck_assert(!could_name("x/$arg_a/y", "x/a/b/y"));
	ck_assert(!could_name("x/$arg_a/y", "z/a/y"));
}
END_TEST

/* Each beginning of a question, and each with another byte in it, is read or refused. */
START_TEST(questions)
{
	const struct log_question question = { 7, STR_INIT("/srv/a"), STR_INIT("b.log") };
	struct log_question read;
	char text[LOG_QUESTION_MAX];
	size_t len = log_question_write(text, &question);

	ck_assert(log_question_read((struct str){ text, len }, &read));
	ck_assert_uint_eq(read.number, 7);
	ck_assert(str_eq(read.root, question.root) && str_eq(read.name, question.name));
	for (size_t i = 0; i < len; i++) {
		char *copy = malloc(i ? i : 1), kept = text[i];

		memcpy(copy, text, i);
		if (log_question_read((struct str){ copy, i }, &read))
			ck_assert(copy[i - 1] == '\0' && read.name.data[read.name.len] == '\0');
		free(copy);
		text[i] = '\0';
		if (log_question_read((struct str){ text, len }, &read))
			ck_assert_ptr_null(memchr(read.name.data, '\0', read.name.len));
		text[i] = kept;
	}
}
END_TEST

TESTS("names of logs", names_that_a_template_can_make, other_names, questions)
