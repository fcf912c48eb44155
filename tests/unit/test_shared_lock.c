/* SPDX-License-Identifier: BSD-2-Clause */
/* The lock in memory that processes share: who gets it, and what a process can write there. */
#include "harness/test.h"

#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/client.h"
#include "process/ipc/shared_lock.h"

static struct shared {
	struct shared_lock lock;
	uint64_t count;
} *shared;

static void map(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
}

static void take_and_release(enum shared_lock_state expected)
{
	ck_assert_int_eq(shared_lock_take(&shared->lock), expected);
	ck_assert_uint_ne(shared->lock.holder & FUTEX_TID_MASK, 0);
	shared_lock_release(&shared->lock);
	ck_assert_uint_eq(shared->lock.holder, 0);
}

static void wait_until_held(uint32_t bits)
{
	struct deadline p = { 0 };

	while (!(__atomic_load_n(&shared->lock.holder, __ATOMIC_RELAXED) & bits))
		deadline_wait(&p, "the lock is held, or waited for");
}

/* Takes the lock, and never releases it. */
static pid_t start_holder(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		shared_lock_take(&shared->lock);
		for (;;)
			pause();
	}
	wait_until_held(FUTEX_TID_MASK);
	return pid;
}

static void end_holder(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(nobody_holds_zeroed_memory)
{
	map();
	take_and_release(LOCK_TAKEN);
	take_and_release(LOCK_TAKEN);
}
END_TEST

START_TEST(a_holder_that_has_died_is_known)
{
	map();
	end_holder(start_holder());
	take_and_release(LOCK_HOLDER_DIED);
	take_and_release(LOCK_TAKEN);
}
END_TEST

START_TEST(a_death_wakes_who_waits)
{
	int status;

	map();
	pid_t holder = start_holder();
	pid_t waiter = fork();

	if (waiter == 0)
		_exit(shared_lock_take(&shared->lock));
	wait_until_held(FUTEX_WAITERS);
	end_holder(holder);
	ck_assert_int_eq(waitpid(waiter, &status, 0), waiter);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), LOCK_HOLDER_DIED);
	/* It has exited with the lock. */
	take_and_release(LOCK_HOLDER_DIED);
}
END_TEST

START_TEST(one_at_a_time)
{
	enum { PROCESSES = 4, ROUNDS = 20000 };
	int status;

	map();
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			for (int round = 0; round < ROUNDS; round++) {
				if (shared_lock_take(&shared->lock) != LOCK_TAKEN)
					_exit(1);
				*(volatile uint64_t *)&shared->count += 1;
				shared_lock_release(&shared->lock);
			}
			_exit(0);
		}
	for (int i = 0; i < PROCESSES; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_uint_eq(shared->count, (uint64_t)PROCESSES * ROUNDS);
	take_and_release(LOCK_TAKEN);
}
END_TEST

/* One that is stopped, or was taken over, keeps the others waiting for a second. */
START_TEST(a_holder_that_hangs_loses_it)
{
	map();
	pid_t pid = start_holder();
	long began = now_ms();

	ck_assert_int_eq(shared_lock_take(&shared->lock), LOCK_TAKEN_AWAY);
	ck_assert_int_ge(now_ms() - began, SHARED_LOCK_TIMEOUT_MS);
	shared_lock_release(&shared->lock);
	take_and_release(LOCK_TAKEN);
	end_holder(pid);
	take_and_release(LOCK_TAKEN); /* its death is no matter any more */
}
END_TEST

/* It wakes those who wait without a release, before they have waited for long. */
START_TEST(a_holder_that_only_wakes_loses_it)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };

	map();
	pid_t pid = fork();

	if (pid == 0) {
		shared_lock_take(&shared->lock);
		for (;;) {
			nanosleep(&pause, NULL);
			syscall(SYS_futex, &shared->lock.holder, FUTEX_WAKE, 1, NULL, NULL, 0);
		}
	}
	wait_until_held(FUTEX_TID_MASK);
	ck_assert_int_eq(shared_lock_take(&shared->lock), LOCK_TAKEN_AWAY);
	shared_lock_release(&shared->lock);
	end_holder(pid);
}
END_TEST

/* Who has lost the lock does not unlock it for the next one. */
START_TEST(what_is_lost_is_not_released)
{
	map();
	shared_lock_take(&shared->lock);

	uint32_t own = shared->lock.holder;

	shared->lock.holder = own + 1;
	shared_lock_release(&shared->lock);
	ck_assert_uint_eq(shared->lock.holder, own + 1);
	shared->lock.holder = own; /* while this thread does not hold it */
	take_and_release(LOCK_TAKEN_AWAY);
}
END_TEST

START_TEST(whatever_is_written_it_is_taken)
{
	static const struct {
		uint32_t holder;
		enum shared_lock_state state;
	} cases[] = {
		{ FUTEX_WAITERS, LOCK_TAKEN },
		{ FUTEX_OWNER_DIED, LOCK_HOLDER_DIED },
		{ FUTEX_OWNER_DIED | FUTEX_WAITERS, LOCK_HOLDER_DIED },
		{ UINT32_MAX, LOCK_TAKEN_AWAY },
	};

	map();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shared->lock.holder = cases[i].holder;
		take_and_release(cases[i].state);
	}
}
END_TEST

/* The number changes all the time, so that no wait comes to its end. */
START_TEST(a_number_that_never_rests)
{
	map();
	pid_t pid = fork();

	if (pid == 0)
		for (uint32_t i = 1;; i = i % 1000 + 1)
			__atomic_store_n(&shared->lock.holder, 0x300000 + i, __ATOMIC_RELAXED);
	wait_until_held(FUTEX_TID_MASK);
	for (int i = 0; i < 5; i++) {
		shared_lock_take(&shared->lock);
		shared_lock_release(&shared->lock);
	}
	end_holder(pid);
}
END_TEST

TESTS("locks in shared memory", nobody_holds_zeroed_memory, a_holder_that_has_died_is_known,
      a_death_wakes_who_waits, one_at_a_time, a_holder_that_hangs_loses_it,
      what_is_lost_is_not_released, whatever_is_written_it_is_taken, a_number_that_never_rests,
      a_holder_that_only_wakes_loses_it)
