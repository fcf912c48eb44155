/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gets the mask from the scheduler and the quota from the control groups; the quotas of all
 * groups up to the root hold. A quota that cannot be read is no limit.
 */
#include "process/os/cpus.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

unsigned cpus_of_quota(struct str text)
{
	struct str rest = str_trim(text, " \t\n");
	struct str quota_text = str_split(&rest, ' ');
	uint64_t quota, period;

	if (str_to_u64(quota_text, INT64_MAX / 2, &quota) < 0 ||
	    str_to_u64(rest, INT32_MAX, &period) < 0 || period == 0 || quota == 0)
		return 0;
	uint64_t cpus = (quota + period - 1) / period;
	return cpus > INT_MAX ? 0 : (unsigned)cpus;
}

static bool names_controller(struct str list, struct str controller)
{
	if (str_empty(list) || str_empty(controller))
		return str_eq(list, controller);
	while (!str_empty(list))
		if (str_eq(str_split(&list, ','), controller))
			return true;
	return false;
}

/* A line is "5:cpu,cpuacct:/group"; version 2's is "0::/group". */
bool cpus_group(struct str file, struct str controller, struct str *path)
{
	while (!str_empty(file)) {
		struct str line = str_split(&file, '\n');
		str_split(&line, ':');
		if (names_controller(str_split(&line, ':'), controller)) {
			*path = line;
			return true;
		}
	}
	return false;
}

/* Reads the beginning of a small file; empty if it cannot be read. */
static struct str read_small(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return (struct str){ buffer, 0 };
	ssize_t n = read(fd, buffer, size);
	close(fd);
	return (struct str){ buffer, n > 0 ? (size_t)n : 0 };
}

/* Reads quota and period of one group, as a text in the format of version 2. */
static struct str read_quota(const char *mount, struct str group, bool v2, char *buffer,
			     size_t size)
{
	char path[PATH_MAX], period[32];

	if (v2) {
		snprintf(path, sizeof(path), "%s%.*s/cpu.max", mount, STR_ARG(group));
		return read_small(path, buffer, size);
	}
	snprintf(path, sizeof(path), "%s%.*s/cpu.cfs_period_us", mount, STR_ARG(group));
	struct str second = str_trim(read_small(path, period, sizeof(period)), "\n");
	snprintf(path, sizeof(path), "%s%.*s/cpu.cfs_quota_us", mount, STR_ARG(group));
	struct str first = str_trim(read_small(path, buffer, size / 2), "\n");
	int len = snprintf(buffer + first.len, size - first.len, " %.*s", STR_ARG(second));
	return (struct str){ buffer, first.len + (size_t)len };
}

/* The smallest quota of the group and those around it, in CPUs; 0: no limit. */
static unsigned least_quota(const char *mount, struct str group, bool v2)
{
	unsigned least = 0;
	char buffer[128];

	for (;;) {
		while (str_ends(group, STR("/")))
			group.len--;
		unsigned cpus = cpus_of_quota(read_quota(mount, group, v2, buffer, sizeof(buffer)));
		if (cpus && (!least || cpus < least))
			least = cpus;
		if (str_empty(group))
			return least;
		ssize_t slash = str_rchr(group, '/');
		group.len = slash > 0 ? (size_t)slash : 0;
	}
}

static unsigned quota(void)
{
	char buffer[8192];
	struct str file = read_small("/proc/self/cgroup", buffer, sizeof(buffer));
	struct str group;

	if (cpus_group(file, STR("cpu"), &group))
		return least_quota("/sys/fs/cgroup/cpu", group, false);
	if (cpus_group(file, STR(""), &group))
		return least_quota("/sys/fs/cgroup", group, true);
	return 0;
}

/* The CPUs of the mask. The kernel refuses a buffer smaller than its mask: tries larger ones. */
static unsigned allowed(void)
{
	for (int cpus = 1024; cpus <= 1 << 16; cpus *= 2) {
		cpu_set_t *set = CPU_ALLOC(cpus);
		if (!set)
			break;
		size_t size = CPU_ALLOC_SIZE(cpus);
		int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
		CPU_FREE(set);
		if (count > 0)
			return (unsigned)count;
	}
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned)online : 1;
}

unsigned cpus_usable(void)
{
	unsigned cpus = allowed(), limit = quota();

	return limit && limit < cpus ? limit : cpus;
}
