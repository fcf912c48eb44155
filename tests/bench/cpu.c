/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each process has a CPU clock that any other may read (clock_getcpuclockid(3)):
 * utime and stime together, its ended threads too, exact to the nanosecond where
 * /proc/PID/stat counts in ticks of 10 ms.
 */
#include "cpu.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct process {
	pid_t pid;
	pid_t parent;
};

enum { PROCESSES_SEEN_MAX = 16384 };

/* proc(5): "pid (name) state ppid ..."; the name may hold spaces and brackets. */
static pid_t parent_of(pid_t pid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return -1;

	char line[512];
	size_t len = fread(line, 1, sizeof line - 1, file);
	fclose(file);
	line[len] = '\0';

	const char *name_end = strrchr(line, ')');
	int parent = -1;
	if (name_end == NULL || sscanf(name_end + 1, " %*c %d", &parent) != 1)
		return -1;
	return parent;
}

static unsigned list_processes(DIR *proc, struct process *list)
{
	unsigned count = 0;

	for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
		if (!isdigit((unsigned char)entry->d_name[0]) || count == PROCESSES_SEEN_MAX)
			continue;
		pid_t pid = atoi(entry->d_name);
		list[count++] = (struct process){ pid, parent_of(pid) };
	}
	return count;
}

static bool contains(const struct cpu_meter *meter, pid_t pid)
{
	for (unsigned i = 0; i < meter->count; i++) {
		if (meter->pids[i] == pid)
			return true;
	}
	return false;
}

static bool add_children(struct cpu_meter *meter, const struct process *list, unsigned count)
{
	bool added = false;

	for (unsigned i = 0; i < count && meter->count < CPU_PROCESSES_MAX; i++) {
		if (contains(meter, list[i].parent) && !contains(meter, list[i].pid)) {
			meter->pids[meter->count++] = list[i].pid;
			added = true;
		}
	}
	return added;
}

int cpu_meter_init(struct cpu_meter *meter, pid_t root)
{
	static struct process list[PROCESSES_SEEN_MAX];

	DIR *proc = opendir("/proc");
	if (proc == NULL)
		return -errno;
	unsigned count = list_processes(proc, list);
	closedir(proc);

	*meter = (struct cpu_meter){ .pids = { root }, .count = 1 };
	while (add_children(meter, list, count))
		;
	if (meter->count == CPU_PROCESSES_MAX)
		return -E2BIG;

	uint64_t ns = 0;
	return cpu_meter_read(meter, &ns);
}

int cpu_meter_read(const struct cpu_meter *meter, uint64_t *ns)
{
	*ns = 0;
	for (unsigned i = 0; i < meter->count; i++) {
		clockid_t clock;
		struct timespec used;

		if (clock_getcpuclockid(meter->pids[i], &clock) != 0 ||
		    clock_gettime(clock, &used) < 0)
			return -ESRCH;
		*ns += (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
	}
	return 0;
}
