/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which paths lead to slow file systems. The file system of /proc stands for a slow one: the table
 * of the test says so.
 */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file/mounts.h"

static const char *dir;

static void setup(void)
{
	dir = scratch_create();
}

static void teardown(void)
{
	scratch_remove(dir);
}

static const char *path(const char *name)
{
	return memory_printf("%s/%s", dir, name);
}

static void read_table(const char *type)
{
	struct stat status;

	ck_assert_int_eq(stat("/proc", &status), 0);
	mounts_read(str_from(memory_printf(
		"21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		"22 21 0:5 / /dev rw - devtmpfs udev rw\n"
		"23 21 %u:%u / /slow\\040one rw,nosuid shared:7 master:2 - %s some:/where rw\n"
		"24 21 0:77 / /sys/fs/odd rw - odd odd rw\n",
		major(status.st_dev), minor(status.st_dev), type)));
}

static bool is_slow(const char *name)
{
	dev_t device = 0;

	return mounts_may_wait(str_from(name), &device);
}

static void link_to(const char *name, const char *target)
{
	ck_assert_int_eq(symlink(target, path(name)), 0);
}

START_TEST(names_below_a_mount)
{
	read_table("nfs4");
	ck_assert(is_slow("/slow one"));
	ck_assert(is_slow("/slow one/a"));
	ck_assert(!is_slow("/slow one1"));
	ck_assert(!is_slow("/slow"));
	ck_assert(!is_slow("/sys/fs/odd/a"));
}
END_TEST

START_TEST(links_that_lead_there)
{
	read_table("fuse.sshfs");
	link_to("direct", "/proc/version");
	link_to("dangling", "/proc/none-of-these");
	link_to("folder", "/proc/sys");
	link_to("chain", "folder");
	link_to("round", "round");
	mkdir(path("d"), 0755);
	link_to("d/up", "../folder");
	ck_assert(is_slow("/proc"));
	ck_assert(is_slow("/proc/none"));
	ck_assert(is_slow(path("direct")));
	ck_assert(is_slow(path("dangling")));
	ck_assert(is_slow(path("folder/kernel")));
	ck_assert(is_slow(path("folder/none/none")));
	ck_assert(is_slow(path("chain/none")));
	ck_assert(is_slow(path("d/up/none")));
}
END_TEST

START_TEST(what_is_fast)
{
	/* Following it changes its access time. */
	const struct timespec times[] = { { .tv_sec = 1 }, { .tv_sec = 2 } };

	read_table("cifs");
	mkdir(path("d"), 0755);
	link_to("in", "d");
	link_to("lost", "d/none/none");
	link_to("old", "d");
	ck_assert_int_eq(utimensat(AT_FDCWD, path("old"), times, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(!is_slow(dir));
	ck_assert(!is_slow(path("d")));
	ck_assert(!is_slow(path("d/")));
	ck_assert(!is_slow(path("none")));
	ck_assert(!is_slow(path("none/none/none")));
	ck_assert(!is_slow(path("in/none")));
	ck_assert(!is_slow(path("old/none")));
	ck_assert(!is_slow(path(memory_printf("%0300d", 1))));
	ck_assert(!is_slow(path(memory_printf("%05000d", 1))));
	ck_assert(!is_slow(""));
	ck_assert(!is_slow("relative"));
}
END_TEST

START_TEST(no_slow_mount)
{
	unsigned version = mounts_version;

	read_table("ext4");
	ck_assert_uint_ne(mounts_version, version);
	ck_assert(!mounts_are_slow);
	ck_assert(!is_slow("/proc/version"));
	read_table("9p");
	ck_assert(mounts_are_slow);
	ck_assert(is_slow("/proc/version"));
}
END_TEST

START_TEST(tables_that_are_none)
{
	static const char *const tables[] = { "",
					      "\n\n",
					      "1 2",
					      "1 2 3 4 5 6",
					      "1 2 3 4 5 6 7 -",
					      "1 2 x:y / /a\\04 rw - \n",
					      "- - - - - - - -" };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		mounts_read(str_from(tables[i]));
	ck_assert(!is_slow("/b"));
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "mounts", .setup = setup, .teardown = teardown }),
	 names_below_a_mount, links_that_lead_there, what_is_fast, no_slow_mount,
	 tables_that_are_none)
