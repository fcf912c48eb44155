/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `skua help`: what the tables of the modules say about themselves.
 */
#ifndef SKUA_CLI_HELP_H
#define SKUA_CLI_HELP_H

#include <stdio.h>

/*
 * Prints the documentation of a directive, a module or a variable ("$host" or
 * "host"); NULL: the list of all names; "--all": every directive and variable in
 * full. Lines end before column 80. 0; or -ENOENT if there is no such name, after a message
 * on standard error, which names the nearest one.
 */
int help_print(FILE *to, const char *topic);

/* Prints the names alone, one a line: of modules, directives and, with "$", variables. */
void help_names(FILE *to);

#endif
