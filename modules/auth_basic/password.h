/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passwords as files of htpasswd(1) store them: crypt(3) in all of its forms (DES, $1$, $5$, $6$,
 * bcrypt, yescrypt), $apr1$ of Apache, {SHA}, {SSHA} and {PLAIN}.
 */
#ifndef SKUA_AUTH_BASIC_PASSWORD_H
#define SKUA_AUTH_BASIC_PASSWORD_H

#include <str.h>

enum password_result {
	PASSWORD_RIGHT,
	PASSWORD_WRONG,
	PASSWORD_UNKNOWN, /* nobody can say: the text is in no form that is known here */
};

/*
 * Compares a password with what is stored of it. May take as long as whoever made the file has
 * wanted: call it on a thread. A password with a NUL in it is wrong. Allocates nothing from pools.
 */
enum password_result password_check(struct str password, struct str stored);

#endif
