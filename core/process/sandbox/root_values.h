/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Roots that begin with a variable. If the values of the variable stand in the configuration, the
 * places that the root can be are known at the start:
 *
 *     map $host $site { a.example /srv/a; default /srv/b; }
 *     root $site/html;              /srv/a/html, /srv/b/html
 *     set $base /srv; root $base;   /srv
 *     root $arg_root;               any place
 */
#ifndef SKUA_PROCESS_SANDBOX_ROOT_VALUES_H
#define SKUA_PROCESS_SANDBOX_ROOT_VALUES_H

#include <stdbool.h>

#include "config/template.h"

/*
 * Calls found() for each place that the root or alias can be: the whole path, or its directory
 * before the next variable. False: it can be other places, too, which are not known.
 */
bool root_values_each(const struct template *root, struct pool *pool,
		      void (*found)(void *data, struct str path), void *data);

/* Allows these places as sandbox_allow does, for the roots of all servers and locations. */
void root_values_allow(struct conf_call *call);

#endif
