/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache of entries against a real directory: what changes on the disk is
 * seen in the next round of the loop, and what is held stays as it was.
 */
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event/loop.h"
#include "file/cache.h"
#include "file/entry.h"

static char dir[64];

static void setup(void)
{
	strcpy(dir, "/tmp/skua-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(loop_start(), 0);
	loop_turn(0);
}

static void teardown(void)
{
	char command[128];

	file_cache_clear();
	loop_finish();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static struct file *look_up_under(const char *name, enum symlinks policy)
{
	const struct file_root none = { .fixed_len = 0 };
	struct file_query query = file_query_make(str_from(name), &none, policy);
	struct file_need need;

	return file_lookup(&query, &need);
}

static struct file *look_up(const char *name)
{
	return look_up_under(name, SYMLINKS_FOLLOW);
}

/* In a new turn: the file's bytes, or its error as a text. */
static const char *now(const char *name)
{
	static char text[256];

	loop_turn(0);
	struct file *file = look_up(name);
	if (file->kind == FILE_MISSING)
		snprintf(text, sizeof(text), "%s", strerrorname_np(file->error));
	else
		snprintf(text, sizeof(text), "%.*s", STR_ARG(file->content));
	file_release(file);
	return text;
}

START_TEST(says_what_a_file_is)
{
	put("a", "hello");
	struct timespec times[2] = { { 784111777, 0 }, { 784111777, 0 } };
	ck_assert_int_eq(utimensat(AT_FDCWD, "a", times, 0), 0);

	struct file *file = look_up("a");
	ck_assert_int_eq(file->kind, FILE_REGULAR);
	ck_assert_int_eq(file->size, 5);
	ck_assert_int_eq(file->fd, -1);
	ck_assert(str_eq(file->content, STR("hello")));
	ck_assert(str_eq(file->etag, STR("\"2ebc98a1-5\"")));
	ck_assert(str_eq(file->last_modified, STR("Sun, 06 Nov 1994 08:49:37 GMT")));
	ck_assert_int_eq(file->mtime, 784111777);
	ck_assert(str_eq(file->path, STR("a")));
	file_release(file);
}
END_TEST

START_TEST(knows_directories_misses_and_others)
{
	mkdir("d", 0700);
	mkfifo("pipe", 0600);
	struct file *file = look_up("d");
	ck_assert_int_eq(file->kind, FILE_DIRECTORY);
	file_release(file);
	file = look_up("pipe");
	ck_assert_int_eq(file->kind, FILE_OTHER);
	file_release(file);
	put("a", "x");
	ck_assert_str_eq(now("none"), "ENOENT");
	ck_assert_str_eq(now("a/"), "ENOTDIR");
	ck_assert_str_eq(now("a/b"), "ENOTDIR");
}
END_TEST

START_TEST(an_empty_file_has_content)
{
	put("a", "");
	struct file *file = look_up("a");
	ck_assert_ptr_nonnull(file->content.data);
	ck_assert_int_eq(file->content.len, 0);
	file_release(file);
}
END_TEST

START_TEST(sees_a_change_at_once)
{
	/* All of these within one tick of a coarse clock, and of one length. */
	for (int i = 0; i < 200; i++) {
		char text[16];
		snprintf(text, sizeof(text), "%04d", i);
		put("a", text);
		ck_assert_str_eq(now("a"), text);
	}
}
END_TEST

START_TEST(reads_what_is_young_again)
{
	/* Kernels with fine times show each change; the rule is for the others. */
	put("a", "x");
	ck_assert_str_eq(now("a"), "x");
	uint64_t fills = file_cache_counts.fills;
	now("a");
	struct stat status;
	ck_assert_int_eq(stat("a", &status), 0);
	if (time(NULL) - status.st_ctime > 1)
		test_skip("this machine is too slow for it");
	ck_assert_uint_eq(file_cache_counts.fills, fills + 1);
}
END_TEST

/* The tag of this moment, which lives until the next call. */
static const char *tag(const char *name)
{
	static char text[128];

	loop_turn(0);
	struct file *file = look_up(name);
	snprintf(text, sizeof(text), "%.*s", STR_ARG(file->etag));
	file_release(file);
	return text;
}

static bool is_young(const char *name)
{
	struct stat status;
	struct timespec now;

	ck_assert_int_eq(stat(name, &status), 0);
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return now.tv_sec - status.st_ctim.tv_sec +
		       (double)(now.tv_nsec - status.st_ctim.tv_nsec) / 1e9 < 2;
}

/* Until it is not young any more; then with nginx's tag, and without being read again. */
START_TEST(a_young_file_grows_old)
{
	char first[128], second[128], plain[128], large[128];
	struct stat status;

	put("a", "one");
	strcpy(first, tag("a"));
	put("a", "two");
	put("large", "");
	ck_assert_int_eq(truncate("large", 1 << 20), 0);
	strcpy(second, tag("a"));
	ck_assert_int_eq(stat("a", &status), 0);
	snprintf(plain, sizeof(plain), "\"%lx-3\"", (long)status.st_mtime);
	ck_assert_int_eq(stat("large", &status), 0); /* perhaps of the next second */
	snprintf(large, sizeof(large), "\"%lx-100000\"", (long)status.st_mtime);
	bool is_tag_of_large = strcmp(tag("large"), large) == 0;
	if (!is_young("a") || !is_young("large"))
		test_skip("this machine is too slow for it");
	ck_assert_str_ne(first, second);
	ck_assert_str_ne(second, plain);
	ck_assert(!is_tag_of_large);

	while (is_young("a") || is_young("large"))
		usleep(50000);
	ck_assert_str_eq(tag("a"), plain);
	ck_assert_str_eq(tag("large"), large);
	uint64_t fills = file_cache_counts.fills;
	ck_assert_str_eq(tag("a"), plain);
	ck_assert_str_eq(tag("large"), large);
	ck_assert_uint_eq(file_cache_counts.fills, fills);
}
END_TEST

START_TEST(sees_a_replacement)
{
	put("a", "old");
	ck_assert_str_eq(now("a"), "old");
	put("b", "new");
	ck_assert_int_eq(rename("b", "a"), 0);
	ck_assert_str_eq(now("a"), "new");
	ck_assert_int_eq(unlink("a"), 0);
	ck_assert_str_eq(now("a"), "ENOENT");
	put("a", "again");
	ck_assert_str_eq(now("a"), "again");
	ck_assert_int_eq(truncate("a", 2), 0);
	ck_assert_str_eq(now("a"), "ag");
}
END_TEST

START_TEST(sees_a_link_turn_elsewhere)
{
	mkdir("one", 0700);
	mkdir("two", 0700);
	put("one/f", "1");
	put("two/f", "2");
	ck_assert_int_eq(symlink("one", "current"), 0);
	ck_assert_str_eq(now("current/f"), "1");
	ck_assert_int_eq(symlink("two", "next"), 0);
	ck_assert_int_eq(rename("next", "current"), 0);
	ck_assert_str_eq(now("current/f"), "2");
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_str_eq(now("loop"), "ELOOP");
}
END_TEST

START_TEST(sees_a_change_with_the_times_put_back)
{
	put("a", "old");
	struct timespec times[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	ck_assert_int_eq(utimensat(AT_FDCWD, "a", times, 0), 0);
	ck_assert_str_eq(now("a"), "old");
	put("a", "new");
	ck_assert_int_eq(utimensat(AT_FDCWD, "a", times, 0), 0);
	ck_assert_str_eq(now("a"), "new");
}
END_TEST

START_TEST(looks_once_in_a_turn)
{
	put("a", "old");
	loop_turn(0);
	struct file *first = look_up("a");
	put("a", "new");
	struct file *second = look_up("a");
	ck_assert_ptr_eq(first, second);
	file_release(first);
	file_release(second);
	ck_assert_str_eq(now("a"), "new");
}
END_TEST

START_TEST(what_is_held_stays)
{
	put("a", "old");
	struct file *held = look_up("a");
	put("b", "newer");
	ck_assert_int_eq(rename("b", "a"), 0);
	ck_assert_str_eq(now("a"), "newer");
	file_cache_clear();
	ck_assert(str_eq(held->content, STR("old")));
	ck_assert_int_eq(held->size, 3);
	file_release(held);
}
END_TEST

START_TEST(trusts_times_that_are_old)
{
	/* Nobody changes the files of the system while this runs. */
	const char *name = "/etc/passwd";
	struct stat status;
	ck_assert_int_eq(stat(name, &status), 0);
	if (time(NULL) - status.st_ctime < 10)
		test_skip("/etc/passwd was changed just now");
	file_release(look_up(name));
	uint64_t fills = file_cache_counts.fills;
	for (int i = 0; i < 10; i++)
		now(name);
	ck_assert_uint_eq(file_cache_counts.fills, fills);
}
END_TEST

START_TEST(large_files_keep_a_descriptor)
{
	put("a", "");
	ck_assert_int_eq(truncate("a", 3LL << 30), 0);
	struct file *file = look_up("a");
	ck_assert_int_ge(file->fd, 0);
	ck_assert_ptr_null(file->content.data);
	ck_assert_uint_eq(file->size, 3ULL << 30);
	ck_assert_uint_eq(file_cache_counts.fds, 1);
	file_release(file);
	loop_turn(0);
	file_cache_clear();
	ck_assert_uint_eq(file_cache_counts.fds, 0);
}
END_TEST

START_TEST(keeps_to_its_limits)
{
	file_cache_limit((struct file_cache_limits){ .entries = 64, .bytes = 1 << 20, .fds = 8 });
	char name[32];

	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "none%d", i);
		file_release(look_up(name));
	}
	ck_assert_uint_le(file_cache_counts.missing, 16);

	char text[40001];
	memset(text, 'x', 40000);
	text[40000] = '\0';
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "small%d", i);
		put(name, text);
		file_release(look_up(name));
		snprintf(name, sizeof(name), "large%d", i);
		put(name, "");
		ck_assert_int_eq(truncate(name, 1 << 20), 0);
		file_release(look_up(name));
		ck_assert_uint_le(file_cache_counts.entries, 64);
		ck_assert_uint_le(file_cache_counts.bytes, 1 << 20);
		ck_assert_uint_le(file_cache_counts.fds, 8);
	}
}
END_TEST

