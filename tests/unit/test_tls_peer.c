/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile peer of a connection with TLS 1.3: it flips, cuts, splits, merges, repeats, leaves out
 * and reorders records at every offset. What it damages ends the connection with an alert, and
 * nothing of a damaged record is ever taken for a request.
 */
#include "unit/http_test.h"

#include <errno.h>
#include <signal.h>

#include "event/loop.h"
#include "unit/tls_peer.h"

enum { REQUESTS = 3, TURNS = 60 };

static struct http *http;
static char state[TRANSPORT_EXPORTED_MAX], text[65536];

/* The records of three requests, and where each begins. */
static uint8_t stream[1024];
static size_t starts[REQUESTS + 1];

static void setup(void)
{
	static const struct log quiet = { .fd = -1 };

	signal(SIGPIPE, SIG_IGN);
	log_process = &quiet;
	ck_assert_int_eq(loop_start(), 0);
	clock_stop_at(1000000);
	http = good_http("access_log off;"
			 "server { " TLS_PEER_SERVER
			 " location / { return 200 <$request_uri>; } }");
}

/* After so many records: the keys are those of tls_peer_state(), the stream begins there. */
static struct tls_peer come_after(uint64_t received, uint64_t sent)
{
	struct tls_peer peer = { .received = received, .sent = sent };
	size_t len = tls_peer_state(&peer, state, sizeof(state)), at = 0;

