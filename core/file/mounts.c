/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A path below the name of a slow mount is found by its name alone. Symbolic links can lead there,
 * too. So the path is looked up in the kernel's memory (policy_find_cached()), which waits for no
 * file system, and the device of what was found is compared. A name that is not in memory is looked
 * up by itself, in the directory before it, if that directory lies on a fast file system: a link
 * is in memory afterwards, and the search goes on.
 */
#include "file/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <log.h>
#include <pool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <timer.h>
#include <unistd.h>

#include "event/loop.h"
#include "file/policy.h"

enum {
	TABLE_MAX = 16 << 20,
	PAUSE_MS = 1000, /* in which the table is read at once at most READS_AT_ONCE times */
	READS_AT_ONCE = 10,
	STEPS_MAX = 64,
};

unsigned mounts_version;
bool mounts_are_slow;

struct mount {
	struct str point; /* the directory */
	dev_t device;
};

static struct {
	struct event event; /* of the table; fd -1: it cannot be read */
	struct pool *pool; /* of the mounts */
	struct mount *slow;
	size_t count, capacity;
	int64_t began_ms; /* of the time in which `reads` are counted */
	unsigned reads;
	struct timer timer; /* until the table is read after too many changes */
} mounts = { .event = { .fd = -1 } };

/*
 * File systems that ask nobody but the kernel and disks of this machine. All others are slow, also
 * those that nobody has heard of.
 */
static bool is_fast(struct str type)
{
	static const char *const types[] = {
		"bcachefs", "binfmt_misc", "bpf",	 "btrfs",      "cgroup",    "cgroup2",
		"configfs", "debugfs",	   "devpts",	 "devtmpfs",   "ecryptfs",  "efivarfs",
		"erofs",    "exfat",	   "ext2",	 "ext3",       "ext4",	    "f2fs",
		"fusectl",  "hugetlbfs",   "iso9660",	 "jfs",	       "mqueue",    "nilfs2",
		"nsfs",	    "ntfs3",	   "overlay",	 "proc",       "pstore",    "ramfs",
		"reiserfs", "rootfs",	   "rpc_pipefs", "securityfs", "selinuxfs", "squashfs",
		"sysfs",    "tmpfs",	   "tracefs",	 "udf",	       "vfat",	    "xfs",
		"zfs",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq(type, str_from(types[i])))
			return true;
	return false;
}

/* In the table, a blank, a line break or a backslash of a name is \ooo. */
static struct str decode(struct pool *pool, struct str text)
{
	char *to = pool_alloc(pool, text.len + 1), *begin = to;

	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.data + i;

		if (*at == '\\' && text.len - i >= 4) {
			*to++ = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + at[3] - '0');
			i += 3;
		} else {
			*to++ = *at;
		}
	}
	return str_range(begin, to);
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue */
static void add(struct str line)
{
	unsigned major = 0, minor = 0;
	struct str point = STR(""), word;

	for (int i = 0; i < 6; i++) {
		word = str_split(&line, ' ');
		if (i == 2)
			sscanf(pool_cstr(mounts.pool, word), "%u:%u", &major, &minor);
		if (i == 4)
			point = word;
	}
	while (line.len && !str_eq(str_split(&line, ' '), STR("-")))
		;
	if (str_empty(point) || str_empty(line) || is_fast(str_split(&line, ' ')) ||
	    str_starts(point, STR("/proc/")) || str_starts(point, STR("/sys/")) ||
	    str_starts(point, STR("/dev/")))
		return;
	mounts.slow = pool_grow(mounts.pool, mounts.slow, mounts.count, &mounts.capacity,
				sizeof(*mounts.slow));
	mounts.slow[mounts.count++] = (struct mount){
		.point = decode(mounts.pool, point),
		.device = makedev(major, minor),
	};
}

void mounts_read(struct str table)
{
	pool_destroy(mounts.pool);
	mounts.pool = pool_create(0);
	mounts.slow = NULL;
	mounts.count = mounts.capacity = 0;
	mounts_version++;
	while (table.len)
		add(str_split(&table, '\n'));
	mounts_are_slow = mounts.count > 0;
}

static void read_table(void)
{
	size_t size = 64 << 10, len = 0;
	char *text = malloc(size);

	while (text) {
		ssize_t got = pread(mounts.event.fd, text + len, size - len, (off_t)len);

		if (got <= 0)
			break;
		len += (size_t)got;
		if (len == size && size < TABLE_MAX) {
			char *more = malloc(2 * size);

			if (!more)
				break;
			memcpy(more, text, len);
			free(text);
			text = more;
			size *= 2;
		}
	}
	if (text)
		mounts_read((struct str){ text, len });
	free(text);
}

