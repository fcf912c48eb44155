/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lock in memory that processes share, for changes that take microseconds. The kernel unlocks it
 * when its holder dies, as it does with the robust mutexes of pthread (set_robust_list(2)).
 *
 * Those mutexes are unfit where a process may have been taken over: a mutex contains pointers that
 * link it with others, and a process that unlocks it writes to the addresses they hold. Here the
 * shared memory contains one number. The only pointer, by which the kernel finds the lock, is in
 * the memory of the holder alone.
 */
#ifndef SKUA_PROCESS_IPC_SHARED_LOCK_H
#define SKUA_PROCESS_IPC_SHARED_LOCK_H

#include <stdint.h>

/* Zeroed memory is a lock that nobody holds. It may hold anything if a process writes there. */
struct shared_lock {
	/* The thread that holds it, FUTEX_WAITERS and FUTEX_OWNER_DIED of futex(2). */
	uint32_t holder;
};

/*
 * A process that holds a lock for longer than the first time loses it. The second time holds if it
 * wakes those who wait again and again, because they cannot tell it from several processes that
 * take the lock in turn.
 */
enum { SHARED_LOCK_TIMEOUT_MS = 1000, SHARED_LOCK_WOKEN_TIMEOUT_MS = 3000 };

enum shared_lock_state {
	LOCK_TAKEN,
	LOCK_HOLDER_DIED, /* what the lock protects may be in the middle of a change */
	LOCK_TAKEN_AWAY, /* the same, and the last holder may still be writing */
};

/*
 * Takes the lock, and waits for it if another process holds it. It is always taken afterwards. A
 * thread may hold one lock at a time.
 */
enum shared_lock_state shared_lock_take(struct shared_lock *lock);

/* Unlocks it. Does nothing if the lock was taken away from this thread. */
void shared_lock_release(struct shared_lock *lock);

#endif
