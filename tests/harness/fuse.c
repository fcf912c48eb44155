/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file system is a child that reads requests from /dev/fuse (fuse(4)) and answers them: all
 * but those to open a file, while it holds. It knows two nodes, the root and the file that all
 * names stand for, and nothing of it is kept by the kernel.
 */
#include "harness/fuse.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/memory.h"
#include "harness/test.h"

enum { HELD_MAX = 256, FILE_NODE = 2 };

struct fuse {
	const char *path;
	pid_t pid;
	struct {
		atomic_bool holds;
		atomic_uint opens;
	} *shared;
};

/* --- the namespace ----------------------------------------------------------------- */

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

void namespace_enter(void)
{
	unsigned uid = geteuid(), gid = getegid();
	bool ok = unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) == 0;

	if (ok && uid != 0)
		ok = write_file("/proc/self/setgroups", "deny") &&
		     write_file("/proc/self/uid_map", memory_printf("%u %u 1", uid, uid)) &&
		     write_file("/proc/self/gid_map", memory_printf("%u %u 1", gid, gid));
	if (!ok || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		test_skip("there may be no mounts in a namespace of the test");
}

void tmpfs_mount(const char *path)
{
	mkdir(path, 0755);
	if (mount("none", path, "tmpfs", 0, "mode=0755") < 0)
		test_skip(memory_printf("tmpfs cannot be mounted here: %s", strerror(errno)));
}

/* --- the file system, in the child --------------------------------------------------- */

struct held {
	uint64_t ids[HELD_MAX];
	size_t count;
};

static void answer(int fd, uint64_t id, int error, const void *data, size_t len)
{
	const struct fuse_out_header head = {
		.len = (uint32_t)(sizeof(head) + len), .error = -error, .unique = id,
	};
	const struct iovec parts[] = { { (void *)&head, sizeof(head) }, { (void *)data, len } };

	if (writev(fd, parts, len ? 2 : 1) < 0 && errno != ENOENT)
		_exit(1);
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.size = node == FILE_NODE ? strlen(FUSE_TEXT) : 0,
		.mtime = 1000000000,
		.ctime = 1000000000,
		.mode = node == FILE_NODE ? S_IFREG | 0644 : S_IFDIR | 0755,
		.nlink = 1,
	};
}

static void answer_open(int fd, uint64_t id)
{
	const struct fuse_open_out out = { .fh = 1, .open_flags = FOPEN_DIRECT_IO };

	answer(fd, id, 0, &out, sizeof(out));
}

static void handle(struct fuse *fuse, int fd, const struct fuse_in_header *in, struct held *held)
{
	const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 65536,
	};
	const struct fuse_attr_out attr = { .attr = attributes(in->nodeid) };
	const struct fuse_entry_out entry = { .nodeid = FILE_NODE, .attr = attributes(FILE_NODE) };
	const struct fuse_read_in *read_in = (const void *)(in + 1);

	switch (in->opcode) {
	case FUSE_INIT:
		answer(fd, in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_GETATTR:
		answer(fd, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_LOOKUP:
		answer(fd, in->unique, 0, &entry, sizeof(entry));
		break;
	case FUSE_OPEN:
		atomic_fetch_add(&fuse->shared->opens, 1);
		if (atomic_load(&fuse->shared->holds) && held->count < HELD_MAX)
			held->ids[held->count++] = in->unique;
		else
			answer_open(fd, in->unique);
		break;
	case FUSE_READ:
		answer(fd, in->unique, 0, FUSE_TEXT,
		       read_in->offset < strlen(FUSE_TEXT) ? strlen(FUSE_TEXT) : 0);
		break;
	case FUSE_RELEASE:
	case FUSE_FLUSH:
		answer(fd, in->unique, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(fd, in->unique, ENOSYS, NULL, 0);
	}
}

static void serve(struct fuse *fuse, int fd)
{
	static union {
		struct fuse_in_header head;
		char room[FUSE_MIN_READ_BUFFER + 65536];
	} in;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct held held = { .count = 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (poll(&ready, 1, 10) > 0) {
			if (read(fd, &in, sizeof(in)) < 0 && errno == ENODEV)
				_exit(0);
			handle(fuse, fd, &in.head, &held);
		}
		while (held.count && !atomic_load(&fuse->shared->holds))
			answer_open(fd, held.ids[--held.count]);
	}
}

/* --- the test's side --------------------------------------------------------------------- */

struct fuse *fuse_mount(const char *path)
{
	struct fuse *fuse = memory_alloc(sizeof(*fuse));
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	mkdir(path, 0755);
	if (fd < 0 || mount("fuse", path, "fuse", MS_NOSUID | MS_NODEV,
			    memory_printf("fd=%d,rootmode=40000,user_id=%u,group_id=%u,allow_other",
					  fd, geteuid(), getegid())) < 0)
		test_skip(memory_printf("FUSE cannot be mounted here: %s", strerror(errno)));
	fuse->path = path;
	fuse->shared = mmap(NULL, sizeof(*fuse->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(fuse->shared, MAP_FAILED);
	fuse->pid = fork();
	if (fuse->pid == 0)
		serve(fuse, fd);
	close(fd);
	return fuse;
}

void fuse_hold(struct fuse *fuse, bool holds)
{
	atomic_store(&fuse->shared->holds, holds);
}

unsigned fuse_opens(const struct fuse *fuse)
{
	return atomic_load(&fuse->shared->opens);
}

void fuse_unmount(struct fuse *fuse)
{
	umount2(fuse->path, MNT_DETACH);
	kill(fuse->pid, SIGKILL);
	waitpid(fuse->pid, NULL, 0);
}
