/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second address of the control socket, which does not depend on what the
 * configuration says. A command reads the configuration as it is now: when `pid` or
 * `control` was changed since the server has read it, the server is found here.
 */
#ifndef SKUA_PROCESS_CONTROL_ADDRESS_H
#define SKUA_PROCESS_CONTROL_ADDRESS_H

struct startup;

/* With its NUL. */
#define CONTROL_ADDRESS_SIZE 32

/*
 * An abstract address (unix(7)), with '@' in place of the NUL, for the server that was
 * started with this configuration file and this prefix, and with this -g where that
 * speaks of a pid file or a control socket. "": the directory of the file is not there.
 */
void control_address(const struct startup *startup, char address[CONTROL_ADDRESS_SIZE]);

#endif