START_TEST(misses_drive_no_file_out)
{
	file_cache_limit((struct file_cache_limits){ .entries = 64, .bytes = 1 << 20, .fds = 8 });
	put("a", "x");
	file_release(look_up("a"));
	char name[32];
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "none%d", i);
		file_release(look_up(name));
	}
	uint64_t hits = file_cache_counts.hits;
	file_release(look_up("a"));
	ck_assert_uint_eq(file_cache_counts.hits, hits + 1);
}
END_TEST

START_TEST(closes_the_unused_when_descriptors_run_out)
{
	file_cache_limit((struct file_cache_limits){ .entries = 64, .bytes = 1 << 20, .fds = 64 });
	char name[32];
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		put(name, "");
		ck_assert_int_eq(truncate(name, (1 << 20) + i), 0);
	}
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		file_release(look_up(name));
	}
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	int next = dup(0);
	close(next);
	limit.rlim_cur = (rlim_t)next;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);

	struct file *file = look_up("f9");
	ck_assert_msg(file->kind == FILE_REGULAR, "%s", strerrorname_np(file->error));
	ck_assert_uint_eq(file_cache_counts.fds, 1);

	/* With nothing to close it is an error, which is not kept. */
	close(dup(0));
	int fds[64], count = 0;
	while ((fds[count] = dup(0)) >= 0)
		count++;
	struct file *none = look_up("f8");
	ck_assert_int_eq(none->error, EMFILE);
	file_release(none);
	while (count)
		close(fds[--count]);
	none = look_up("f8");
	ck_assert_int_eq(none->kind, FILE_REGULAR);
	file_release(none);
	file_release(file);
}
END_TEST