static void on_time(void *data)
{
	(void)data;
	read_table();
}

/* Computers that start containers all the time change the table all the time. */
static void on_change(struct event *event, uint32_t events)
{
	(void)event;
	(void)events;
	if (timer_is_started(&mounts.timer))
		return;
	if (clock_ms() - mounts.began_ms >= PAUSE_MS) {
		mounts.began_ms = clock_ms();
		mounts.reads = 0;
	}
	if (++mounts.reads <= READS_AT_ONCE) {
		read_table();
		return;
	}
	mounts.timer = (struct timer){ .expired = on_time };
	timer_start(&mounts.timer, PAUSE_MS);
}

void mounts_open(void)
{
	mounts.event = (struct event){
		.fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC),
		.ready = on_change,
	};
}

int mounts_start(void)
{
	if (mounts.event.fd < 0)
		return 0;
	/* A change is reported as EPOLLPRI, and ends with the report. */
	int error = event_add(&mounts.event, EPOLLPRI);

	if (error == 0)
		read_table();
	return error;
}

bool mounts_has_slow(void)
{
	mounts_open();
	if (mounts.event.fd < 0)
		return false;
	read_table();
	close(mounts.event.fd);
	mounts.event.fd = -1;
	return mounts.count > 0;
}

/* --- questions ------------------------------------------------------------------------ */

static bool is_slow_device(dev_t device)
{
	for (size_t i = 0; i < mounts.count; i++)
		if (mounts.slow[i].device == device)
			return true;
	return false;
}

static bool is_below(struct str path, struct str point)
{
	return str_starts(path, point) &&
	       (path.len == point.len || path.data[point.len] == '/' || point.len == 1);
}

static bool is_slow_file(int fd, dev_t *device)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) < 0)
		return true;
	*device = makedev(status.stx_dev_major, status.stx_dev_minor);
	return is_slow_device(*device);
}

enum step { STEP_IS_FAST, STEP_IS_SLOW, STEP_FURTHER };

/*
 * Looks up the first name of the path that the kernel does not have in memory. `known_len`: the
 * length of the part that it had in memory at the last step.
 */
static enum step step(const char *path, size_t *known_len, dev_t *device)
{
	char known[PATH_MAX], name[NAME_MAX + 1];
	int fd = policy_find_cached(path);

	strcpy(known, path);
	if (fd >= 0) {
		bool is_slow = is_slow_file(fd, device);
		close(fd);
		return is_slow ? STEP_IS_SLOW : STEP_IS_FAST;
	}
	while (fd < 0) {
		char *slash = strrchr(known, '/');
		if (!slash || (slash == known && !slash[1]))
			return STEP_IS_FAST;
		slash[slash == known] = '\0';
		fd = policy_find_cached(known);
	}

	bool is_slow = is_slow_file(fd, device);
	size_t len = strlen(known);
	const char *rest = path + len + strspn(path + len, "/");
	size_t name_len = strcspn(rest, "/");
	struct stat status;
	char target[1];
	bool is_there = false;

	if (!is_slow && name_len <= NAME_MAX) {
		memcpy(name, rest, name_len);
		name[name_len] = '\0';
		is_there = fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0;
		/* A search in memory ends at a link whose access time is to be written. */
		if (is_there && S_ISLNK(status.st_mode))
			(void)!readlinkat(fd, name, target, sizeof(target));
	}
	close(fd);
	if (is_slow || !is_there)
		return is_slow ? STEP_IS_SLOW : STEP_IS_FAST;
	/* It is in memory now. If the search ends here again, a link leads to a slow place. */
	if (len == *known_len && S_ISLNK(status.st_mode))
		return STEP_IS_SLOW;
	*known_len = len;
	return STEP_FURTHER;
}

bool mounts_may_wait(struct str path, dev_t *device)
{
	size_t known_len = SIZE_MAX;
	enum step result = STEP_FURTHER;

	if (!mounts_are_slow || path.len >= PATH_MAX || path.len == 0)
		return false;
	for (size_t i = 0; i < mounts.count; i++)
		if (is_below(path, mounts.slow[i].point)) {
			*device = mounts.slow[i].device;
			return true;
		}
	for (int i = 0; i < STEPS_MAX && result == STEP_FURTHER; i++)
		result = step(path.data, &known_len, device);
	return result == STEP_IS_SLOW;
}
