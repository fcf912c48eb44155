/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/os/environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The variable as it is now; NULL: there is none of this name. */
static char *find(struct str name)
{
	char **variable = environ;

	while (*variable && (strncmp(*variable, name.data, name.len) != 0 ||
			     (*variable)[name.len] != '='))
		variable++;
	return *variable;
}

static bool is_among(char *const *some, const char *text)
{
	while (*some && *some != text)
		some++;
	return *some != NULL;
}

void environment_keep(const struct environment_entry *entries, size_t count)
{
	char **kept = calloc(count + 2, sizeof(*kept));
	size_t used = 0;
	bool has_zone = false;

	if (!kept)
		return;
	for (size_t i = 0; i < count; i++) {
		char *text = entries[i].text ? (char *)entries[i].text : find(entries[i].name);

		has_zone = has_zone || str_eq(entries[i].name, STR("TZ"));
		if (text)
			kept[used++] = text;
	}
	if (!has_zone && find(STR("TZ")))
		kept[used++] = find(STR("TZ"));
	for (char **old = environ; *old; old++)
		if (!is_among(kept, *old))
			explicit_bzero(*old, strlen(*old));
	environ = kept;
}
