/* SPDX-License-Identifier: BSD-2-Clause */
/* The directive `expires`: how long a client may use its copy. */
#ifndef HEADERS_EXPIRES_H
#define HEADERS_EXPIRES_H

#include <module.h>

enum expires_kind {
	EXPIRES_OFF, /* no fields */
	EXPIRES_EPOCH, /* long ago */
	EXPIRES_MAX, /* in years */
	EXPIRES_AFTER, /* seconds from now, or from the last change of the file */
	EXPIRES_DAILY, /* the next time when the local clock shows so many seconds */
};

struct expires_rule {
	enum expires_kind kind;
	int64_t seconds;
};

/* All zeroes: off. */
struct expires {
	const struct template *value; /* NULL, or what the rule is to be read from */
	struct expires_rule rule; /* when the value has no variables in it */
	bool is_literal;
	bool from_modified;
};

/* Reads the arguments of the directive. 0, or -EINVAL after an error was reported. */
int expires_set(struct conf_call *call, struct expires *expires);

/* Sets Expires and Cache-Control. A text from variables that is no rule counts as "off". */
void expires_apply(struct request *req, const struct expires *expires);

#endif
