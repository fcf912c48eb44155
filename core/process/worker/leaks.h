/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that a process should not have: those that whoever started the server left
 * open by accident, and those that the process opened while it served and has not closed
 * at its end, each of which is a defect of ours.
 */
#ifndef SKUA_PROCESS_WORKER_LEAKS_H
#define SKUA_PROCESS_WORKER_LEAKS_H

/*
 * In a process that was forked: closes what the server has inherited and does not use. It
 * is known by its lack of close-on-exec, which all that the server opens or uses has.
 *
 * The process must have a loop of its own by then: it polls all descriptors, and whoever
 * polls the epoll descriptor of another process takes events of signals away from that.
 */
void leaks_close_inherited(void);

/* Notes the descriptors that are open now: leaks_report() leaves them out. */
void leaks_note(void);

/* Logs an [alert] for each other descriptor that is open. Returns how many there are. */
unsigned leaks_report(void);

#endif
