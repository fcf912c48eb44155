/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages and inboxes over real socket pairs, within one process. Descriptors
 * are counted: none may stay open, whatever arrives.
 */
#include "harness/server.h"
#include "harness/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <log.h>

#include "process/ipc/channel.h"
#include "net/transport.h"
#include "process/ipc/inbox.h"

static int ends[2];

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void make_pair(void)
{
	static const struct log nowhere = { .fd = -1 };

	log_process = &nowhere;
	ck_assert_int_eq(channel_pair(ends), 0);
}

static int open_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(message_arrives_with_descriptors)
{
	int fds[CHANNEL_FDS];
	struct message message;

	make_pair();
	for (int i = 0; i < CHANNEL_FDS; i++)
		fds[i] = open_null();
	ck_assert_int_eq(channel_send(ends[0], MESSAGE_LOGS, 7, STR("text"), fds, CHANNEL_FDS), 0);
	ck_assert_int_eq(channel_receive(ends[1], &message), 1);
	ck_assert_uint_eq(message.type, MESSAGE_LOGS);
	ck_assert_uint_eq(message.number, 7);
	ck_assert(str_eq(message.payload, STR("text")));
	ck_assert_uint_eq(message.fds_count, CHANNEL_FDS);
	ck_assert_int_ne(fcntl(message.fds[63], F_GETFD) & FD_CLOEXEC, 0);
	message_discard(&message);
	ck_assert_int_eq(channel_receive(ends[1], &message), -EAGAIN);
}
END_TEST

START_TEST(too_much_is_not_sent)
{
	static char large[CHANNEL_PAYLOAD + 1];
	int fds[CHANNEL_FDS + 1] = { 0 };

	make_pair();
	ck_assert_int_eq(channel_send(ends[0], MESSAGE_LOGS, 0, STR(""), fds, CHANNEL_FDS + 1),
			 -EMSGSIZE);
	ck_assert_int_eq(channel_send(ends[0], MESSAGE_LOGS, 0,
				      (struct str){ large, sizeof(large) }, NULL, 0),
			 -EMSGSIZE);
}
END_TEST

START_TEST(end_is_told)
{
	struct message message;

	make_pair();
	close(ends[0]);
	ck_assert_int_eq(channel_receive(ends[1], &message), 0);
	ck_assert_int_eq(channel_send(ends[1], MESSAGE_QUIT, 0, STR(""), NULL, 0), -EPIPE);
}
END_TEST

/* A process ends before it has read all, with ECONNRESET for the other one: unix(7). */
START_TEST(what_an_ended_process_has_sent_is_received)
{
	struct message message;
	unsigned type = 0;

	for (int way = 0; way < 3; way++) {
		make_pair();
		ck_assert_int_eq(channel_send(ends[0], MESSAGE_READY, 0, STR(""), NULL, 0), 0);
		ck_assert_int_eq(channel_send(ends[1], MESSAGE_GIVE, 1, STR(""), NULL, 0), 0);
		close(ends[0]);
		if (way == 0)
			ck_assert_int_eq(channel_next(ends[1], &type), 1);
		if (way == 1)
			ck_assert_int_eq(channel_peek(ends[1], &message), 1);
		ck_assert_int_eq(channel_receive(ends[1], &message), 1);
		ck_assert_uint_eq(message.type, MESSAGE_READY);
		ck_assert_int_eq(channel_receive(ends[1], &message), 0);
		close(ends[1]);
	}
}
END_TEST

START_TEST(a_full_channel_does_not_block)
{
	static char payload[CHANNEL_PAYLOAD];
	struct str text = { payload, sizeof(payload) };
	int error = 0;

	make_pair();
	for (int i = 0; i < 1000 && error == 0; i++)
		error = channel_send(ends[0], MESSAGE_CONNECTIONS, 0, text, NULL, 0);
	ck_assert_int_eq(error, -EAGAIN);
}
END_TEST

/* The kernel counts them for each user, but for root; this user has no others. */
START_TEST(too_many_descriptors_on_their_way_are_refused)
{
	struct rlimit few = { 32, 32 };
	struct deadline wait = { 0 };
	int fds[8], error = 0;
	struct message message;

	make_pair();
	for (int i = 0; i < 8; i++)
		fds[i] = open_null();
	/* In a namespace of few users it stays what it is, and counts like others. */
	if (geteuid() == 0 && setuid(1000000 + (uid_t)getpid()) < 0)
		ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int i = 0; i < 20 && error == 0; i++)
		error = channel_send(ends[0], MESSAGE_CONNECTIONS, 0, STR(""), fds, 8);
	ck_assert_int_eq(error, -ETOOMANYREFS);
	ck_assert_int_ge(fcntl(fds[7], F_GETFD), 0);
	while (channel_receive(ends[1], &message) == 1)
		message_discard(&message);
	/* Those of servers that run meanwhile, as the same user, count as well. */
	while ((error = channel_send(ends[0], MESSAGE_CONNECTIONS, 0, STR(""), fds, 8)) ==
	       -ETOOMANYREFS)
		deadline_wait(&wait, "this user has few descriptors on their way");
	ck_assert_int_eq(error, 0);
}
END_TEST

