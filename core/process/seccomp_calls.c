/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table: what a worker was seen to call while all tests ran, and what another
 * libc or another version of it calls in the same places. The C library chooses
 * calls by itself, so each group has its older and newer forms.
 *
 * A module that needs more has a row added here, with its reason. What must
 * never have one: exec, fork, socket, connect, ptrace, kill, mount, bpf, memory
 * that can be executed, files that can be written.
 */
#include "process/seccomp.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define CALL(name_, why_) { SYS_##name_, #name_, CALL_ANY, 0, 0, why_ }
#define WHEN(name_, rule_, argument_, value_, why_) \
	{ SYS_##name_, #name_, rule_, argument_, value_, why_ }

/* Bits of open(2) without which nothing can be written. */
#define OPEN_TO_WRITE (O_ACCMODE | O_CREAT | O_TRUNC)

const struct seccomp_call seccomp_calls[] = {
	/* the loop */
	CALL(epoll_pwait, "waiting for sockets"),
	CALL(epoll_ctl, "which sockets to wait for"),
	CALL(eventfd2, "threads wake the loop up"),

	/* connections */
	CALL(accept4, "new connections"),
	CALL(recvfrom, "requests"),
	CALL(recvmsg, "connections and commands from other processes"),
	CALL(sendmsg, "answers; connections to other processes"),
	CALL(sendto, "answers"),
	CALL(sendfile, "answers from files"),
	CALL(writev, "answers"),
	CALL(readv, "requests"),
	CALL(shutdown, "the last byte was sent"),
	CALL(setsockopt, "TCP_NODELAY, TCP_CORK, SO_LINGER"),
	CALL(getsockopt, "errors of a connection"),
	CALL(getsockname, "the server's address"),
	CALL(getpeername, "the client's address"),
	CALL(close, "of anything"),

	/* files */
	WHEN(openat, CALL_WITHOUT, 2, OPEN_TO_WRITE, "files, for reading"),
	CALL(openat2, "files below a root; Landlock sees to the reading"),
	CALL(newfstatat, "what lies under a name"),
	CALL(fstat, "what a descriptor is"),
	CALL(statx, "both of them"),
	CALL(faccessat, "may it be read?"),
#ifdef SYS_faccessat2
	CALL(faccessat2, "the same"),
#endif
	CALL(readlinkat, "where a link leads"),
	CALL(pread64, "the bytes of a file"),
	CALL(preadv, "the same"),
	CALL(preadv2, "the same, if they are in memory"),
	CALL(read, "files, and events of descriptors"),
	CALL(lseek, "the place in a list"),
	CALL(getdents64, "the names in a directory"),
	CALL(getcwd, "where a relative name begins"),

	/* descriptors */
	WHEN(fcntl, CALL_EQUAL, 1, F_DUPFD_CLOEXEC, "a descriptor for a thread"),
	WHEN(fcntl, CALL_EQUAL, 1, F_GETFL, "how a descriptor was opened"),
	WHEN(fcntl, CALL_EQUAL, 1, F_SETFL, "nonblocking"),
	WHEN(fcntl, CALL_EQUAL, 1, F_GETFD, "whether it is open"),
	WHEN(fcntl, CALL_EQUAL, 1, F_SETFD, "close-on-exec"),
	WHEN(fcntl, CALL_EQUAL, 1, F_GET_SEALS, "whether counters of another program can shrink"),
	CALL(dup3, "log files that were opened again; standard output of a daemon"),
	CALL(write, "log files, events of descriptors"),
	CALL(ppoll, "whether a log that is a pipe or a terminal takes a line"),

	/* memory */
	CALL(brk, "malloc"),
	WHEN(mmap, CALL_WITHOUT, 2, PROT_EXEC, "malloc, stacks of threads, files"),
	WHEN(mprotect, CALL_WITHOUT, 2, PROT_EXEC, "the same"),
	CALL(mremap, "realloc"),
	CALL(munmap, "free"),
	CALL(madvise, "memory that is of no use for a while"),

	/* threads */
	WHEN(clone3, CALL_UNKNOWN, 0, 0, "its flags cannot be looked at: clone is called instead"),
	WHEN(clone, CALL_WITH, 0, CLONE_THREAD, "threads, never processes"),
	CALL(set_robust_list, "locks of a thread that dies"),
	CALL(rseq, "a thread on its processor"),
	CALL(futex, "locks"),
	CALL(sched_yield, "locks"),
	CALL(sched_getaffinity, "how many pools malloc makes"),
	CALL(membarrier, "musl, when a thread starts"),
	WHEN(prctl, CALL_EQUAL, 0, PR_SET_NAME, "the name of a thread"),
	WHEN(prctl, CALL_EQUAL, 0, PR_SET_VMA, "the name of some memory"),
	CALL(exit, "the end of a thread"),

	/* time and chance */
	CALL(clock_gettime, "the time, where no page of the kernel tells it"),
	CALL(gettimeofday, "the same"),
	CALL(clock_getres, "how exact it is"),
	CALL(clock_nanosleep, "waiting"),
	CALL(nanosleep, "waiting"),
	CALL(restart_syscall, "waiting goes on after a stop"),
	CALL(getrandom, "numbers nobody can guess"),

	/* the process itself */
	CALL(rt_sigaction, "threads"),
	CALL(rt_sigprocmask, "threads"),
	CALL(rt_sigreturn, "the end of a signal's handler"),
	CALL(sigaltstack, "abort"),
	CALL(getpid, "log lines"),
	CALL(gettid, "log lines"),
	WHEN(tgkill, CALL_ON_SELF, 0, 0, "abort"),
	WHEN(prlimit64, CALL_EQUAL, 0, 0, "its own limit of descriptors"),
	CALL(getrlimit, "the same"),
	CALL(uname, "malloc, at its first use"),
	CALL(exit_group, "the end"),

#ifdef SYS_open
	/* x86 has older forms of some as well */
	CALL(epoll_wait, "waiting for sockets"),
	WHEN(open, CALL_WITHOUT, 1, OPEN_TO_WRITE, "files, for reading"),
	CALL(stat, "what lies under a name"),
	CALL(lstat, "the same, of a link"),
	CALL(access, "may it be read?"),
	CALL(readlink, "where a link leads"),
	CALL(dup2, "as dup3"),
	CALL(poll, "as ppoll"),
	CALL(time, "as clock_gettime"),
#endif
};

const size_t seccomp_calls_count = sizeof(seccomp_calls) / sizeof(seccomp_calls[0]);
