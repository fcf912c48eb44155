/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second address of the control socket, which does not depend on what the
 * configuration says. A command reads the configuration as it is now: when `pid` or
 * `control` was changed since the server has read it, the server is found here.
 */
#ifndef SKUA_PROCESS_SERVER_CONTROL_ADDRESS_H
#define SKUA_PROCESS_SERVER_CONTROL_ADDRESS_H

struct startup;

/* In bytes, with the NUL at the end. */
#define CONTROL_ADDRESS_SIZE 32

/*
 * Writes the abstract address (unix(7)) of the server that was started with the
 * configuration file and the prefix of `startup`; the option -g is part of the address if
 * it has the word "pid" or "control" in it. '@' stands in place of the first NUL. Writes ""
 * if the directory of the file does not exist.
 */
void control_address(const struct startup *startup, char address[CONTROL_ADDRESS_SIZE]);

#endif
