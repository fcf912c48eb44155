/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of nginx: its directives, parameters of listen, and variables. An entry says what
 * this server does with a name that none of its own modules declares, so a correct name is never
 * reported as a spelling mistake. Names that the core declares have no entry. Those of a module
 * that may be left out have one for builds without it; where the module is built, it takes
 * precedence, and a test compares the contexts of both.
 */
#ifndef SKUA_CONFIG_KNOWN_H
#define SKUA_CONFIG_KNOWN_H

#include <conf.h>

enum known_verdict {
	KNOWN_HARMLESS, /* accepted: it changes no response */
	KNOWN_FORWARDING, /* accepted: it concerns only requests that are forwarded */
	KNOWN_FOREIGN, /* a block of another protocol, whose contents are ignored */
	KNOWN_MISSING_ON, /* with "off" like KNOWN_HARMLESS, otherwise like KNOWN_MISSING */
	KNOWN_MISSING, /* refused: without it responses would differ from those of nginx */
};

/* Names for which all of this is the same. */
struct known_group {
	const char *module; /* of nginx */
	enum known_verdict verdict;
	unsigned contexts; /* enum conf_context; 0: upstream, stream or mail */
	const char *reason; /* a sentence for messages and for `skua help` */
	const char *prefix; /* of all names; NULL: none */
	const char *names; /* without the prefix, separated by blanks; ".": the prefix itself */
};

/* Ended by an entry without names. */
extern const struct known_group known_directives[];
extern const struct known_group known_variables[]; /* "ssl_*": all names with this beginning */
extern const struct known_group known_listen_parameters[];

/*
 * The first group that has this name and may stand in one of these contexts; if there is
 * none, the first that has the name; or NULL.
 */
const struct known_group *known_find(const struct known_group *groups, struct str name,
				     unsigned contexts);

/* Calls visit() with each name, which is valid during the call. */
void known_each(const struct known_group *groups,
		void (*visit)(const char *name, const struct known_group *group, void *data),
		void *data);

#endif