	ck_assert(tls_peer_connect(&peer, &http->listeners.items[0], (struct str){ state, len }));
	for (int i = 0; i < REQUESTS; i++) {
		const char *request = memory_printf("GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);

		starts[i] = at;
		at += tls_peer_seal(&peer, RECORD_DATA, request, strlen(request), 0, stream + at);
	}
	starts[REQUESTS] = at;
	*text = '\0';
	return peer;
}

static struct tls_peer come(void)
{
	return come_after(0, 0);
}

static void settle(void)
{
	for (int turns = 0; loop_turn(0); turns++)
		ck_assert_msg(turns < TURNS, "the loop does not come to rest");
}

static void say(struct tls_peer *peer, const void *bytes, size_t len)
{
	/* EPIPE: the server has closed the connection already. */
	ck_assert(send(peer->fd, bytes, len, 0) == (ssize_t)len || errno == EPIPE);
	settle();
}

/* How many responses have come; each must be one to a request of the stream, in its order. */
static int responses(void)
{
	int count = 0;
	const char *at = text;

	while ((at = strstr(at, "HTTP/1.1 ")) != NULL) {
		at = strstr(at, "\r\n\r\n");
		ck_assert_ptr_nonnull(at);
		at += 4;
		ck_assert_msg(strncmp(at, memory_printf("</%d>", count), 4) == 0, "%s", text);
		count++;
	}
	return count;
}

/* Reads what has come. The connection must be closed by the time at which the client has ended. */
static int finish(struct tls_peer *peer)
{
	int alert = tls_peer_read(peer, text, sizeof(text));

	shutdown(peer->fd, SHUT_WR);
	settle();
	ck_assert_uint_eq(conns.active, 0);
	close(peer->fd);
	return alert;
}

/* For what tests want to know of the stream before they begin. */
static void make_stream(void)
{
	struct tls_peer peer = come();

	finish(&peer);
}

START_TEST(the_stream_is_good)
{
	struct tls_peer peer = come();

	say(&peer, stream, starts[REQUESTS]);
	ck_assert_int_eq(finish(&peer), -1);
	ck_assert_int_eq(responses(), REQUESTS);
}
END_TEST

START_TEST(each_bit_is_flipped)
{
	make_stream();
	for (size_t bit = 0; bit < 8 * starts[REQUESTS]; bit++) {
		struct tls_peer peer = come();
		size_t byte = bit / 8, record = 0;

		stream[byte] ^= (uint8_t)(1 << bit % 8);
		while (starts[record + 1] <= byte)
			record++;

		size_t offset = byte - starts[record];

		/* In two pieces: what came before the damaged record is answered. */
		say(&peer, stream, starts[record]);
		say(&peer, stream + starts[record], starts[REQUESTS] - starts[record]);

		int alert = finish(&peer);

		ck_assert_msg(responses() == (int)record, "bit %zu: %d", bit, responses());
		if (offset >= RECORD_HEAD)
			ck_assert_msg(alert == ALERT_BAD_RECORD_MAC, "bit %zu: %d", bit, alert);
		else if (offset == 0)
			ck_assert_msg(alert == ALERT_UNEXPECTED_MESSAGE, "bit %zu: %d", bit, alert);
		else if (offset < 3) /* the version is authenticated, too */
			ck_assert_msg(alert == ALERT_BAD_RECORD_MAC, "bit %zu: %d", bit, alert);
		else /* the record is longer: too long, or it never comes to its end */
			ck_assert_msg(alert == ALERT_BAD_RECORD_MAC ||
					      alert == ALERT_RECORD_OVERFLOW ||
					      alert == ALERT_UNEXPECTED_MESSAGE || alert == -1,
				      "bit %zu: %d", bit, alert);
	}
}
END_TEST

START_TEST(cut_at_each_byte)
{
	make_stream();
	for (size_t len = 0; len <= starts[REQUESTS]; len++) {
		struct tls_peer peer = come();
		int whole = 0;

		while (whole < REQUESTS && starts[whole + 1] <= len)
			whole++;
		say(&peer, stream, len);
		ck_assert_int_eq(finish(&peer), -1);
		ck_assert_msg(responses() == whole, "%zu bytes: %d", len, responses());
	}
}
END_TEST

START_TEST(split_at_each_byte)
{
	make_stream();
	for (size_t cut = 0; cut <= starts[REQUESTS]; cut++) {
		struct tls_peer peer = come();

		say(&peer, stream, cut);
		say(&peer, stream + cut, starts[REQUESTS] - cut);
		ck_assert_int_eq(finish(&peer), -1);
		ck_assert_msg(responses() == REQUESTS, "cut at %zu: %d", cut, responses());
	}

	struct tls_peer peer = come();

	for (size_t i = 0; i < starts[REQUESTS]; i++)
		say(&peer, stream + i, 1);
	ck_assert_int_eq(finish(&peer), -1);
	ck_assert_int_eq(responses(), REQUESTS);
}
END_TEST

/* Sends the records in this order. Those before the first wrong one are answered. */
static void ck_order(int count, const int *order)
{
	struct tls_peer peer = come();
	int good = 0;

	for (int i = 0; i < count; i++)
		say(&peer, stream + starts[order[i]], starts[order[i] + 1] - starts[order[i]]);
	while (good < count && order[good] == good)
		good++;
	ck_assert_int_eq(finish(&peer), good == count ? -1 : ALERT_BAD_RECORD_MAC);
	ck_assert_int_eq(responses(), good);
}

START_TEST(reordered_repeated_and_left_out)
{
	for (int a = 0; a < REQUESTS; a++)
		for (int b = 0; b < REQUESTS; b++)
			for (int c = 0; c < REQUESTS; c++)
				for (int count = 1; count <= 3; count++)
					ck_order(count, (const int[]){ a, b, c });
}
END_TEST

/* A head is put into a record at each offset, or two records become one. */
START_TEST(heads_are_added_and_taken_away)
{
	make_stream();
	for (size_t cut = RECORD_HEAD; cut <= starts[1]; cut++) {
		struct tls_peer peer = come();
		uint8_t bytes[sizeof(stream) + RECORD_HEAD];
		size_t rest = starts[1] - cut;

		memcpy(bytes, stream, cut);
		bytes[4] = (uint8_t)(cut - RECORD_HEAD);
		memcpy(bytes + cut, (const uint8_t[]){ RECORD_DATA, 3, 3, 0, (uint8_t)rest }, 5);
		memcpy(bytes + cut + RECORD_HEAD, stream + cut, rest);
		say(&peer, bytes, starts[1] + RECORD_HEAD);
		ck_assert_int_eq(finish(&peer), ALERT_BAD_RECORD_MAC);
		ck_assert_int_eq(responses(), 0);
	}

	struct tls_peer peer = come();

	memmove(stream + starts[1], stream + starts[1] + RECORD_HEAD,
		starts[2] - starts[1] - RECORD_HEAD);
	stream[4] = (uint8_t)(starts[2] - 2 * RECORD_HEAD);
	say(&peer, stream, starts[2] - RECORD_HEAD);
	ck_assert_int_eq(finish(&peer), ALERT_BAD_RECORD_MAC);
	ck_assert_int_eq(responses(), 0);
}
END_TEST

START_TEST(a_request_in_many_records)
{
	static const char request[] = "GET /0 HTTP/1.1\r\nHost: a\r\n\r\n";
	struct tls_peer peer = come();
	uint8_t record[1024];

	tls_peer_state(&peer, state, sizeof(state)); /* keys as at the beginning */
	for (size_t i = 0; i < strlen(request); i++)
		say(&peer, record,
		    tls_peer_seal(&peer, RECORD_DATA, request + i, 1, i * 7 % 50, record));
	ck_assert_int_eq(finish(&peer), -1);
	ck_assert_int_eq(responses(), 1);
}
END_TEST

/* --- clauses of RFC 8446, see modules/ssl/tests/README.md --- */

/* Seals again what the peer seals next, but with another version in the head. */
static size_t seal_version(struct tls_peer *peer, int version, const char *request, uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	size_t inner_len = strlen(request) + 1;
	uint8_t nonce[12], inner[256];
	int n;

	memcpy(nonce, peer->out.iv, sizeof(nonce));
	for (int i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(peer->out.sequence >> 8 * i);
	peer->out.sequence++;
	memcpy(inner, request, inner_len);
	inner[inner_len - 1] = RECORD_DATA;
	memcpy(out, (uint8_t[]){ RECORD_DATA, 3, (uint8_t)version, 0, (uint8_t)(inner_len + 16) },
	       RECORD_HEAD);
	ck_assert(EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, peer->out.key, nonce));
	ck_assert(EVP_EncryptUpdate(context, NULL, &n, out, RECORD_HEAD));
	ck_assert(EVP_EncryptUpdate(context, out + RECORD_HEAD, &n, inner, (int)inner_len));
	ck_assert(EVP_EncryptFinal_ex(context, out + RECORD_HEAD + inner_len, &n));
	ck_assert(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, RECORD_TAG,
				      out + RECORD_HEAD + inner_len));
	EVP_CIPHER_CTX_free(context);
	return RECORD_HEAD + inner_len + RECORD_TAG;
}

