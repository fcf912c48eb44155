/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file system is a child that reads requests from /dev/fuse (fuse(4)) and answers them, except
 * for those that it holds. It knows a few nodes, and nothing of it is kept by the kernel.
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

enum { HELD_MAX = 256, MESSAGE_MAX = 512, FILE_NODE = 2, LARGE_NODE = 3, FOLDER_NODE = 4 };

enum holds { HOLDS_NOTHING, HOLDS_OPENS, HOLDS_READDIR, HOLDS_ALL };

struct fuse {
	const char *path;
	pid_t pid;
	struct {
		atomic_int holds; /* enum holds */
		atomic_bool fails; /* reading a file does */
		atomic_uint opens, readings;
		atomic_uint version;
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
	char messages[HELD_MAX][MESSAGE_MAX];
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

static bool is_folder(uint64_t node)
{
	return node == FUSE_ROOT_ID || node == FOLDER_NODE;
}

static struct fuse_attr attributes(const struct fuse *fuse, uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.size = node == FILE_NODE ? strlen(FUSE_TEXT) : node == LARGE_NODE ? FUSE_LARGE : 0,
		.mtime = 1000000000 + atomic_load(&fuse->shared->version),
		.ctime = 1000000000,
		.mode = is_folder(node) ? S_IFDIR | 0755 : S_IFREG | 0644,
		.nlink = 1,
	};
}

static void answer_open(int fd, uint64_t id)
{
	const struct fuse_open_out out = { .fh = 1, .open_flags = FOPEN_DIRECT_IO };

	answer(fd, id, 0, &out, sizeof(out));
}

static uint64_t node_of(const char *name)
{
	return strncmp(name, "none", 4) == 0   ? 0 :
	       strncmp(name, "large", 5) == 0  ? LARGE_NODE :
	       strncmp(name, "folder", 6) == 0 ? FOLDER_NODE :
						 FILE_NODE;
}

static void answer_lookup(struct fuse *fuse, int fd, const struct fuse_in_header *in)
{
	uint64_t node = node_of((const char *)(in + 1));
	const struct fuse_entry_out entry = { .nodeid = node, .attr = attributes(fuse, node) };

	answer(fd, in->unique, node ? 0 : ENOENT, &entry, node ? sizeof(entry) : 0);
}

static void answer_read(const struct fuse *fuse, int fd, const struct fuse_in_header *in)
{
	static char bytes[65536];
	const struct fuse_read_in *wanted = (const void *)(in + 1);
	size_t size = in->nodeid == LARGE_NODE ? FUSE_LARGE : strlen(FUSE_TEXT);
	size_t left = wanted->offset < size ? size - wanted->offset : 0, len = 0;

	for (; len < wanted->size && len < left && len < sizeof(bytes); len++)
		bytes[len] = in->nodeid == LARGE_NODE ? fuse_large_byte(wanted->offset + len) :
							FUSE_TEXT[wanted->offset + len];
	if (atomic_load(&fuse->shared->fails))
		answer(fd, in->unique, EIO, NULL, 0);
	else
		answer(fd, in->unique, 0, bytes, len);
}

/* One name, "a". */
static void answer_readdir(int fd, const struct fuse_in_header *in)
{
	const struct fuse_read_in *wanted = (const void *)(in + 1);
	const struct fuse_dirent entry = {
		.ino = FILE_NODE, .off = 1, .namelen = 1, .type = S_IFREG >> 12
	};
	char out[FUSE_NAME_OFFSET + 8] = "";

	memcpy(out, &entry, FUSE_NAME_OFFSET);
	out[FUSE_NAME_OFFSET] = 'a';
	answer(fd, in->unique, 0, out, wanted->offset == 0 ? sizeof(out) : 0);
}

static void handle(struct fuse *fuse, int fd, const struct fuse_in_header *in)
{
	const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 65536,
	};
	const struct fuse_attr_out attr = { .attr = attributes(fuse, in->nodeid) };

	switch (in->opcode) {
	case FUSE_INIT:
		answer(fd, in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_GETATTR:
		answer(fd, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_LOOKUP:
		answer_lookup(fuse, fd, in);
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		answer_open(fd, in->unique);
		break;
	case FUSE_READ:
		answer_read(fuse, fd, in);
		break;
	case FUSE_READDIR:
		answer_readdir(fd, in);
		break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
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

static bool is_held(struct fuse *fuse, const struct fuse_in_header *in)
{
	int holds = atomic_load(&fuse->shared->holds);

	if (in->opcode == FUSE_FORGET || in->opcode == FUSE_BATCH_FORGET ||
	    in->opcode == FUSE_INTERRUPT || in->opcode == FUSE_INIT)
		return false;
	return holds == HOLDS_ALL || (holds == HOLDS_OPENS && in->opcode == FUSE_OPEN) ||
	       (holds == HOLDS_READDIR && in->opcode == FUSE_READDIR);
}

static void serve(struct fuse *fuse, int fd)
{
	static union {
		struct fuse_in_header head;
		char room[FUSE_MIN_READ_BUFFER + 65536];
	} in;
	static struct held held;
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (poll(&ready, 1, 10) > 0) {
			if (read(fd, &in, sizeof(in)) < 0) {
				if (errno == ENODEV)
					_exit(0);
				continue;
			}
			if (in.head.opcode == FUSE_READDIR)
				atomic_fetch_add(&fuse->shared->readings, 1);
			if (in.head.opcode == FUSE_OPEN)
				atomic_fetch_add(&fuse->shared->opens, 1);
			if (is_held(fuse, &in.head) && held.count < HELD_MAX)
				memcpy(held.messages[held.count++], &in, MESSAGE_MAX);
			else
				handle(fuse, fd, &in.head);
		}
		while (held.count && atomic_load(&fuse->shared->holds) == HOLDS_NOTHING)
			handle(fuse, fd, (const void *)held.messages[--held.count]);
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
	atomic_store(&fuse->shared->holds, holds ? HOLDS_OPENS : HOLDS_NOTHING);
}

void fuse_hang(struct fuse *fuse, bool hangs)
{
	atomic_store(&fuse->shared->holds, hangs ? HOLDS_ALL : HOLDS_NOTHING);
}

void fuse_hold_reading(struct fuse *fuse, bool holds)
{
	atomic_store(&fuse->shared->holds, holds ? HOLDS_READDIR : HOLDS_NOTHING);
}

void fuse_fail(struct fuse *fuse, bool fails)
{
	atomic_store(&fuse->shared->fails, fails);
}

void fuse_change(struct fuse *fuse)
{
	atomic_fetch_add(&fuse->shared->version, 1);
}

unsigned fuse_readings(const struct fuse *fuse)
{
	return atomic_load(&fuse->shared->readings);
}

char fuse_large_byte(size_t offset)
{
	return (char)('a' + offset / 1000 % 26);
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
