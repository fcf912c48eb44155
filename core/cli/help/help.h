/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `skua help`: what the tables of the modules say about themselves.
 */
#ifndef SKUA_CLI_HELP_H
#define SKUA_CLI_HELP_H

#include <stdio.h>

/*
 * Prints the documentation of a directive, a module, a variable ("$host" or "host") or a command.
 * If none has this name, prints those that have it, or all the words in it, in their names or
 * texts, best first, and after them the pages of the site that do. Lines end before column 80. 0;
 * or -ENOENT if there is nothing, after a message on standard error, which names the nearest one.
 */
int help_print(FILE *to, const char *topic);

/* Prints the modules with the names of their directives and variables. */
void help_overview(FILE *to);

/* Prints the documentation of every directive and variable. */
void help_all(FILE *to);

/* Prints the names alone, one a line: of modules, directives, commands and, with "$", variables. */
void help_names(FILE *to);

/*
 * Prints as JSON what help_print() prints; topic NULL: everything. 0, or -ENOENT if there is
 * nothing; then the entries are an empty list.
 *
 *     {"topic": "root", "found": "name", "entries": [
 *      {"kind": "directive", "name": "root", "module": "http", "syntax": "root path;",
 *       "default": "html", "contexts": ["http", "server", "location"],
 *       "obsolete": false, "text": "..."}]}
 *
 * "found" is "name", "nginx" (a name of nginx that this server does not have, with
 * "accepted"), "words", "nothing" or "all". Other kinds than directives have no syntax, default,
 * contexts and obsolete; a page has, in place of a text, an "address" in the site.
 */
int help_json(FILE *to, const char *topic);

#endif
