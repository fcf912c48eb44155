/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of lines that are read again when they have changed (conf_lines() in conf.h). The
 * configuration reads them once; http/files/lines.c looks at the file for each request, and keeps
 * the parsed form as an attachment of its version.
 */
#ifndef SKUA_CONFIG_LINES_H
#define SKUA_CONFIG_LINES_H

#include <conf.h>

/* A version of the file. */
struct lines_version {
	unsigned refs;
	struct pool *pool; /* of the form, the bytes and this struct; NULL: the configuration's */
	struct str bytes; /* of the file */
	void *form;
	bool is_bad; /* it has an error: the form must not be used */
};

struct lines {
	struct str path, name;
	const struct lines_kind *kind;
	struct conf_call call; /* of the directive */
	struct lines_version initial; /* what the configuration has read */
	struct lines_version *good; /* the last one without an error */
	struct lines_version *bad; /* the last one with an error, which was logged; NULL: none */
	int error; /* -errno for which the file could not be read last; 0: it could */
};

/*
 * Parses the lines into `form` and `pool`, while the configuration is in use. 0, or -EINVAL with
 * the first error in `why`.
 */
int conf_lines_again(struct lines *lines, struct str bytes, struct pool *pool, void *form,
		     char *why, size_t why_size);

#endif
