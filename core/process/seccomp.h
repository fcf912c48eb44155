/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls that a worker may make: seccomp(2), with a filter made from
 * the table in seccomp_calls.c.
 */
#ifndef SKUA_PROCESS_SECCOMP_H
#define SKUA_PROCESS_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum seccomp_rule {
	CALL_ANY, /* allowed */
	CALL_WITHOUT, /* allowed when the argument has none of the bits */
	CALL_WITH, /* allowed when it has one of them */
	CALL_EQUAL, /* allowed when it is the value */
	CALL_ON_SELF, /* allowed when it is the number of this process */
	CALL_UNKNOWN, /* answered as a kernel would that doesn't know it: ENOSYS */
};

/* One call may have several rows: it is allowed when one of them allows it. */
struct seccomp_call {
	int number;
	const char *name;
	enum seccomp_rule rule;
	uint8_t argument; /* which one the rule looks at, from 0; its lower 32 bits */
	uint32_t value;
	const char *why;
};

extern const struct seccomp_call seccomp_calls[];
extern const size_t seccomp_calls_count;

/* What becomes of a process that makes another call. */
enum seccomp_answer {
	SECCOMP_REFUSE, /* the call fails with EPERM, the log names it once */
	SECCOMP_KILL,
};

/* Does this kernel have it, and do we know this kind of processor? */
bool seccomp_is_known(void);

/* From now on, for all threads and for good. no_new_privs must be set. 0 or -errno. */
int seccomp_enter(enum seccomp_answer answer);

/* "socket", or NULL: of any call that this system's headers know. */
const char *seccomp_call_name(int number);

#endif
