/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a child of the master must give up after fork(2): descriptors and memory of the
 * master that the child has no use for. Each subject that holds such things registers a
 * function for it, so the code that forks need not know the subjects.
 */
#ifndef SKUA_PROCESS_OS_FORK_H
#define SKUA_PROCESS_OS_FORK_H

/*
 * From now on fork_cleanup_run() calls clean_up(). Registering the same function again has
 * no effect, so a subject may register whenever it begins to hold something. clean_up() is
 * called in children only. It must close descriptors without a call of the loop, which is
 * still the master's, and must work when there is nothing to give up.
 */
void fork_cleanup_add(void (*clean_up)(void));

/* In a child, once, before it starts its own loop: calls all functions that are registered. */
void fork_cleanup_run(void);

#endif
