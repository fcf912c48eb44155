/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds descriptors that a process should not have: those that the server has inherited from its
 * caller by accident, and those that the process has opened while it served and not closed at
 * its end, which are defects of the server.
 */
#ifndef SKUA_PROCESS_WORKER_LEAKS_H
#define SKUA_PROCESS_WORKER_LEAKS_H

/*
 * Closes the descriptors that the server has inherited and does not use. To be called in a forked
 * process. These descriptors lack close-on-exec, which all descriptors of the server have.
 *
 * The process must have its own loop by then, because this function polls all descriptors, and
 * polling the epoll descriptor of another process would take away the signal events of that.
 */
void leaks_close_inherited(void);

/* Notes the descriptors that are open now: leaks_report() leaves them out. */
void leaks_note(void);

/* Logs an [alert] for each other descriptor that is open. Returns how many there are. */
unsigned leaks_report(void);

#endif