START_TEST(refuses_names_the_kernel_would_not_take)
{
	char name[PATH_MAX + 2];
	memset(name, 'a', sizeof(name));
	name[PATH_MAX + 1] = '\0';
	ck_assert_str_eq(now(name), "ENAMETOOLONG");

	struct str torn = { "a\0b", 3 };
	const struct file_root none = { .fixed_len = 0 };
	struct file_query query = file_query_make(torn, &none, SYMLINKS_FOLLOW);
	struct file_need need;
	struct file *file = file_lookup(&query, &need);
	ck_assert_int_eq(file->error, ENAMETOOLONG);
	file_release(file);
	ck_assert_uint_eq(file_cache_counts.entries, 0);
	ck_assert_str_eq(now(""), "ENOENT");
	ck_assert_str_eq(now("a/../b"), "EACCES");
}
END_TEST

static int ended;

static void end_attachment(void *value)
{
	ended += *(int *)value;
}

/* As make knows them: the time is long ago, so the version is taken for the same. */
static struct file *look_up_old(const char *name, time_t time)
{
	struct timespec times[2] = { { .tv_sec = time }, { .tv_sec = time } };

	ck_assert_int_eq(utimensat(AT_FDCWD, name, times, 0), 0);
	loop_turn(0);
	return look_up(name);
}

