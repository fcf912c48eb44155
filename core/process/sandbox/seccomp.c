/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the filter from the table: a program of the kernel's packet filter that compares the
 * number of a call, and for some calls one or two arguments. The kernel remembers which calls
 * are allowed with all arguments, and does not run the program for them. So the program begins
 * with the other calls, in the order of the table.
 *
 * A refused call raises SIGSYS. The handler logs the name of the call and makes it fail with
 * EPERM. This needs no supervising process or thread: the handler runs in the thread that has
 * made the call.
 */
#include "process/sandbox/seccomp.h"

#include <config.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <log.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "process/sandbox/seccomp_arch.h"

enum { CALLS_MAX = 1024, STEPS_MAX = 1024 };

struct filter {
	struct sock_filter steps[STEPS_MAX];
	unsigned short count;
};

/* The name of any system call that this system's headers know, "socket"; or NULL. */
static const char *call_name(int number)
{
	bool known = number >= 0 && number < (int)(sizeof(call_names) / sizeof(call_names[0]));

	return known ? call_names[number] : NULL;
}

/* --- the filter ------------------------------------------------------------------ */

static void put(struct filter *filter, struct sock_filter step)
{
	if (filter->count < STEPS_MAX)
		filter->steps[filter->count++] = step;
}

static void load(struct filter *filter, size_t offset)
{
	put(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Compares the loaded value; `yes` and `no` are the numbers of steps to skip for each result. */
static void jump(struct filter *filter, unsigned short how, uint32_t value, uint8_t yes,
		 uint8_t no)
{
	const uint16_t code = (uint16_t)(BPF_JMP | how | BPF_K);

	put(filter, (struct sock_filter)BPF_JUMP(code, value, yes, no));
}

static void give(struct filter *filter, uint32_t action)
{
	put(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static bool looks_at_arguments(const struct seccomp_call *call)
{
	return call->arguments[0].check != CHECK_NOTHING;
}

/* How many steps put_check() adds for an argument. */
static unsigned steps_of(const struct seccomp_argument *argument)
{
	switch (argument->check) {
	case CHECK_NOTHING:
		return 0;
	case CHECK_NULL:
		return 4;
	default:
		return 2;
	}
}

/* Skips `left` more steps unless the argument fits the row. */
static void put_check(struct filter *filter, const struct seccomp_argument *argument, unsigned left)
{
	/* Both supported processors store the lower half of an argument first. */
	size_t offset = offsetof(struct seccomp_data, args) + argument->index * sizeof(uint64_t);
	uint8_t no = (uint8_t)left;

	if (argument->check == CHECK_NOTHING)
		return;
	load(filter, offset);
	switch (argument->check) {
	case CHECK_WITHOUT:
		jump(filter, BPF_JSET, argument->value, no, 0);
		return;
	case CHECK_WITH:
		jump(filter, BPF_JSET, argument->value, 0, no);
		return;
	case CHECK_SELF:
		jump(filter, BPF_JEQ, (uint32_t)getpid(), 0, no);
		return;
	case CHECK_NULL:
		jump(filter, BPF_JEQ, 0, 0, (uint8_t)(no + 2));
		load(filter, offset + sizeof(uint32_t));
		jump(filter, BPF_JEQ, 0, 0, no);
		return;
	default:
		jump(filter, BPF_JEQ, argument->value, 0, no);
	}
}

/* Adds the steps of a row. Before and after them, the loaded value is the number of the call. */
static void put_call(struct filter *filter, const struct seccomp_call *call)
{
	unsigned first = steps_of(&call->arguments[0]), second = steps_of(&call->arguments[1]);
	bool loads = looks_at_arguments(call);

	jump(filter, BPF_JEQ, (uint32_t)call->number, 0, (uint8_t)(first + second + 1 + loads));
	put_check(filter, &call->arguments[0], second + 1);
	put_check(filter, &call->arguments[1], 1);
	give(filter, call->is_unknown ? SECCOMP_RET_ERRNO | ENOSYS : SECCOMP_RET_ALLOW);
	if (loads)
		load(filter, offsetof(struct seccomp_data, nr));
}

static void put_calls(struct filter *filter, bool with_arguments)
{
	for (size_t i = 0; i < seccomp_calls_count; i++)
		if (looks_at_arguments(&seccomp_calls[i]) == with_arguments)
			put_call(filter, &seccomp_calls[i]);
}

static void make_filter(struct filter *filter, enum seccomp_refusal refusal, const int *more,
			bool forks)
{
	load(filter, offsetof(struct seccomp_data, arch));
	jump(filter, BPF_JEQ, SECCOMP_ARCH, 1, 0);
	give(filter, SECCOMP_RET_KILL_PROCESS);
	load(filter, offsetof(struct seccomp_data, nr));
	put_calls(filter, true);
	put_calls(filter, false);
	for (size_t i = 0; forks && i < seccomp_fork_calls_count; i++)
		put_call(filter, &seccomp_fork_calls[i]);
	for (; more && *more >= 0; more++)
		put_call(filter, &(const struct seccomp_call){ .number = *more });
	give(filter, refusal == SECCOMP_KILL ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_TRAP);
}

/* --- calls that are refused -------------------------------------------------------- */

/* True at the first call for each number. */
static bool is_first(int number)
{
	static atomic_uchar seen[CALLS_MAX / 8];

	if (number < 0 || number >= CALLS_MAX)
		return true;
	unsigned char bit = (unsigned char)(1 << number % 8);
	return !(atomic_fetch_or(&seen[number / 8], bit) & bit);
}

/*
 * Handles SIGSYS in the thread that has made the call. No lock that log_write() takes is held
 * around a call which is not allowed, so it may be called here.
 */
static void on_refused(int signal, siginfo_t *info, void *context)
{
	int saved = errno, number = info->si_syscall;
	const char *name = call_name(number);
	bool is_in_table = false;

	(void)signal;
	/* If the call is in the table, it was refused for its arguments. */
	for (size_t i = 0; i < seccomp_calls_count; i++)
		is_in_table |= seccomp_calls[i].number == number;
	if (is_first(number))
		log_critx("the sandbox has refused the system call %s (%d)%s, with EPERM; this is "
			  "logged once. \"sandbox off\" allows it", name ? name : "of the number",
			  number, is_in_table ? " with these arguments" : "");
	seccomp_set_result(context, -EPERM);
	errno = saved;
}

bool seccomp_is_known(void)
{
	const uint32_t action = SECCOMP_RET_TRAP;

	return SECCOMP_ARCH && syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int seccomp_enter(enum seccomp_refusal refusal, const int *more, bool forks)
{
	static struct filter filter;
	const struct sigaction action = {
		.sa_sigaction = on_refused,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	if (sigaction(SIGSYS, &action, NULL) < 0)
		return -errno;
	filter.count = 0;
	make_filter(&filter, refusal, more, forks);
	const struct sock_fprog program = { .len = filter.count, .filter = filter.steps };
	long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
			      &program);
	if (result < 0)
		return -errno;
	/* With TSYNC a positive result is a thread that could not enter the filter. */
	return result > 0 ? -ESRCH : 0;
}
