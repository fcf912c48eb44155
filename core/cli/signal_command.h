/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `skua -s stop | quit | reload | reopen | upgrade`.
 */
#ifndef SKUA_CLI_SIGNAL_COMMAND_H
#define SKUA_CLI_SIGNAL_COMMAND_H

struct startup;

/*
 * Gives a command to the master of this configuration. reload, reopen and upgrade go
 * through the control socket, and the outcome is printed; for the others a signal is sent
 * to the process that listens there. If nobody answers, the process that the pid file
 * names is signalled, if it is a Skua (executable.h). If the configuration has an error, it is
 * printed; stop, quit and reopen still reach a server that answers at the second address
 * (control_address.h). Returns the exit status (commands.h):
 * STATUS_FAILED if the command failed or could not be given, STATUS_NO_SERVER if no server runs.
 */
int signal_command(const struct startup *startup, const char *name);

#endif
