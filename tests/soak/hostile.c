/* SPDX-License-Identifier: BSD-2-Clause */
#include "soak/hostile.h"

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/load.h"
#include "harness/memory.h"
#include "soak/crowd.h"
#include "soak/footprint.h"
#include "soak/kinds.h"
#include "soak/watch.h"

enum {
	MODES = 3,
	CPU_LIMIT = 5, /* percent */
	CPU_TRIES = 5, /* the server may still be busy with what was sent before */
	MASTER_GROWTH = 1 << 20, /* bytes that reloads may cost the master, all together */
	ROUND_GROWTH = 1 << 18, /* and each storm the workers, beyond the one before */
	GOOD_CLIENTS = 7,
	START_MS = 10, /* between two groups of clients that start */
};

/* Sizes of the parts of a round. */
struct scale {
	int limit_ms; /* each of the short time limits */
	int clients, group; /* of a storm; of these, how many start at once */
	int reload_ms; /* between two reloads */
	int still; /* clients that hold still */
	int window_ms; /* for which the CPU is measured */
	int footprint; /* connections of each kind whose memory is measured */
	int storms; /* without reloads, of the same clients */
};

static const struct scale short_form = { 200, 400, 8, 200, 300, 250, 100, 0 };
static const struct scale long_form = { 1000, 1200, 2, 1000, 600, 5000, 1000, 4 };

struct run {
	const struct hostile_plan *plan;
	const struct scale *scale;
	struct server *server;
	struct faults faults;
	int processes; /* children of the master between reloads */
	int deadline_ms, slack_ms;
	int reloads;
	unsigned next; /* number of the next client */
	long master_memory; /* after the first round */
};

/* --- the server ------------------------------------------------------------------- */

/*
 * Two servers on one address, of different limits for heads. What the kernel takes of an
 * answer is limited, so that a client which does not read is soon seen not to; but not so
 * much that it waits for each acknowledgement.
 */
static const char *servers(const char *port, int limit_ms)
{
	const char *text = "";

	for (int i = 0; i < HEAD_LIMITS; i++) {
		const struct head_limits *limits = &head_limits[i];

		text = memory_printf(
			"%s server { listen 127.0.0.1:%s%s; server_name %s;\n"
			"client_header_buffer_size %zu; large_client_header_buffers %d %zu;\n"
			"max_headers %d; client_header_timeout %dms; client_body_timeout %dms;\n"
			"send_timeout %dms; keepalive_timeout %dms; lingering_timeout %dms;\n"
			"lingering_time %dms; location = /ok { return 200 ok; } }\n",
			text, port, i ? "" : " sndbuf=128k", limits->host, limits->buffer,
			limits->count, limits->size, limits->fields, limit_ms, limit_ms, limit_ms,
			limit_ms, limit_ms, 2 * limit_ms);
	}
	return text;
}

/* What may pass until a connection is closed, if each of the limits is used up. */
static int all_limits(int limit_ms)
{
	return (1 + 1 + 1 + 1 + 1 + 2) * limit_ms;
}

/* Not young: its tag stays what it is. */
static void put_old(struct server *server, const char *name, const char *bytes, size_t len)
{
	const struct timespec times[2] = { { .tv_sec = FILE_TIME }, { .tv_sec = FILE_TIME } };

	put_bytes(server, name, bytes, len);
	ck_assert_int_eq(utimensat(AT_FDCWD, file_path(server, name), times, 0), 0);
}

static struct server *start(const struct run *run)
{
	static char zeros[LARGE_FILE];
	const char *conf = memory_printf(
		"worker_processes 2; events { accept_mode %s; worker_connections %d; }\n"
		"http { access_log off; log_not_found off; client_max_body_size %d;\n"
		"reset_timedout_connection on;\n"
		"%s %s\n"
		"server { listen 127.0.0.1:%%PORT3%% sndbuf=128k;\n"
		"client_header_buffer_size %d; large_client_header_buffers %d %d; max_headers %d;\n"
		"lingering_time 60s; lingering_timeout 60s;\n"
		"location = /ok { return 200 ok; }\n"
		"location = /copied { sendfile off; alias %%DIR%%/html/large.bin; } }\n"
		"server { listen 127.0.0.1:%%PORT4%%; return 200 good; } }",
		run->plan->mode, run->scale->clients + 400, BODY_LIMIT,
		servers("%PORT%", run->scale->limit_ms), servers("%PORT2%", 60000),
		FOOTPRINT_BUFFER, FOOTPRINT_LARGE_COUNT, FOOTPRINT_LARGE, FOOTPRINT_FIELDS);
	struct server *server = server_start(conf);

