/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pid file: written whole, never in the place of something else.
 */
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/memory.h"
#include "harness/scratch.h"
#include "process/os/pidfile.h"

enum { OTHER = 65534 }; /* a user who is neither root nor this one */

static const char *dir;
static const char *path;

static void setup(void)
{
	dir = scratch_create();
	path = memory_printf("%s/pid", dir);
}

static void teardown(void)
{
	scratch_remove(dir);
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static const char *text_of(const char *name)
{
	char *text = memory_alloc(64);
	FILE *file = fopen(name, "r");

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, 63, file)] = '\0';
	fclose(file);
	return text;
}

static mode_t type_of(const char *name)
{
	struct stat status;

	ck_assert_int_eq(lstat(name, &status), 0);
	return status.st_mode & S_IFMT;
}

static int files_in_dir(void)
{
	FILE *list = popen(memory_printf("ls -A %s | wc -l", dir), "r");
	int count = -1;

	ck_assert_int_eq(fscanf(list, "%d", &count), 1);
	pclose(list);
	return count;
}

START_TEST(it_is_written_and_read)
{
	pid_t pid = 0;

	put(path, "17\n");
	ck_assert_int_eq(pidfile_write(path, 4711), 0);
	ck_assert_int_eq(pidfile_read(path, &pid), 0);
	ck_assert_int_eq(pid, 4711);
	ck_assert_int_eq(files_in_dir(), 1);
}
END_TEST

START_TEST(that_of_another_stays)
{
	put(path, "17\n");
	pidfile_remove(path, 18);
	ck_assert_int_eq(access(path, F_OK), 0);
	pidfile_remove(path, 17);
	ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

START_TEST(without_a_number)
{
	const char *const texts[] = { "", "x", "12 13", "-1", "0", "99999999999" };
	pid_t pid;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(path, texts[i]);
		ck_assert_int_eq(pidfile_read(path, &pid), -EINVAL);
	}
	unlink(path);
	ck_assert_int_eq(pidfile_read(path, &pid), -ENOENT);
}
END_TEST

START_TEST(it_cannot_be_written)
{
	ck_assert_int_eq(pidfile_write("/nowhere/at/all/pid", 1), -ENOENT);
	ck_assert_int_eq(pidfile_write(dir, 1), -EISDIR);
}
END_TEST

/* A named pipe, and as root a device: they are not even opened. */
static void check_special(mode_t type)
{
	pid_t pid;

	ck_assert_int_eq(pidfile_write(path, 4711), -EEXIST);
	ck_assert_int_eq(pidfile_read(path, &pid), -EINVAL);
	pidfile_remove(path, 4711);
	ck_assert_uint_eq(type_of(path), type);
	ck_assert_int_eq(pidfile_claim(path), 0);
	ck_assert_str_eq(pidfile_path(), "");
	pidfile_release();
	ck_assert_uint_eq(type_of(path), type);
	ck_assert_int_eq(files_in_dir(), 1);
}

START_TEST(a_pipe_is_left_alone)
{
	ck_assert_int_eq(mkfifo(path, 0666), 0);
	check_special(S_IFIFO);
}
END_TEST

/* One like /dev/null. */
START_TEST(a_device_is_left_alone)
{
	if (mknod(path, S_IFCHR | 0666, (1 << 8) | 3) < 0)
		test_skip("only root can make a device, and not everywhere");
	check_special(S_IFCHR);
}
END_TEST

START_TEST(a_link_to_something_else_is_left_alone)
{
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	check_special(S_IFLNK);
}
END_TEST

START_TEST(a_link_stays_a_link)
{
	const char *target = memory_printf("%s/target", dir);

	ck_assert_int_eq(symlink("target", path), 0);
	ck_assert_int_eq(pidfile_write(path, 17), 0); /* which makes the target */
	ck_assert_int_eq(pidfile_write(path, 4711), 0);
	ck_assert_uint_eq(type_of(path), S_IFLNK);
	ck_assert_uint_eq(type_of(target), S_IFREG);
	ck_assert_str_eq(text_of(path), "4711\n");
	pidfile_remove(path, 4711);
	ck_assert_uint_eq(type_of(path), S_IFLNK);
	ck_assert_int_lt(access(target, F_OK), 0);
}
END_TEST

