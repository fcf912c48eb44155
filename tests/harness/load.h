/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients that ask without a pause and never try again: what a server loses,
 * they see. They run in a thread of their own, over one epoll, until they are
 * stopped.
 *
 *     struct load *load = load_start(&(struct load_plan){ .port = port, .busy = 8 });
 *     … reload, kill …
 *     struct load_result result = load_stop(load);
 *     load_check(&result);
 */
#ifndef HARNESS_LOAD_H
#define HARNESS_LOAD_H

#include <stdint.h>
#include <sys/types.h>

enum load_fault {
	FAULT_REFUSED, /* connect() failed */
	FAULT_RESET, /* the connection was reset */
	FAULT_UNANSWERED, /* it was closed while an answer was due */
	FAULT_CLOSED, /* it was closed between two requests, and no answer had said so */
	FAULT_WRONG, /* the answer was not the one that was wanted */
	FAULT_HUNG, /* no answer came */
	FAULTS
};

/* How many connections of each kind; all but the fresh ones are kept alive. */
struct load_plan {
	int port;
	const char *target; /* NULL: "/" */
	const char *body; /* what every answer must hold; NULL: anything */
	int busy; /* the next request follows the answer */
	int pausing; /* … after a random pause */
	int split; /* as the pausing ones, the head comes in two pieces */
	int pipelined; /* four requests at once */
	int fresh; /* a new connection for each request */

	/*
	 * Called in the clients' thread for each fault, with the number that the last
	 * answer on this connection gave in its field X-Pid (0: there was none),
	 * and the time at which it was opened. True: it was to be expected and is not
	 * counted. NULL: all count.
	 */
	int (*expected)(enum load_fault fault, pid_t pid, long opened_ms);
};

struct load_result {
	uint64_t answers, connections;
	uint64_t announced; /* connections that ended after `Connection: close` */
	uint64_t faults[FAULTS];
	uint64_t expected; /* faults that were */
	long slowest_ms; /* from a request to its answer, of those that came */
};

struct load;
struct load *load_start(const struct load_plan *plan);
struct load_result load_stop(struct load *load);

/* So far; the clients go on. */
uint64_t load_answers(const struct load *load);

/* Fails the test unless there were answers and no faults. */
void load_check(const struct load_result *result);

#endif