START_TEST(keeps_attachments_with_the_version)
{
	static const struct module one = { .name = "one" }, two = { .name = "two" };
	int values[] = { 1, 10, 100 };

	put("a", "x");
	struct file *file = look_up_old("a", 1000000);
	size_t before = file_cache_counts.bytes;

	file_attach(file, &one, 0, &values[0], 1000, end_attachment);
	file_attach(file, &one, UINT64_MAX, &values[1], 100, end_attachment);
	file_attach(file, &two, 0, &values[2], 10, end_attachment);
	ck_assert_ptr_eq(file_attached(file, &one, 0), &values[0]);
	ck_assert_ptr_eq(file_attached(file, &one, UINT64_MAX), &values[1]);
	ck_assert_ptr_eq(file_attached(file, &two, 0), &values[2]);
	ck_assert_ptr_null(file_attached(file, &two, 1));
	size_t three = file_cache_counts.bytes - before;
	ck_assert_uint_ge(three, 1110);
	file_attachment_resize(file, &one, 0, 500);
	ck_assert_uint_eq(file_cache_counts.bytes - before, three - 500);
	file_attachment_resize(file, &two, 7, 500);
	ck_assert_uint_eq(file_cache_counts.bytes - before, three - 500);

	/* Another version: the old one keeps its attachments until it is released. */
	put("a", "other");
	loop_turn(0);
	struct file *other = look_up("a");
	ck_assert_ptr_ne(other, file);
	ck_assert_ptr_null(file_attached(other, &one, 0));
	ck_assert_ptr_eq(file_attached(file, &one, 0), &values[0]);
	file_attachment_resize(file, &one, 0, 1 << 20);
	ck_assert_int_eq(ended, 0);
	file_release(file);
	ck_assert_int_eq(ended, 111);
	file_release(other);
	file_cache_clear();
	ck_assert_uint_eq(file_cache_counts.bytes, 0);
}
END_TEST

/* What is attached counts: the cache drops the file for it, though not under who holds it. */
START_TEST(attachments_are_within_the_limits)
{
	static const struct module module = { .name = "one" };
	int value = 1;

	file_cache_limit((struct file_cache_limits){ .entries = 100, .bytes = 100000 });
	put("a", "x");
	put("b", "y");
	struct file *file = look_up_old("a", 1000000), *b = look_up("b");
	file_release(b);
	file_attach(file, &module, 1, &value, 200000, end_attachment);
	ck_assert_uint_eq(file_cache_counts.entries, 1); /* b, which was used later */
	ck_assert_ptr_eq(file_attached(file, &module, 1), &value);
	file_attachment_resize(file, &module, 1, 10);
	ck_assert_int_eq(ended, 0);
	file_release(file);
	ck_assert_int_eq(ended, 1);
	file_cache_clear();
	ck_assert_uint_eq(file_cache_counts.bytes, 0);
}
END_TEST

static void put_sized(const char *name, long size)
{
	put(name, "x");
	ck_assert_int_eq(truncate(name, size), 0);
}

/* As it is looked up two seconds after it was written. */
static struct file *look_up_settled(const char *name)
{
	struct file *file;

	loop_turn(0);
	file = look_up(name);
	((struct file_entry *)file)->is_young = false;
	return file;
}

