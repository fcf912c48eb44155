/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the output does where sendfile(2) does not work: a transport that refuses to send
 * files takes down what it is given, in pieces as a full socket would.
 */
#include "unit/http_test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/output.h"
#include "net/transport.h"

enum { LARGE = 300 * 1000 };

static struct {
	int error; /* of send_file() */
	size_t takes; /* bytes at most, in a call of send() */
	bool is_full; /* every second call finds the socket full */
	unsigned files, calls; /* how often send_file() and send() were called */
	bool more; /* of the last send() */
	size_t offered; /* bytes in all calls of send() */
	size_t unsent; /* that it says it holds */
	size_t len;
	char bytes[LARGE + 100];
} sent;

static ssize_t send_memory(struct transport *transport, const struct iovec *iov, int count,
			   bool more)
{
	size_t left = sent.takes;

	(void)transport;
	sent.more = more;
	if (sent.is_full && sent.calls++ % 2)
		return TRANSPORT_NEEDS_ROOM;
	for (int i = 0; i < count; i++)
		sent.offered += iov[i].iov_len;
	for (int i = 0; i < count && left; i++) {
		size_t n = iov[i].iov_len < left ? iov[i].iov_len : left;

		ck_assert_uint_le(sent.len + n, sizeof(sent.bytes));
		memcpy(sent.bytes + sent.len, iov[i].iov_base, n);
		sent.len += n;
		left -= n;
	}
	return (ssize_t)(sent.takes - left);
}

static ssize_t send_file(struct transport *transport, int fd, uint64_t offset, size_t size)
{
	(void)transport, (void)fd, (void)offset, (void)size;
	sent.files++;
	return -sent.error;
}

static size_t unsent(const struct transport *transport)
{
	(void)transport;
	return sent.unsent;
}

static const struct transport_type refusing = {
	.send = send_memory,
	.send_file = send_file,
	.unsent = unsent,
};

static char *text; /* what the file holds */

static int make_file(void)
{
	char name[] = "/tmp/skua-test-XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	unlink(name);
	text = memory_alloc(LARGE);
	for (int i = 0; i < LARGE; i++)
		text[i] = (char)(i * 7 + i / 256);
	ck_assert_int_eq(write(fd, text, LARGE), LARGE);
	return fd;
}

/* Sends "head", the bytes from 10 on, "tail"; returns what output_send() said last. */
static int send_all(int fd)
{
	struct output output = { 0 };
	struct transport transport = { .type = &refusing };
	struct conn conn = { .transport = &transport };
	int result;

	output_add_bytes(&output, STR("head"));
	output_add(&output, (struct slice){ .fd = fd, .offset = 10, .len = LARGE - 10 });
	output_add_bytes(&output, STR("tail"));
	do
		result = output_send(&output, &conn, false);
	while (result == -EAGAIN);
	output_finish(&output);
	return result;
}

static void check_sent(void)
{
	ck_assert_uint_eq(sent.len, LARGE - 10 + 8);
	ck_assert(memcmp(sent.bytes, "head", 4) == 0);
	ck_assert(memcmp(sent.bytes + 4, text + 10, LARGE - 10) == 0);
	ck_assert(memcmp(sent.bytes + sent.len - 4, "tail", 4) == 0);
	ck_assert(!sent.more);
}

START_TEST(reads_and_writes_instead)
{
	static const int errors[] = { EINVAL, ENOSYS, EOPNOTSUPP, EPERM };

	int fd = make_file();
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		memset(&sent, 0, sizeof(sent));
		sent.error = errors[i];
		sent.takes = SIZE_MAX;
		ck_assert_int_eq(send_all(fd), 0);
		check_sent();
	}
	close(fd);
}
END_TEST

START_TEST(goes_on_where_a_full_socket_stopped_it)
{
	int fd = make_file();

	sent.error = EINVAL;
	sent.takes = 1001;
	sent.is_full = true;
	ck_assert_int_eq(send_all(fd), 0);
	check_sent();
	close(fd);
}
END_TEST

START_TEST(other_errors_break_the_connection)
{
	int fd = make_file();

	sent.error = EPIPE;
	sent.takes = SIZE_MAX;
	ck_assert_int_eq(send_all(fd), -EPIPE);
	close(fd);
}
END_TEST

START_TEST(a_file_that_has_become_shorter)
{
	int fd = make_file();

	sent.error = EINVAL;
	sent.takes = SIZE_MAX;
	ck_assert_int_eq(ftruncate(fd, 1000), 0);
	ck_assert_int_eq(send_all(fd), -ENODATA);
	close(fd);
}
END_TEST

