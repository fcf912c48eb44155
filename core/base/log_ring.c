/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory is `tail` and an array of words of 64 bits. Positions count all words that were ever
 * written; a position modulo the number of words is an index. A record begins with two words:
 *
 *     position + 1 | hash, length | the line, up to the next word
 *
 * A writer takes its words by adding to `tail`, and writes the first word last. A reader looks for
 * a record at each position of the last round. Words of an older round have another position, and
 * a line has no NUL, which each position has in its upper bytes. Where a slow writer was overtaken
 * by a whole round, or a line is overwritten while it is read, the hash differs.
 */
#include "base/log_ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memfile.h"

enum { WORD = sizeof(uint64_t), HEAD_WORDS = 2, LINE_MAX_LEN = 4096, LEN_MASK = 0xffff };

struct shared {
	_Atomic uint64_t tail; /* the position behind the last record */
	_Atomic uint64_t words[];
};

struct log_ring {
	struct shared *shared;
	size_t size; /* as it was asked for */
	size_t words;
	int fd;
	unsigned users; /* calls of log_ring_open() without a log_ring_close() */
	struct log_ring *next;
};

static struct log_ring *rings;

static size_t mapped_size(size_t words)
{
	return sizeof(struct shared) + words * WORD;
}

/* --- opening --------------------------------------------------------------------- */

static int map(struct log_ring *ring)
{
	void *memory;

	ring->fd = memfile_create("skua log", mapped_size(ring->words));
	if (ring->fd < 0)
		return ring->fd;
	int error = memfile_map(ring->fd, mapped_size(ring->words), &memory);
	if (error < 0)
		close(ring->fd);
	ring->shared = memory;
	return error;
}

int log_ring_open(size_t size, struct log_ring **out)
{
	for (struct log_ring *ring = rings; ring; ring = ring->next)
		if (ring->size == size) {
			ring->users++;
			*out = ring;
			return 0;
		}

	struct log_ring *ring = calloc(1, sizeof(*ring));

	*out = NULL;
	if (!ring)
		return -ENOMEM;
	ring->size = size;
	ring->words = size / WORD;
	ring->users = 1;
	int error = map(ring);
	if (error < 0) {
		free(ring);
		return error;
	}
	ring->next = rings;
	*out = rings = ring;
	return 0;
}

void log_ring_close(struct log_ring *ring)
{
	struct log_ring **link = &rings;

	if (!ring || --ring->users)
		return;
	while (*link != ring)
		link = &(*link)->next;
	*link = ring->next;
	munmap(ring->shared, mapped_size(ring->words));
	close(ring->fd);
	free(ring);
}

int log_ring_fd(const struct log_ring *ring)
{
	return ring->fd;
}

/* --- writing ----------------------------------------------------------------------- */

static _Atomic uint64_t *word_at(const struct log_ring *ring, uint64_t position)
{
	return &ring->shared->words[position % ring->words];
}

/* How many of `len` bytes from this position on lie before the end of the array. */
static size_t before_end(const struct log_ring *ring, uint64_t position, size_t len)
{
	size_t left = (ring->words - position % ring->words) * WORD;

	return len < left ? len : left;
}

static size_t record_words(size_t len)
{
	return HEAD_WORDS + (len + WORD - 1) / WORD;
}

static size_t line_max(const struct log_ring *ring)
{
	size_t room = (ring->words - HEAD_WORDS) * WORD;

	return room < LINE_MAX_LEN ? room : LINE_MAX_LEN;
}

/*
 * The length, and of the other bits a hash (FNV-1a). It detects damage by accident; an attacker
 * could write a line with the right hash.
 */
static uint64_t head_of(struct str line)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < line.len; i++)
		hash = (hash ^ (unsigned char)line.data[i]) * 0x100000001b3;
	return (hash & ~(uint64_t)LEN_MASK) | line.len;
}

void log_ring_put(struct log_ring *ring, struct str line)
{
	line = str_head(line, line.len < line_max(ring) ? line.len : line_max(ring));

	uint64_t at = atomic_fetch_add(&ring->shared->tail, record_words(line.len));
	size_t first = before_end(ring, at + HEAD_WORDS, line.len);

	atomic_store(word_at(ring, at), 0);
	memcpy((void *)word_at(ring, at + HEAD_WORDS), line.data, first);
	memcpy((void *)ring->shared->words, line.data + first, line.len - first);
	atomic_store(word_at(ring, at + 1), head_of(line));
	atomic_store(word_at(ring, at), at + 1);
}

/* --- reading ------------------------------------------------------------------------ */

/* Lines are made of printable characters, and UTF-8 (log.h). */
static bool is_clean(struct str line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.data[i] < ' ' || line.data[i] == 0x7f)
			return false;
	return true;
}

/*
 * Copies the line of the record that begins here; "" if none begins here or it is not whole.
 * Returns how many words to go on: each is copied once at most, whatever the memory holds.
 */
static size_t read_record(const struct log_ring *ring, uint64_t at, uint64_t tail,
			  char buffer[LINE_MAX_LEN], struct str *line)
{
	*line = STR("");
	if (atomic_load(word_at(ring, at)) != at + 1)
		return 1;

	uint64_t head = atomic_load(word_at(ring, at + 1));
	size_t len = head & LEN_MASK;

	if (len > line_max(ring) || record_words(len) > tail - at)
		return 1;

	size_t first = before_end(ring, at + HEAD_WORDS, len);
	struct str copy = { buffer, len };

	memcpy(buffer, (const void *)word_at(ring, at + HEAD_WORDS), first);
	memcpy(buffer + first, (const void *)ring->shared->words, len - first);
	if (head == head_of(copy) && is_clean(copy))
		*line = copy;
	return record_words(len);
}

void log_ring_read(const struct log_ring *ring, void (*take)(void *data, struct str line),
		   void *data)
{
	uint64_t tail = atomic_load(&ring->shared->tail);
	uint64_t at = tail > ring->words ? tail - ring->words : 0;
	char buffer[LINE_MAX_LEN];
	struct str line;

	while (at < tail) {
		at += read_record(ring, at, tail, buffer, &line);
		if (line.len)
			take(data, line);
	}
}
