/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of nginx: directives, parameters of listen and variables of its modules, with what
 * this server does about those that none of its own modules declares. So a name that is
 * right is never taken for a misspelt one. A name of a module of this server needs no
 * entry; where it has one, the module counts, and its contexts are compared with these in a test.
 */
#ifndef SKUA_CONFIG_KNOWN_H
#define SKUA_CONFIG_KNOWN_H

#include <conf.h>

enum known_verdict {
	KNOWN_HARMLESS, /* accepted: it changes no response */
	KNOWN_FORWARDING, /* accepted: it is about requests that are forwarded */
	KNOWN_FOREIGN, /* a block of another protocol, whose lines are not looked at */
	KNOWN_MISSING, /* refused: without it responses would differ */
};

/* Names that have all of this in common. */
struct known_group {
	const char *module; /* of nginx */
	enum known_verdict verdict;
	unsigned contexts; /* enum conf_context; 0: upstream, stream or mail */
	const char *reason; /* a sentence */
	const char *prefix; /* of all names; NULL: none */
	const char *names; /* what follows the prefix, separated by blanks; ".": nothing */
};

/* Ended by an entry without names. */
extern const struct known_group known_directives[];
extern const struct known_group known_variables[]; /* "ssl_*": all that begin so */
extern const struct known_group known_listen_parameters[];

/*
 * The first group that has this name and may stand in one of these contexts; if there is
 * none, the first that has the name; or NULL.
 */
const struct known_group *known_find(const struct known_group *groups, struct str name,
				     unsigned contexts);

/* Calls visit() with each name, which is in memory that is used again. */
void known_each(const struct known_group *groups,
		void (*visit)(const char *name, const struct known_group *group, void *data),
		void *data);

#endif
