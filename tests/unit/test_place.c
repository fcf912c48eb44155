/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to a file that the master process writes: which links are followed.
 */
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/memory.h"
#include "harness/scratch.h"
#include "process/os/place.h"

enum { OTHER = 65534 }; /* a user who is neither root nor this one */

static const char *dir;
static char why[512];

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

static void put(const char *name)
{
	int fd = open(path(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void link_to(const char *target, const char *name)
{
	ck_assert_int_eq(symlink(target, path(name)), 0);
}

static void make_dir(const char *name, mode_t mode, uid_t owner)
{
	ck_assert_int_eq(mkdir(path(name), 0755), 0);
	ck_assert_int_eq(chmod(path(name), mode), 0);
	if (owner)
		ck_assert_int_eq(chown(path(name), owner, (gid_t)-1), 0);
}

/* Opens for writing, and creates. Closes what was opened: 0 or -errno. */
static int try_open(const char *name)
{
	struct place place;
	int fd = place_find(&place, path(name), why, sizeof(why));

	if (fd == 0)
		fd = place_open(&place, O_WRONLY | O_CREAT | O_NONBLOCK, 0644, why, sizeof(why));
	place_finish(&place);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

START_TEST(plain_paths)
{
	put("a");
	make_dir("d", 0755, 0);
	ck_assert_int_eq(try_open("a"), 0);
	ck_assert_int_eq(try_open("d/./b"), 0);
	ck_assert_int_eq(try_open("d//../c"), 0);
	ck_assert_int_eq(access(path("d/b"), F_OK), 0);
	ck_assert_int_eq(access(path("c"), F_OK), 0);
	ck_assert_int_eq(try_open("d"), -EISDIR);
	ck_assert_int_eq(try_open("e/"), -EISDIR);
	ck_assert_int_eq(try_open("a/b"), -ENOTDIR);
	ck_assert_int_eq(try_open("no/b"), -ENOENT);
	ck_assert_str_eq(why, "");
}
END_TEST

START_TEST(links_of_ones_own_are_followed)
{
	make_dir("d", 0755, 0);
	make_dir("d/e", 0755, 0);
	link_to("d/e", "one");
	link_to("../..", "d/e/up");
	link_to(path("one"), "two");
	link_to("two/up/new", "three");
	ck_assert_int_eq(try_open("two/a"), 0);
	ck_assert_int_eq(access(path("d/e/a"), F_OK), 0);
	ck_assert_int_eq(try_open("three"), 0);
	ck_assert_int_eq(access(path("new"), F_OK), 0);
	link_to("loop", "loop");
	ck_assert_int_eq(try_open("loop"), -ELOOP);
	ck_assert_str_eq(why, "");
}
END_TEST

START_TEST(what_lies_there_is_seen)
{
	struct place place;

	ck_assert_int_eq(mkfifo(path("pipe"), 0600), 0);
	link_to("pipe", "link");
	ck_assert_int_eq(place_find(&place, path("link"), why, sizeof(why)), 0);
	ck_assert(place.exists && S_ISFIFO(place.status.st_mode));
	ck_assert_str_eq(place.name, "pipe");
	place_finish(&place);
	ck_assert_int_eq(place_find(&place, path("none"), why, sizeof(why)), 0);
	ck_assert(!place.exists);
	place_finish(&place);
}
END_TEST

/* As /dev/stdout leads there. */
START_TEST(what_a_process_has_open)
{
	int fds[2];
	char byte = 0;
	struct place place;

	if (access("/proc/self/fd", X_OK) < 0)
		test_skip("there is no /proc");
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	link_to(memory_printf("/proc/self/fd/%d", fds[1]), "link");
	ck_assert_int_eq(place_find(&place, path("link"), why, sizeof(why)), 0);
	int fd = place_open(&place, O_WRONLY | O_APPEND | O_CREAT, 0644, why, sizeof(why));
	ck_assert_int_ge(fd, 0);
	place_finish(&place);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
	close(fd);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(the_rule)
{
	const uid_t own = geteuid(), other = own + OTHER;
	const struct {
		uid_t dir;
		mode_t mode;
		uid_t link;
		bool follows;
	} cases[] = {
		{ 0, 0755, 0, true },	     { 0, 0755, other, true },
		{ own, 0755, other, true },  { own, 0775, own, true },
		{ 0, 01777, own, true },     { 0, 01777, 0, true },
		{ 0, 01777, other, false },  { 0, 0775, other, false },
		{ own, 0757, other, false }, { other, 0755, 0, false },
		{ other, 0755, own, false }, { other, 0700, other, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct stat at = { .st_uid = cases[i].dir, .st_mode = cases[i].mode };
		const struct stat link = { .st_uid = cases[i].link };

		ck_assert_msg(place_may_follow(&at, &link) == cases[i].follows, "case %zu", i);
	}
}
END_TEST

static void need_root(void)
{
	put("other");
	if (chown(path("other"), OTHER, (gid_t)-1) < 0)
		test_skip("only root has files of other users");
}

START_TEST(a_link_in_somebody_elses_directory)
{
	need_root();
	put("secret");
	make_dir("logs", 0755, OTHER);
	put("logs/plain.log");
	link_to("../secret", "logs/a.log");
	link_to(path("new"), "logs/b.log");
	link_to("..", "logs/up");
	ck_assert_int_eq(try_open("logs/a.log"), -ELOOP);
	ck_assert_ptr_nonnull(strstr(why, path("logs/a.log")));
	ck_assert_ptr_nonnull(strstr(why, "belongs to user 65534"));
	ck_assert_int_eq(try_open("logs/b.log"), -ELOOP);
	ck_assert_int_lt(access(path("new"), F_OK), 0);
	ck_assert_int_eq(try_open("logs/up/secret"), -ELOOP);
	ck_assert_int_eq(try_open("logs/plain.log"), 0);
	ck_assert_int_eq(try_open("logs/new.log"), 0);
	/* A link that leads there is root's own. */
	link_to("logs", "l");
	ck_assert_int_eq(try_open("l/plain.log"), 0);
	ck_assert_int_eq(try_open("l/a.log"), -ELOOP);
}
END_TEST

START_TEST(a_second_name_in_somebody_elses_directory)
{
	need_root();
	put("secret");
	make_dir("logs", 0755, OTHER);
	make_dir("own", 0755, 0);
	ck_assert_int_eq(link(path("secret"), path("logs/a.log")), 0);
	ck_assert_int_eq(link(path("secret"), path("own/a.log")), 0);
	ck_assert_int_eq(try_open("logs/a.log"), -EMLINK);
	ck_assert_ptr_nonnull(strstr(why, "it has 3 names"));
	ck_assert_int_eq(try_open("own/a.log"), 0);
	/* Others of the group may write there as well. */
	ck_assert_int_eq(chmod(path("own"), 0775), 0);
	ck_assert_int_eq(try_open("own/a.log"), -EMLINK);
}
END_TEST

/* Somebody puts a link there between the look and the opening. */
START_TEST(a_link_that_comes_late)
{
	struct place place;

	put("secret");
	ck_assert_int_eq(place_find(&place, path("a.log"), why, sizeof(why)), 0);
	link_to("secret", "a.log");
	ck_assert_int_eq(place_open(&place, O_WRONLY | O_CREAT, 0644, why, sizeof(why)), -ELOOP);
	place_finish(&place);
}
END_TEST

static const struct test_suite suite = {
	.name = "places to write to",
	.setup = setup,
	.teardown = teardown,
};

TESTS_IN(&suite, plain_paths, links_of_ones_own_are_followed, what_lies_there_is_seen,
	 what_a_process_has_open, the_rule, a_link_in_somebody_elses_directory,
	 a_second_name_in_somebody_elses_directory, a_link_that_comes_late)
