/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells the service manager that has started this server how it is: datagrams
 * to the socket that the variable NOTIFY_SOCKET names, as sd_notify(3) describes
 * them. Without the variable nothing happens.
 */
#ifndef SKUA_PROCESS_OS_NOTIFY_H
#define SKUA_PROCESS_OS_NOTIFY_H

/*
 * Reads NOTIFY_SOCKET, and WATCHDOG_USEC and WATCHDOG_PID: if the manager wants
 * signs of life it gets one from the loop, twice in the time it allows. The loop
 * has been started. The variables stay: a program that takes this one's place
 * needs them.
 */
void notify_start(void);

/* The server serves (again), with a line for people; this process is the main one. */
void notify_ready(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A reload begins; notify_ready() ends it, whatever its outcome. */
void notify_reloading(void);

/* The server has begun to end. */
void notify_stopping(void);

#endif