START_TEST(what_does_not_fit_is_not_taken)
{
	struct rlimit many, few;
	int fds[CHANNEL_FDS];
	struct message message;

	make_pair();
	for (int i = 0; i < CHANNEL_FDS; i++)
		fds[i] = ends[0];
	ck_assert_int_eq(channel_send(ends[0], MESSAGE_LOGS, 0, STR("x"), fds, CHANNEL_FDS), 0);
	unsigned before = open_descriptors();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &many), 0);
	few = many;
	few.rlim_cur = (rlim_t)ends[1] + 10;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert(!inbox_fits(ends[1]));
	ck_assert_int_eq(channel_peek(ends[1], &message), -EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &many), 0);
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert(inbox_fits(ends[1]));
	ck_assert_int_eq(channel_receive(ends[1], &message), 1);
	ck_assert_uint_eq(message.fds_count, CHANNEL_FDS);
}
END_TEST

/* Sends bytes as they are, with `count` copies of a descriptor. */
static void send_raw(const void *data, size_t len, size_t count)
{
	char room[CMSG_SPACE(sizeof(int) * 100)] = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		msg.msg_control = room;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int) * count);
		for (size_t i = 0; i < count; i++)
			((int *)CMSG_DATA(head))[i] = ends[0];
	}
	ck_assert_int_eq(sendmsg(ends[0], &msg, 0), (ssize_t)len);
}

START_TEST(broken_messages_leave_nothing_open)
{
	const struct {
		uint16_t version, type;
		uint32_t number, len, fds_count;
	} old = { 0, MESSAGE_LOGS, 0, 0, 3 }, wrong_count = { 1, MESSAGE_LOGS, 0, 0, 2 },
	  wrong_len = { 1, MESSAGE_LOGS, 0, 9, 3 }, many = { 1, MESSAGE_LOGS, 0, 0, 90 };
	struct message message;

	make_pair();
	unsigned before = open_descriptors();
	send_raw("x", 1, 3);
	send_raw(&old, sizeof(old), 3);
	send_raw(&wrong_count, sizeof(wrong_count), 3);
	send_raw(&wrong_len, sizeof(wrong_len), 3);
	send_raw(&many, sizeof(many), 90);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(channel_receive(ends[1], &message), -EBADMSG);
	ck_assert_int_eq(channel_receive(ends[1], &message), -EAGAIN);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

static unsigned taken;
static struct passed_conn last;
static char last_bytes[64], last_preface[64], last_transport[64];
static const struct transport_type moving = { .name = "a transport" };

static void take(const struct passed_conn *conn)
{
	taken++;
	last = *conn;
	str_put(last_bytes, conn->past.bytes);
	str_put(last_preface, conn->past.preface);
	str_put(last_transport, conn->past.transport);
	close(conn->fd);
}

START_TEST(connections_travel_with_all_that_is_known)
{
	static struct batch batch;
	struct passed_conn conn = {
		.fd = open_null(), .listener = transport_listener_id(3, &moving, NULL),
		.peer_len = sizeof(struct sockaddr_in),
		.past = {
			.requests = 12, .number = 1234567890123, .started_ms = 5,
			.deadline_ms = 6, .began_ms = 7, .bytes = STR("GET / HTTP/1.1\r\n"),
			.preface = STR("PROXY UNKNOWN\r\n"), .transport = STR("a state"),
		},
	};

	make_pair();
	conn.peer.in.sin_port = 77;
	ck_assert(batch_add(&batch, &conn));
	ck_assert_int_eq(batch_send(&batch, ends[0]), 0);
	ck_assert_int_lt(fcntl(conn.fd, F_GETFD), 0);
	ck_assert_uint_eq(inbox_receive(ends[1], 10, take), 1);
	ck_assert_uint_eq(taken, 1);
	ck_assert_uint_eq(last.listener, 3);
	ck_assert_uint_eq(last.past.requests, 12);
	ck_assert_uint_eq(last.past.number, 1234567890123);
	ck_assert_int_eq(last.past.started_ms, 5);
	ck_assert_int_eq(last.past.deadline_ms, 6);
	ck_assert_int_eq(last.past.began_ms, 7);
	ck_assert_int_eq(last.peer.in.sin_port, 77);
	ck_assert(str_eq((struct str){ last_bytes, last.past.bytes.len }, conn.past.bytes));
	ck_assert(str_eq((struct str){ last_preface, last.past.preface.len }, conn.past.preface));
	ck_assert(str_eq((struct str){ last_transport, last.past.transport.len },
			 conn.past.transport));
	ck_assert(!last.past.awaits_preface);
}
END_TEST

START_TEST(that_a_preface_is_awaited_travels)
{
	static struct batch batch;
	struct passed_conn conn = {
		.past = { .number = 1, .awaits_preface = true, .bytes = STR("PROXY UNK") },
	};
	struct passed_conn out;

	ck_assert(batch_add(&batch, &conn));
	struct str payload = { batch.payload, batch.len };
	ck_assert_int_eq(inbox_decode(&payload, &out), 0);
	ck_assert(out.past.awaits_preface && str_empty(out.past.preface));
	ck_assert(str_eq(out.past.bytes, conn.past.bytes));
	/* The last two bytes of the record's head say how long a preface is: not so long. */
	batch.payload[46] = (char)0x10;
	batch.payload[47] = (char)0xFF;
	payload = (struct str){ batch.payload, batch.len };
	ck_assert_int_eq(inbox_decode(&payload, &out), -EBADMSG);
}
END_TEST

START_TEST(a_batch_has_an_end)
{
	static struct batch batch;
	struct passed_conn conn = { .fd = -1 };

	for (int i = 0; i < CHANNEL_FDS; i++)
		ck_assert(batch_add(&batch, &conn));
	ck_assert(!batch_add(&batch, &conn));
	batch.count = batch.len = 0;
	conn.past.bytes = (struct str){ batch.payload, CHANNEL_PAYLOAD };
	ck_assert(!batch_add(&batch, &conn));
}
END_TEST

START_TEST(the_next_type_is_told)
{
	struct message message;
	unsigned type = 0, before;
	int fd = open_null();

	make_pair();
	before = open_descriptors();
	ck_assert_int_eq(channel_next(ends[1], &type), -EAGAIN);
	ck_assert_int_eq(channel_send(ends[0], MESSAGE_CONNECTIONS, 0, STR("x"), &fd, 1), 0);
	send_raw("junk", 4, 1);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(channel_next(ends[1], &type), 1);
		ck_assert_uint_eq(type, MESSAGE_CONNECTIONS);
	}
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert_int_eq(channel_receive(ends[1], &message), 1);
	message_discard(&message);
	ck_assert_int_eq(channel_next(ends[1], &type), -EBADMSG);
	ck_assert_int_eq(channel_next(ends[1], &type), -EAGAIN);
	ck_assert_uint_eq(open_descriptors(), before);
	close(ends[0]);
	ck_assert_int_eq(channel_next(ends[1], &type), 0);
}
END_TEST

