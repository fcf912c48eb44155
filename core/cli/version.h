/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `skua -v` and `-V`: what this program is and what it was made of.
 */
#ifndef SKUA_CLI_VERSION_H
#define SKUA_CLI_VERSION_H

#include <stdio.h>

void version_print(FILE *to);

/* Also compiler, libraries with their versions, modules, options of configure. */
void version_print_build(FILE *to);

#endif
