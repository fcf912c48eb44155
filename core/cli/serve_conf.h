/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration of `skua serve`: a file like any other, which --print-config prints.
 */
#ifndef SKUA_CLI_SERVE_CONF_H
#define SKUA_CLI_SERVE_CONF_H

#include <pool.h>

#include "cli/options.h"

/* What serve has found out itself. */
struct serve_place {
	const char *folder; /* full path */
	const char *root; /* the folder as the configuration names it */
	struct str listen; /* address and port */
	/* With TLS: full paths, or names for a certificate that is made; all empty: plain HTTP. */
	struct str cert, key, names;
	const char *users; /* a file for auth_basic_user_file; NULL: no password is asked for */
};

/*
 * Writes the configuration to *out, in the pool. 0, or -EINVAL after a message on standard
 * error: an option has a value that cannot be, or needs a module that this build lacks.
 */
int serve_conf_write(struct pool *pool, const struct serve_options *options,
		     const struct serve_place *place, struct str *out);

#endif
