/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process is killed at each instruction of an update of a zone: the next one finds all records
 * as they were. And one that was taken over writes what it likes into the memory of a zone: others
 * do not follow it anywhere.
 */
#include "harness/test.h"

#include <conf.h>
#include <log.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zone.h>

#include "harness/memory.h"
#include "process/ipc/zones.h"

enum { ZONE_SIZE = 1024, KEYS = 6, NEW_KEY = 99, CHANGED = 1000 };

struct record {
	uint64_t first, second;
};

static const struct zone_ops ops = { .layout = "test-1", .record_size = sizeof(struct record) };
static struct pool *pool;
static struct zone *zone;
static int capacity; /* of the zone, in records */

static const struct log quiet = { .fd = -1 };

static struct record *lock_record(int key, bool *is_new)
{
	return zone_lock_record(zone, (struct str){ (char *)&key, sizeof(key) }, is_new);
}

static void set(int key, uint64_t value)
{
	*lock_record(key, NULL) = (struct record){ value, value };
	zone_unlock(zone);
}

static void declare(void)
{
	size_t used, room;

	log_process = &quiet;
	pool = pool_create(0);
	zone = zone_declare(&(struct conf_call){ .pool = pool }, STR("zone"), ZONE_SIZE, &ops);
	ck_assert_ptr_nonnull(zone);
	zone_count_records(zone, &used, &room);
	capacity = (int)room;
	ck_assert_int_gt(capacity, KEYS + 1);
}

/* --- kill -9 ------------------------------------------------------------------------ */

/* What the process does that is killed. */
struct update {
	int key;
	int filled; /* the keys from 0 to before this one have records already */
};

/* Returns the signal that has stopped the process. */
static int wait_for_stop(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSTOPPED(status));
	return WSTOPSIG(status);
}

/* A process of its own makes the update, and stops before and after it. */
static pid_t start(const struct update *update)
{
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		set(update->key, CHANGED);
		raise(SIGSTOP);
		_exit(0);
	}
	ck_assert_int_eq(wait_for_stop(pid), SIGSTOP);
	return pid;
}

/* Lets it take that many instructions and kills it. True: it was done before. */
static bool kill_after(pid_t pid, int steps)
{
	bool is_done = false;

	for (int i = 0; i < steps && !is_done; i++) {
		ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		is_done = wait_for_stop(pid) == SIGSTOP;
	}
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return is_done;
}

/*
 * The record of the update may be old, new, or half of each; all others are as they were. The last
 * one is looked up first: if the first one was replaced, it takes a place again.
 */
static void check_records(const struct update *update, int steps)
{
	size_t used, room;
	int missing = 0;

	zone_count_records(zone, &used, &room);
	ck_assert_uint_le(used, room);
	ck_assert_uint_ge(used, (size_t)update->filled);
	for (int key = update->filled - 1; key >= 0; key--) {
		bool is_new;
		struct record record = *lock_record(key, &is_new);

		zone_unlock(zone);
		if (is_new) {
			/* The new record has taken the place of the oldest one. */
			ck_assert_msg(key == 0 && update->filled == capacity, "%d after %d steps",
				      key, steps);
			missing++;
		} else if (key != update->key) {
			ck_assert_msg(record.first == (uint64_t)key &&
					      record.second == (uint64_t)key,
				      "%d after %d steps", key, steps);
		}
	}
	ck_assert_int_le(missing, 1);
}

/* At each instruction, and at ever fewer of those behind the fifteenth. */
static void kill_everywhere(const struct update *update)
{
	char before[ZONE_SIZE];
	int killed = 0, stride = 1;
	bool is_done = false;

	for (int key = 0; key < update->filled; key++)
		set(key, (uint64_t)key);
	memcpy(before, zone_lock(zone), ZONE_SIZE);
	zone_unlock(zone);
	for (int steps = 1; !is_done; steps += stride) {
		is_done = kill_after(start(update), steps);
		check_records(update, steps);
		memcpy(zone_lock(zone), before, ZONE_SIZE);
		zone_unlock(zone);
		killed++;
		stride = 1 + steps / 15;
	}
	ck_assert_int_gt(killed, 50);
}

START_TEST(killed_while_it_finds_a_record)
{
	declare();
	kill_everywhere(&(const struct update){ .key = 2, .filled = KEYS });
	pool_destroy(pool);
}
END_TEST

START_TEST(killed_while_it_adds_a_record)
{
	declare();
	kill_everywhere(&(const struct update){ .key = NEW_KEY, .filled = KEYS });
	pool_destroy(pool);
}
END_TEST

START_TEST(killed_while_it_replaces_a_record)
{
	declare();
	kill_everywhere(&(const struct update){ .key = NEW_KEY, .filled = capacity });
	pool_destroy(pool);
}
END_TEST

/* --- a process that was taken over ---------------------------------------------------- */

/* All of the memory, with the lock in front of it. */
static struct {
	unsigned char *bytes;
	size_t size;
} all;

static bool map_all(void *data, const struct zone_file *file)
{
	(void)data;
	all.size = file->head + file->size;
	all.bytes = mmap(NULL, all.size, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
	return false;
}

/*
 * Another process writes between the steps of this one. An address that it has written and that
 * is followed would end this test by SIGSEGV.
 */
START_TEST(no_address_in_it_is_followed)
{
	static const unsigned char patterns[] = { 0x41, 0x01 };

	declare();
	zones_for_each(map_all, NULL);
	ck_assert_ptr_ne(all.bytes, MAP_FAILED);
	for (size_t i = 0; i < sizeof(patterns); i++) {
		struct record *record = lock_record(1, NULL);

		memset(all.bytes, patterns[i], all.size);
		*record = (struct record){ 1, 1 };
		zone_unlock(zone);
		set(2, 2);
		set(3, 3);
	}
	set(1, 1);
	ck_assert_uint_eq(lock_record(1, NULL)->second, 1);
	zone_unlock(zone);
	pool_destroy(pool);
}
END_TEST

/* Each byte of the lock, while another process holds it and while nobody does. */
START_TEST(each_byte_of_the_lock)
{
	declare();
	zones_for_each(map_all, NULL);
	for (size_t at = 0; at < all.size - ZONE_SIZE; at++) {
		struct record *record = lock_record(1, NULL);

		all.bytes[at] ^= 0xFF;
		record->first = 1;
		zone_unlock(zone);
		memset(all.bytes, 0, all.size - ZONE_SIZE);
		set(2, 2);
	}
	pool_destroy(pool);
}
END_TEST

TESTS("deaths in zones", killed_while_it_finds_a_record, killed_while_it_adds_a_record,
      killed_while_it_replaces_a_record, no_address_in_it_is_followed, each_byte_of_the_lock)
