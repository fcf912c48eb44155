/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http2_floor PORT FILE [CERTIFICATE KEY]
 *
 * The smallest epoll program that answers every request over HTTP/2 with one file, by prior
 * knowledge or over TLS 1.3: what any server of one process costs at least. It looks for HEADERS
 * frames only, decodes no field, heeds no window (the client's are large), and takes the frames
 * of its answer from memory. Records of TLS are sealed by modules/ssl/records.c, as Skua does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "floor_tls.h"

enum {
	CONNS_MAX = 65536,
	STREAMS_MAX = 128, /* of a connection; a power of two */
	FRAME_HEAD = 9,
	FRAME_MAX = 16384,
	PREFACE = 24,
	DATA = 0,
	HEADERS = 1,
	SETTINGS = 4,
	END_STREAM = 1,
	END_HEADERS = 4,
	IN_MAX = 2 * RECORD_MAX,
	GATHERED = 64, /* pieces of one write */
	SEAL_MAX = 32768, /* with more at a time, the kernel takes longer to copy them */
	BURST = 131072, /* sent to a connection before it is the turn of another; see send_all() */
};

struct conn {
	struct floor_tls tls;
	bool is_open; /* no handshake is under way */
	size_t preface; /* bytes that have come of it */
	uint32_t streams[STREAMS_MAX]; /* that are owed an answer: a ring */
	unsigned first, count;
	size_t sent; /* bytes of the answer to the first one */
	char *rest; /* the beginning of a frame; NULL: nothing */
	size_t rest_len;
	uint8_t *record; /* the beginning of a record; NULL: nothing */
	size_t record_len;
	uint32_t watched; /* EPOLLIN or EPOLLOUT */
};

static struct conn *conns[CONNS_MAX]; /* by descriptor */
static char *body;
static size_t body_len;
static char block[512]; /* the fields of the answer, encoded */
static size_t block_len;
static int loop;
static SSL_CTX *context; /* NULL: without TLS */

static void die(const char *what)
{
	fprintf(stderr, "http2_floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A literal that is not indexed, with a name of the static table (RFC 7541 section 6.2.2). */
static void put_field(int name, const char *value)
{
	if (name >= 15)
		block[block_len++] = 15;
	block[block_len++] = (char)(name >= 15 ? name - 15 : name);
	block[block_len++] = (char)strlen(value);
	memcpy(block + block_len, value, strlen(value));
	block_len += strlen(value);
}

static void make_answer(const char *path)
{
	FILE *file = fopen(path, "re");
	char length[24];

	if (!file || fseek(file, 0, SEEK_END) < 0)
		die(path);
	body_len = (size_t)ftell(file);
	rewind(file);
	body = malloc(body_len);
	if (!body || fread(body, 1, body_len, file) != body_len)
		die(path);
	fclose(file);
	snprintf(length, sizeof(length), "%zu", body_len);
	block[block_len++] = (char)0x88; /* :status 200 */
	put_field(54, "floor"); /* server */
	put_field(33, "Thu, 01 Jan 2026 00:00:00 GMT"); /* date */
	put_field(31, "text/plain"); /* content-type */
	put_field(28, length); /* content-length */
	put_field(44, "Thu, 01 Jan 2026 00:00:00 GMT"); /* last-modified */
	put_field(34, "\"6955b900-400\""); /* etag */
	put_field(18, "bytes"); /* accept-ranges */
}

static size_t put_head(char *to, size_t len, int type, int flags, uint32_t stream)
{
	const uint8_t head[FRAME_HEAD] = {
		(uint8_t)(len >> 16),	 (uint8_t)(len >> 8),	 (uint8_t)len,
		(uint8_t)type,		 (uint8_t)flags,	 (uint8_t)(stream >> 24),
		(uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream
	};

	memcpy(to, head, FRAME_HEAD);
	return FRAME_HEAD;
}

static void watch(int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(loop, op, fd, &event) < 0)
		die("epoll_ctl");
}

static void watch_conn(int fd, uint32_t events)
{
	if (conns[fd]->watched != events)
		watch(EPOLL_CTL_MOD, fd, events);
	conns[fd]->watched = events;
}

static void drop(int fd)
{
	floor_tls_finish(&conns[fd]->tls);
	free(conns[fd]->rest);
	free(conns[fd]->record);
	free(conns[fd]);
	conns[fd] = NULL;
	close(fd);
}

/* --- the answer: HEADERS, and DATA in frames of FRAME_MAX --- */

static size_t answer_len(void)
{
	size_t frames = (body_len + FRAME_MAX - 1) / FRAME_MAX;

	return FRAME_HEAD + block_len + frames * FRAME_HEAD + body_len;
}

/* What is gathered for one write: heads lie in `heads`, bodies in `body`. */
struct gathered {
	struct iovec iov[GATHERED];
	int count;
	size_t total;
	char heads[16384], *at;
};

static void add(struct gathered *gathered, const char *bytes, size_t len, size_t skip)
{
	if (skip >= len)
		return;
	gathered->iov[gathered->count++] = (struct iovec){ (char *)bytes + skip, len - skip };
	gathered->total += len - skip;
}

/* Adds the frame that has byte `at` of the answer, from there on; returns where it ends. */
static size_t add_frame(struct gathered *gathered, uint32_t stream, size_t at)
{
	size_t head = FRAME_HEAD + block_len, frame, begin, len;
	char *to = gathered->at;

	if (at < head) {
		to += put_head(to, block_len, HEADERS, END_HEADERS, stream);
		memcpy(to, block, block_len);
		to += block_len;
		begin = 0;
		frame = 0;
	} else {
		frame = (at - head) / (FRAME_HEAD + FRAME_MAX);
		begin = head + frame * (FRAME_HEAD + FRAME_MAX);
	}
	len = body_len - frame * FRAME_MAX;
	if (len > FRAME_MAX)
		len = FRAME_MAX;
	to += put_head(to, len, DATA, frame * FRAME_MAX + len == body_len ? END_STREAM : 0, stream);

	size_t head_len = (size_t)(to - gathered->at);

	add(gathered, gathered->at, head_len, at - begin);
	add(gathered, body + frame * FRAME_MAX, len,
	    at > begin + head_len ? at - begin - head_len : 0);
	gathered->at = to;
	return begin + head_len + len;
}

static void gather(struct conn *conn, struct gathered *gathered)
{
	size_t at = conn->sent;

	gathered->count = 0;
	gathered->total = 0;
	gathered->at = gathered->heads;
	for (unsigned i = 0; i < conn->count; i++, at = 0) {
		uint32_t stream = conn->streams[(conn->first + i) % STREAMS_MAX];

		while (at < answer_len()) {
			if (gathered->count > GATHERED - 2 || gathered->total >= SEAL_MAX)
				return;
			at = add_frame(gathered, stream, at);
		}
	}
}

static void advance(struct conn *conn, size_t n)
{
	conn->sent += n;
	while (conn->count && conn->sent >= answer_len()) {
		conn->sent -= answer_len();
		conn->first = (conn->first + 1) % STREAMS_MAX;
		conn->count--;
	}
}

/* --- sending --- */

/* After floor_tls_send(). False: the connection is gone, or the socket is full. */
static bool is_sent(int fd, int result)
{
	if (result < 0)
		drop(fd);
	if (result == 0)
		watch_conn(fd, EPOLLOUT);
	return result > 0;
}

/* Seals what was gathered, as far as it fits into a buffer; returns the length of the records. */
static size_t seal(struct conn *conn, const struct gathered *gathered, uint8_t *sealed,
		   size_t *taken)
{
	struct iovec pieces[GATHERED];
	size_t used = 0, len = 0;
	int next = 0;

	*taken = 0;
	while (next < gathered->count && *taken < SEAL_MAX) {
		size_t total = 0;
		int count = 0;

		while (next < gathered->count && total < RECORD_PLAIN_MAX) {
			size_t left = gathered->iov[next].iov_len - used;
			size_t n = left < RECORD_PLAIN_MAX - total ? left :
								     RECORD_PLAIN_MAX - total;

			pieces[count++] =
				(struct iovec){ (char *)gathered->iov[next].iov_base + used, n };
			total += n;
			used += n;
			if (n == left) {
				next++;
				used = 0;
			}
		}
		len += (size_t)record_seal(conn->tls.suite, &conn->tls.out, RECORD_DATA, pieces,
					   count, sealed + len);
		*taken += total;
	}
	return len;
}

/*
 * A socket takes megabytes, if it may, whose memory is in no cache of the processor when it is
 * used again. So no connection is sent more than BURST at a time.
 */
static void send_all(int fd)
{
	static struct gathered gathered;
	static uint8_t sealed[SEAL_MAX + 2 * RECORD_MAX];
	struct conn *conn = conns[fd];
	size_t sent = 0;

	while (conn->count) {
		if (sent >= BURST) {
			watch_conn(fd, EPOLLOUT);
			return;
		}
		gather(conn, &gathered);
		sent += gathered.total;
		if (context) {
			size_t taken, len = seal(conn, &gathered, sealed, &taken);

			advance(conn, taken);
			if (!is_sent(fd, floor_tls_send(&conn->tls, fd, sealed, len)))
				return;
			continue;
		}

		ssize_t n = writev(fd, gathered.iov, gathered.count);

		if (n < 0 && errno != EAGAIN) {
			drop(fd);
			return;
		}
		if (n > 0)
			advance(conn, (size_t)n);
		if (n < (ssize_t)gathered.total) {
			watch_conn(fd, EPOLLOUT);
			return;
		}
	}
	watch_conn(fd, EPOLLIN);
}

static void go_on(int fd)
{
	struct conn *conn = conns[fd];

	if (is_sent(fd, floor_tls_flush(&conn->tls, fd)))
		send_all(fd);
}

/* --- receiving --- */

/* Our settings, the default ones, and the acknowledgement of the client's. */
static void send_settings(int fd)
{
	char frames[2 * FRAME_HEAD];
	uint8_t sealed[sizeof(frames) + RECORD_OVERHEAD];
	struct iovec iov = { frames, sizeof(frames) };
	struct conn *conn = conns[fd];

	put_head(frames, 0, SETTINGS, 0, 0);
	put_head(frames + FRAME_HEAD, 0, SETTINGS, 1, 0);
	if (context) /* the socket is empty; if the client is gone, the next call finds that */
		floor_tls_send(&conn->tls, fd, sealed,
			       (size_t)record_seal(conn->tls.suite, &conn->tls.out, RECORD_DATA,
						   &iov, 1, sealed));
	else if (write(fd, frames, sizeof(frames)) < 0)
		die("write");
}

/* Takes the frames that are complete; returns the number of their bytes. */
static size_t take_frames(int fd, const char *bytes, size_t len)
{
	struct conn *conn = conns[fd];
	size_t at = 0;

	if (conn->preface < PREFACE) {
		at = len < PREFACE - conn->preface ? len : PREFACE - conn->preface;
		conn->preface += at;
		if (conn->preface == PREFACE)
			send_settings(fd);
	}
	while (len - at >= FRAME_HEAD) {
		const uint8_t *head = (const uint8_t *)bytes + at;
		size_t frame = FRAME_HEAD + ((size_t)head[0] << 16 | head[1] << 8 | head[2]);

		if (len - at < frame)
			break;
		if (head[3] == HEADERS && conn->count < STREAMS_MAX)
			conn->streams[(conn->first + conn->count++) % STREAMS_MAX] =
				(uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 |
				(uint32_t)head[7] << 8 | head[8];
		at += frame;
	}
	return at;
}

static void take_bytes(int fd, const char *bytes, size_t len)
{
	static char joined[IN_MAX + FRAME_MAX];
	struct conn *conn = conns[fd];
	size_t used;

	if (conn->rest) {
		memcpy(joined, conn->rest, conn->rest_len);
		memcpy(joined + conn->rest_len, bytes, len);
		bytes = joined;
		len += conn->rest_len;
		free(conn->rest);
		conn->rest = NULL;
	}
	used = take_frames(fd, bytes, len);
	if (used == len)
		return;
	conn->rest_len = len - used;
	conn->rest = malloc(conn->rest_len);
	memcpy(conn->rest, bytes + used, conn->rest_len);
}

/* False: a record cannot be opened, or it ends the connection. */
static bool open_records(int fd, uint8_t *bytes, size_t len)
{
	struct conn *conn = conns[fd];
	size_t at = 0;
	ssize_t record;

	while ((record = record_length(bytes + at, len - at)) > 0) {
		enum record_type type;
		uint8_t *plain;
		ssize_t n = record_open(conn->tls.suite, &conn->tls.in, bytes + at, (size_t)record,
					&plain, &type);

		if (n < 0 || type != RECORD_DATA)
			return false;
		take_bytes(fd, (char *)plain, (size_t)n);
		at += (size_t)record;
	}
	conn->record_len = len - at;
	if (conn->record_len) {
		conn->record = malloc(conn->record_len);
		memcpy(conn->record, bytes + at, conn->record_len);
	}
	return true;
}

static void receive(int fd)
{
	static uint8_t bytes[IN_MAX];
	struct conn *conn = conns[fd];
	size_t held = conn->record_len;

	if (held)
		memcpy(bytes, conn->record, held);
	free(conn->record);
	conn->record = NULL;
	conn->record_len = 0;

	ssize_t n = recv(fd, bytes + held, FRAME_MAX, 0);

	if (n <= 0 || (context && !open_records(fd, bytes, held + (size_t)n))) {
		drop(fd);
		return;
	}
	if (!context)
		take_bytes(fd, (char *)bytes, (size_t)n);
	if (!conn->tls.unsent)
		send_all(fd);
}

static void shake_hands(int fd)
{
	struct conn *conn = conns[fd];
	int result = floor_tls_shake_hands(&conn->tls);

	if (result < 0 || (result == 1 && !floor_tls_take_keys(&conn->tls)))
		drop(fd);
	else
		conn->is_open = result == 1;
}

static void accept_all(int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		conns[fd] = calloc(1, sizeof(*conns[fd]));
		conns[fd]->is_open = !context;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (context)
			floor_tls_begin(&conns[fd]->tls, context, fd);
		watch(EPOLL_CTL_ADD, fd, EPOLLIN);
		conns[fd]->watched = EPOLLIN;
	}
}

static int listen_on(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(fd, 4096) < 0)
		die("listen");
	return fd;
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 5) {
		fprintf(stderr, "usage: http2_floor PORT FILE [CERTIFICATE KEY]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	make_answer(argv[2]);
	if (argc == 5) {
		context = floor_tls_context(argv[3], argv[4], "\2h2");
		if (!context)
			die("certificate");
	}
	loop = epoll_create1(EPOLL_CLOEXEC);

	int listener = listen_on(atoi(argv[1]));

	watch(EPOLL_CTL_ADD, listener, EPOLLIN);
	for (;;) {
		struct epoll_event events[128];
		int count = epoll_wait(loop, events, 128, -1);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				accept_all(listener);
			else if (events[i].events & EPOLLOUT)
				go_on(fd);
			else if (!conns[fd]->is_open)
				shake_hands(fd);
			else
				receive(fd);
		}
	}
}
