/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that ask a server in a closed loop: each asks again as soon as it
 * is answered. Every answer's status and length is checked; what goes wrong is
 * counted, and a connection that failed stays closed: nothing is retried silently.
 */
#ifndef BENCH_CLIENTS_H
#define BENCH_CLIENTS_H

#include "histogram.h"

#include <stdint.h>

enum { CLIENTS_MAX = 20000, CLIENT_WORKERS_MAX = 64 };

enum client_mode {
	CLIENT_KEEP, /* one request after the other on a connection */
	CLIENT_CLOSE, /* one request a connection, which the server ends */
	CLIENT_PIPELINE, /* sixteen at once, then sixteen again */
};

enum client_failure {
	CLIENT_CONNECT,
	CLIENT_RESET,
	CLIENT_ENDED,
	CLIENT_BAD_HEAD,
	CLIENT_BAD_STATUS,
	CLIENT_BAD_LENGTH,
	CLIENT_SURPLUS,
	CLIENT_STALLED,
	CLIENT_FAILURES, /* how many kinds there are */
};

extern const char *const client_failure_names[CLIENT_FAILURES];

struct client_options {
	const char *path; /* at most 256 letters */
	long port; /* on 127.0.0.1 */
	long count; /* of connections, at most CLIENTS_MAX */
	long status; /* that each answer has */
	long length; /* of each body; -1 stands for that of the first */
	enum client_mode mode;
};

/* How many connections a worker of the server has answered on. */
struct client_worker {
	unsigned pid;
	uint64_t conns;
};

struct client_tally {
	/*
	 * ns from the sending of the request (of all sixteen when pipelined; from
	 * connect() when a connection serves one) to the last byte of the answer.
	 */
	struct histogram latencies;
	uint64_t answers;
	uint64_t bytes; /* of bodies, also of those not complete yet */
	uint64_t reconnects; /* after an answer with Connection: close that was not asked for */
	uint64_t failures[CLIENT_FAILURES];
	struct client_worker workers[CLIENT_WORKERS_MAX]; /* pid 0: it doesn't say */
};

/* Counts up as clients_open(), clients_run() and clients_drain() go. */
extern struct client_tally client_tally;

/*
 * Opens all connections, few at a time so that no queue of the server overflows,
 * and returns when each has had its first answer, at the first failure, or after
 * 15 seconds. Call it once; ends the program when there is no descriptor left.
 */
void clients_open(const struct client_options *options);

/* Goes on asking for so many milliseconds. */
void clients_run(long ms);

/* Waits, at most 10 seconds, for what has been asked, and asks no more. */
void clients_drain(void);

/* The sum over all kinds. */
uint64_t client_failures_total(void);

/* The length of each body as far as it is known, else -1. */
long client_body_length(void);

#endif
