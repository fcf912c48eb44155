/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last lines of a log in memory that processes share: `error_log memory:SIZE`. All processes
 * write without a lock and without a system call, and the master reads. Processes inherit the
 * memory by fork(2).
 */
#ifndef SKUA_BASE_LOG_RING_H
#define SKUA_BASE_LOG_RING_H

#include <stddef.h>

#include <str.h>

struct log_ring;

enum {
	LOG_RING_MIN = 1024, /* bytes */
	LOG_RING_MAX = 16 * 1024 * 1024,
};

/*
 * Memory for lines of `size` bytes together, with what is stored about them (16 to 23 bytes for
 * each). If this process has a ring of that size already, the result is this ring, with its lines.
 * Each call needs a log_ring_close(). 0 and *ring, or -errno and NULL.
 */
int log_ring_open(size_t size, struct log_ring **ring);

/* NULL is fine. */
void log_ring_close(struct log_ring *ring);

/* The descriptor of the memory (memfile.h), which belongs to the ring. */
int log_ring_fd(const struct log_ring *ring);

/*
 * Writes a line over the oldest ones. It stands without its line feed and has no NUL; it is cut
 * after 4 KiB, or where it is longer than the ring. Never waits.
 */
void log_ring_put(struct log_ring *ring, struct str line);

/*
 * Calls take() with each line, oldest first; together they have at most `size` bytes. A line is
 * valid until take() returns. Left out are lines that are being written or overwritten, and what is
 * no line: the memory may hold anything, since a process that was taken over can write there.
 */
void log_ring_read(const struct log_ring *ring, void (*take)(void *data, struct str line),
		   void *data);

#endif
