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
 * The condition on an argument under which a row allows the call. Of numbers and flags only the
 * lower 32 bits are compared, because the kernel ignores the others; pointers are compared
 * completely. The filter cannot read the memory behind a pointer.
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
	bool is_unknown; /* fails with ENOSYS, as in a kernel that does not have the call */
	struct seccomp_argument arguments[2]; /* both conditions must hold */
	const char *why;
};

extern const struct seccomp_call seccomp_calls[];
extern const size_t seccomp_calls_count;

/* Those of a process that may fork. */
extern const struct seccomp_call seccomp_fork_calls[];
extern const size_t seccomp_fork_calls_count;

/* What happens if a process makes a call that is not allowed. */
enum seccomp_refusal {
	SECCOMP_REFUSE, /* the call fails with EPERM, the log names it once */
	SECCOMP_KILL,
};

/* Whether this kernel has seccomp filters, and there is one for this kind of processor. */
bool seccomp_is_known(void);

/*
 * Enters the filter, with all threads and for good. no_new_privs must be set. `more`: numbers of
 * calls that are allowed besides those of the table, ended by -1; NULL: none. `forks`: so are those
 * of seccomp_fork_calls. 0 or -errno.
 */
int seccomp_enter(enum seccomp_refusal refusal, const int *more, bool forks);

#endif
