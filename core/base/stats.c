/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps the counters. Until a process is given its slot it counts in memory of its
 * own, so that whoever counts need not ask.
 */
#include "base/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct stats own;

struct stats *stats_mine = &own;

static struct stats *first = &own;

uint64_t stats_next_number(void)
{
	return atomic_fetch_add_explicit(&first->numbers, 1, memory_order_relaxed) + 1;
}

void stats_count_answer(int status, uint64_t bytes)
{
	int class = status / 100;

	stats_add(&stats_mine->responses[class > 0 && class < STATS_CLASSES ? class : 0], 1);
	stats_add(&stats_mine->bytes, bytes);
}

void stats_add_to(struct stats_sum *sum, const struct stats *slot)
{
	sum->accepted += stats_get(&slot->accepted);
	sum->handed_off += stats_get(&slot->handed_off);
	sum->requests += stats_get(&slot->requests);
	for (int i = 0; i < STATS_CLASSES; i++)
		sum->responses[i] += stats_get(&slot->responses[i]);
	sum->bytes += stats_get(&slot->bytes);
	sum->active += stats_get(&slot->active);
	sum->idle += stats_get(&slot->idle);
	sum->writing += stats_get(&slot->writing);
}

/* A process that could shrink it could end all others by SIGBUS. */
static int make_file(size_t size)
{
	int fd = memfd_create("skua counters", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

struct stats *stats_map(size_t slots, int *fd)
{
	size_t size = slots * sizeof(struct stats);
	int file = *fd >= 0 ? *fd : make_file(size);
	struct stat status;

	if (file < 0 || fstat(file, &status) < 0)
		return NULL;
	if (status.st_size != (off_t)size) {
		errno = EINVAL;
		return NULL;
	}
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (memory != MAP_FAILED)
		*fd = file;
	else if (file != *fd)
		close(file);
	if (memory == MAP_FAILED)
		return NULL;
	first = memory;
	return memory;
}
