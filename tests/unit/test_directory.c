/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories as they are read into memory: order, kinds, what is left out, limits. */
#include "file/directory.h"

#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *dir;
static const atomic_bool never;

static void setup(void)
{
	dir = scratch_create();
}

static void teardown(void)
{
	scratch_remove(dir);
}

static const char *path_of(const char *name)
{
	return memory_printf("%s/%s", dir, name);
}

static void make_file(const char *name, size_t size)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	close(fd);
}

static struct directory_list *scan_of(const char *path, enum symlinks symlinks,
				      enum directory_order order,
				      const struct directory_list *previous, bool *same)
{
	const struct file_root root = { .path = str_from(dir), .fixed_len = strlen(dir) };
	struct file_query query = file_query_make(str_from(path), &root, symlinks);

	return directory_scan(&query, -1, order, &never, previous, same);
}

static struct directory_list *scan(enum symlinks symlinks, enum directory_order order)
{
	bool same;

	return scan_of(dir, symlinks, order, NULL, &same);
}

/* "dir/ file other?", and frees the list. */
static const char *names_of(struct directory_list *list)
{
	char *names = memory_alloc(4096), *end = names;

	ck_assert_int_eq(list->pub.error, 0);
	*names = '\0';
	for (size_t i = 0; i < list->pub.count; i++)
		end += sprintf(end, "%s%s%s", i ? " " : "", list->pub.entries[i].name.data,
			       list->pub.entries[i].kind == FILE_DIRECTORY ? "/" :
			       list->pub.entries[i].kind == FILE_OTHER	   ? "?" :
									     "");
	directory_list_free(list);
	return names;
}

START_TEST(sorts_directories_first)
{
	make_file("b10", 0);
	make_file("b9", 0);
	make_file("B", 0);
	make_file("\xff", 0);
	make_file("~", 0);
	mkdir(path_of("z"), 0755);
	mkdir(path_of("c2"), 0755);
	mkdir(path_of("c10"), 0755);
	mkfifo(path_of("pipe"), 0644);
	ck_assert_str_eq(names_of(scan(SYMLINKS_FOLLOW, DIRECTORY_BY_BYTES)),
			 "c10/ c2/ z/ B b10 b9 pipe? ~ \xff");
	ck_assert_str_eq(names_of(scan(SYMLINKS_FOLLOW, DIRECTORY_NATURAL)),
			 "c2/ c10/ z/ B b9 b10 pipe? ~ \xff");
}
END_TEST

START_TEST(sorts_any_number)
{
	char name[16];

	for (int count = 1; count <= 40; count++) {
		snprintf(name, sizeof(name), "%d", (count * 17) % 41);
		make_file(name, 0);

		struct directory_list *list = scan(SYMLINKS_FOLLOW, DIRECTORY_NATURAL);

		ck_assert_uint_eq(list->pub.count, (size_t)count);
		for (size_t i = 1; i < list->pub.count; i++)
			ck_assert_int_lt(str_compare_natural(list->pub.entries[i - 1].name,
							     list->pub.entries[i].name), 0);
		directory_list_free(list);
	}
}
END_TEST

START_TEST(looks_behind_links)
{
	make_file("file", 5);
	mkdir(path_of("dir"), 0755);
	make_file(".hidden", 0);
	ck_assert_int_eq(symlink("dir", path_of("to-dir")), 0);
	ck_assert_int_eq(symlink("file", path_of("to-file")), 0);
	ck_assert_int_eq(symlink("nothing", path_of("broken")), 0);
	ck_assert_int_eq(symlink("loop", path_of("loop")), 0);
	ck_assert_int_eq(symlink("..", path_of("up")), 0);
	ck_assert_int_eq(symlink("/", path_of("top")), 0);
	ck_assert_str_eq(names_of(scan(SYMLINKS_FOLLOW, DIRECTORY_BY_BYTES)),
			 "dir/ to-dir/ top/ up/ broken? file loop? to-file");
	ck_assert_str_eq(names_of(scan(SYMLINKS_IN_ROOT, DIRECTORY_BY_BYTES)),
			 "dir/ to-dir/ broken? file loop? to-file");

	struct directory_list *list = scan(SYMLINKS_IN_ROOT, DIRECTORY_UNORDERED);

	ck_assert_uint_eq(list->pub.count, 6);
	directory_list_free(list);
	list = scan(SYMLINKS_IN_ROOT, DIRECTORY_BY_BYTES);
	ck_assert_uint_eq(list->pub.entries[5].size, 5); /* to-file */
	ck_assert_int_gt(list->pub.entries[5].mtime, 1000000000);
	directory_list_free(list);
}
END_TEST

