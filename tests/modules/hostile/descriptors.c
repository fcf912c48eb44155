/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks on open files that a worker shares with others, and on other processes. */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Those that belong to the open file, which others have, too. */
void attack_flags(struct report *report)
{
	int on = 1;

	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0)
			continue;
		tried(report, "F_SETFL", fcntl(fd, F_SETFL, flags ^ O_NONBLOCK));
		tried(report, "F_SETFL, O_APPEND", fcntl(fd, F_SETFL, flags & ~O_APPEND));
		tried(report, "F_SETOWN", fcntl(fd, F_SETOWN, getpid()));
		tried(report, "F_SETSIG", fcntl(fd, F_SETSIG, SIGKILL));
		tried(report, "F_SETLEASE", fcntl(fd, F_SETLEASE, F_UNLCK));
		tried(report, "F_SETPIPE_SZ", fcntl(fd, F_SETPIPE_SZ, 4096));
		tried(report, "F_ADD_SEALS", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
		tried(report, "F_NOTIFY", fcntl(fd, F_NOTIFY, 0));
		tried(report, "ioctl(FIONBIO)", ioctl(fd, FIONBIO, &on));
		tried(report, "ioctl(FIOASYNC)", ioctl(fd, FIOASYNC, &on));
	}
}

/* What it may: write at the end. What it must not: change what stands there. */
void attack_logs(struct report *report)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0 || (flags & O_ACCMODE) != O_WRONLY)
			continue;
		tried(report, "ftruncate", ftruncate(fd, 0));
		tried(report, "pwrite", pwrite(fd, "x", 1, 0));
		tried(report, "fallocate", fallocate(fd, 0, 0, 1 << 20));
		tried(report, "fchmod", fchmod(fd, 0777));
		if (lseek(fd, 0, SEEK_SET) == 0 && write(fd, "hostile\n", 8) < 0)
			note(report, "write: error %d\n", errno);
	}
}

void attack_processes(struct report *report)
{
	struct rlimit limit = { 64, 64 };
	pid_t parent = (pid_t)syscall(SYS_getppid);

	if (parent > 0)
		note(report, "getppid: done\n");
	for (pid_t pid = getpid() - 3; pid < getpid() + 3; pid++) {
		if (pid == getpid())
			continue;
		tried(report, "kill", kill(pid, 0));
		tried(report, "tgkill", syscall(SYS_tgkill, pid, pid, 0));
		tried(report, "ptrace", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
		tried(report, "pidfd_open", syscall(SYS_pidfd_open, pid, 0));
		tried(report, "prlimit", prlimit(pid, RLIMIT_NOFILE, NULL, &limit));
	}
	tried(report, "setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
	tried(report, "prctl(PR_SET_DUMPABLE)", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	tried(report, "fork", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	tried(report, "memfd_create", memfd_create("hostile", 0));
	tried(report, "mmap(PROT_EXEC)", (long)mmap(NULL, 4096, PROT_EXEC | PROT_READ,
						    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* What whoever has started the server has left open. */
void attack_inherited(struct report *report)
{
	for (int fd = 3; fd < DESCRIPTORS; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			note(report, "%d is open\n", fd);
	}
}

/* No header for modules offers them. */
extern void *stats_mine;
size_t stats_stride(void);

/* The counters of others, which lie around its own, or in a file that it has open. */
void attack_counters(struct report *report)
{
	enum { NEIGHBOURS = 64 };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *own = (char *)((uintptr_t)stats_mine & ~(uintptr_t)(page - 1));

	for (int i = 0; i < NEIGHBOURS; i++)
		if (getrandom(own + stats_stride() + (size_t)i * page, 1, 0) == 1)
			note(report, "the page %d behind its own slot is written\n", i);
	/* A mapping that grows shows more of its file. */
	tried(report, "mremap", (long)mremap(own, page, 2 * page, MREMAP_MAYMOVE));
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (fcntl(fd, F_GET_SEALS) >= 0)
			note(report, "%d is memory that others have mapped\n", fd);
}

/* Also by a directory that was open before. */
void attack_proc(struct report *report)
{
	static char entries[4096];

	tried(report, "open(/proc/self/fd)", open("/proc/self/fd", O_RDONLY | O_DIRECTORY));
	tried(report, "open(/proc/self/maps)", open("/proc/self/maps", O_RDONLY));
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (syscall(SYS_getdents64, fd, entries, sizeof(entries)) >= 0)
			note(report, "getdents64(%d): done\n", fd);
}