START_TEST(somebody_elses_link_is_not_followed)
{
	const char *target = memory_printf("%s/target", dir), *sub = memory_printf("%s/sub", dir);

	put(target, "precious\n");
	ck_assert_int_eq(mkdir(sub, 0755), 0);
	if (chown(sub, OTHER, (gid_t)-1) < 0)
		test_skip("only root has files of other users");
	path = memory_printf("%s/pid", sub);
	ck_assert_int_eq(symlink("../target", path), 0);
	ck_assert_int_eq(pidfile_write(path, 4711), -ELOOP);
	ck_assert_str_eq(text_of(target), "precious\n");
	ck_assert_int_lt(pidfile_claim(path), 0);
}
END_TEST

/* What a killed server has left, or somebody who knew the name, is in nobody's way. */
START_TEST(temporary_names_are_random)
{
	for (int i = 0; i < 3; i++) {
		const char *name = memory_printf("%s.%d", path, getpid() + i);
		ck_assert_int_eq(symlink("elsewhere", name), 0);
	}
	ck_assert_int_eq(pidfile_write(path, getpid()), 0);
	ck_assert_int_eq(pidfile_write(path, getpid() + 1), 0);
	ck_assert_int_lt(access(memory_printf("%s/elsewhere", dir), F_OK), 0);
	ck_assert_int_eq(files_in_dir(), 4);
}
END_TEST

/* As in an image that is prepared for a user: touch x.pid; chown user x.pid. */
START_TEST(where_the_directory_allows_no_new_file)
{
	put(path, "a longer text that was there before\n");
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, OTHER, (gid_t)-1), 0);
		ck_assert_int_eq(seteuid(OTHER), 0);
	} else {
		ck_assert_int_eq(chmod(dir, 0555), 0);
	}
	ck_assert_int_eq(pidfile_claim(path), 0);
	ck_assert_str_eq(text_of(path), memory_printf("%d\n", getpid()));

	/* The other program of an upgrade writes its number there, and takes it away. */
	ck_assert_int_eq(pidfile_set_aside(), 0);
	ck_assert_str_eq(pidfile_path(), path);
	ck_assert_int_eq(pidfile_write(path, 4711), 0);
	ck_assert_int_eq(pidfile_take_back(), 0);
	ck_assert_str_eq(text_of(path), memory_printf("%d\n", getpid()));
	pidfile_release();
	ck_assert_str_eq(text_of(path), "");
	ck_assert_int_eq(pidfile_write(memory_printf("%s/none", dir), 1), -EACCES);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	else
		ck_assert_int_eq(chmod(dir, 0755), 0);
}
END_TEST

START_TEST(it_is_set_aside)
{
	const char *old = memory_printf("%s.oldbin", path);

	ck_assert_int_eq(pidfile_claim(path), 0);
	ck_assert_int_eq(pidfile_set_aside(), 0);
	ck_assert_str_eq(pidfile_path(), old);
	ck_assert_int_lt(access(path, F_OK), 0);
	ck_assert_int_eq(pidfile_take_back(), 0);
	ck_assert_str_eq(pidfile_path(), path);
	ck_assert_int_lt(access(old, F_OK), 0);
	pidfile_release();
	ck_assert_int_eq(files_in_dir(), 0);
}
END_TEST

/* None before, or none afterwards; and the same file under another name. */
START_TEST(it_is_changed)
{
	const char *other = memory_printf("%s/./pid", dir);

	ck_assert_int_eq(pidfile_claim(""), 0);
	ck_assert_int_eq(pidfile_set_aside(), 0);
	ck_assert_int_eq(pidfile_take_back(), 0);
	ck_assert_int_eq(pidfile_claim(path), 0);
	ck_assert_int_eq(pidfile_claim(other), 0);
	ck_assert_str_eq(text_of(path), memory_printf("%d\n", getpid()));
	ck_assert_int_eq(pidfile_claim(""), 0);
	ck_assert_int_eq(files_in_dir(), 0);
	ck_assert_str_eq(pidfile_path(), "");
}
END_TEST

static const struct test_suite suite = {
	.name = "pid file",
	.setup = setup,
	.teardown = teardown,
};

TESTS_IN(&suite, it_is_written_and_read, that_of_another_stays, without_a_number,
	 it_cannot_be_written, a_pipe_is_left_alone, a_device_is_left_alone,
	 a_link_to_something_else_is_left_alone, a_link_stays_a_link,
	 somebody_elses_link_is_not_followed, temporary_names_are_random,
	 where_the_directory_allows_no_new_file, it_is_set_aside, it_is_changed)
