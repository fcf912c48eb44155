/* SPDX-License-Identifier: BSD-2-Clause */
#include "soak/watch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POLL_US = 20000 };

void watch_processes(const struct server *server, struct processes *out)
{
	char path[64];

	*out = (struct processes){ .count = 0 };
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", server->pid, server->pid);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "the master has gone");
	while (out->count < WATCH_PROCESSES && fscanf(file, "%d", &out->pids[out->count]) == 1)
		out->count++;
	fclose(file);
}

bool watch_wait_for(const struct server *server, int count, int ms)
{
	struct processes now;
	long until = now_ms() + ms;

	for (watch_processes(server, &now); now.count != count; watch_processes(server, &now)) {
		if (now_ms() > until)
			return false;
		usleep(POLL_US);
	}
	return true;
}

bool watch_are_same(const struct processes *a, const struct processes *b)
{
	return a->count == b->count &&
	       memcmp(a->pids, b->pids, sizeof(pid_t) * (size_t)a->count) == 0;
}

/* --- CPU ------------------------------------------------------------------------ */

/* utime + stime, in ticks; 0: it has gone. */
static long ticks_of(pid_t pid)
{
	char path[64], text[1024];
	long user = 0, system = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *file = fopen(path, "r");
	if (!file)
		return 0;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	/* Fields 14 and 15; the second one is the name, in brackets. */
	const char *at = strrchr(text, ')');
	if (at)
		sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user,
		       &system);
	return user + system;
}

double watch_cpu(const struct server *server, int ms)
{
	struct processes all;
	long before[WATCH_PROCESSES + 1], most = 0;

	watch_processes(server, &all);
	for (int i = 0; i <= all.count; i++)
		before[i] = ticks_of(i < all.count ? all.pids[i] : server->pid);

	long began = now_ms();
	usleep((unsigned)ms * 1000);
	double passed = (double)(now_ms() - began);

	for (int i = 0; i <= all.count; i++) {
		long used = ticks_of(i < all.count ? all.pids[i] : server->pid) - before[i];
		most = used > most ? used : most;
	}
	return 100.0 * (double)most * 1000 / (double)sysconf(_SC_CLK_TCK) / passed;
}

/* --- memory --------------------------------------------------------------------- */

long watch_memory_of(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	FILE *file = fopen(path, "r");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Dirty: %ld", &kib) == 1)
			break;
	fclose(file);
	return kib * 1024;
}

long watch_memory(const struct server *server)
{
	struct processes all;
	long sum = 0;

	watch_processes(server, &all);
	for (int i = 0; i < all.count; i++)
		sum += watch_memory_of(all.pids[i]);
	return sum;
}

/* --- what the server says ------------------------------------------------------- */

/* What a command of the server's program prints, at most size - 1 bytes; true: it ended with 0. */
static bool command(const struct server *server, const char *what, char *text, size_t size)
{
	const char *program = getenv("SKUA") ? getenv("SKUA") : "build/skua";
	char line[2048];

	snprintf(line, sizeof(line), "timeout %d %s %s -p %s -c %s/conf/server.conf 2>&1",
		 test_seconds(), program, what, server->dir, server->dir);
	FILE *from = popen(line, "r");
	ck_assert_ptr_nonnull(from);
	size_t len = fread(text, 1, size - 1, from);
	text[len] = '\0';
	return pclose(from) == 0;
}

long watch_total(const struct server *server, const char *name)
{
	char text[65536], member[64];
	bool is_good = command(server, "status --json", text, sizeof(text));
	const char *totals = is_good ? strstr(text, "\"totals\":") : NULL;

	snprintf(member, sizeof(member), "\"%s\":", name);
	const char *number = totals ? strstr(totals, member) : NULL;
	ck_assert_msg(number != NULL, "no status: %s", text);
	return atol(number + strlen(member));
}

bool watch_settle(const struct server *server, long connections, int ms)
{
	long until = now_ms() + ms;

	while (watch_total(server, "active") > connections) {
		if (now_ms() > until)
			return false;
		usleep(2 * POLL_US);
	}
	return true;
}

bool watch_reload(const struct server *server)
{
	char text[4096];

	return command(server, "-s reload", text, sizeof(text));
}
