/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log in memory: its last lines, whole ones only, whatever the memory holds, and however many
 * processes write.
 */
#include "harness/test.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log_ring.h"
#include "base/memfile.h"
#include "harness/memory.h"
#include <log.h>
#include <text.h>

static struct log_ring *open_ring(size_t size)
{
	struct log_ring *ring;

	ck_assert_int_eq(log_ring_open(size, &ring), 0);
	return ring;
}

static void put_line(void *data, struct str line)
{
	text_add(data, line);
	text_add_char(data, '\n');
}

/* All that is read, as a string. */
static const char *read_ring(const struct log_ring *ring)
{
	struct text text = { .pool = pool_create(0) };

	log_ring_read(ring, put_line, &text);

	struct str all = text_str(&text);
	char *copy = memory_alloc(all.len + 1);

	memcpy(copy, all.data, all.len);
	copy[all.len] = '\0';
	ck_assert_uint_eq(strlen(copy), all.len);
	pool_destroy(text.pool);
	return copy;
}

/* The memory of the ring, as a process that was taken over has it: the end, then the words. */
static uint64_t *memory_of(const struct log_ring *ring, size_t size)
{
	void *memory;

	ck_assert_int_eq(memfile_map(log_ring_fd(ring), sizeof(uint64_t) + size, &memory), 0);
	return memory;
}

START_TEST(lines_are_read_in_order)
{
	struct log_ring *ring = open_ring(1024);

	ck_assert_str_eq(read_ring(ring), "");
	log_ring_put(ring, STR("one"));
	log_ring_put(ring, STR("two \303\244"));
	log_ring_put(ring, STR("12345678"));
	ck_assert_str_eq(read_ring(ring), "one\ntwo \303\244\n12345678\n");
	ck_assert_str_eq(read_ring(ring), "one\ntwo \303\244\n12345678\n");
	log_ring_close(ring);
}
END_TEST

/* Of each length, so that each part of a record stands once at the end of the memory. */
START_TEST(new_lines_replace_the_oldest)
{
	for (int len = 1; len < 200; len += 3) {
		struct log_ring *ring = open_ring(1024);
		int used = 16 + (len + 7) / 8 * 8, kept = 1024 / used;

		for (int i = 1; i <= 300; i++) {
			log_ring_put(ring, str_from(memory_printf("%0*d", len, i % 10)));
			if (i < 250)
				continue;
			const char *line = read_ring(ring);
			for (int j = i - kept + 1; j <= i; j++) {
				ck_assert_int_eq((int)strcspn(line, "\n"), len);
				ck_assert_int_eq(line[len - 1], '0' + j % 10);
				line += len + 1;
			}
			ck_assert_str_eq(line, "");
		}
		log_ring_close(ring);
	}
}
END_TEST

START_TEST(a_line_is_cut_to_the_ring)
{
	struct log_ring *small = open_ring(1031), *large = open_ring(16384);
	char line[5000];

	memset(line, 'a', sizeof(line));
	log_ring_put(small, STR("before"));
	log_ring_put(small, (struct str){ line, sizeof(line) });
	ck_assert_uint_eq(strlen(read_ring(small)), 1024 - 16 + 1);
	log_ring_put(small, STR("behind"));
	ck_assert_str_eq(read_ring(small), "behind\n");
	log_ring_put(large, (struct str){ line, sizeof(line) });
	ck_assert_uint_eq(strlen(read_ring(large)), 4096 + 1);
	log_ring_close(small);
	log_ring_close(large);
}
END_TEST

START_TEST(a_ring_is_shared_by_its_size)
{
	struct log_ring *first = open_ring(2048), *again = open_ring(2048),
			*other = open_ring(4096);

	ck_assert_ptr_eq(first, again);
	ck_assert_ptr_ne(first, other);
	log_ring_put(first, STR("kept"));
	log_ring_close(first);
	ck_assert_str_eq(read_ring(again), "kept\n");
	log_ring_close(again);
	log_ring_close(other);
	again = open_ring(2048);
	ck_assert_str_eq(read_ring(again), "");
	log_ring_close(again);
	log_ring_close(NULL);
}
END_TEST

START_TEST(a_torn_line_is_left_out)
{
	struct log_ring *ring = open_ring(1024);
	uint64_t *memory = memory_of(ring, 1024), kept;

	log_ring_put(ring, STR("first"));
	log_ring_put(ring, STR("second"));
	log_ring_put(ring, STR("third"));
	/* A slow writer of the round before writes over a part of the text. */
	((char *)(memory + 1 + 3 + 2))[3] = 'X';
	ck_assert_str_eq(read_ring(ring), "first\nthird\n");
	/* A writer was killed before the record was complete. */
	kept = memory[1];
	memory[1] = 0;
	ck_assert_str_eq(read_ring(ring), "third\n");
	memory[1] = kept;
	ck_assert_str_eq(read_ring(ring), "first\nthird\n");
	log_ring_close(ring);
}
END_TEST

