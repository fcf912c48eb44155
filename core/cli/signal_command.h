/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `skua -s stop | quit | reload | reopen`.
 */
#ifndef SKUA_CLI_SIGNAL_COMMAND_H
#define SKUA_CLI_SIGNAL_COMMAND_H

struct startup;

/*
 * Tells the master of this configuration. reload, reopen and upgrade go through the
 * control socket, and the outcome is printed; for the others a signal is sent to the
 * process that listens there. Where nobody answers, the process that the pid file
 * names is signalled, if it is a Skua (executable.h). Returns the exit status: 1 when
 * it failed or could not be told.
 */
int signal_command(const struct startup *startup, const char *name);

#endif
