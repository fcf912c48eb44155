/* SPDX-License-Identifier: BSD-2-Clause */
#include "password.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base64.h>
#include <digest.h>

static enum password_result right_if(bool is_right)
{
	return is_right ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

/* --- {SHA}, {SSHA} ------------------------------------------------------------------- */

enum { ENCODED_MAX = 160 }; /* digits of Base64, of a digest and a salt */

/* The decoded text is the digest, followed by the salt that was appended to the password. */
static enum password_result check_sha(struct str password, struct str text, bool is_salted)
{
	char decoded[BASE64_ROOM(ENCODED_MAX)];
	unsigned char digest[SHA1_SIZE];
	ssize_t len = text.len <= ENCODED_MAX ? base64_decode_to(decoded, text) : -EINVAL;
	struct sha1 sha1;

	if (len < SHA1_SIZE || (len > SHA1_SIZE && !is_salted))
		return PASSWORD_UNKNOWN;
	sha1_init(&sha1);
	sha1_add(&sha1, password);
	sha1_add(&sha1, (struct str){ decoded + SHA1_SIZE, (size_t)len - SHA1_SIZE });
	sha1_end(&sha1, digest);
	return right_if(secret_eq((struct str){ (char *)digest, SHA1_SIZE },
				  (struct str){ decoded, SHA1_SIZE }));
}

/* --- $apr1$ -------------------------------------------------------------------------- */

enum { APR1_ROUNDS = 1000, APR1_SALT = 8, APR1_TEXT = 22 };

static char *put_digits(char *to, unsigned value, int count)
{
	static const char digits[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (; count > 0; count--, value >>= 6)
		*to++ = digits[value & 63];
	return to;
}

/*
 * The rounds make it slow on purpose: each mixes the password, the salt and the result of the round
 * before.
 */
static void apr1_digest(struct str password, struct str salt, unsigned char digest[MD5_SIZE])
{
	const struct str before = { (char *)digest, MD5_SIZE };
	struct md5 md5;

	md5_init(&md5);
	md5_add(&md5, password);
	md5_add(&md5, salt);
	md5_add(&md5, password);
	md5_end(&md5, digest);

	md5_init(&md5);
	md5_add(&md5, password);
	md5_add(&md5, STR("$apr1$"));
	md5_add(&md5, salt);
	for (size_t left = password.len; left > 0; left -= left < MD5_SIZE ? left : MD5_SIZE)
		md5_add(&md5, str_head(before, left));
	for (size_t bits = password.len; bits > 0; bits >>= 1)
		md5_add(&md5, bits & 1 ? (struct str){ "", 1 } : str_head(password, 1));
	md5_end(&md5, digest);

	for (int i = 0; i < APR1_ROUNDS; i++) {
		md5_init(&md5);
		md5_add(&md5, i % 2 ? password : before);
		if (i % 3)
			md5_add(&md5, salt);
		if (i % 7)
			md5_add(&md5, password);
		md5_add(&md5, i % 2 ? before : password);
		md5_end(&md5, digest);
	}
}

/* `text` is what follows "$apr1$": the salt, "$", the digest. */
static enum password_result check_apr1(struct str password, struct str text)
{
	static const unsigned char order[5][3] = {
		{ 0, 6, 12 }, { 1, 7, 13 }, { 2, 8, 14 }, { 3, 9, 15 }, { 4, 10, 5 }
	};
	struct str salt = str_head(str_split(&text, '$'), APR1_SALT);
	unsigned char digest[MD5_SIZE];
	char written[APR1_TEXT], *to = written;

	apr1_digest(password, salt, digest);
	for (int i = 0; i < 5; i++)
		to = put_digits(to, (unsigned)digest[order[i][0]] << 16 |
				(unsigned)digest[order[i][1]] << 8 | digest[order[i][2]], 4);
	put_digits(to, digest[11], 2);
	return right_if(secret_eq((struct str){ written, APR1_TEXT }, text));
}

/* --- crypt(3) ------------------------------------------------------------------------ */

/* Returns a copy from malloc(). NULL: the text contains a NUL, or there is no memory. */
static char *c_string(struct str text)
{
	char *copy = str_chr(text, '\0') < 0 ? malloc(text.len + 1) : NULL;

	if (copy)
		*str_put(copy, text) = '\0';
	return copy;
}

/* crypt_r() returns NULL, "*0" or "*1" for a setting that it does not support. */
static enum password_result check_crypt(struct str password, struct str stored)
{
	char *phrase = c_string(password), *setting = c_string(stored);
	struct crypt_data *data = calloc(1, sizeof(*data));
	enum password_result result = PASSWORD_UNKNOWN;
	const char *made = phrase && setting && data ? crypt_r(phrase, setting, data) : NULL;

	if (made && made[0] != '*')
		result = right_if(secret_eq(str_from(made), stored));
	if (phrase)
		explicit_bzero(phrase, password.len);
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	free(setting);
	free(phrase);
	return result;
}

enum { PHRASE_MAX = 511 }; /* bytes that crypt_r() of libxcrypt accepts */

enum password_result password_check(struct str password, struct str stored)
{
	/* In every form, so that the time does not tell who has which. */
	if (password.len > PHRASE_MAX || str_chr(password, '\0') >= 0)
		return PASSWORD_WRONG;
	if (str_starts(stored, STR("$apr1$")))
		return check_apr1(password, str_skip(stored, 6));
	if (str_starts(stored, STR("{SHA}")))
		return check_sha(password, str_skip(stored, 5), false);
	if (str_starts(stored, STR("{SSHA}")))
		return check_sha(password, str_skip(stored, 6), true);
	if (str_starts(stored, STR("{PLAIN}")))
		return right_if(secret_eq(password, str_skip(stored, 7)));
	return check_crypt(password, stored);
}