/* The next body of a file there is read, and never reaches send_file(). */
START_TEST(is_remembered_for_the_file_system)
{
	struct http *http = good_http("server { listen 8080; }");
	struct request *req = request_for(http, "site", "/");
	struct slice slice;
	int fd = make_file();

	ck_assert_int_eq(body_read(body_from_file(req, fd, LARGE, NULL, NULL), LARGE, &slice), 1);
	ck_assert(!slice.data && !slice.is_copied);
	slice_release(&slice);

	sent.error = ENOSYS;
	sent.takes = SIZE_MAX;
	ck_assert_int_eq(send_all(fd), 0);
	ck_assert_int_eq(body_read(body_from_file(req, fd, LARGE, NULL, NULL), LARGE, &slice), 1);
	ck_assert(!slice.data && slice.is_copied);
	slice_release(&slice);

	int other = open("/proc/self/stat", O_RDONLY);
	ck_assert_int_eq(body_read(body_from_file(req, other, 10, NULL, NULL), 10, &slice), 1);
	ck_assert(!slice.data && !slice.is_copied);
	slice_release(&slice);
	close(other);
	end_request(req);
	close(fd);
}
END_TEST

/* sendfile() is not asked, and what stands in front leaves with the first bytes. */
START_TEST(a_range_that_is_copied)
{
	struct output output = { 0 };
	struct transport transport = { .type = &refusing };
	struct conn conn = { .transport = &transport };
	int fd = make_file();

	sent.error = EPIPE;
	sent.takes = SIZE_MAX;
	output_add_bytes(&output, STR("head"));
	output_add(&output, (struct slice){ .fd = fd, .is_copied = true, .offset = 10, .len = 90 });
	output_add(
		&output,
		(struct slice){ .fd = fd, .is_copied = true, .offset = 100, .len = LARGE - 100 });
	output_add_bytes(&output, STR("tail"));
	ck_assert_int_eq(output_send(&output, &conn, false), 0);
	check_sent();
	ck_assert_uint_eq(sent.files, 0);
	output_finish(&output);
	close(fd);
}
END_TEST

/* Ranges with heads in between, as HTTP/2 has them: some follow each other, some do not. */
START_TEST(ranges_that_follow_each_other)
{
	static const struct {
		unsigned offset, len;
	} ranges[] = { { 0, 16384 },	 { 16384, 16384 }, { 32768, 5 },    { 0, 100 },
		       { 100, 9000 },	 { 9000, 50 },	   { 9050, 40000 }, { 50000, 1 },
		       { 49050, 16384 }, { 65434, 1 } };
	static char expected[LARGE];

	for (size_t takes = 999; takes < LARGE; takes *= 7) {
		struct output output = { 0 };
		struct transport transport = { .type = &refusing };
		struct conn conn = { .transport = &transport };
		int fd = make_file(), result;
		size_t len = 0;

		sent.len = 0;
		sent.takes = takes;
		for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
			output_add_note(&output, STR("head"));
			output_add(&output, (struct slice){ .fd = fd,
							    .is_copied = true,
							    .offset = ranges[i].offset,
							    .len = ranges[i].len });
			memcpy(expected + len, "head", 4);
			memcpy(expected + len + 4, text + ranges[i].offset, ranges[i].len);
			len += 4 + ranges[i].len;
		}
		do
			result = output_send(&output, &conn, false);
		while (result == -EAGAIN);
		ck_assert_int_eq(result, 0);
		ck_assert_uint_eq(sent.len, len);
		ck_assert_mem_eq(sent.bytes, expected, len);
		ck_assert(!sent.more);
		output_finish(&output);
		close(fd);
	}
}
END_TEST

/* Receives all messages. Returns how many there were. */
static int message_sizes(int fd, ssize_t *sizes, int max)
{
	static char message[LARGE];
	int count = 0;

	while (count < max && (sizes[count] = recv(fd, message, sizeof(message), MSG_DONTWAIT)) > 0)
		count++;
	return count;
}

/* Little of a file is read at first, twice as much when all was taken, and little again. */
START_TEST(reads_more_while_the_socket_takes_all)
{
	enum { LEAST = OUTPUT_COPY_LEAST };
	struct output output = { 0 };
	int fd = make_file(), ends[2], buffer = 3 * LEAST; /* socket(7): twice as many bytes */
	ssize_t sizes[8];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	ck_assert_int_eq(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)), 0);
	struct conn conn = { .event.fd = ends[0] };

	output_add(&output, (struct slice){ .fd = fd, .is_copied = true, .len = LARGE });
	ck_assert_int_eq(output_send(&output, &conn, false), -EAGAIN);
	ck_assert_int_eq(message_sizes(ends[1], sizes, 8), 3);
	ck_assert_int_eq(sizes[0], LEAST);
	ck_assert_int_eq(sizes[1], 2 * LEAST);
	ck_assert_int_eq(sizes[2], 4 * LEAST);
	ck_assert_int_eq(output_send(&output, &conn, false), 0);
	ck_assert_int_eq(message_sizes(ends[1], sizes, 8), 2);
	ck_assert_int_eq(sizes[0], LEAST);
	ck_assert_int_eq(sizes[1], LARGE - 8 * LEAST);
	output_finish(&output);
	close(ends[0]);
	close(ends[1]);
	close(fd);
}
END_TEST

static size_t send_max(const struct transport *transport)
{
	(void)transport;
	return sent.takes;
}