START_TEST(keeps_bytes_that_are_read_again)
{
	file_cache_limit((struct file_cache_limits){ .entries = 100, .bytes = 4 << 20 });
	put_sized("a", 256 << 10);

	struct file *file = look_up_settled("a");
	size_t before = file_cache_counts.bytes;

	ck_assert_ptr_null(file_kept_bytes(file, 200 << 10).data);
	ck_assert_ptr_null(file_kept_bytes(file, 56 << 10).data);

	struct str kept = file_kept_bytes(file, 1);

	ck_assert_uint_eq(kept.len, 256 << 10);
	ck_assert_int_eq(kept.data[0], 'x');
	ck_assert_int_eq(kept.data[kept.len - 1], 0);
	ck_assert_ptr_eq(file_kept_bytes(file, 1).data, kept.data);
	ck_assert_uint_eq(file_cache_counts.bytes, before + kept.len);
	file_release(file);
	file_cache_clear();
	ck_assert_uint_eq(file_cache_counts.bytes, 0);
}
END_TEST

static void ck_not_kept(struct file *file)
{
	file_kept_bytes(file, file->size);
	ck_assert_ptr_null(file_kept_bytes(file, file->size).data);
	file_release(file);
}

START_TEST(does_not_keep_what_is_large_young_or_changed)
{
	file_cache_limit((struct file_cache_limits){ .entries = 100, .bytes = 64 << 20 });
	put_sized("a", (256 << 10) + 1);
	ck_not_kept(look_up_settled("a"));
	put_sized("b", 100000);
	ck_not_kept(look_up("b"));
	put_sized("c", 100000);

	struct file *changed = look_up_settled("c");

	put_sized("c", 90000);
	ck_not_kept(changed);
	/* Its length is that of before, but not its times. */
	changed = look_up_settled("c");
	put_sized("c", 90000);
	ck_not_kept(changed);

	file_cache_limit((struct file_cache_limits){ .entries = 100, .bytes = 1 << 20 });
	put_sized("d", (1 << 16) + 1);
	ck_not_kept(look_up_settled("d"));
}
END_TEST

START_TEST(kept_bytes_are_within_the_limit)
{
	char name[16];

	file_cache_limit((struct file_cache_limits){ .entries = 1000, .bytes = 1 << 20 });
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put_sized(name, 1 << 16);

		struct file *file = look_up_settled(name);

		ck_assert_ptr_nonnull(file_kept_bytes(file, 1 + (1 << 16)).data);
		file_release(file);
		ck_assert_uint_le(file_cache_counts.bytes, 1 << 20);
	}
}
END_TEST

/* Bytes of files that changed count as long as a response holds them. */
START_TEST(kept_bytes_that_the_cache_has_dropped_count)
{
	enum { SIZE = 1 << 16, FILES = 16 };
	struct file *held[FILES];

	file_cache_limit((struct file_cache_limits){ .entries = 1000, .bytes = FILES * SIZE });
	put("a", "x");
	for (long i = 0; i < FILES; i++) {
		put_sized("a", SIZE - i);
		held[i] = look_up_settled("a");
		ck_assert_ptr_nonnull(file_kept_bytes(held[i], SIZE + 1).data);
	}
	ck_assert_uint_le(file_cache_counts.bytes, 2 * SIZE);
	put_sized("a", SIZE - FILES);
	ck_not_kept(look_up_settled("a"));
	ck_assert_uint_le(entry_kept_total, FILES * SIZE);
	for (int i = 0; i < FILES; i++)
		file_release(held[i]);

	struct file *file = look_up_settled("a");

	ck_assert_ptr_nonnull(file_kept_bytes(file, SIZE).data);
	file_release(file);
	file_cache_clear();
	ck_assert_uint_eq(entry_kept_total, 0);
}
END_TEST

static const enum symlinks judging[] = { SYMLINKS_NONE, SYMLINKS_OF_OWNER, SYMLINKS_IN_ROOT };
enum { JUDGING = sizeof(judging) / sizeof(*judging) };

/* "root/d/a" under this policy, when the policy is due to be asked again. */
static struct file *look_up_later(struct file *before, enum symlinks policy)
{
	const struct file_root root = { .path = STR_INIT("root"), .fixed_len = 4 };
	struct file_query query = file_query_make(STR("root/d/a"), &root, policy);
	struct file_need need;

	if (before) {
		((struct file_entry *)before)->opened_ms -= 2000;
		((struct file_entry *)before)->is_young = false;
		file_release(before);
	}
	loop_turn(0);
	return file_lookup(&query, &need);
}

