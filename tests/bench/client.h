/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each client of the bench needs: a clock, a connection, and a way to give up.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdint.h>

/* Prints what errno says about what was tried, and ends the program. */
_Noreturn void client_die(const char *what);

/* The monotonic clock in nanoseconds. */
uint64_t client_clock(void);

/*
 * Begins to connect to a port of 127.0.0.1, without waiting; the descriptor is
 * the caller's. A server that ends connections itself keeps their pairs of
 * addresses for a minute, so the source address goes round by `number`: many
 * addresses make many pairs. Ends the program when it cannot.
 */
int client_connect(long number, long port);

#endif