	put_old(server, "small.txt", zeros, SMALL_FILE);
	put_old(server, "large.bin", zeros, LARGE_FILE);
	return server;
}

/* --- parts of a round --------------------------------------------------------------- */

static struct load *start_good_clients(const struct run *run)
{
	return load_start(&(struct load_plan){ .port = run->server->ports[3],
					       .body = "good",
					       .pausing = GOOD_CLIENTS - 3,
					       .split = 2,
					       .fresh = 1 });
}

static void stop_good_clients(struct run *run, struct load *load)
{
	static const char *const names[FAULTS] = { "refused", "reset", "unanswered",
						   "closed",  "wrong", "hung" };
	struct load_result result = load_stop(load);

	printf("    good clients: %llu answers, the slowest took %ld ms\n",
	       (unsigned long long)result.answers, result.slowest_ms);
	for (int i = 0; i < FAULTS; i++)
		if (result.faults[i])
			faults_add(&run->faults, "good clients: %llu times %s",
				   (unsigned long long)result.faults[i], names[i]);
	if (result.slowest_ms > run->slack_ms)
		faults_add(&run->faults, "good clients: an answer took %ld ms, the limit is %d ms",
			   result.slowest_ms, run->slack_ms);
}

/* All connections have been closed by the server, while the clients keep their ends open. */
static void check_nothing_is_left(struct run *run)
{
	int ms = run->deadline_ms + run->slack_ms;

	if (!watch_settle(run->server, 0, ms))
		faults_add(&run->faults, "%ld connections are left after %d ms",
			   watch_total(run->server, "active"), ms);
	else if (!watch_wait_for(run->server, run->processes, test_seconds() * 1000))
		faults_add(&run->faults, "old processes do not end, or new ones do not start");
}

/* Clients from the number `first` on, until the server has closed all connections. */
static void storm(struct run *run, unsigned first, bool with_reloads)
{
	const struct scale *scale = run->scale;
	struct load *load = start_good_clients(run);
	struct crowd *crowd = crowd_create(&run->faults, run->deadline_ms, run->slack_ms);
	long reload_ms = now_ms() + scale->reload_ms;
	int reloads = 0;

	for (int i = 0; i < scale->clients; i++) {
		crowd_start(crowd, kinds_make(run->plan->seed, first + (unsigned)i, false),
			    run->server->ports[0]);
		if (i % scale->group == 0)
			crowd_run(crowd, START_MS);
		if (with_reloads && now_ms() >= reload_ms) {
			kill(run->server->pid, SIGHUP);
			reload_ms = now_ms() + scale->reload_ms;
			reloads++;
		}
	}
	while (crowd_open(crowd) > 0)
		crowd_run(crowd, 50);
	struct crowd_counts counts = crowd_counts(crowd);
	printf("  storm: %u clients, %d reloads; %u left, the server closed %u, at the latest "
	       "%ld ms after their last act (limit %d)\n",
	       counts.started, reloads, counts.left, counts.closed, counts.oldest_ms,
	       run->deadline_ms);
	run->reloads += reloads;
	stop_good_clients(run, load);
	check_nothing_is_left(run);
	crowd_destroy(crowd);
}

static void check_quiet(struct run *run, const char *when)
{
	double least = 100;

	for (int i = 0; i < CPU_TRIES && least > CPU_LIMIT; i++) {
		double used = watch_cpu(run->server, run->scale->window_ms);
		least = used < least ? used : least;
	}
	printf(" %s %.1f %%", when, least);
	if (least > CPU_LIMIT)
		faults_add(&run->faults, "%.1f %% CPU while nothing is sent: %s", least, when);
}

