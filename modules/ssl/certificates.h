/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificates of a configuration, and their files. */
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

#endif
