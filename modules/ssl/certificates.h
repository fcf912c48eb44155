/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and their private keys, as they stand in files. */
#ifndef SKUA_SSL_CERTIFICATES_H
#define SKUA_SSL_CERTIFICATES_H

#include <module.h>

#include "settings.h"

/*
 * Reads or makes the certificates of a server, and checks each pair. 0, or -EINVAL after
 * conf_error().
 */
int certificates_read(struct conf_call *call, const struct ssl_conf *conf,
		      struct ssl_settings *settings);

/*
 * In the master: reads the files again that have changed. A pair that cannot be used is reported to
 * the log once, and the old one stays. Returns whether workers that are forked from now on have
 * other certificates than those before.
 */
bool certificates_refresh(void);

/* Writes when each certificate expires. */
void certificates_metrics(struct metrics *to);

enum certificate_result { CERTIFICATE_USABLE, CERTIFICATE_WRONG_CHAIN, CERTIFICATE_WRONG_KEY };

/*
 * Reads a certificate, with its issuers behind it, and its key from texts in PEM, and checks that
 * they belong together. *out is zeroed before, and can be used only with CERTIFICATE_USABLE;
 * otherwise *reason is a static text. May be called on any thread, but by one at a time.
 */
enum certificate_result certificate_parse(struct str chain, struct str key,
					  const struct str_list *passwords,
					  struct ssl_certificate *out, const char **reason);

/* Frees what a certificate refers to, and zeroes it. */
void certificate_free(struct ssl_certificate *certificate);

#endif