/* For a transport no more of a file is read than it takes. */
START_TEST(reads_what_a_transport_takes)
{
	static const struct transport_type telling = { .send = send_memory, .unsent = unsent,
						       .send_max = send_max };
	static const size_t takes[] = { 1000, 40 * 1000, 100 * 1000 };
	int fd = make_file();

	for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++) {
		struct output output = { 0 };
		struct transport transport = { .type = &telling };
		struct conn conn = { .transport = &transport };

		sent.len = sent.offered = 0;
		sent.takes = takes[i];
		output_add(&output, (struct slice){ .fd = fd, .is_copied = true, .len = LARGE });
		ck_assert_int_eq(output_send(&output, &conn, false), 0);
		ck_assert_uint_eq(sent.offered, LARGE);
		output_finish(&output);
	}
	close(fd);
}
END_TEST

/* What a transport has taken has left when it does not hold it any more. */
START_TEST(counts_what_has_left)
{
	struct output output = { 0 };
	struct transport transport = { .type = &refusing };
	struct conn conn = { .transport = &transport };

	sent.takes = SIZE_MAX;
	sent.unsent = 7; /* of its own */
	output_add_bytes(&output, STR("123456"));
	ck_assert_int_eq(output_send(&output, &conn, false), -EAGAIN);
	ck_assert_uint_eq(output.count, 0);
	ck_assert_uint_eq(output.sent, 0);
	sent.unsent = 2;
	ck_assert_int_eq(output_send(&output, &conn, false), -EAGAIN);
	ck_assert_uint_eq(output.sent, 4);
	sent.unsent = 3; /* it has added something: what has left stays so */
	ck_assert_int_eq(output_send(&output, &conn, false), -EAGAIN);
	ck_assert_uint_eq(output.sent, 4);
	ck_assert_uint_eq(output_pending(&output), 2);
	sent.unsent = 0;
	ck_assert_int_eq(output_send(&output, &conn, false), 0);
	ck_assert_uint_eq(output_pending(&output), 0);
	output_finish(&output);
}
END_TEST

/* A transport that takes all it is given, of which the socket takes nothing. */
static ssize_t fill_socket(struct transport *transport, const struct iovec *iov, int count,
			   bool more)
{
	ssize_t n = send_memory(transport, iov, count, more);

	sent.calls++;
	sent.unsent += (size_t)n;
	transport->is_full = true;
	return n;
}

/* Until there is room, no file is read for a transport that would not take the bytes. */
START_TEST(waits_for_room_without_reading)
{
	static const struct transport_type filling = { .send = fill_socket, .unsent = unsent };
	struct output output = { 0 };
	struct transport transport = { .type = &filling };
	struct conn conn = { .transport = &transport };
	int fd = make_file();

	sent.takes = SIZE_MAX;
	output_add(&output, (struct slice){ .fd = fd, .len = LARGE });
	ck_assert_int_eq(output_send(&output, &conn, false), -EAGAIN);
	ck_assert_uint_eq(sent.calls, 1);

	size_t once = sent.len;

	ck_assert_int_eq(output_send(&output, &conn, false), -EAGAIN);
	ck_assert_uint_eq(sent.calls, 1);
	transport.is_full = false;
	ck_assert_int_eq(output_send(&output, &conn, false), -EAGAIN);
	ck_assert_uint_eq(sent.calls, 2);
	ck_assert_uint_eq(sent.len, 2 * once);
	/* It needs bytes rather than room: it is asked when they have come. */
	transport.send_needs_bytes = true;
	ck_assert_int_eq(output_send(&output, &conn, false), -EAGAIN);
	ck_assert_uint_eq(sent.calls, 3);
	output_finish(&output);
	close(fd);
}
END_TEST

static void keep(void *owner)
{
	++*(int *)owner;
}

/* What is held is memory that an answer has for itself, until it has left. */
START_TEST(counts_what_is_held)
{
	struct output output = { 0 };
	struct transport transport = { .type = &refusing };
	struct conn conn = { .transport = &transport };
	int released = 0;
	struct slice own = { .data = "1234567890", .len = 10, .release = keep, .owner = &released };

	output_add_bytes(&output, STR("shared"));
	output_add(&output, own);
	output_add(&output, own);
	ck_assert_uint_eq(output.held, 20);
	sent.takes = 12;
	sent.is_full = true;
	ck_assert_int_eq(output_send(&output, &conn, false), -EAGAIN);
	ck_assert_uint_eq(output.held, 26 - sent.len);
	output_finish(&output);
	ck_assert_uint_eq(output.held, 0);
	ck_assert_int_eq(released, 2);
}
END_TEST

TESTS("output", reads_and_writes_instead, goes_on_where_a_full_socket_stopped_it,
      other_errors_break_the_connection, a_file_that_has_become_shorter,
      is_remembered_for_the_file_system, a_range_that_is_copied,
      ranges_that_follow_each_other, reads_more_while_the_socket_takes_all,
      reads_what_a_transport_takes, counts_what_is_held, counts_what_has_left,
      waits_for_room_without_reading)