/* Clients that come to some point and hold still. */
static void hold_still(struct run *run)
{
	struct crowd *crowd = crowd_create(&run->faults, 0, 0);

	for (int i = 0; i < run->scale->still; i++) {
		crowd_start(crowd, kinds_make(run->plan->seed, run->next++, true),
			    run->server->ports[1]);
		if (i % 10 == 9)
			crowd_run(crowd, 1);
	}
	crowd_run(crowd, 300);
	printf("  still: %d of %d clients; CPU", crowd_open(crowd), run->scale->still);
	check_quiet(run, "as they are");
	crowd_half_close(crowd);
	crowd_run(crowd, 50);
	check_quiet(run, "half-closed");
	ck_assert(watch_reload(run->server));
	run->reloads++;
	check_quiet(run, "after a reload");
	printf("\n");
	crowd_hang_up(crowd);
	check_nothing_is_left(run);
	crowd_destroy(crowd);
}

/* The same clients several times: the memory of the workers does not grow with each time. */
static void same_storms(struct run *run)
{
	struct processes before, after;
	long memory = 0, least = LONG_MAX;

	watch_processes(run->server, &before);
	for (int i = 0; i < run->scale->storms; i++) {
		storm(run, run->next, false);
		long now = watch_memory(run->server);
		if (i > 0 && now - memory < least)
			least = now - memory;
		memory = now;
		printf("    memory of the workers: %ld KiB\n", memory / 1024);
	}
	run->next += (unsigned)run->scale->clients;
	watch_processes(run->server, &after);
	if (!watch_are_same(&before, &after))
		faults_add(&run->faults, "a worker was replaced without a reload");
	if (run->scale->storms && !server_is_sanitized && least > ROUND_GROWTH)
		faults_add(&run->faults, "each storm makes the workers grow by %ld KiB",
			   least / 1024);
}

/* --- all of it ----------------------------------------------------------------------- */

static void check_master(struct run *run)
{
	long now = watch_memory_of(run->server->pid);

	if (!run->master_memory)
		run->master_memory = now;
	printf("  master: %ld KiB after %d reloads\n", now / 1024, run->reloads);
	if (!server_is_sanitized && now - run->master_memory > MASTER_GROWTH)
		faults_add(&run->faults, "the master has grown by %ld KiB",
			   (now - run->master_memory) / 1024);
}

static void check_deaths(struct run *run)
{
	size_t count = file_count(run->server, "/error.log", " exited on signal ") +
		       file_count(run->server, "/error.log", " exited with code ") -
		       file_count(run->server, "/error.log", " exited with code 0");

	if (count)
		faults_add(&run->faults, "%zu processes died, see the log", count);
}

static void begin(struct run *run)
{
	const struct hostile_plan *plan = run->plan;
	struct processes processes;

	printf("%s, seed %llu:\n", plan->mode, (unsigned long long)plan->seed);
	run->deadline_ms = all_limits(run->scale->limit_ms);
	run->slack_ms = test_seconds() * 1000 / 6;
	run->next = plan->seconds ?
			    0 :
			    (unsigned)(plan->number * (run->scale->clients + run->scale->still));
	run->server = start(run);
	watch_processes(run->server, &processes);
	run->processes = processes.count;
}

void hostile_run(const struct hostile_plan *plan)
{
	struct run run = { .plan = plan, .scale = plan->seconds ? &long_form : &short_form };
	long until = now_ms() + plan->seconds * 1000L;
	bool is_long = plan->seconds > 0;

	begin(&run);
	printf("  memory:\n");
	footprint_check(run.server, run.server->ports[2], run.processes, run.scale->footprint,
			is_long ? 0 : plan->number, is_long ? 1 : 2 * MODES, &run.faults);
	same_storms(&run);
	do {
		storm(&run, run.next, true);
		run.next += (unsigned)run.scale->clients;
		hold_still(&run);
		check_master(&run);
	} while (now_ms() < until);
	check_deaths(&run);
	ck_assert_msg(run.faults.count == 0, "%s: %d faults (seed %llu):\n%s", plan->mode,
		      run.faults.count, (unsigned long long)plan->seed, run.faults.text);
	server_stop(run.server);
}
