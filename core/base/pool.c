/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pools: a chain of blocks, each filled from its start; the contracts are in
 * include/pool.h. Blocks of the usual size are kept for the next pool instead
 * of going back to malloc, since a request takes and returns one.
 */
#include <pool.h>

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <log.h>

enum {
	BLOCK_SIZE = 4096,
	SPARE_BLOCKS = 1024, /* kept for reuse: 4 MiB at most */
};

struct block {
	struct block *next;
	size_t size, used; /* both with this header */
};

struct cleanup {
	void (*end)(void *data);
	void *data;
	struct cleanup *next;
};

struct pool {
	struct block *current; /* the one that is being filled; older ones follow */
	struct cleanup *cleanups;
	struct block *first; /* holds this struct */
};

bool (*pool_out_of_memory)(void);

static struct block *spare;
static size_t spare_count;

static size_t aligned(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static void *system_alloc(size_t size)
{
	void *memory = malloc(size);

	while (!memory && pool_out_of_memory && pool_out_of_memory())
		memory = malloc(size);
	if (!memory) {
		log_emergx("no memory for %zu bytes: this process ends", size);
		_exit(1);
	}
	return memory;
}

static struct block *block_get(size_t size)
{
	struct block *block = spare;

	if (size == BLOCK_SIZE && block) {
		spare = block->next;
		spare_count--;
	} else {
		block = system_alloc(size);
	}
	*block = (struct block){ .size = size, .used = aligned(sizeof(*block)) };
	return block;
}

static void block_put(struct block *block)
{
	if (block->size != BLOCK_SIZE || spare_count >= SPARE_BLOCKS) {
		free(block);
		return;
	}
	block->next = spare;
	spare = block;
	spare_count++;
}

static void *block_take(struct block *block, size_t size)
{
	void *memory = (char *)block + block->used;

	block->used += size;
	return memory;
}

struct pool *pool_create(size_t size)
{
	size_t least = aligned(sizeof(struct block)) + aligned(sizeof(struct pool)) + 256;
	struct block *block = block_get(size > least ? aligned(size) : BLOCK_SIZE);
	struct pool *pool = block_take(block, aligned(sizeof(*pool)));

	*pool = (struct pool){ .current = block, .first = block };
	return pool;
}

static void run_cleanups(struct pool *pool)
{
	while (pool->cleanups) {
		struct cleanup *cleanup = pool->cleanups;

		pool->cleanups = cleanup->next;
		cleanup->end(cleanup->data);
	}
}

/* Frees all blocks but the first, which holds the pool itself. */
static void free_later_blocks(struct pool *pool)
{
	struct block *block = pool->current;

	while (block) {
		struct block *next = block->next;

		if (block != pool->first)
			block_put(block);
		block = next;
	}
	pool->current = pool->first;
	pool->first->next = NULL;
}

void pool_destroy(struct pool *pool)
{
	if (!pool)
		return;
	run_cleanups(pool);
	free_later_blocks(pool);
	block_put(pool->first);
}

/* A block of its own, behind the current one, which goes on being filled. */
static void *alloc_large(struct pool *pool, size_t size)
{
	struct block *block = block_get(aligned(sizeof(struct block)) + size);

	block->next = pool->current->next;
	pool->current->next = block;
	return block_take(block, size);
}

void *pool_alloc(struct pool *pool, size_t size)
{
	if (size > SIZE_MAX / 2)
		abort();
	size = aligned(size ? size : 1);
	if (pool->current->size - pool->current->used >= size)
		return block_take(pool->current, size);
	if (size > BLOCK_SIZE / 4)
		return alloc_large(pool, size);

	struct block *block = block_get(BLOCK_SIZE);

	block->next = pool->current;
	pool->current = block;
	return block_take(block, size);
}

void *pool_zalloc(struct pool *pool, size_t size)
{
	return memset(pool_alloc(pool, size), 0, size);
}

void *pool_zalloc_array(struct pool *pool, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		abort();
	return pool_zalloc(pool, total);
}

void *pool_memdup(struct pool *pool, const void *data, size_t size)
{
	void *copy = pool_alloc(pool, size);

	return size ? memcpy(copy, data, size) : copy;
}

char *pool_cstr(struct pool *pool, struct str s)
{
	char *copy = pool_alloc(pool, s.len + 1);

	*str_put(copy, s) = '\0';
	return copy;
}

struct str pool_strdup(struct pool *pool, struct str s)
{
	return (struct str){ pool_cstr(pool, s), s.len };
}

struct str pool_vprintf(struct pool *pool, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		return (struct str){ "", 0 };

	char *text = pool_alloc(pool, (size_t)len + 1);

	vsnprintf(text, (size_t)len + 1, format, args);
	return (struct str){ text, (size_t)len };
}

struct str pool_printf(struct pool *pool, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	struct str text = pool_vprintf(pool, format, args);
	va_end(args);
	return text;
}

struct str pool_concat(struct pool *pool, const struct str *parts, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;

	char *text = pool_alloc(pool, len + 1), *end = text;

	for (size_t i = 0; i < count; i++)
		end = str_put(end, parts[i]);
	*end = '\0';
	return (struct str){ text, len };
}

void *pool_grow(struct pool *pool, void *array, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 8;

	void *larger = pool_zalloc_array(pool, *capacity, size);

	if (count)
		memcpy(larger, array, count * size);
	return larger;
}

void pool_cleanup(struct pool *pool, void (*end)(void *data), void *data)
{
	struct cleanup *cleanup = pool_alloc(pool, sizeof(*cleanup));

	*cleanup = (struct cleanup){ end, data, pool->cleanups };
	pool->cleanups = cleanup;
}