/* Section 5.1: legacy_record_version is ignored; section 5.2: it is authenticated as it came. */
START_TEST(the_version_of_a_record_is_ignored)
{
	for (int version = 0; version < 6; version++) {
		struct tls_peer peer = come();
		uint8_t record[512];

		tls_peer_state(&peer, state, sizeof(state)); /* keys as at the beginning */
		say(&peer, record,
		    seal_version(&peer, version, "GET /0 HTTP/1.1\r\nHost: a\r\n\r\n", record));
		ck_assert_int_eq(finish(&peer), -1);
		ck_assert_int_eq(responses(), 1);
	}
}
END_TEST

static void say_record(struct tls_peer *peer, enum record_type type, const void *bytes, size_t len)
{
	static uint8_t record[RECORD_MAX];

	say(peer, record, tls_peer_seal(peer, type, bytes, len, 0, record));
}

static void say_update(struct tls_peer *peer, uint8_t request)
{
	const uint8_t message[] = { KEY_UPDATE, 0, 0, 1, request };

	say_record(peer, RECORD_HANDSHAKE, message, sizeof(message));
	ck_assert_int_eq(record_key_update(&peer->out, peer->suite), 0);
}

/* Section 5: behind the handshake all records are sealed, a change_cipher_spec is none of it. */
START_TEST(records_that_are_not_sealed)
{
	static const char *const records[] = {
		"\x14\3\3\0\1\1", /* change_cipher_spec */
		"\x15\3\3\0\2\1\0", /* close_notify */
		"\x16\3\3\0\5\x18\0\0\1\0", /* KeyUpdate */
	};

	for (int i = 0; i < 3; i++) {
		struct tls_peer peer = come();

		say(&peer, records[i], (size_t)records[i][4] + RECORD_HEAD);
		ck_assert_int_eq(finish(&peer), ALERT_UNEXPECTED_MESSAGE);
		ck_assert_int_eq(responses(), 0);
	}
}
END_TEST

#define REQUEST(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void say_request(struct tls_peer *peer, const char *request)
{
	say_record(peer, RECORD_DATA, request, strlen(request));
}

/* Section 4.6.3: an update that is asked for comes before the next data; one answers several. */
START_TEST(an_update_is_answered_before_the_next_data)
{
	struct tls_peer peer = come();

	tls_peer_state(&peer, state, sizeof(state));
	say_update(&peer, 0);
	say_request(&peer, REQUEST("/0"));
	ck_assert_int_eq(tls_peer_read(&peer, text, sizeof(text)), -1);
	ck_assert_int_eq(peer.updates, 0);
	for (int i = 0; i < 5; i++)
		say_update(&peer, i != 2);
	ck_assert_int_eq(tls_peer_read(&peer, text, sizeof(text)), -1);
	ck_assert_int_eq(peer.updates, 0); /* nothing is sent for the sake of it */
	say_request(&peer, REQUEST("/1"));
	ck_assert_int_eq(tls_peer_read(&peer, text, sizeof(text)), -1);
	ck_assert_int_eq(peer.updates, 1);
	ck_assert_int_eq(peer.requests, 0);
	say_request(&peer, REQUEST("/2"));
	ck_assert_int_eq(finish(&peer), -1);
	ck_assert_int_eq(peer.updates, 1);
	ck_assert_int_eq(responses(), 3);
}
END_TEST

