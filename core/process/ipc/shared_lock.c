/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel does when a thread ends is written in its documentation, robust-futexes: it
 * reads the thread's robust_list_head. If the number at list_op_pending is that of the thread, it
 * becomes FUTEX_OWNER_DIED, and a waiting thread is woken. If the number has no holder, as between
 * the unlocking and the waking below, the kernel only wakes.
 */
#include "process/ipc/shared_lock.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	/* So many waits must time out: a single one does so too if the machine has stood still. */
	TIMEOUTS = 2,
	WAIT_US = SHARED_LOCK_TIMEOUT_MS * 1000 / TIMEOUTS, /* the longest time of one wait */
	/* Of all waits together, so that a holder that goes on waking keeps nobody waiting. */
	WAITS_US = SHARED_LOCK_WOKEN_TIMEOUT_MS * 1000,
	/* So that a process that changes the number all the time keeps nobody waiting. */
	ROUNDS_MAX = 10000,
};

/* Replaces the list of the C library, which would serve robust mutexes: nothing here has any. */
static _Thread_local struct {
	struct robust_list_head head;
	uint32_t id; /* 0: the kernel does not know the head yet */
} self;

/* In a child, whose number is another, and of which the kernel knows the C library's list. */
static void forget_self(void)
{
	self.id = 0;
}

static void register_fork(void)
{
	pthread_atfork(NULL, NULL, forget_self);
}

/* Tells the kernel where it finds the lock that this thread holds. */
static void register_self(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_fork);
	/* With an offset of 0 list_op_pending points at the lock. The list itself stays empty. */
	self.head = (struct robust_list_head){ .list = { &self.head.list } };
	syscall(SYS_set_robust_list, &self.head, sizeof(self.head));
	self.id = (uint32_t)syscall(SYS_gettid);
}

/* The kernel looks at it when this thread has ended: only the compiler has to keep the order. */
static void set_pending(struct shared_lock *lock)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*(struct robust_list *volatile *)&self.head.list_op_pending = (struct robust_list *)lock;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static bool change(struct shared_lock *lock, uint32_t *seen, uint32_t to, int order)
{
	return __atomic_compare_exchange_n(&lock->holder, seen, to, false, order, __ATOMIC_RELAXED);
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * 1000 + now.tv_nsec / 1000;
}

/* Adds the time that it took to *waited_us. False: nobody has woken this thread. */
static bool wait_for_change(struct shared_lock *lock, uint32_t seen, int64_t *waited_us)
{
	const struct timespec time = { .tv_nsec = (long)WAIT_US * 1000 };
	int64_t began_us = now_us();
	bool woken = syscall(SYS_futex, &lock->holder, FUTEX_WAIT, seen, &time, NULL, 0) == 0 ||
		     errno != ETIMEDOUT;
	int64_t took_us = now_us() - began_us;

	*waited_us += took_us < WAIT_US ? took_us : WAIT_US;
	return woken;
}

/* Others may wait as well, so whoever has waited unlocks as if somebody waited. */
static enum shared_lock_state take_away(struct shared_lock *lock)
{
	__atomic_exchange_n(&lock->holder, self.id | FUTEX_WAITERS, __ATOMIC_ACQUIRE);
	return LOCK_TAKEN_AWAY;
}

static enum shared_lock_state take_slowly(struct shared_lock *lock, uint32_t seen)
{
	uint32_t waiters = 0;
	int64_t waited_us = 0;
	int timeouts = 0;

	for (int rounds = 0;
	     timeouts < TIMEOUTS && waited_us < WAITS_US && rounds < ROUNDS_MAX; rounds++) {
		uint32_t holder = seen & FUTEX_TID_MASK;

		if (holder == self.id) /* it is not: somebody else has written that */
			return take_away(lock);
		if (holder == 0) {
			uint32_t flags = waiters | (seen & FUTEX_WAITERS);

			if (change(lock, &seen, self.id | flags, __ATOMIC_ACQUIRE))
				return seen & FUTEX_OWNER_DIED ? LOCK_HOLDER_DIED : LOCK_TAKEN;
			continue;
		}
		if (!(seen & FUTEX_WAITERS) &&
		    !change(lock, &seen, seen | FUTEX_WAITERS, __ATOMIC_RELAXED))
			continue;
		waiters = FUTEX_WAITERS;
		bool woken = wait_for_change(lock, seen | FUTEX_WAITERS, &waited_us);

		timeouts = woken ? 0 : timeouts + 1;
		seen = __atomic_load_n(&lock->holder, __ATOMIC_RELAXED);
	}
	return take_away(lock);
}

enum shared_lock_state shared_lock_take(struct shared_lock *lock)
{
	uint32_t seen = 0;

	if (self.id == 0)
		register_self();
	assert(self.head.list_op_pending == NULL);
	set_pending(lock);
	if (change(lock, &seen, self.id, __ATOMIC_ACQUIRE))
		return LOCK_TAKEN;
	return take_slowly(lock, seen);
}

void shared_lock_release(struct shared_lock *lock)
{
	uint32_t seen = self.id;

	while ((seen & FUTEX_TID_MASK) == self.id && !change(lock, &seen, 0, __ATOMIC_RELEASE))
		;
	if ((seen & FUTEX_TID_MASK) == self.id && seen & FUTEX_WAITERS)
		syscall(SYS_futex, &lock->holder, FUTEX_WAKE, 1, NULL, NULL, 0);
	set_pending(NULL);
}
