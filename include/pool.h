/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory by lifetime. A pool gives memory away piece by piece and takes it back
 * all at once; configuration, connection and request have one each. What needs
 * more than memory to end (a descriptor, a reference) registers a cleanup.
 *
 * Allocation does not fail: when the system has no memory left, the function that was given
 * to heap_on_shortage() may release some; if it cannot, the process ends with a message.
 * Nothing here is safe to share between threads.
 */
#ifndef SKUA_POOL_H
#define SKUA_POOL_H

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>

#include <str.h>

/*
 * What a pool begins with: the rest of the block that is being filled, always a
 * multiple of POOL_ALIGN.
 */
struct pool {
	char *room, *room_end;
};

/* An empty pool whose first block holds about `size` bytes (0: a page). */
struct pool *pool_create(size_t size);

/*
 * An empty pool for much memory. All of it goes back to the system when the pool is destroyed,
 * while memory of malloc() that lies between other objects stays in the process.
 */
struct pool *pool_create_mapped(void);

/*
 * For a child process that does not need such a pool of its parent: frees the memory, and calls
 * no cleanup functions, which would end what the parent still uses.
 */
void pool_unmap(struct pool *pool);

/* Runs the cleanups, last registered first, then frees everything. NULL is fine. */
void pool_destroy(struct pool *pool);

/* Sizes that pools give away are multiples of this. */
#define POOL_ALIGN alignof(max_align_t)

/* What pool_alloc() does if the current block has too little room. */
void *pool_alloc_slowly(struct pool *pool, size_t size) __attribute__((returns_nonnull));

/*
 * pool_alloc() gives uninitialized memory, pool_zalloc() zeroed memory. It is aligned for any
 * type and valid until the pool ends. For size 0 the address may be that of other memory.
 */
static inline void *pool_alloc(struct pool *pool, size_t size)
	__attribute__((malloc, alloc_size(2), returns_nonnull));
void *pool_zalloc(struct pool *pool, size_t size)
	__attribute__((malloc, alloc_size(2), returns_nonnull));

static inline void *pool_alloc(struct pool *pool, size_t size)
{
	char *memory = pool->room;

	if ((size_t)(pool->room_end - memory) < size)
		return pool_alloc_slowly(pool, size);
	pool->room += (size + POOL_ALIGN - 1) & ~(POOL_ALIGN - 1);
	return memory;
}

#define pool_new(pool, type)          ((type *)pool_zalloc((pool), sizeof(type)))
#define pool_array(pool, type, count) ((type *)pool_zalloc_array((pool), (count), sizeof(type)))
void *pool_zalloc_array(struct pool *pool, size_t count, size_t size);

/* Copies. The copies have a NUL after their last byte, not counted in len. */
struct str pool_strdup(struct pool *pool, struct str s);
struct str pool_lower(struct pool *pool, struct str s); /* in lower case (ASCII) */
char *pool_cstr(struct pool *pool, struct str s);
void *pool_memdup(struct pool *pool, const void *data, size_t size);
struct str pool_printf(struct pool *pool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct str pool_vprintf(struct pool *pool, const char *format, va_list args);

/* Concatenates `count` strings into one. */
struct str pool_concat(struct pool *pool, const struct str *parts, size_t count);

/*
 * Makes room for one more element in an array that lives in the pool: doubles
 * *capacity and moves the elements when *count == *capacity. The caller stores
 * the element and counts it.
 */
void *pool_grow(struct pool *pool, void *array, size_t count, size_t *capacity, size_t size);

/* Calls end(data) when the pool ends. */
void pool_cleanup(struct pool *pool, void (*end)(void *data), void *data);

/* malloc(3) that does not fail, by the same rules: for what lives in no pool. */
void *heap_alloc(size_t size);

/*
 * For the process, not for modules: `release` is called from now on when the system has no
 * memory. It returns true if it has released some, or has waited for some, and the
 * allocation is to be tried again. NULL: nobody can release any.
 */
void heap_on_shortage(bool (*release)(void));

#endif
