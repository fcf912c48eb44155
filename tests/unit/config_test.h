/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the configuration say about the sample module.
 */
#ifndef UNIT_CONFIG_TEST_H
#define UNIT_CONFIG_TEST_H

#include "harness/test.h"
#include "unit/config_sample.h"

/* Loads what must be good. */
static inline struct conf *load_good(const char *text)
{
	struct conf *conf = load(text);

	ck_assert_msg(loaded == 0 && !*messages, "%s", messages);
	return conf;
}

/* Loads and gives the messages. */
static inline const char *errors_of(const char *text)
{
	conf_destroy(load(text));
	return messages;
}

#define assert_str(got, expected)                                                           \
	do {                                                                                \
		struct str got_ = (got);                                                    \
		ck_assert_msg(str_eq(got_, str_from(expected)), "got \"%.*s\", not \"%s\"", \
			      STR_ARG(got_), expected);                                     \
	} while (0)

#define assert_has(text, part) \
	ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in:\n%s", part, text)

#define assert_has_not(text, part) \
	ck_assert_msg(strstr(text, part) == NULL, "\"%s\" is in:\n%s", part, text)

#endif
