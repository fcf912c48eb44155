/* SPDX-License-Identifier: BSD-2-Clause */
/* The module auth_basic: each form in which a password can be stored, and files of users. */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../modules/auth_basic/password.h"
#include "../../modules/auth_basic/users.h"

/* Of the password "secret". */
static const char *const stored[] = {
	"$y$j75$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH/aGTyBYMlnQidzyag01",
	"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
	"$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
	("$6$rounds=1000$salt$HNxBeBnDfSfUrTj6KiLnmd7tGCvHEmcExh8kl/S0cZ5WrCciNZgfhbpkeFQ4JfkHX."
	 "8vPq45lY0iINnCx1Lkm."),
	"$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7",
	"$1$salt$ez2vlPGdaLYkJam5pWs/Y1",
	"abNANd1rDfiNc",
	"$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/",
	"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
	"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ",
	"{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0",
	"{PLAIN}secret",
};

enum { FORMS = sizeof(stored) / sizeof(stored[0]) };

START_TEST(each_form)
{
	for (int i = 0; i < FORMS; i++) {
		struct str text = str_from(stored[i]);

		ck_assert_msg(password_check(STR("secret"), text) == PASSWORD_RIGHT, "%s",
			      stored[i]);
		ck_assert_int_eq(password_check(STR("secreT"), text), PASSWORD_WRONG);
		ck_assert_int_eq(password_check(STR("secre"), text), PASSWORD_WRONG);
		ck_assert_int_eq(password_check(STR(""), text), PASSWORD_WRONG);
		ck_assert_int_eq(password_check(STR("secret\0"), text), PASSWORD_WRONG);
		ck_assert_int_eq(password_check(STR("secret\0more"), text), PASSWORD_WRONG);
	}
	ck_assert_int_eq(password_check(STR("a much longer password than sixteen"),
					STR("$apr1$abc$77rKqJqY.58.YAtshgYSi1")),
			 PASSWORD_RIGHT);
	ck_assert_int_eq(password_check(STR(""), STR("{PLAIN}")), PASSWORD_RIGHT);
}
END_TEST

/* Longer than crypt(3) takes it: wrong, and not stored in an unknown form. */
START_TEST(passwords_of_any_length)
{
	char *password = memory_alloc(4096);

	memset(password, 'x', 4096);
	for (int i = 0; i < FORMS; i++)
		for (size_t len = 510; len <= 4096; len += len < 514 ? 1 : 1791)
			ck_assert_int_eq(password_check((struct str){ password, len },
							str_from(stored[i])),
					 PASSWORD_WRONG);
}
END_TEST

/* Wherever a stored text is cut, or one of its bytes is another, it fits no password. */
START_TEST(what_is_damaged_fits_nothing)
{
	for (int i = 0; i < FORMS - 1; i++) {
		struct str text = str_from(stored[i]);

		for (size_t len = 0; len + 1 < text.len; len++)
			ck_assert_msg(password_check(STR("secret"), str_head(text, len)) !=
					      PASSWORD_RIGHT,
				      "%.*s", (int)len, text.data);
	}
	static const char *const none[] = {
		"",
		"*",
		"!",
		"x",
		"*0",
		"*1",
		"secret",
		"{SHA}",
		"{SSHA}",
		"{SHA}####",
		"{SSHA}AAAA",
		"{sha}5en6G6MezRroT3XKqkdPOmY/BfQ=",
		"{MD5}",
		"$apr1$",
		"$apr1$abcdefgh",
		"$6$",
		"$9$a$b",
		"$2b$99$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		"\xff\xfe",
		"$y$",
	};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		ck_assert_msg(password_check(STR("secret"), str_from(none[i])) != PASSWORD_RIGHT,
			      "%s", none[i]);
		ck_assert_msg(password_check(STR(""), str_from(none[i])) != PASSWORD_RIGHT, "%s",
			      none[i]);
	}
	ck_assert_int_eq(password_check(STR("secret"), STR("abNANd1rDfiNc\0x")), PASSWORD_UNKNOWN);
}
END_TEST

static struct users users_of(struct str text)
{
	return (struct users){ .bytes = (char *)text.data, .len = text.len };
}

/* The name has this password, or, with NULL, there is no such name. */
static void finds(struct users users, const char *name, const char *expected)
{
	const char *password = expected ? expected : "";
	bool is_known;
	enum password_result result =
		users_check(&users, str_from(name), str_from(password), &is_known);

	ck_assert_msg(is_known == (expected != NULL), "%s", name);
	ck_assert_msg(!expected || result == PASSWORD_RIGHT, "%s: not %s", name, password);
}

START_TEST(lines_of_users)
{
	struct users users =
		users_of(STR("# joe:comment\n\n\r\njoe:{PLAIN}a:b c:d\r\nann:{PLAIN}b\n"
			     "ann:{PLAIN}c\n:empty\nnone\n x:{PLAIN}y\n#z:z\n"
			     "empty:{PLAIN}\nlast:{PLAIN}e"));

	finds(users, "joe", "a");
	finds(users, "ann", "b");
	finds(users, " x", "y");
	finds(users, "empty", "");
	finds(users, "last", "e");
	finds(users, "", NULL);
	finds(users, "none", NULL);
	finds(users, "jo", NULL);
	finds(users, "joe:a", NULL);
	finds(users, "# joe", NULL);
	finds(users, "#z", NULL);
	users = users_of(STR(""));
	finds(users, "joe", NULL);
	users = users_of(STR("joe\0:{PLAIN}x\njoe:{PLAIN}y"));
	finds(users, "joe", "y");
}
END_TEST

START_TEST(files_of_users)
{
	const char *dir = scratch_create();
	const char *path = memory_printf("%s/users", dir), *pipe = memory_printf("%s/pipe", dir);
	struct users users;
	FILE *file = fopen(path, "w");

	fputs("joe:{PLAIN}a\n", file);
	fclose(file);
	ck_assert_int_eq(users_read(path, &users), 0);
	finds(users, "joe", "a");
	users_free(&users);
	ck_assert_int_eq(users_read(dir, &users), -EINVAL);
	ck_assert_int_eq(users_read(memory_printf("%s/none", dir), &users), -ENOENT);
	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	ck_assert_int_eq(users_read(pipe, &users), -EINVAL);
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_int_eq(users_read(path, &users), 0);
	finds(users, "joe", NULL);
	users_free(&users);
	ck_assert_int_eq(truncate(path, 17 * 1024 * 1024), 0);
	ck_assert_int_eq(users_read(path, &users), -EFBIG);
	scratch_remove(dir);
}
END_TEST

TESTS("passwords", each_form, passwords_of_any_length, what_is_damaged_fits_nothing, lines_of_users,
      files_of_users)
