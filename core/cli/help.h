/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `skua help`: what the tables of the modules say about themselves.
 */
#ifndef SKUA_CLI_HELP_H
#define SKUA_CLI_HELP_H

#include <stdio.h>

/*
 * Prints what there is about a directive, a module or a variable ("$host" or
 * "host"); NULL: the list of all names; "--all": every directive and variable in
 * full. Lines end before column 80. 0, or -ENOENT after naming what is nearest
 * on standard error.
 */
int help_print(FILE *to, const char *topic);

#endif