START_TEST(an_inbox_takes_connections_only)
{
	int fd = open_null();

	make_pair();
	unsigned before = open_descriptors();
	ck_assert_int_eq(channel_send(ends[0], MESSAGE_STOP, 0, STR(""), &fd, 1), 0);
	ck_assert_int_eq(channel_send(ends[0], MESSAGE_CONNECTIONS, 0, STR("short"), &fd, 1), 0);
	ck_assert_int_eq(channel_send(ends[0], 999, 0, STR("of the future"), &fd, 1), 0);
	inbox_receive(ends[1], 10, take);
	ck_assert_uint_eq(taken, 0);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(an_inbox_that_is_shut_keeps_what_it_has)
{
	static struct batch batch;
	struct passed_conn conn = { .fd = open_null(), .listener = 9 };

	make_pair();
	batch_add(&batch, &conn);
	ck_assert_int_eq(batch_send(&batch, ends[0]), 0);
	shutdown(ends[1], SHUT_RD);
	conn.fd = open_null();
	batch_add(&batch, &conn);
	ck_assert_int_eq(batch_send(&batch, ends[0]), -EPIPE);
	ck_assert_uint_eq(inbox_receive(ends[1], 10, take), 1);
	ck_assert_int_ge(fcntl(conn.fd, F_GETFD), 0);
}
END_TEST

START_TEST(every_short_record_is_refused)
{
	static struct batch batch;
	struct passed_conn conn = {
		.listener = transport_listener_id(3, &moving, NULL),
		.peer_len = 16, .past.bytes = STR("abc"), .past.preface = STR("PROXY"),
		.past.transport = STR("a state"),
	};
	struct passed_conn out;

	batch_add(&batch, &conn);
	for (size_t len = 0; len < batch.len; len++) {
		struct str cut = { batch.payload, len };
		ck_assert_int_eq(inbox_decode(&cut, &out), -EBADMSG);
	}
	struct str whole = { batch.payload, batch.len };
	ck_assert_int_eq(inbox_decode(&whole, &out), 0);
	ck_assert_uint_eq(whole.len, 0);
	/* The length of the state: none; as many bytes as there are; one more. */
	char *len = batch.payload + batch.len - 3 - 7 - 4;
	for (int i = 0; i < 3; i++) {
		*len = (char)(i ? 9 + i : 0);
		whole = (struct str){ batch.payload, batch.len };
		ck_assert_int_eq(inbox_decode(&whole, &out), i == 1 ? 0 : -EBADMSG);
	}
}
END_TEST

TESTS("channel", message_arrives_with_descriptors, too_much_is_not_sent, end_is_told,
      what_an_ended_process_has_sent_is_received,
      a_full_channel_does_not_block, too_many_descriptors_on_their_way_are_refused,
      what_does_not_fit_is_not_taken, broken_messages_leave_nothing_open,
      connections_travel_with_all_that_is_known,
      that_a_preface_is_awaited_travels, a_batch_has_an_end,
      the_next_type_is_told, an_inbox_takes_connections_only,
      an_inbox_that_is_shut_keeps_what_it_has, every_short_record_is_refused)