/* Section 5.5: a key is replaced in time, and the peer is asked to replace its own. */
START_TEST(keys_are_replaced_in_time)
{
	static const struct {
		uint64_t received, sent;
		int updates, requests;
	} cases[] = {
		{ 0, RECORDS_PER_KEY - 2, 1, 0 }, /* at the third response */
		{ 0, RECORDS_PER_KEY, 1, 0 },
		{ RECORDS_PER_KEY, 0, 0, 0 },
		{ RECORDS_PER_KEY, RECORDS_PER_KEY, 1, 1 },
		{ 0, RECORDS_PER_KEY - 3, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_peer peer = come_after(cases[i].received, cases[i].sent);

		for (int n = 0; n < REQUESTS; n++)
			say(&peer, stream + starts[n], starts[n + 1] - starts[n]);
		ck_assert_int_eq(finish(&peer), -1);
		ck_assert_int_eq(responses(), REQUESTS);
		ck_assert_msg(peer.updates == cases[i].updates, "case %zu: %d", i, peer.updates);
		ck_assert_msg(peer.requests == cases[i].requests, "case %zu", i);
	}
}
END_TEST

/* Section 4.6.3: what answers a request asks for nothing, though our turn to ask has come. */
START_TEST(an_answer_asks_for_nothing)
{
	struct tls_peer peer = { .received = RECORDS_PER_KEY,
				 .sent = RECORDS_PER_KEY,
				 .is_owed = true };
	size_t len = tls_peer_state(&peer, state, sizeof(state));

	ck_assert(tls_peer_connect(&peer, &http->listeners.items[0], (struct str){ state, len }));
	*text = '\0';
	say_request(&peer, REQUEST("/0"));
	ck_assert_int_eq(finish(&peer), -1);
	ck_assert_int_eq(peer.updates, 1);
	ck_assert_int_eq(peer.requests, 0);
}
END_TEST

/* Section 5.3: a sequence number does not wrap. */
START_TEST(sequence_numbers_end)
{
	struct tls_peer peer = { .received = UINT64_MAX - 1 };
	uint8_t record[64], *plain;
	enum record_type type;
	struct record_key key;

	tls_peer_state(&peer, state, sizeof(state));
	for (int i = 0; i < 2; i++) {
		key = peer.out;

		size_t len = seal_version(&peer, 3, "a", record);

		ck_assert_int_eq(record_open(peer.suite, &key, record, len, &plain, &type),
				 i ? -EBADMSG : 1);
	}

	const struct iovec iov = { (void *)"a", 1 };

	ck_assert_int_lt(record_seal(peer.suite, &key, RECORD_DATA, &iov, 1, record), 0);
	/* No state with such a number is taken from another process. */
	for (int i = 0; i < 2; i++) {
		peer = (struct tls_peer){ .sent = i ? UINT64_MAX : 0,
					  .received = i ? 0 : UINT64_MAX };
		size_t len = tls_peer_state(&peer, state, sizeof(state));
		ck_assert(!tls_peer_connect(&peer, &http->listeners.items[0],
					    (struct str){ state, len }));
		close(peer.fd);
	}
}
END_TEST

/* Section 6.1: what comes behind close_notify is ignored, and the answer ends with ours. */
START_TEST(nothing_counts_behind_close_notify)
{
	struct tls_peer peer = come();
	uint8_t bytes[512];
	size_t len;

	tls_peer_state(&peer, state, sizeof(state));
	len = tls_peer_seal(&peer, RECORD_DATA, REQUEST("/0"), strlen(REQUEST("/0")), 0, bytes);
	len += tls_peer_seal(&peer, RECORD_ALERT, "\1\0", 2, 0, bytes + len);
	len += tls_peer_seal(&peer, RECORD_DATA, REQUEST("/1"), strlen(REQUEST("/1")), 0,
			     bytes + len);
	memcpy(bytes + len, "and no records", 14);
	say(&peer, bytes, len + 14);
	ck_assert_int_eq(finish(&peer), ALERT_CLOSE_NOTIFY);
	ck_assert_int_eq(responses(), 1);
}
END_TEST

/* Section 6: an alert is an error whatever its level and number, but for the two of closure. */
START_TEST(alerts_are_errors)
{
	for (int number = 0; number < 256; number++)
		for (int level = 0; level < 4; level++) {
			struct tls_peer peer = come();
			const uint8_t body[] = { (uint8_t)level, (uint8_t)number };

			tls_peer_state(&peer, state, sizeof(state));
			say_record(&peer, RECORD_ALERT, body, 2);
			say_request(&peer, REQUEST("/0"));

			int alert = finish(&peer);

			ck_assert_msg(alert == (number == ALERT_CLOSE_NOTIFY ? 0 : -1),
				      "alert %d: %d", number, alert);
			ck_assert_msg(responses() == (number == ALERT_USER_CANCELED), "alert %d",
				      number);
		}
}
END_TEST

/* --- an exported and an imported state --- */

/* Bytes of the state of a connection with so much that its client has not taken; or -errno. */
static ssize_t export_with(size_t unsent)
{
	static uint8_t bytes[2 * TRANSPORT_STATE_MAX];
	struct transport *transport = calloc(1, sizeof(*transport) + ssl_transport.size);
	struct ssl_connection *ssl = transport_state(transport);

	transport->type = &ssl_transport;
	ssl->stage = OWN;
	ssl->facts = calloc(1, sizeof(*ssl->facts));
	ck_assert_int_eq(ssl_bytes_add(&ssl->unsent, bytes, unsent), 0);

	ssize_t len = ssl_transport.export(transport, state, TRANSPORT_STATE_MAX);

	free(ssl->unsent.data);
	free(ssl->facts);
	free(transport);
	return len;
}

/* A connection whose state is larger stays where it is until it ends. */
START_TEST(a_state_has_at_most_48_kib)
{
	size_t without = (size_t)export_with(0);
	size_t most = 48 * 1024 - without;

	ck_assert_uint_lt(without, 1024);
	ck_assert_int_eq(export_with(most), 48 * 1024);
	ck_assert_int_eq(export_with(most + 1), -EMSGSIZE);
	ck_assert_int_eq(export_with(64 * 1024), -EMSGSIZE);
}
END_TEST

START_TEST(an_imported_state_that_is_cut_or_changed)
{
	struct tls_peer peer = { .received = 0 };
	size_t len = tls_peer_state(&peer, state, sizeof(state));

	for (size_t i = 0; i < len + 8 * len; i++) {
		uint8_t bit = (uint8_t)(i < len ? 0 : 1 << (i - len) % 8);
		size_t at = i < len ? 0 : (i - len) / 8;
		struct str given = { state, i < len ? i : len };

		state[at] ^= (char)bit;
		if (tls_peer_connect(&peer, &http->listeners.items[0], given)) {
			settle();
			say(&peer, "\x17\3\3\0\x20 thirty-two bytes are not good.", 37);
		}
		shutdown(peer.fd, SHUT_WR);
		settle();
		clock_stop_at(1000000 + (int64_t)(i + 1) * 3600000);
		settle();
		ck_assert_uint_eq(conns.active, 0);
		close(peer.fd);
		state[at] ^= (char)bit;
	}
}
END_TEST

static void ck_lengths(int fragment_max, int record_size, bool is_good)
{
	struct tls_peer peer = { .fragment_max = (uint16_t)fragment_max,
				 .record_size = (uint16_t)record_size };
	size_t len = tls_peer_state(&peer, state, sizeof(state));

	ck_assert_msg(tls_peer_connect(&peer, &http->listeners.items[0],
				       (struct str){ state, len }) == is_good,
		      "%d %d", fragment_max, record_size);
	close(peer.fd);
	settle();
}

/*
 * RFC 6066 section 4 has four lengths of fragments, and records have at most 16384 bytes.
 */
START_TEST(an_imported_state_has_usual_lengths_of_records)
{
	for (int n = 0; n <= UINT16_MAX; n += n < 520 || (n > 4000 && n < 4100) ? 1 : 100) {
		ck_lengths(n, 0, n == 0 || n == 512 || n == 4096);
		ck_lengths(0, n, n <= 16384);
	}
	ck_lengths(1024, 16384, true);
	ck_lengths(2048, 512, true);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "hostile peers of TLS", .setup = setup }),
	 the_stream_is_good, each_bit_is_flipped, cut_at_each_byte, split_at_each_byte,
	 reordered_repeated_and_left_out, heads_are_added_and_taken_away, a_request_in_many_records,
	 the_version_of_a_record_is_ignored, records_that_are_not_sealed,
	 an_update_is_answered_before_the_next_data, keys_are_replaced_in_time,
	 an_answer_asks_for_nothing, sequence_numbers_end, nothing_counts_behind_close_notify,
	 alerts_are_errors, a_state_has_at_most_48_kib, an_imported_state_that_is_cut_or_changed,
	 an_imported_state_has_usual_lengths_of_records)
