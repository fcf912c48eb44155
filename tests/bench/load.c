/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads a server and measures what an answer costs it. All connections are
 * opened; then it warms up; then it measures; then it waits for what has been
 * asked. One line comes out, separated by tabs:
 *
 *     CPU µs per answer, answers/s, median µs, 99th percentile µs, errors,
 *     connections that the server ended politely, share of each worker in %
 *
 * Answers are counted by their bytes, so that those which the ends of the
 * measurement cut in two count by the part that was seen. Errors are named on
 * stderr, and the exit status is 1.
 */
#include "client.h"
#include "clients.h"
#include "cpu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct client_options opt = { .path = "/", .count = 64, .status = 200, .length = -1 };
static long server, warm_ms = 100, run_ms = 1000;

/* What has come between two moments: the server's time and the client's. */
struct measurement {
	struct histogram latencies;
	double answers, seconds, cpu_us;
};

static void measure(const struct cpu_meter *meter, struct measurement *out)
{
	uint64_t cpu_before = 0, cpu_after = 0;

	memset(&client_tally.latencies, 0, sizeof client_tally.latencies);
	client_tally.answers = client_tally.bytes = 0;
	uint64_t start = client_clock();
	int err = cpu_meter_read(meter, &cpu_before);
	clients_run(run_ms);
	if (err == 0)
		err = cpu_meter_read(meter, &cpu_after);
	if (err < 0) {
		errno = -err;
		client_die("a process of the server has ended during the measurement");
	}
	long length = client_body_length();
	*out = (struct measurement){
		.latencies = client_tally.latencies,
		.answers = length > 0 ? (double)client_tally.bytes / (double)length
				      : (double)client_tally.answers,
		.seconds = (double)(client_clock() - start) / 1e9,
		.cpu_us = (double)(cpu_after - cpu_before) / 1000,
	};
}

/* "40/60": how the connections were spread; "-" when the server doesn't say. */
static void print_workers(const struct client_worker *workers)
{
	uint64_t total = 0;
	int count = 0;

	for (; count < CLIENT_WORKERS_MAX && workers[count].pid != 0; count++)
		total += workers[count].conns;
	if (count == 0)
		printf("-");
	for (int i = 0; i < count; i++)
		printf("%s%.0f", i > 0 ? "/" : "", (double)workers[i].conns * 100 / (double)total);
	printf("\n");
}

static void print_measurement(const struct measurement *run)
{
	printf("%.3f\t%.1f\t%.1f\t%.1f\t%llu\t%llu\t",
	       run->answers > 0 ? run->cpu_us / run->answers : 0, run->answers / run->seconds,
	       (double)histogram_percentile(&run->latencies, 0.5) / 1000,
	       (double)histogram_percentile(&run->latencies, 0.99) / 1000,
	       (unsigned long long)client_failures_total(),
	       (unsigned long long)client_tally.reconnects);
	print_workers(client_tally.workers);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: load -p PORT -P PID [-u PATH] [-c CONNECTIONS] [-m keep|close|pipeline]\n"
		"            [-s STATUS] [-l LENGTH] [-w WARM_MS] [-t RUN_MS]\n");
	exit(2);
}

static enum client_mode mode_of(const char *name)
{
	static const char *const names[] = {
		[CLIENT_KEEP] = "keep", [CLIENT_CLOSE] = "close", [CLIENT_PIPELINE] = "pipeline"
	};

	for (enum client_mode mode = CLIENT_KEEP; mode <= CLIENT_PIPELINE; mode++) {
		if (strcmp(name, names[mode]) == 0)
			return mode;
	}
	usage();
	return CLIENT_KEEP;
}

static void parse_options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "p:P:u:c:m:s:l:w:t:")) != -1;) {
		switch (c) {
		case 'p':
			opt.port = atol(optarg);
			break;
		case 'P':
			server = atol(optarg);
			break;
		case 'u':
			opt.path = optarg;
			break;
		case 'c':
			opt.count = atol(optarg);
			break;
		case 'm':
			opt.mode = mode_of(optarg);
			break;
		case 's':
			opt.status = atol(optarg);
			break;
		case 'l':
			opt.length = atol(optarg);
			break;
		case 'w':
			warm_ms = atol(optarg);
			break;
		case 't':
			run_ms = atol(optarg);
			break;
		default:
			usage();
		}
	}
	if (opt.port <= 0 || server <= 0 || opt.count < 1 || opt.count > CLIENTS_MAX ||
	    strlen(opt.path) > 256)
		usage();
}

int main(int argc, char **argv)
{
	struct cpu_meter meter;
	static struct measurement run;

	parse_options(argc, argv);
	int err = cpu_meter_init(&meter, (pid_t)server);
	if (err < 0) {
		errno = -err;
		client_die("the server's processes");
	}

	clients_open(&opt);
	if (client_failures_total() == 0) {
		clients_run(warm_ms);
		measure(&meter, &run);
		clients_drain();
		print_measurement(&run);
	}
	for (int i = 0; i < CLIENT_FAILURES; i++) {
		if (client_tally.failures[i] > 0)
			fprintf(stderr, "load: %llu %s\n",
				(unsigned long long)client_tally.failures[i],
				client_failure_names[i]);
	}
	return client_failures_total() > 0;
}
