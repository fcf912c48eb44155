/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `skua -s stop | quit | reload | reopen`.
 */
#ifndef SKUA_PROCESS_TELL_H
#define SKUA_PROCESS_TELL_H

struct startup;

/*
 * Sends the signal to the master whose number is in the pid file that the
 * configuration names. Returns the exit status, 1 after a message.
 */
int tell_master(const struct startup *startup, const char *name);

#endif
