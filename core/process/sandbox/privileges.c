/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes the user with setuid(2), setgid(2) and setgroups(2), the groups first because the new
 * user may not change them. Drops the capabilities(7) of a process that stays root.
 */
#include "process/sandbox/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <log.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NUMBERS = 4096 }; /* how many descriptor numbers are checked */

/* Drops what an execve(2) could bring back. A process that may not do so has none of it. */
static void drop_bounds(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int privileges_give_up(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	drop_bounds();
	memset(data, 0, sizeof(data));
	if (syscall(SYS_capset, &head, data) < 0)
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static bool dropped; /* this process, or its parent, has dropped root's privileges */

/* 0, or -errno after a message. */
static int become(const struct identity *identity)
{
	bool is_already = getuid() == identity->uid && geteuid() == identity->uid &&
			  getgid() == identity->gid && getegid() == identity->gid;
	int error = setgid(identity->gid) < 0 ? -errno : 0;

	if (error < 0) {
		log_emergc(error, "setgid(%u) failed", (unsigned)identity->gid);
		return error;
	}
	if (identity->user)
		error = initgroups(identity->user, identity->gid) < 0 ? -errno : 0;
	else
		error = setgroups(0, NULL) < 0 ? -errno : 0;
	if (error == -EPERM && is_already) {
		log_info("the groups of this process stay as they are: it may not set them");
	} else if (error < 0) {
		log_emergc(error, "setting the groups of %s failed",
			   identity->user ? identity->user : "nobody");
		return error;
	}
	error = setuid(identity->uid) < 0 ? -errno : 0;
	if (error < 0)
		log_emergc(error, "setuid(%u) failed", (unsigned)identity->uid);
	return error;
}

const char *privileges_user(void)
{
	const struct passwd *user = getpwuid(geteuid());

	return user ? user->pw_name : "";
}

void privileges_name_of(uid_t uid, char name[PRIVILEGES_NAME_SIZE])
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		snprintf(name, PRIVILEGES_NAME_SIZE, "%s", user->pw_name);
	else
		snprintf(name, PRIVILEGES_NAME_SIZE, "user %u", (unsigned)uid);
}

void privileges_were_dropped(void)
{
	dropped = true;
}

int privileges_drop(const struct identity *identity)
{
	if (geteuid() != 0 || dropped)
		return 0;
	/* uid 0 would have all capabilities again after an execve(2). In some containers even
	   root may not set this. */
	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0) < 0)
		log_info("prctl(PR_SET_SECUREBITS) failed");
	drop_bounds();
	int error = become(identity);
	if (error < 0)
		return error;
	error = privileges_give_up();
	if (error < 0)
		log_emergc(error, "giving up root's capabilities failed");
	dropped = error == 0;
	return error;
}

static void try_all(const char *const *paths, size_t count, int *errors)
{
	struct stat status;

	for (size_t i = 0; i < count; i++) {
		errors[i] = stat(paths[i], &status) < 0 ? -errno : 0;
		if (errors[i] < 0)
			continue;
		int mode = S_ISDIR(status.st_mode) ? X_OK : R_OK;
		errors[i] = faccessat(AT_FDCWD, paths[i], mode, AT_EACCESS) < 0 ? -errno : 0;
	}
}

/* Forks a child that tries. It shares the memory of `errors`, and sets errors[count] at the end. */
static int try_as(const struct identity *identity, const char *const *paths, size_t count,
		  int *errors)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (privileges_drop(identity) == 0) {
			try_all(paths, count, errors);
			errors[count] = 1;
		}
		_exit(0);
	}
	/* With SIGCHLD ignored it waits, too, and fails then. */
	waitpid(pid, NULL, 0);
	return errors[count] ? 0 : -EPERM;
}

int privileges_try(const struct identity *identity, const char *const *paths, size_t count,
		   int *errors)
{
	size_t size = sizeof(*errors) * (count + 1);

	if (geteuid() != 0) {
		try_all(paths, count, errors);
		return 0;
	}
	int *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -errno;
	int error = try_as(identity, paths, count, shared);
	memcpy(errors, shared, sizeof(*errors) * count);
	munmap(shared, size);
	return error;
}

bool privileges_for_ports(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	return syscall(SYS_capget, &head, data) == 0 &&
	       data[0].effective & (1u << CAP_NET_BIND_SERVICE);
}

void privileges_limit_files(long limit)
{
	struct rlimit wanted = { (rlim_t)limit, (rlim_t)limit };

	if (limit > 0 && setrlimit(RLIMIT_NOFILE, &wanted) < 0)
		log_alert("worker_rlimit_nofile %ld could not be set", limit);
}

uint32_t privileges_file_limit(void)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur < INT32_MAX ? (uint32_t)limit.rlim_cur : INT32_MAX;
}

uint32_t privileges_files_left(void)
{
	uint32_t limit = privileges_file_limit(), left = limit;

	/* /proc may be out of reach. The kernel gives the lowest free number, so few descriptors
	   lie beyond those that are looked at. */
	for (int fd = 0; fd < (int)limit && fd < NUMBERS; fd++)
		left -= fcntl(fd, F_GETFD) >= 0;
	return left;
}
