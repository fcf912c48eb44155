/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table: the calls that workers made while all tests ran, and those that another C library,
 * or another version of it, makes in their place. The C library chooses the calls, so each group
 * has older and newer forms.
 *
 * If a module needs another call, add a row here with its reason. Never add exec, fork, socket,
 * connect, ptrace, kill, mount, bpf, executable memory, or writable files.
 */
#include "process/sandbox/seccomp.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define CALL(name_, why_) { .number = SYS_##name_, .name = #name_, .why = why_ }
#define UNKNOWN(name_, why_) \
	{ .number = SYS_##name_, .name = #name_, .is_unknown = true, .why = why_ }
#define WHEN(name_, why_, ...) \
	{ .number = SYS_##name_, .name = #name_, .arguments = { __VA_ARGS__ }, .why = why_ }

/* The argument of this index (from 0) … */
#define IS(index_, value_)	{ CHECK_EQUAL, index_, (uint32_t)(value_) }
#define HAS(index_, bits_)	{ CHECK_WITH, index_, (uint32_t)(bits_) }
#define LACKS(index_, bits_)	{ CHECK_WITHOUT, index_, (uint32_t)(bits_) }
#define HAS_ONLY(index_, bits_) LACKS(index_, ~(uint32_t)(bits_))
#define IS_NULL(index_)		{ CHECK_NULL, index_, 0 }
#define IS_SELF(index_)		{ CHECK_SELF, index_, 0 }

/* Bits of open(2) without which nothing can be written. */
#define OPEN_TO_WRITE (O_ACCMODE | O_CREAT | O_TRUNC)

/*
 * MSG_FASTOPEN is not allowed, because with it a listening socket, or one whose client has gone,
 * would connect to the given address. Without it a stream ignores the address, so it does not
 * matter that the filter cannot check the address in a msghdr.
 */
#define SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE)

const struct seccomp_call seccomp_calls[] = {
	/* the loop */
	CALL(epoll_pwait, "waiting for sockets"),
	CALL(epoll_ctl, "which sockets to wait for"),
	CALL(eventfd2, "threads wake the loop up"),

	/* connections; what is called for each response comes first */
	WHEN(sendto, "responses", HAS_ONLY(3, SEND_FLAGS), IS_NULL(4)),
	WHEN(accept4, "new connections, nonblocking",
	     IS(3, SOCK_NONBLOCK | SOCK_CLOEXEC)),
	CALL(recvfrom, "requests"),
	CALL(recvmsg, "connections and commands from other processes"),
	WHEN(sendmsg, "responses; connections to other processes", HAS_ONLY(2, SEND_FLAGS)),
	CALL(sendfile, "responses from files"),
	CALL(writev, "responses"),
	CALL(readv, "requests"),
	WHEN(shutdown, "the last byte was sent: for writing", IS(1, SHUT_WR)),
	WHEN(setsockopt, "TCP_NODELAY", IS(1, IPPROTO_TCP), IS(2, TCP_NODELAY)),
	WHEN(setsockopt, "TCP_NOTSENT_LOWAT, for HTTP/2", IS(1, IPPROTO_TCP),
	     IS(2, TCP_NOTSENT_LOWAT)),
	WHEN(setsockopt, "SO_LINGER: connections that are reset", IS(1, SOL_SOCKET),
	     IS(2, SO_LINGER)),
	WHEN(getsockopt, "TCP_INFO, for variables", IS(1, IPPROTO_TCP), IS(2, TCP_INFO)),
	CALL(getsockname, "the server's address"),
	CALL(getpeername, "the client's address"),
	CALL(close, "of anything"),

	/* files */
	WHEN(openat, "files, for reading", LACKS(2, OPEN_TO_WRITE)),
	CALL(openat2, "files below a root; Landlock sees to the reading"),
	CALL(newfstatat, "what lies under a name"),
	CALL(fstat, "what a descriptor is"),
	CALL(statx, "both of them"),
	CALL(fstatfs, "which kind of disk a file lies on, for the opener"),
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
	WHEN(fcntl, "a descriptor for a thread", IS(1, F_DUPFD_CLOEXEC)),
	WHEN(fcntl, "how a descriptor was opened", IS(1, F_GETFL)),
	WHEN(fcntl, "whether it is open", IS(1, F_GETFD)),
	WHEN(fcntl, "close-on-exec", IS(1, F_SETFD)),
	WHEN(fcntl, "whether counters of another program can shrink", IS(1, F_GET_SEALS)),
	CALL(dup3, "log files that were opened again; standard output of a daemon"),
	CALL(write, "log files, events of descriptors"),
	CALL(ppoll, "whether a log that is a pipe or a terminal takes a line"),

	/* memory */
	CALL(brk, "malloc"),
	WHEN(mmap, "malloc, stacks of threads, files", LACKS(2, PROT_EXEC)),
	WHEN(mprotect, "the same", LACKS(2, PROT_EXEC)),
	UNKNOWN(mremap, "it would show more of shared memory; realloc does without it"),
	CALL(munmap, "free"),
	CALL(madvise, "memory that is not used for a while"),

	/* threads */
	UNKNOWN(clone3, "its flags cannot be looked at: clone is called instead"),
	WHEN(clone, "threads, never processes", HAS(0, CLONE_THREAD)),
	CALL(set_robust_list, "locks of a thread that dies"),
	CALL(rseq, "a thread on its processor"),
	CALL(futex, "locks"),
	CALL(sched_yield, "locks"),
	CALL(sched_getaffinity, "how many pools malloc makes"),
	WHEN(getpriority, "threads give way to the loop: their own priority", IS(0, PRIO_PROCESS),
	     IS(1, 0)),
	WHEN(setpriority, "the same; without capabilities it can only become lower",
	     IS(0, PRIO_PROCESS), IS(1, 0)),
	CALL(membarrier, "musl, when a thread starts"),
	WHEN(prctl, "the name of a thread", IS(0, PR_SET_NAME)),
	WHEN(prctl, "the name of some memory", IS(0, PR_SET_VMA)),
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
	WHEN(tgkill, "abort", IS_SELF(0)),
	WHEN(prlimit64, "its own limit of descriptors", IS(0, 0), IS_NULL(2)),
	CALL(getrlimit, "the same"),
	CALL(uname, "malloc, at its first use"),
	CALL(exit_group, "the end"),

#ifdef SYS_open
	/* x86 has older forms of some as well */
	CALL(epoll_wait, "waiting for sockets"),
	WHEN(open, "files, for reading", LACKS(1, OPEN_TO_WRITE)),
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

/* The kernel cannot be asked for new namespaces this way: other flags of clone are refused. */
const struct seccomp_call seccomp_fork_calls[] = {
	WHEN(clone, "fork, by glibc", IS(0, CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD)),
	WHEN(clone, "fork, by musl", IS(0, SIGCHLD)),
#ifdef SYS_fork
	CALL(fork, "the same"),
#endif
	WHEN(prctl, "a child ends with its parent", IS(0, PR_SET_PDEATHSIG), IS(1, SIGKILL)),
	WHEN(setpriority, "a child is less important", IS(0, PRIO_PROCESS), IS(1, 0)),
	CALL(pipe2, "how the end of a child is noticed"),
	CALL(wait4, "how it has ended"),
#ifdef SYS_close_range
	CALL(close_range, "a child closes what it does not need"),
#endif
#ifdef SYS_setrlimit
	CALL(setrlimit, "limits of the process itself"),
#endif
};

const size_t seccomp_fork_calls_count = sizeof(seccomp_fork_calls) / sizeof(seccomp_fork_calls[0]);
