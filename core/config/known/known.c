/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks names up in the tables of known_directives.c and known_variables.c. */
#include "config/known/known.h"

#include <stdio.h>

enum { NAME_MAX_LEN = 64 };

static bool has_name(const struct known_group *group, struct str name)
{
	struct str prefix = str_from(group->prefix), names = str_from(group->names);

	if (!str_starts(name, prefix))
		return false;
	name = name.len == prefix.len ? STR(".") : str_skip(name, prefix.len);
	while (!str_empty(names)) {
		struct str known = str_split(&names, ' ');

		if (str_eq(known, name))
			return true;
		if (str_ends(known, STR("*")) && str_starts(name, str_head(known, known.len - 1)))
			return true;
	}
	return false;
}

const struct known_group *known_find(const struct known_group *groups, struct str name,
				     unsigned contexts)
{
	const struct known_group *any = NULL;

	for (; groups->names; groups++) {
		if (!has_name(groups, name))
			continue;
		if (groups->contexts & contexts)
			return groups;
		any = any ? any : groups;
	}
	return any;
}

void known_each(const struct known_group *groups,
		void (*visit)(const char *name, const struct known_group *group, void *data),
		void *data)
{
	for (; groups->names; groups++) {
		struct str names = str_from(groups->names);

		while (!str_empty(names)) {
			struct str name = str_split(&names, ' ');
			char text[NAME_MAX_LEN];

			if (str_eq(name, STR(".")))
				name.len = 0;
			snprintf(text, sizeof(text), "%s%.*s", groups->prefix ? groups->prefix : "",
				 STR_ARG(name));
			visit(text, groups, data);
		}
	}
}
