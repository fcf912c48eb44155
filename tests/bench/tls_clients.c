/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls_clients PORT COUNT full|resumed|hold|full2|hold2 RATE
 *
 * Connects COUNT times with TLS 1.3, at most RATE times a second (0: without a pause), and gets
 * /100.txt on each connection. `resumed` uses the ticket of a first connection. `full2` does so
 * with HTTP/2. Prints how many connections were made in a second. `hold` and `hold2` leave the
 * connections open, print that line, and wait for the end of the input.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static SSL_CTX *context;
static SSL_SESSION *session;
static bool by_http2;

static void die(const char *what)
{
	fprintf(stderr, "tls_clients: %s\n", what);
	exit(1);
}

static int keep_session(SSL *ssl, SSL_SESSION *given)
{
	(void)ssl;
	SSL_SESSION_free(session);
	session = given;
	return 1;
}

/* By HTTP/1.1. */
static void get(SSL *ssl)
{
	static const char request[] = "GET /100.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
	char bytes[4096];

	if (SSL_write(ssl, request, sizeof(request) - 1) <= 0 ||
	    SSL_read(ssl, bytes, sizeof(bytes)) <= 0)
		die("no answer came");
}

static void read_fully(SSL *ssl, void *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		int n = SSL_read(ssl, (char *)bytes + at, (int)(len - at));

		if (n <= 0)
			die("no answer came");
		at += (size_t)n;
	}
}

/* By HTTP/2, with fields that go into the server's table (RFC 7541), until the stream ends. */
static void get_by_http2(SSL *ssl)
{
	static const char request[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				      "\0\0\0\4\0\0\0\0\0" /* SETTINGS */
				      "\0\0\0\4\1\0\0\0\0" /* its acknowledgement of the server's */
				      "\0\0\x2a\1\5\0\0\0\1" /* HEADERS, which end the stream */
				      "\x82\x87" /* GET, https */
				      "\x44\x08/100.txt" /* :path */
				      "\x41\x09localhost" /* :authority */
				      "\x7a\x11h2load nghttp2/12"; /* user-agent */
	uint8_t head[9], payload[16384];

	if (SSL_write(ssl, request, sizeof(request) - 1) <= 0)
		die("a request could not be sent");
	do {
		read_fully(ssl, head, sizeof(head));
		if (head[0] || head[1] > 64)
			die("a frame is too long");
		read_fully(ssl, payload, (size_t)head[1] << 8 | head[2]);
		if (head[3] == 3 || head[3] == 7)
			die("RST_STREAM or GOAWAY came");
	} while (head[3] > 1 || !(head[4] & 1)); /* DATA or HEADERS with END_STREAM */
}

static SSL *connect_once(int port, SSL_SESSION *resumed)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	SSL *ssl = SSL_new(context);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect() has failed");
	/* A server without tickets sends nothing for which the request would not have to wait. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	SSL_set_fd(ssl, fd);
	if (resumed) { /* a copy: OpenSSL uses each of TLS 1.3 once */
		SSL_SESSION *copy = SSL_SESSION_dup(resumed);

		SSL_set_session(ssl, copy);
		SSL_SESSION_free(copy);
	}
	if (SSL_connect(ssl) != 1)
		die("a handshake has failed");
	if (resumed && !SSL_session_reused(ssl))
		die("a session was not resumed");
	if (by_http2)
		get_by_http2(ssl);
	else
		get(ssl);
	return ssl;
}

static void disconnect(SSL *ssl)
{
	struct linger linger = { .l_onoff = 1 }; /* no TIME_WAIT */
	int fd = SSL_get_fd(ssl);

	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN); /* else OpenSSL would drop the session */
	SSL_free(ssl);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr,
			"usage: tls_clients PORT COUNT full|resumed|hold|full2|hold2 RATE\n");
		return 2;
	}

	int port = atoi(argv[1]), count = atoi(argv[2]), hold = strncmp(argv[3], "hold", 4) == 0;
	double rate = atof(argv[4]), start = now();
	SSL_SESSION *first = NULL;

	alarm(120); /* if no answer comes */
	signal(SIGPIPE, SIG_IGN);
	context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(context, keep_session);
	by_http2 = argv[3][strlen(argv[3]) - 1] == '2';
	if (by_http2)
		SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\2h2", 3);
	if (strcmp(argv[3], "resumed") == 0) {
		disconnect(connect_once(port, NULL));
		first = session;
		session = NULL;
		if (!first)
			die("the server has sent no ticket");
	}
	for (int i = 0; i < count; i++) {
		SSL *ssl = connect_once(port, first);

		if (!hold)
			disconnect(ssl);
		while (rate > 0 && now() < start + (i + 1) / rate)
			usleep(500);
	}
	printf("%.0f\n", count / (now() - start));
	fflush(stdout);
	if (hold) {
		while (getchar() != EOF)
			continue;
	}
	return 0;
}
