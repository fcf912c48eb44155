/* SPDX-License-Identifier: BSD-2-Clause */
/* The tag of a file at one moment, from times that no disk has to have. */
#include "harness/test.h"

#include "file/validators.h"

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static const struct timespec now = { 0x10010, 500000000 };

static const char *tag_of(struct timespec mtime, struct timespec ctime, struct str content)
{
	static char etag[ETAG_ROOM + 1];
	struct stat status = { .st_size = 0x20, .st_ino = 0x30 };
	status.st_mtim = mtime;
	status.st_ctim = ctime;
	struct str tag = etag_put(etag, &status, content, now);

	ck_assert_uint_lt(tag.len, ETAG_ROOM);
	etag[tag.len] = '\0';
	return etag;
}

/* Of files whose bytes are not at hand. */
static const struct {
	struct timespec mtime, ctime;
	const char *tag;
} tags[] = {
	/* Two seconds after the last change, and long after it. */
	{ { 0x1000e, 500000000 }, { 0x1000e, 500000000 }, "\"1000e-20\"" },
	{ { 0x1000, 255 }, { 0x1000, 255 }, "\"1000-20\"" },
	{ { 0x1000, 0 }, { 0x1000, 0 }, "\"1000-20\"" },
	/* Younger: changed before these two seconds were over. */
	{ { 0x1000e, 500000001 }, { 0x1000e, 500000001 }, "\"1000e-20-1dcd6501\"" },
	{ { 0x10010, 1 }, { 0x10010, 1 }, "\"10010-20-1\"" },
	/* The modification time is older: it was set. */
	{ { 0x1000, 255 }, { 0x10010, 0 }, "\"1000-20\"" },
	{ { 0x1000, 0 }, { 0x10010, 0 }, "\"1000-20\"" },
	/* The next change may get the same time: within a tick, or where seconds are counted. */
	{ { 0x10010, 495000000 }, { 0x10010, 495000000 }, "" },
	{ { 0x10010, 500000000 }, { 0x10010, 500000000 }, "" },
	{ { 0x10010, 0 }, { 0x10010, 0 }, "" },
	{ { 0x1000f, 0 }, { 0x1000f, 0 }, "" },
	/* In the future. */
	{ { 0x20000, 255 }, { 0x10010, 0 }, "" },
	{ { 0x20000, 255 }, { 0x1000, 0 }, "\"20000-20\"" },
	{ { 0x20000, 255 }, { 0x20000, 255 }, "" },
	/* Of 0 or 1: the time of the last change, and the inode. */
	{ { 0, 0 }, { 0x1000, 255 }, "\"1000-20-ff-30\"" },
	{ { 1, 0 }, { 0x1000, 255 }, "\"1000-20-ff-30\"" },
	{ { -5, 0 }, { 0x1000, 255 }, "\"1000-20-ff-30\"" },
	{ { 1, 0 }, { 0x10010, 255 }, "" },
	{ { 1, 0 }, { 1, 0 }, "" },
	{ { 0, 0 }, { 0, 0 }, "" },
	{ { 2, 0 }, { 2, 0 }, "\"2-20\"" },
	/* As long as it gets. */
	{ { INT64_MAX, 999999999 }, { 0x1000, 0 }, "\"7fffffffffffffff-20\"" },
	{ { 1, 0 }, { INT64_MAX / 2, 999999999 }, "" },
};

START_TEST(tags_of_times)
{
	for (size_t i = 0; i < COUNT(tags); i++) {
		const char *tag = tag_of(tags[i].mtime, tags[i].ctime, (struct str){ 0 });

		ck_assert_msg(strcmp(tag, tags[i].tag) == 0, "row %zu: %s", i, tag);
	}
}
END_TEST

/* Times that say the same of both: the bytes tell them apart. */
START_TEST(bytes_tell_young_files_apart)
{
	static const struct timespec times[] = {
		{ 0x10010, 500000000 }, { 0x10010, 0 }, { 0x1000f, 1 }, { 0x20000, 0 },
	};

	for (size_t i = 0; i < COUNT(times); i++) {
		char first[ETAG_ROOM];
		struct timespec ctime = { 0x10010, 255 };

		strcpy(first, tag_of(times[i], ctime, STR("one")));
		ck_assert_str_eq(first, tag_of(times[i], ctime, STR("one")));
		ck_assert_str_ne(first, tag_of(times[i], ctime, STR("two")));
		ck_assert_str_ne(first, tag_of((struct timespec){ 0x10010, 499999999 }, ctime,
					       STR("one")));
	}
	ck_assert_str_eq(tag_of((struct timespec){ 0x1000, 255 }, (struct timespec){ 0x10010, 0 },
				STR("one")),
			 "\"1000-20\"");
	ck_assert_str_eq(tag_of((struct timespec){ 0x1000, 255 }, (struct timespec){ 0x1000, 0 },
				STR("one")),
			 "\"1000-20\"");
}
END_TEST

/* Clients learn the hash: it must be none that a key is needed for, and that tells of the key. */
START_TEST(the_hash_is_the_same_in_each_process)
{
	const struct timespec young = { 0x10010, 255 };

	ck_assert_str_eq(tag_of(young, young, STR("")), "\"10010-20-ff-25e387533bfd26fe\"");
	ck_assert_str_eq(tag_of(young, young, STR("aaaaaaaaaaaaaaaa")),
			 "\"10010-20-ff-2482f74ac09418f4\"");
}
END_TEST

START_TEST(times_that_say_nothing)
{
	for (time_t time = -2; time < 2; time++)
		ck_assert_int_eq(modification_time(&(struct stat){ .st_mtim.tv_sec = time }), -1);
	ck_assert_int_eq(modification_time(&(struct stat){ .st_mtim.tv_sec = 2 }), 2);
}
END_TEST

TESTS("validators", tags_of_times, bytes_tell_young_files_apart,
      the_hash_is_the_same_in_each_process, times_that_say_nothing)
