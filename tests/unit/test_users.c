/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of users: which passwords are right, and that the work of a check does not tell whether
 * there is such a user. Rounds of crypt(3) are counted, since times differ on a machine that is
 * busy.
 */
#include "harness/test.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/auth_basic/users.h"

static unsigned long rounds; /* of all calls */

/* In place of that of the library: "$6$rounds=N$x" has N rounds, and is right for "right". */
char *crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	(void)data;
	if (strncmp(setting, "$6$rounds=", 10) != 0)
		return (char *)"*0";
	rounds += strtoul(setting + 10, NULL, 10);
	return strcmp(phrase, "right") == 0 ? (char *)setting : (char *)"$6$other";
}

#define SLOW "$6$rounds=5000$x"

static enum password_result check(const char *file, const char *name, const char *password,
				  bool *is_known)
{
	const struct users users = { .bytes = (char *)file, .len = strlen(file) };

	rounds = 0;
	return users_check(&users, str_from(name), str_from(password), is_known);
}

START_TEST(the_first_line_of_a_name_counts)
{
	static const char file[] = "# joe:{PLAIN}comment\n:{PLAIN}nobody\nann:{PLAIN}a:comment\r\n"
				   "joe:{PLAIN}b\njoe:{PLAIN}c\nmax:$99$x\n";
	static const struct {
		const char *name, *password;
		enum password_result result;
		bool is_known;
	} cases[] = {
		{ "joe", "b", PASSWORD_RIGHT, true },
		{ "joe", "c", PASSWORD_WRONG, true },
		{ "ann", "a", PASSWORD_RIGHT, true },
		{ "max", "x", PASSWORD_UNKNOWN, true },
		{ "eve", "a", PASSWORD_UNKNOWN, false },
		{ "", "nobody", PASSWORD_UNKNOWN, false },
		{ "# joe", "comment", PASSWORD_UNKNOWN, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_known;

		ck_assert_int_eq(check(file, cases[i].name, cases[i].password, &is_known),
				 cases[i].result);
		ck_assert_int_eq(is_known, cases[i].is_known);
	}
}
END_TEST

/* Also users whose accounts are locked cost as much, and a locked one may be the first. */
START_TEST(each_name_costs_as_many_rounds)
{
	static const char *const files[] = {
		"joe:" SLOW "\nann:" SLOW "\nlocked:!\n",
		"locked:!\njoe:" SLOW "\nann:" SLOW "\n",
		"locked:*\nx:$99$x\ny:\nann:" SLOW "\njoe:" SLOW "\n",
	};
	static const char *const names[] = { "joe", "ann", "locked", "nobody" };
	bool is_known;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			ck_assert_int_ne(check(files[i], names[j], "wrong", &is_known),
					 PASSWORD_RIGHT);
			ck_assert_msg(rounds == 5000, "%s in file %zu: %lu", names[j], i, rounds);
		}
}
END_TEST

START_TEST(many_locked_accounts_come_first)
{
	char file[1024] = "";
	bool is_known;

	for (int i = 0; i < 60; i++)
		strcat(file, "locked:!\n");
	strcat(file, "joe:" SLOW "\n");
	ck_assert_int_eq(check(file, "nobody", "wrong", &is_known), PASSWORD_UNKNOWN);
	ck_assert_uint_eq(rounds, 5000);
}
END_TEST

/* Too long for crypt(3), and so for all forms: none takes time, and none is right. */
START_TEST(a_password_that_is_too_long)
{
	static char file[1024], password[600];
	bool is_known;

	memset(password, 'a', sizeof(password) - 1);
	snprintf(file, sizeof(file), "joe:" SLOW "\nann:{PLAIN}%s\n", password);
	ck_assert_int_eq(check(file, "joe", password, &is_known), PASSWORD_WRONG);
	ck_assert_int_eq(check(file, "ann", password, &is_known), PASSWORD_WRONG);
	password[511] = '\0';
	snprintf(file, sizeof(file), "ann:{PLAIN}%s\n", password);
	ck_assert_int_eq(check(file, "ann", password, &is_known), PASSWORD_RIGHT);
	ck_assert_uint_eq(rounds, 0);
}
END_TEST

/* The password of another user opens nothing. */
START_TEST(the_time_that_is_spent_lets_nobody_in)
{
	bool is_known;

	ck_assert_int_eq(check("joe:" SLOW "\n", "joe", "right", &is_known), PASSWORD_RIGHT);
	ck_assert_int_eq(check("joe:" SLOW "\n", "nobody", "right", &is_known), PASSWORD_UNKNOWN);
	ck_assert(!is_known);
	ck_assert_int_eq(check("joe:" SLOW "\nmax:!\n", "max", "right", &is_known),
			 PASSWORD_UNKNOWN);
	ck_assert(is_known);
}
END_TEST

START_TEST(a_file_without_users)
{
	bool is_known;

	ck_assert_int_eq(check("", "joe", "right", &is_known), PASSWORD_UNKNOWN);
	ck_assert(!is_known);
	ck_assert_int_eq(check("#\n\n:\nx", "x", "right", &is_known), PASSWORD_UNKNOWN);
	ck_assert_uint_eq(rounds, 0);
}
END_TEST

TESTS("files of users", the_first_line_of_a_name_counts, each_name_costs_as_many_rounds,
      many_locked_accounts_come_first, a_password_that_is_too_long,
      the_time_that_is_spent_lets_nobody_in, a_file_without_users)