START_TEST(says_why_it_is_not_read)
{
	bool same;
	struct directory_list *list =
		scan_of(path_of("none"), SYMLINKS_FOLLOW, DIRECTORY_NATURAL, NULL, &same);

	ck_assert_int_eq(list->pub.error, ENOENT);
	ck_assert_uint_eq(list->bytes, 0);
	directory_list_free(list);
	make_file("file", 0);
	list = scan_of(path_of("file"), SYMLINKS_FOLLOW, DIRECTORY_NATURAL, NULL, &same);
	ck_assert_int_eq(list->pub.error, ENOTDIR);
	directory_list_free(list);
	ck_assert_int_eq(symlink("..", path_of("up")), 0);
	list = scan_of(path_of("up"), SYMLINKS_IN_ROOT, DIRECTORY_NATURAL, NULL, &same);
	ck_assert_int_eq(list->pub.error, EXDEV);
	directory_list_free(list);
}
END_TEST

START_TEST(tells_whether_anything_changed)
{
	bool same;

	make_file("a", 1);
	make_file("b", 1);

	struct directory_list *first = scan(SYMLINKS_FOLLOW, DIRECTORY_NATURAL);
	struct directory_list *list =
		scan_of(dir, SYMLINKS_FOLLOW, DIRECTORY_NATURAL, first, &same);

	ck_assert(same);
	ck_assert_uint_eq(list->bytes, 0);
	directory_list_free(list);
	ck_assert_int_eq(truncate(path_of("b"), 2), 0);
	list = scan_of(dir, SYMLINKS_FOLLOW, DIRECTORY_NATURAL, first, &same);
	ck_assert(!same);
	ck_assert_uint_eq(list->pub.count, 2);
	directory_list_free(list);
	directory_list_free(first);
}
END_TEST

START_TEST(ends_early_when_nobody_waits)
{
	static const atomic_bool stop = true;
	const struct file_root root = { .path = str_from(dir), .fixed_len = strlen(dir) };
	struct file_query query = file_query_make(str_from(dir), &root, SYMLINKS_FOLLOW);
	bool same;

	make_file("a", 1);

	struct directory_list *list =
		directory_scan(&query, -1, DIRECTORY_NATURAL, &stop, NULL, &same);

	ck_assert_int_eq(list->pub.error, ECANCELED);
	ck_assert_uint_eq(list->bytes, 0);
	directory_list_free(list);
}
END_TEST

/* Lists of a directory of long names are held until no more are given. */
START_TEST(all_lists_together_are_bounded)
{
	enum { LISTS = 2000 };
	static struct directory_list *lists[LISTS];
	char name[256];
	size_t bytes = 0, count = 0;
	bool same;

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%0250d", i);
		make_file(name, 0);
	}
	for (; count < LISTS; count++) {
		lists[count] = scan_of(dir, SYMLINKS_FOLLOW, DIRECTORY_UNORDERED, NULL, &same);
		if (lists[count]->pub.error)
			break;
		bytes += lists[count]->bytes;
	}
	ck_assert_uint_lt(count, LISTS);
	ck_assert_int_eq(lists[count]->pub.error, ENOMEM);
	ck_assert_uint_le(bytes, DIRECTORIES_BYTES);
	ck_assert_uint_gt(bytes, DIRECTORIES_BYTES / 4 * 3);
	for (size_t i = 0; i <= count; i++)
		directory_list_free(lists[i]);

	struct directory_list *list = scan(SYMLINKS_FOLLOW, DIRECTORY_UNORDERED);

	ck_assert_int_eq(list->pub.error, 0);
	ck_assert_uint_eq(list->pub.count, 1000);
	directory_list_free(list);
}
END_TEST

TESTS_IN((&(struct test_suite){ "directories", .setup = setup, .teardown = teardown }),
	 sorts_directories_first, sorts_any_number, looks_behind_links, says_why_it_is_not_read,
	 tells_whether_anything_changed, ends_early_when_nobody_waits,
	 all_lists_together_are_bounded)
