/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports the state of the server to the service manager that has started it: datagrams
 * to the socket that the variable NOTIFY_SOCKET names, as sd_notify(3) describes
 * them. Without the variable nothing happens.
 */
#ifndef SKUA_PROCESS_OS_NOTIFY_H
#define SKUA_PROCESS_OS_NOTIFY_H

/*
 * Reads NOTIFY_SOCKET, and WATCHDOG_USEC and WATCHDOG_PID: if the manager wants
 * signs of life, a timer of the loop sends two in the time that it allows. Call it after
 * loop_start(). The variables stay: a program that takes this one's place needs them.
 */
void notify_start(void);

/* Reports that the server serves (again), with a line for people, and this process's number. */
void notify_ready(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reports that a reload begins; notify_ready() ends it, whatever its outcome. */
void notify_reloading(void);

/* Reports that the server has begun to end. */
void notify_stopping(void);

#endif
