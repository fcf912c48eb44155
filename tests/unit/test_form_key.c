/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker takes from the compressor, and what it refuses. */
#include "http/coding/form_key.h"

#include "harness/test.h"
#include "http/coding/results.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LEN = 5000, ALL = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static const struct form_key key = {
	.device = 1, .inode = 2, .size = 10000, .level = 9, .coding = "gzip", .version = "ab"
};

static int memory(size_t len, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char bytes[64];

	memset(bytes, 'x', sizeof(bytes));
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)len), 0);
	ck_assert_int_ge(pwrite(fd, bytes, len < 64 ? len : 64, 0), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

/* The result of form_map() for this answer; closes the descriptor. */
static int map(struct form_answer answer, int fd)
{
	struct str bytes = { 0 };
	int result =
		form_map(&key, (struct str){ (const char *)&answer, sizeof(answer) }, fd, &bytes);

	if (result == 0) {
		ck_assert_uint_eq(bytes.len, LEN);
		ck_assert_int_eq(bytes.data[0], 'x');
		munmap((void *)bytes.data, bytes.len);
	}
	if (fd >= 0)
		close(fd);
	return result;
}

START_TEST(takes_a_sealed_form)
{
	ck_assert_int_eq(map((struct form_answer){ key, LEN }, memory(LEN, ALL)), 0);
}
END_TEST

START_TEST(refuses_another_key)
{
	for (size_t i = 0; i < sizeof(key); i++) {
		struct form_answer answer = { key, LEN };

		((char *)&answer.key)[i] ^= 1;
		ck_assert_int_lt(map(answer, memory(LEN, ALL)), 0);
	}
	struct form_answer answer = { key, LEN };
	answer.key.inode++;
	ck_assert_int_eq(map(answer, memory(LEN, ALL)), -EBADMSG);
}
END_TEST

/* The file has changed since the worker looked at it: nobody has made a mistake. */
START_TEST(knows_another_version)
{
	struct form_answer answer = { key, LEN };

	answer.key.changed_ns++;
	ck_assert_int_eq(map(answer, memory(LEN, ALL)), -ESTALE);
	ck_assert_int_eq(map(answer, memory(LEN, 0)), -EBADMSG);
}
END_TEST

START_TEST(refuses_memory_that_can_change)
{
	static const int seals[] = { F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE };

	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(map((struct form_answer){ key, LEN },
				     memory(LEN, ALL & ~seals[i])),
				 -EBADMSG);
	ck_assert_int_eq(map((struct form_answer){ key, LEN }, memory(LEN, 0)), -EBADMSG);
}
END_TEST

START_TEST(refuses_other_lengths)
{
	static const uint64_t lengths[] = { 0,	  1,	 LEN - 1,    LEN + 1,
					    9501, 10000, 1ULL << 40, UINT64_MAX };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		ck_assert_int_eq(map((struct form_answer){ key, lengths[i] }, memory(LEN, ALL)),
				 -EBADMSG);
	ck_assert_int_eq(map((struct form_answer){ key, 0 }, memory(0, ALL)), -EBADMSG);
	ck_assert_int_eq(map((struct form_answer){ key, 10000 }, memory(10000, ALL)), -EBADMSG);
	ck_assert_int_eq(map((struct form_answer){ key, 9501 }, memory(9501, ALL)), -EBADMSG);
	ck_assert_int_eq(map((struct form_answer){ key, 1ULL << 40 }, memory(1ULL << 40, ALL)),
			 -EBADMSG);
}
END_TEST

START_TEST(refuses_other_descriptors)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(map((struct form_answer){ key, LEN }, -1), -EBADMSG);
	ck_assert_int_eq(map((struct form_answer){ key, LEN }, ends[0]), -EBADMSG);
	ck_assert_int_eq(map((struct form_answer){ key, LEN }, ends[1]), -EBADMSG);
	ck_assert_int_eq(map((struct form_answer){ key, LEN }, open("/", O_RDONLY)), -EBADMSG);
}
END_TEST

START_TEST(refuses_other_payloads)
{
	struct form_answer answers[2] = { { key, LEN } };
	struct str bytes;

	for (size_t len = 0; len < sizeof(answers); len++) {
		int fd = memory(LEN, ALL);

		if (len != sizeof(answers[0]))
			ck_assert_int_eq(form_map(&key, (struct str){ (char *)answers, len }, fd,
						  &bytes),
					 -EBADMSG);
		close(fd);
	}
}
END_TEST

/* --- results ------------------------------------------------------------------------ */

static struct form_key numbered(uint64_t inode)
{
	struct form_key made = key;

	made.inode = inode;
	return made;
}

static void add(uint64_t inode, uint64_t length)
{
	struct form_key made = numbered(inode);

	results_add(&made, memory(0, 0), length, 0);
}

static bool has(uint64_t inode)
{
	struct form_key made = numbered(inode);
	const struct result *result = results_find(&made);

	ck_assert(!result || fcntl(result->fd, F_GETFD) >= 0);
	return result;
}

static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

START_TEST(drops_what_is_not_used)
{
	int first = next_fd();

	results_limit(3, 1000);
	add(1, 100);
	add(2, 100);
	add(3, 100);
	ck_assert(has(1));
	ck_assert_uint_eq(results_at(0)->key.inode, 2);
	ck_assert_uint_eq(results_at(2)->key.inode, 1);
	ck_assert_ptr_null(results_at(3));
	add(4, 100);
	ck_assert(has(1) && !has(2) && has(3) && has(4));
	ck_assert(has(3));
	/* 4 and 1 make way for the bytes of another one. */
	add(5, 850);
	ck_assert(!has(1) && has(3) && !has(4) && has(5));
	add(6, 2000);
	ck_assert(!has(3) && !has(5) && !has(6));
	ck_assert_int_eq(next_fd(), first);
}
END_TEST

/* A use puts the result behind the others, which must not be passed over for that. */
START_TEST(goes_on_where_it_was)
{
	results_limit(9, 1000);
	for (unsigned i = 1; i <= 5; i++)
		add(i, 10);
	ck_assert_uint_eq(results_at(0)->key.inode, 1);
	ck_assert_uint_eq(results_at(1)->key.inode, 2);
	ck_assert(has(1));
	ck_assert_uint_eq(results_at(2)->key.inode, 3);
	ck_assert(has(3));
	ck_assert_ptr_nonnull(results_at(3));
	ck_assert_uint_eq(results_at(0)->key.inode, 2);
	results_limit(0, 0);
	ck_assert_ptr_null(results_at(1));
}
END_TEST

START_TEST(keeps_one_form_of_a_key)
{
	int first = next_fd();

	results_limit(3, 1000);
	add(1, 100);
	add(1, 200);
	struct form_key made = numbered(1);
	ck_assert_uint_eq(results_find(&made)->length, 100);
	ck_assert_int_eq(next_fd(), first + 1);
	results_limit(0, 0);
	ck_assert_ptr_null(results_at(0));
}
END_TEST

TESTS("form_key", takes_a_sealed_form, refuses_another_key, knows_another_version,
      refuses_memory_that_can_change,
      refuses_other_lengths, refuses_other_descriptors, refuses_other_payloads,
      drops_what_is_not_used, goes_on_where_it_was, keeps_one_form_of_a_key)