/* What is kept of a version lives on when the policy is asked again and leads to it. */
START_TEST(a_policy_that_is_asked_again_keeps_the_version)
{
	mkdir("root", 0700);
	mkdir("root/d", 0700);
	put_sized("root/d/a", 100000);
	for (int i = 0; i < JUDGING; i++) {
		struct file *file = look_up_later(NULL, judging[i]);
		uint64_t fills = file_cache_counts.fills;

		for (int j = 0; j < 3; j++) {
			struct file *again = look_up_later(file, judging[i]);

			ck_assert_ptr_eq(again, file);
			ck_assert_int_lt(clock_ms() - ((struct file_entry *)file)->opened_ms, 1000);
		}
		ck_assert_uint_eq(file_cache_counts.fills, fills);
		file_release(file);
	}
}
END_TEST

/* The file is still the same, but the way to it is not allowed any more. */
START_TEST(a_policy_that_is_asked_again_may_refuse)
{
	static const int errors[] = { EXDEV, 0, EXDEV };

	mkdir("root", 0700);
	for (int i = 0; i < JUDGING; i++) {
		mkdir("root/d", 0700);
		put_sized("root/d/a", 100000);

		struct file *file = look_up_later(look_up_later(NULL, judging[i]), judging[i]);

		ck_assert_int_eq(file->kind, FILE_REGULAR);
		ck_assert_int_eq(rename("root/d", "out"), 0);
		ck_assert_int_eq(symlink("../out", "root/d"), 0);
		file = look_up_later(file, judging[i]);
		ck_assert_int_eq(file->error, errors[i]);
		file_release(file);
		ck_assert_int_eq(unlink("root/d") | unlink("out/a") | rmdir("out"), 0);
	}
}
END_TEST

START_TEST(keeps_bytes_where_links_are_judged)
{
	file_cache_limit((struct file_cache_limits){ .entries = 100, .bytes = 4 << 20 });
	put_sized("a", 100000);
	for (int i = 0; i < JUDGING; i++) {
		struct file *file = look_up_under("a", judging[i]);

		ck_assert_int_ge(file->fd, 0);
		((struct file_entry *)file)->is_young = false;
		ck_assert_ptr_nonnull(file_kept_bytes(file, 100001).data);
		file_release(file);
	}
}
END_TEST

START_TEST(unreadable_is_seen_and_forgotten)
{
	if (geteuid() == 0)
		test_skip("root may read everything");
	put("a", "x");
	ck_assert_int_eq(chmod("a", 0), 0);
	ck_assert_str_eq(now("a"), "EACCES");
	ck_assert_int_eq(chmod("a", 0600), 0);
	ck_assert_str_eq(now("a"), "x");
	mkdir("d", 0100);
	loop_turn(0);
	struct file *file = look_up("d");
	ck_assert_int_eq(file->kind, FILE_DIRECTORY);
	file_release(file);
	ck_assert_int_eq(chmod("d", 0), 0);
	ck_assert_str_eq(now("d/x"), "EACCES");
}
END_TEST

TESTS_IN((&(struct test_suite){ "file cache", .setup = setup, .teardown = teardown }),
	 says_what_a_file_is, knows_directories_misses_and_others, an_empty_file_has_content,
	 reads_what_is_young_again, a_young_file_grows_old, sees_a_change_at_once,
	 sees_a_replacement, sees_a_link_turn_elsewhere,
	 sees_a_change_with_the_times_put_back, looks_once_in_a_turn, what_is_held_stays,
	 trusts_times_that_are_old, large_files_keep_a_descriptor, keeps_to_its_limits,
	 misses_drive_no_file_out, closes_the_unused_when_descriptors_run_out,
	 refuses_names_the_kernel_would_not_take,
	 keeps_attachments_with_the_version, attachments_are_within_the_limits,
	 keeps_bytes_that_are_read_again, does_not_keep_what_is_large_young_or_changed,
	 kept_bytes_are_within_the_limit, kept_bytes_that_the_cache_has_dropped_count,
	 a_policy_that_is_asked_again_keeps_the_version,
	 a_policy_that_is_asked_again_may_refuse, keeps_bytes_where_links_are_judged,
	 unreadable_is_seen_and_forgotten)