START_TEST(lines_have_no_control_characters)
{
	struct log_ring *ring = open_ring(1024);

	log_ring_put(ring, STR("a\nb"));
	log_ring_put(ring, STR("\033[2J"));
	log_ring_put(ring, STR("a\0b"));
	log_ring_put(ring, STR("\177"));
	log_ring_put(ring, STR(""));
	log_ring_put(ring, STR("good"));
	ck_assert_str_eq(read_ring(ring), "good\n");
	log_ring_close(ring);
}
END_TEST

/* Lengths, positions and the end are no reason to read outside, or for ever. */
START_TEST(the_memory_may_hold_anything)
{
	static const uint64_t ends[] = { 0, 1, 127, 128, 129, 1 << 20, UINT64_MAX, UINT64_MAX - 5 };
	struct log_ring *ring = open_ring(1024);
	uint64_t *memory = memory_of(ring, 1024);

	srand(1);
	for (int round = 0; round < 20000; round++) {
		uint64_t end = ends[round % 8], begin = end > 128 ? end - 128 : 0;

		memory[0] = end;
		for (size_t i = 0; i < 128; i++)
			memory[1 + (begin + i) % 128] = rand() % 3 ? begin + i + 1 :
								     (uint64_t)rand();
		memory[1 + (begin + 1) % 128] |= 0xffff;
		ck_assert_uint_le(strlen(read_ring(ring)), 1024);
		log_ring_put(ring, STR("a line"));
		read_ring(ring);
	}
	log_ring_close(ring);
}
END_TEST

START_TEST(no_length_is_longer_than_a_line)
{
	struct log_ring *ring = open_ring(1 << 20);
	uint64_t *memory = memory_of(ring, 1 << 20);

	for (uint64_t len = 4097; len <= 0xffff; len += 1021) {
		memory[0] = 20000;
		memory[1] = 1;
		memory[2] = len;
		memset(memory + 3, 'a', 0x10000);
		ck_assert_str_eq(read_ring(ring), "");
	}
	log_ring_close(ring);
}
END_TEST

/* A wrong record at each position must not keep the master busy for seconds. */
START_TEST(each_byte_is_read_once)
{
	const uint64_t words = LOG_RING_MAX / sizeof(uint64_t);
	struct log_ring *ring = open_ring(LOG_RING_MAX);
	uint64_t *memory = memory_of(ring, LOG_RING_MAX);

	memory[0] = words;
	for (uint64_t i = 0; i < words; i++)
		memory[1 + i] = i % 2 ? 4000 : i + 1;

	clock_t begin = clock(); /* of the CPU */

	ck_assert_str_eq(read_ring(ring), "");
	ck_assert_int_lt(clock() - begin, CLOCKS_PER_SEC);
	log_ring_close(ring);
}
END_TEST

enum { WRITERS = 4, LINES = 20000 };

static void write_lines(struct log_ring *ring, char letter)
{
	char line[100];

	memset(line, letter, sizeof(line));
	for (size_t i = 0; i < LINES; i++)
		log_ring_put(ring, (struct str){ line, 1 + i % sizeof(line) });
}

/* Processes overtake each other in a ring that is far too small. */
START_TEST(what_is_read_while_others_write_is_whole)
{
	struct log_ring *ring = open_ring(1024);
	pid_t pids[WRITERS];
	int running = WRITERS;

	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			write_lines(ring, (char)('a' + i));
			_exit(0);
		}
		ck_assert_int_gt(pids[i], 0);
	}
	while (running) {
		const char *line = read_ring(ring);

		for (; *line; line += strcspn(line, "\n") + 1)
			ck_assert_uint_eq(strspn(line, (char[]){ *line, '\0' }),
					  strcspn(line, "\n"));
		for (int i = 0; i < WRITERS; i++)
			if (pids[i] && waitpid(pids[i], NULL, WNOHANG) == pids[i]) {
				pids[i] = 0;
				running--;
			}
	}
	log_ring_put(ring, STR("last"));
	ck_assert_ptr_nonnull(strstr(read_ring(ring), "\nlast\n"));
	log_ring_close(ring);
}
END_TEST

START_TEST(a_log_writes_to_it)
{
	struct log_ring *ring = open_ring(8192);
	const struct log log = { .fd = log_ring_fd(ring), .level = LEVEL_INFO, .ring = ring };

	log_write(&log, LEVEL_DEBUG, 0, 0, "too small a matter");
	log_write(&log, LEVEL_INFO, 2, 7, "open() \"%s\" failed", "/a\nb");
	const char *text = read_ring(ring);
	ck_assert_ptr_nonnull(strstr(text, " [info] "));
	ck_assert_ptr_nonnull(strstr(text, ": *7 open() \"/a\\x0Ab\" failed (2: No such file or "
					   "directory)\n"));
	ck_assert_ptr_null(strstr(text, "matter"));
	log_ring_close(ring);
}
END_TEST

TESTS("the log in memory", lines_are_read_in_order, new_lines_replace_the_oldest,
      a_line_is_cut_to_the_ring, a_ring_is_shared_by_its_size, a_torn_line_is_left_out,
      lines_have_no_control_characters, the_memory_may_hold_anything,
      no_length_is_longer_than_a_line, each_byte_is_read_once,
      what_is_read_while_others_write_is_whole, a_log_writes_to_it)
