/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies of files on a connection that cannot send files, as with TLS: what makes a worker keep
 * the bytes of a file in memory.
 */
#include "unit/http_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "event/loop.h"
#include "file/cache.h"
#include "file/entry.h"
#include "net/transport.h"

enum { SIZE = 100000 };

static const struct transport_type reading = { .name = "reading" };
static struct transport transport = { .type = &reading };
static struct http *http;
static struct file *file;

static void setup(void)
{
	char name[] = "/tmp/skua-test-XXXXXX";
	int fd = mkstemp(name);
	const struct file_root none = { .fixed_len = 0 };
	struct file_query query = file_query_make(str_from(name), &none, SYMLINKS_FOLLOW);
	struct file_need need;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, SIZE), 0);
	ck_assert_int_eq(pwrite(fd, "ab", 2, SIZE / 2), 2);
	close(fd);
	ck_assert_int_eq(loop_start(), 0);
	loop_turn(0);
	http = good_http("server { listen 8080; }");
	file = file_lookup(&query, &need);
	ck_assert_int_ge(file->fd, 0);
	((struct file_entry *)file)->is_young = false;
}

static void teardown(void)
{
	unlink(file->path.data);
	file_release(file);
	file_cache_clear();
	ck_assert_uint_eq(entry_kept_total, 0);
	loop_finish();
}

/* Reads `len` bytes of a response from `offset` on, in pieces. Returns whether all were memory. */
static bool respond(bool sends_files, uint64_t offset, size_t len)
{
	struct request *req = request_for(http, "site", "/");
	bool are_memory = true;
	struct slice slice;

	if (!sends_files)
		req->conn->transport = &transport;

	struct body *body = file_body(req, file);

	ck_assert_int_eq(body->ops->seek(body, offset), 0);
	while (len && body_read(body, len < 16384 ? len : 16384, &slice) == 1) {
		are_memory &= slice.data != NULL;
		if (slice.data && offset == SIZE / 2)
			ck_assert(memcmp(slice.data, "ab", 2) == 0);
		offset += slice.len;
		len -= slice.len;
		slice_release(&slice);
	}
	ck_assert_uint_eq(len, 0);
	body_close(body);
	end_request(req);
	return are_memory;
}

START_TEST(the_second_response_is_from_memory)
{
	ck_assert(!respond(false, 0, SIZE));
	ck_assert_uint_eq(entry_kept_total, 0);
	ck_assert(respond(false, 0, SIZE));
	ck_assert_uint_eq(entry_kept_total, SIZE);
	ck_assert(respond(false, SIZE / 2, 2));
	ck_assert(!respond(true, 0, SIZE)); /* sendfile(2) is cheaper */
}
END_TEST

/* HEAD, 304, and a response in whose place a compressed form is sent. */
START_TEST(bodies_that_are_not_read_keep_nothing)
{
	for (int i = 0; i < 10; i++)
		respond(false, 0, 0);
	ck_assert_uint_eq(entry_kept_total, 0);
}
END_TEST

START_TEST(short_ranges_keep_nothing)
{
	for (int i = 0; i < 10; i++)
		ck_assert(!respond(false, SIZE / 2, 1));
	ck_assert_uint_eq(entry_kept_total, 0);
}
END_TEST

START_TEST(where_files_are_sent_nothing_is_kept)
{
	for (int i = 0; i < 3; i++)
		ck_assert(!respond(true, 0, SIZE));
	ck_assert_uint_eq(entry_kept_total, 0);
}
END_TEST

TESTS_IN((&(struct test_suite){ "file bodies", .setup = setup, .teardown = teardown }),
	 the_second_response_is_from_memory, bodies_that_are_not_read_keep_nothing,
	 short_ranges_keep_nothing, where_files_are_sent_nothing_is_kept)
