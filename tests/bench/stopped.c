/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of callers while one worker of a server is stopped (SIGSTOP) for
 * some seconds, as one that hangs. Some callers stay from before. Those whom the worker
 * to be stopped holds hang up, so that it seems to have least to do, as one that was
 * just replaced: a server that goes by this alone is shown as it is. Then it is stopped,
 * and new callers come at a steady pace. Then those who stayed, all of them other
 * workers', ask again. Then the worker goes on, and all must be answered.
 * One line comes out, separated by tabs:
 *
 *     median ms, 99th percentile ms of the new ones, how many of them in 1000 had
 *     no answer within a second, how many in 1000 of those who stayed had none
 */
#include "client.h"
#include "crowd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	LATE_MS = 1000, /* an answer is missed */
	QUIET_MS = 2500, /* in which a server may look after its workers */
	PATIENCE = 20000, /* ms until all must have their answer */
	COME = 2000, /* callers in a second that stay: all workers get some */
};

static long port, stay = 1000, new_callers = 1000, rate = 500, which;
static pid_t stopped;

/* However this program ends. */
static void go_on(void)
{
	if (stopped)
		kill(stopped, SIGCONT);
	stopped = 0;
}

static void on_signal(int number)
{
	go_on();
	_exit(128 + number);
}

static unsigned choose_worker(void)
{
	struct crowd_worker workers[CROWD_WORKERS_MAX];
	int count = crowd_workers(workers);

	return count > 0 ? workers[which % count].pid : 0;
}

static void hang_up_those_of(unsigned pid)
{
	for (long i = 0; i < crowd.count; i++)
		if (crowd.callers[i].worker == pid)
			crowd_hang_up(&crowd.callers[i]);
}

static long count_waiting(long from, long to)
{
	long count = 0;

	for (long i = from; i < to; i++)
		count += crowd.callers[i].waiting;
	return count;
}

/* The answer of the last one is as late as that of the others before it is missed. */
static long count_late(long from, long to)
{
	long count = count_waiting(from, to);

	for (long i = from; i < to; i++)
		count += !crowd.callers[i].waiting &&
			 crowd.callers[i].took > LATE_MS * UINT64_C(1000000);
	return count;
}

static long ask_who_stayed(long to, long *late)
{
	long count = 0;

	for (long i = 0; i < to; i++) {
		if (crowd.callers[i].fd < 0)
			continue;
		crowd_ask(&crowd.callers[i]);
		count++;
		if (count % 16 == 0)
			crowd_run(1);
	}
	crowd_run(LATE_MS);
	*late = count_waiting(0, to);
	return count;
}

static void parse_options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "p:P:c:n:r:w:")) != -1;) {
		long value = atol(optarg ? optarg : "");

		switch (c) {
		case 'p': port = value; break;
		case 'P': break; /* the workers name themselves */
		case 'c': stay = value; break;
		case 'n': new_callers = value; break;
		case 'r': rate = value; break;
		case 'w': which = value; break;
		default: port = 0;
		}
	}
	if (port > 0 && stay > 0 && new_callers > 0 && stay + new_callers <= CROWD_MAX &&
	    rate > 0 && which >= 0)
		return;
	fprintf(stderr, "usage: stopped -p PORT [-P PID] [-c WHO_STAY] [-n NEW]\n"
			"               [-r NEW_IN_A_SECOND] [-w WHICH_WORKER]\n");
	exit(2);
}

/* With its own callers gone. */
static void stop_a_worker(void)
{
	unsigned worker = choose_worker();

	if (worker == 0) {
		fprintf(stderr, "stopped: the answers do not name a worker\n");
		exit(1);
	}
	hang_up_those_of(worker);
	crowd_run(200);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	atexit(go_on);
	stopped = (pid_t)worker;
	if (kill(stopped, SIGSTOP) < 0)
		client_die("cannot stop a worker");
}

static void print_latencies(void)
{
	struct histogram took = { 0 };

	for (long i = stay; i < crowd.count; i++)
		histogram_add(&took, crowd.callers[i].took);
	printf("%.2f\t%.2f\t", (double)histogram_percentile(&took, 0.5) / 1e6,
	       (double)histogram_percentile(&took, 0.99) / 1e6);
}

int main(int argc, char **argv)
{
	long late_who_stayed = 0;

	parse_options(argc, argv);
	crowd_start(port, "/1024.txt");
	crowd_come(stay, COME, 0);
	crowd_settle(PATIENCE);
	crowd_give_up_on_failures("stopped", "while they came");
	stop_a_worker();
	crowd_come(new_callers, rate, 1);
	crowd_run(QUIET_MS);
	long late = count_late(stay, crowd.count);
	long stayed = ask_who_stayed(stay, &late_who_stayed);
	go_on();
	crowd_settle(PATIENCE);
	crowd_give_up_on_failures("stopped", "after the worker went on");

	print_latencies();
	printf("%.1f\t%.1f\n", (double)late * 1000 / (double)new_callers,
	       stayed > 0 ? (double)late_who_stayed * 1000 / (double)stayed : 0);
	return 0;
}
