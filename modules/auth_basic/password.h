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
	PASSWORD_UNKNOWN, /* the stored text is in a form that is not supported */
};

/*
 * Compares a password with its stored form. This may take long, depending on the parameters in the
 * stored form, so call it on a thread. A password that contains a NUL is wrong. Allocates nothing
 * from pools.
 */
enum password_result password_check(struct str password, struct str stored);

#endif
