/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's interface as it is documented in landlock(7), declared here: the
 * headers of many systems are older than their kernels.
 */
#include "process/sandbox/landlock.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

/* Numbers of system calls; they are the same on every architecture. */
enum {
	CALL_CREATE_RULESET = 444,
	CALL_ADD_RULE = 445,
	CALL_RESTRICT_SELF = 446,
};

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

/* struct landlock_ruleset_attr; members that a kernel does not know must be zero. */
struct ruleset {
	uint64_t files, network, scopes;
};

/* struct landlock_path_beneath_attr */
struct path_beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

enum {
	WRITE_FILE = 1 << 1,
	MAKE_REGULAR = 1 << 8,
	READ_FILE = 1 << 2,
	READ_DIRECTORY = 1 << 3,
};

/* The rights that each version can take away in addition to those of the version before. */
static const struct {
	int version;
	struct ruleset rights;
} known[] = {
	{ 1, { .files = 0x1fff } }, /* execute, write, read, list, remove and make of all kinds */
	{ 2, { .files = 1 << 13 } }, /* link or rename to another directory */
	{ 3, { .files = 1 << 14 } }, /* truncate */
	{ 4, { .network = 3 } }, /* bind and connect, TCP */
	{ 5, { .files = 1 << 15 } }, /* ioctl on devices */
	{ 6, { .scopes = 3 } }, /* abstract Unix sockets of others, signals to others */
};

/* The sandbox forbids the call, so its result is remembered from before. */
int landlock_version(void)
{
	static long version = -1;

	if (version < 0)
		version = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
	if (version < 0)
		version = 0;
	return (int)version;
}

int landlock_create(void)
{
	struct ruleset wanted = { 0 };
	int version = landlock_version();

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].version > version)
			break;
		wanted.files |= known[i].rights.files;
		wanted.network |= known[i].rights.network;
		wanted.scopes |= known[i].rights.scopes;
	}
	long fd = syscall(CALL_CREATE_RULESET, &wanted, sizeof(wanted), 0);
	return fd < 0 ? -errno : (int)fd;
}

int landlock_allow_reading(int ruleset, int fd, bool is_directory)
{
	const struct path_beneath rule = {
		.allowed = is_directory ? READ_FILE | READ_DIRECTORY : READ_FILE,
		.fd = fd,
	};

	return syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

int landlock_allow_writing(int ruleset, int fd)
{
	const struct path_beneath rule = { .allowed = WRITE_FILE | MAKE_REGULAR, .fd = fd };

	return syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

int landlock_enter(int ruleset)
{
	return syscall(CALL_RESTRICT_SELF, ruleset, 0) < 0 ? -errno : 0;
}
