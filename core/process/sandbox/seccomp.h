/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls that a worker may make: seccomp(2), with a filter made from
 * the table in seccomp_calls.c.
 */
#ifndef SKUA_PROCESS_SANDBOX_SECCOMP_H
#define SKUA_PROCESS_SANDBOX_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What an argument must be for a row to allow the call. Numbers and flags are 32 bits
 * wide in the kernel, which ignores the upper half; pointers are looked at as a whole.
 * What a pointer leads to cannot be looked at.
 */
enum seccomp_check {
	CHECK_NOTHING,
	CHECK_WITHOUT, /* it has none of the bits */
	CHECK_WITH, /* it has one of the bits */
	CHECK_EQUAL, /* it is the value */
	CHECK_SELF, /* it is the number of this process */
	CHECK_NULL, /* it is a null pointer */
};

struct seccomp_argument {
	enum seccomp_check check;
	uint8_t index; /* from 0 */
	uint32_t value;
};

/* One call may have several rows: it is allowed when one of them allows it. */
struct seccomp_call {
	int number;
	const char *name;
	bool is_unknown; /* answered as a kernel would that doesn't know it: ENOSYS */
	struct seccomp_argument arguments[2]; /* both must fit */
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
