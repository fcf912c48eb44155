/* SPDX-License-Identifier: BSD-2-Clause */
/* The usage of the commands, from their tables. */
#ifndef SKUA_CLI_HELP_USAGE_H
#define SKUA_CLI_HELP_USAGE_H

#include <stdio.h>

struct command;

/*
 * Prints how the command is written, its options and its exit statuses. For the program itself
 * (commands[0]) all commands are named.
 */
void usage_print(FILE *to, const struct command *command);

/*
 * For programs: one line for each command, each of its options and outcomes, each module and
 * what it adds to listen, with fields that tabs separate. "-" is an empty field.
 *
 *     command  NAME     SYNOPSIS  ARGUMENT  KIND   SUMMARY
 *     option   COMMAND  LETTER    NAME      VALUE  KIND  WORDS  TEXT
 *     outcome  COMMAND  STATUS    TEXT
 *     module   NAME     SUMMARY
 *     parameter  MODULE  NAME  TEXT
 *
 * KIND is text, file, folder, word or name. The program without the name of a command is
 * the COMMAND "skua".
 */
void usage_list(FILE *to);

#endif
