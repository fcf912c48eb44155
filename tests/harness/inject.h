/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes system calls of a server fail as if the system had run short, whoever of
 * its processes makes them and whether there is a way to bring it about or not.
 *
 *     inject_into(SYS_accept4, SYS_openat);
 *     struct server *server = server_start("...");
 *     inject(.call = SYS_accept4, .error = ENFILE);
 *     ... the server says so, and waits ...
 *     inject_end(SYS_accept4);
 *
 * A filter (seccomp(2), SECCOMP_RET_USER_NOTIF) that the server inherits hands
 * these calls to a thread of the test, which lets them go on or answers them. It
 * stacks with the filter of the sandbox: what that one refuses stays refused.
 */
#ifndef HARNESS_INJECT_H
#define HARNESS_INJECT_H

#include <stdbool.h>
#include <sys/types.h>

/* Which calls fail. What is zero holds for all. */
struct injection {
	int call; /* SYS_… */
	int error; /* errno; 0: the call is not made, and gives 0 */
	pid_t only; /* of this process … */
	pid_t but; /* … or of all but this one */
	bool (*of)(pid_t pid); /* … or of those of which it says so, in another thread */
	const char *file; /* whose first argument is a descriptor of a file with this in its path */
	unsigned skip; /* so many go on first */
	unsigned count; /* then so many fail, and the others go on again */
	bool kills; /* the process that makes the call is killed before it is made */
};

/*
 * Before a server is started: these calls of it and its children can be made to
 * fail, once or more often in this test. Skips the test where that is not allowed.
 */
#define inject_into(...) inject_into_calls((const int[]){ __VA_ARGS__, -1 })
void inject_into_calls(const int *calls);

/* From now on; replaces what was injected into the same call. */
#define inject(...) inject_start(&(const struct injection){ __VA_ARGS__ })
void inject_start(const struct injection *injection);

/* The call goes on again. Returns how often it has failed. */
unsigned inject_end(int call);

/* How often it has failed so far. */
unsigned inject_count(int call);

/* Waits until it has failed so often. */
void inject_wait(int call, unsigned count);

/*
 * The same for the two calls by which malloc(3) gets memory; a sanitizer ends its
 * program when they fail, so the test is skipped then.
 */
void inject_into_memory(void);
#define inject_no_memory(...) inject_no_memory_for(&(const struct injection){ __VA_ARGS__ })
void inject_no_memory_for(const struct injection *whose);
unsigned inject_memory_end(void);

/* For the harness: in the child that will be the server, and after it in the test's process. */
void inject_enter(void);
void inject_attend(pid_t child);

#endif
