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
#include <sys/mman.h>
#include <unistd.h>

#include <log.h>

enum {
	BLOCK_SIZE = 4096,
	MAPPED_SIZE = 256 * 1024, /* a block of pool_create_mapped() */
	SPARE_BLOCKS = 1024, /* kept for reuse: 4 MiB at most */
};

struct block {
	struct block *next;
	size_t size; /* with this header */
};

struct cleanup {
	void (*end)(void *data);
	void *data;
	struct cleanup *next;
};

/* A pool as this file sees it: the public part, and what belongs to it. */
struct pool_private {
	struct pool pool;
	struct block *blocks; /* the one that is being filled is the first */
	struct cleanup *cleanups;
	struct block *own; /* holds this struct */
	bool is_mapped; /* the blocks are not from malloc() */
};

static struct {
	bool (*release)(void); /* of heap_on_shortage() */
	struct block *spare; /* blocks of BLOCK_SIZE, for the next pools */
	size_t spare_count;
} heap;

static size_t aligned(size_t size)
{
	return (size + POOL_ALIGN - 1) & ~(POOL_ALIGN - 1);
}

static struct pool_private *private(struct pool *pool)
{
	return (struct pool_private *)pool;
}

void heap_on_shortage(bool (*release)(void))
{
	heap.release = release;
}

static void no_memory(size_t size)
{
	log_emergx("no memory for %zu bytes: this process ends", size);
	_exit(1);
}

void *heap_alloc(size_t size)
{
	void *memory = malloc(size);

	while (!memory && heap.release && heap.release())
		memory = malloc(size);
	if (!memory)
		no_memory(size);
	return memory;
}

static struct block *block_get(size_t size)
{
	struct block *block = heap.spare;

	if (size == BLOCK_SIZE && block) {
		heap.spare = block->next;
		heap.spare_count--;
	} else {
		block = heap_alloc(size);
	}
	*block = (struct block){ .size = size };
	return block;
}

/* Sanitizers find pointers and mistakes in memory of malloc() only. */
void __asan_init(void) __attribute__((weak));

/* A block of at least this size, of whole pages. */
static struct block *block_map(size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct block *block;

	size = (size + page - 1) & ~(page - 1);
	do
		block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0);
	while (block == MAP_FAILED && heap.release && heap.release());
	if (block == MAP_FAILED)
		no_memory(size);
	block->size = size;
	return block;
}

static void block_end(struct block *block, bool is_mapped)
{
	if (is_mapped) {
		munmap(block, block->size);
	} else if (block->size != BLOCK_SIZE || heap.spare_count >= SPARE_BLOCKS) {
		free(block);
	} else {
		block->next = heap.spare;
		heap.spare = block;
		heap.spare_count++;
	}
}

static struct block *pool_get_block(const struct pool_private *pool, size_t size)
{
	return pool->is_mapped ? block_map(size) : block_get(size);
}

/* The memory of a block, which begins behind its header. */
static char *block_memory(struct block *block)
{
	return (char *)block + aligned(sizeof(*block));
}

static struct pool *create_in(struct block *block, bool is_mapped)
{
	struct pool_private *pool = (struct pool_private *)block_memory(block);

	*pool = (struct pool_private){ .blocks = block, .own = block, .is_mapped = is_mapped };
	pool->pool.room = (char *)pool + aligned(sizeof(*pool));
	pool->pool.room_end = (char *)block + block->size;
	return &pool->pool;
}

struct pool *pool_create(size_t size)
{
	size_t least =
		aligned(sizeof(struct block)) + aligned(sizeof(struct pool_private)) + 256;

	return create_in(block_get(size > least ? aligned(size) : BLOCK_SIZE), false);
}

struct pool *pool_create_mapped(void)
{
	bool is_mapped = !__asan_init;

	return create_in(is_mapped ? block_map(MAPPED_SIZE) : block_get(MAPPED_SIZE), is_mapped);
}

void pool_destroy(struct pool *public)
{
	struct pool_private *pool = private(public);

	if (!pool)
		return;
	/* A cleanup may register another one. */
	while (pool->cleanups) {
		struct cleanup *cleanup = pool->cleanups;

		pool->cleanups = cleanup->next;
		cleanup->end(cleanup->data);
	}

	struct block *own = pool->own;
	bool is_mapped = pool->is_mapped;

	for (struct block *block = pool->blocks, *next; block; block = next) {
		next = block->next;
		if (block != own)
			block_end(block, is_mapped);
	}
	block_end(own, is_mapped);
}

void pool_unmap(struct pool *public)
{
	struct pool_private *pool = private(public);
	struct block *own = pool->own;

	for (struct block *block = pool->blocks, *next; block; block = next) {
		next = block->next;
		if (block != own)
			munmap(block, block->size);
	}
	munmap(own, own->size);
}

void *pool_alloc_slowly(struct pool *public, size_t size)
{
	struct pool_private *pool = private(public);

	if (size > SIZE_MAX / 2)
		abort();

	struct block *block;

	const size_t usual = pool->is_mapped ? MAPPED_SIZE : BLOCK_SIZE;

	if (size > usual / 4) {
		/* It gets a block of its own; the current block stays the one that is filled. */
		block = pool_get_block(pool, aligned(sizeof(struct block)) + aligned(size));
		block->next = pool->blocks->next;
		pool->blocks->next = block;
		return block_memory(block);
	}
	block = pool_get_block(pool, usual);
	block->next = pool->blocks;
	pool->blocks = block;
	public->room = block_memory(block);
	public->room_end = (char *)block + block->size;
	return pool_alloc(public, size);
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

	*str_put_short(copy, s) = '\0';
	return copy;
}

struct str pool_strdup(struct pool *pool, struct str s)
{
	return (struct str){ pool_cstr(pool, s), s.len };
}

struct str pool_lower(struct pool *pool, struct str s)
{
	char *copy = pool_alloc(pool, s.len + 1);

	*str_put_lower(copy, s) = '\0';
	return (struct str){ copy, s.len };
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
		end = str_put_short(end, parts[i]);
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

	*cleanup = (struct cleanup){ end, data, private(pool)->cleanups };
	private(pool)->cleanups = cleanup;
}
