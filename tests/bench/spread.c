/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How evenly a server's workers share many long-lived connections, and what that
 * costs when some of them speak. Callers come at a steady pace, some for one request
 * only. Those who stay are silent for a while, in which a server may move them; then
 * each asks once, to find out who has it; then every tenth asks again and again.
 * One line comes out, separated by tabs:
 *
 *     CPU µs per caller that came, the most that a worker holds over the mean, standard
 *     deviation over the mean in %, both again after the silence; CPU µs per answer
 *     to the tenth, answers/s, 99th percentile ms
 */
#include "client.h"
#include "cpu.h"
#include "crowd.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ONE_IN = 3, /* callers that don't stay */
	PATIENCE = 20000, /* ms until an answer is missed */
	AT_ONCE = 64, /* who ask at a time to find out who has them */
	ACTIVE = 10, /* one in so many of those who stay */
};

static struct cpu_meter meter;
static long port, server, stay = 10000, rate = 4000, silence_ms, run_ms = 1000;
static int workers;
static bool asks[CROWD_MAX];

static uint64_t cpu_us(void)
{
	uint64_t ns = 0;
	int err = cpu_meter_read(&meter, &ns);

	if (err < 0) {
		errno = -err;
		client_die("a process of the server has ended during the measurement");
	}
	return ns / 1000;
}

static void print_spread(void)
{
	struct crowd_worker holders[CROWD_WORKERS_MAX] = { 0 };
	double mean = (double)stay / workers, most = 0, squares = 0;

	crowd_workers(holders);
	for (int i = 0; i < workers; i++) {
		double holds = (double)holders[i].holds;
		most = holds > most ? holds : most;
		squares += (holds - mean) * (holds - mean);
	}
	printf("%.2f\t%.1f\t", most / mean, sqrt(squares / workers) * 100 / mean);
}

static void call_the_roll(void)
{
	for (long i = 0; i < crowd.count; i++) {
		if (crowd.callers[i].fd < 0)
			continue;
		while (crowd.waiting >= AT_ONCE && crowd.failures == 0)
			crowd_run(1);
		crowd_ask(&crowd.callers[i]);
	}
	crowd_settle(PATIENCE);
}

static void ask_again(struct caller *caller)
{
	if (asks[caller - crowd.callers])
		crowd_ask(caller);
}

static void let_some_speak(void)
{
	for (long i = 0, n = 0; i < crowd.count; i++)
		asks[i] = crowd.callers[i].fd >= 0 && n++ % ACTIVE == 0;
	crowd.answered = ask_again;
	for (long i = 0; i < crowd.count; i++)
		if (asks[i])
			crowd_ask(&crowd.callers[i]);
	crowd_run(100);
	memset(&crowd.latencies, 0, sizeof crowd.latencies);
	crowd.answers = 0;

	uint64_t before = cpu_us(), start = client_clock();
	crowd_run(run_ms);
	double answers = (double)crowd.answers, seconds = (double)(client_clock() - start) / 1e9;
	printf("%.2f\t%.0f\t%.2f\n", answers > 0 ? (double)(cpu_us() - before) / answers : 0,
	       answers / seconds,
	       (double)histogram_percentile(&crowd.latencies, 0.99) / 1e6);
	crowd.answered = NULL;
	crowd_settle(PATIENCE);
}

static void parse_options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "p:P:n:c:r:S:t:")) != -1;) {
		long value = atol(optarg ? optarg : "");

		switch (c) {
		case 'p': port = value; break;
		case 'P': server = value; break;
		case 'n': workers = (int)value; break;
		case 'c': stay = value; break;
		case 'r': rate = value; break;
		case 'S': silence_ms = value; break;
		case 't': run_ms = value; break;
		default: workers = 0;
		}
	}
	if (port > 0 && server > 0 && workers > 0 && workers <= CROWD_WORKERS_MAX && rate > 0 &&
	    stay > 0 && stay <= CROWD_MAX / 2)
		return;
	fprintf(stderr, "usage: spread -p PORT -P PID -n WORKERS [-c WHO_STAY]\n"
			"              [-r COME_IN_A_SECOND] [-S SILENCE_MS] [-t RUN_MS]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	int err = cpu_meter_init(&meter, (pid_t)server);
	if (err < 0) {
		errno = -err;
		client_die("the server's processes");
	}
	crowd_start(port, "/1024.txt");
	uint64_t before = cpu_us();
	long come = stay + (stay + ONE_IN - 2) / (ONE_IN - 1);
	crowd_come(come, rate, ONE_IN);
	crowd_settle(PATIENCE);
	crowd_give_up_on_failures("spread", "while they came");
	printf("%.2f\t", (double)(cpu_us() - before) / (double)come);
	print_spread();
	crowd_run(silence_ms);
	call_the_roll();
	crowd_give_up_on_failures("spread", "after a silence");
	print_spread();
	let_some_speak();
	crowd_give_up_on_failures("spread", "while a tenth of them spoke");
	return 0;
}
