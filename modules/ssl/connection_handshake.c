/* SPDX-License-Identifier: BSD-2-Clause */
#include "connection_private.h"

#include <errno.h>
#include <stdlib.h>
#include <thread.h>

#include "hello.h"
#include "tickets.h"

enum { HANDSHAKE_BYTES_MAX = 64 * 1024 }; /* the most bytes of a client in its handshake */

/* A buffer of the process. Its contents are valid within one call only. */
static char hello_scratch[HELLO_MAX];

/*
 * The threads give way to the loop: they get what the requests of other clients leave, and
 * otherwise a tenth of a core each.
 */
static struct thread_pool handshakes = { .max_threads = 2, .nice = 10 };

/*
 * How many new handshakes may wait for a thread. At most so many clients wait, for about half a
 * second if a thread has a core for itself. Each of them needs memory for its ClientHello only. If
 * more clients come, their connections are closed.
 */
enum { WAITING_MAX = 1024 };

enum { DISTRUST_MS = 1000 };
static int64_t trusts_at_ms; /* from this time on: see resumes_now() */

static unsigned waiting; /* handshakes whose first step was not made yet */

/* Whether OpenSSL has derived the secret, and the key of the suite. */
static bool is_complete(const struct key_schedule_secret *secret, const struct record_suite *suite)
{
	return secret->len == record_suite_secret_len(suite) &&
	       secret->key_len == record_suite_key_len(suite) &&
	       secret->iv_len == sizeof(secret->iv);
}

/* The maximum fragment length that the client has asked for (RFC 6066 section 4). 0: none. */
static uint16_t fragment_max(const SSL *ssl)
{
	int code = SSL_SESSION_get_max_fragment_length(SSL_get_session(ssl));

	return code >= TLSEXT_max_fragment_length_512 && code <= TLSEXT_max_fragment_length_4096 ?
		       (uint16_t)(256 << code) :
		       0;
}

/* False: the connection has to keep OpenSSL's records. */
static bool become_own(struct ssl_connection *ssl)
{
	const struct handshake *done = ssl->handshake;
	const struct key_schedule_secret *client = &done->secrets.client;
	const struct key_schedule_secret *server = &done->secrets.server;
	const struct record_suite *suite = done->settings->own_records &&
							   ssl->facts->version == TLS1_3_VERSION ?
						   record_suite(ssl->facts->cipher) :
						   NULL;

	if (!suite || !is_complete(client, suite) || !is_complete(server, suite))
		return false;
	record_key_use(&ssl->in, suite, client->secret, client->key, client->iv, 0);
	record_key_use(&ssl->out, suite, server->secret, server->key, server->iv,
		       done->records_sent);
	ssl->fragment_max = fragment_max(done->ssl);
	ssl->suite = suite;
	ssl->stage = OWN;
	return true;
}

static int handshake_done(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);
	struct handshake *done = ssl->handshake;
	int error;

	timer_stop(&ssl->timer);
	ssl->facts = ssl_facts_create(done->ssl, (struct str){ done->name, done->name_len },
				      done->settings->kept_facts);
	if (!ssl->facts)
		return -ENOMEM;
	counter_add(&ssl_module, SSL_DONE, 1);
	if (SSL_session_reused(done->ssl))
		counter_add(&ssl_module, SSL_RESUMED, 1);
	error = ssl_bytes_add(&ssl->input, done->input + done->input_used,
			      done->input_len - done->input_used);
	if (error < 0)
		return error;
	if (!become_own(ssl)) {
		error = ssl_use_openssl(transport, done->ssl);
		if (error < 0)
			return error;
		done->ssl = NULL;
	}
	handshake_destroy(done);
	ssl->handshake = NULL;
	return 0;
}

static void handshake_failed(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);

	counter_add(&ssl_module, SSL_FAILED, 1);
	log_info("the TLS handshake has failed: %s", ssl->handshake->error);
	ssl->stage = BROKEN;
}

static void step_made(void *data);

static void make_step(void *data)
{
	handshake_step(data);
}

/* Starts a step. 0 or -errno. */
static int start_step(struct ssl_connection *ssl)
{
	int error = thread_pool_run(&handshakes, make_step, step_made, ssl->handshake);

	if (error < 0)
		return error;
	waiting += ++ssl->handshake->steps == 1;
	ssl->is_running = true;
	return 0;
}

/* The certificates that the handshake waited for were read, or could not be read. */
static void certificates_came(void *data)
{
	struct transport *transport = data;
	struct ssl_connection *ssl = transport_state(transport);

	if (ssl->stage == HANDSHAKE && start_step(ssl) == 0)
		return;
	ssl->stage = BROKEN;
	transport_wake(transport);
}

/* The handshake goes on when its certificates, whose paths have variables, are there. */
static int find_certificates(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);
	struct handshake *handshake = ssl->handshake;
	struct str name = { handshake->name, handshake->name_len };
	struct request *req = transport_request(transport, name);

	handshake->named = named_set_create(handshake->settings, req, certificates_came, transport);
	handshake->lacks_named = !handshake->named;
	transport_request_end(req);
	return named_set_waits(handshake->named) ? 0 : start_step(ssl);
}

/* Takes what a step has written. 0 or -errno. */
static int take_output(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);
	struct handshake *handshake = ssl->handshake;
	const uint8_t *output = (uint8_t *)handshake->output;
	/* After the last step only tickets are left, and what ends a handshake of TLS 1.2. */
	int error = handshake->result == HANDSHAKE_DONE ?
			    ssl_bytes_add(&ssl->unsent, output, handshake->output_len) :
			    ssl_write_records(transport, output, handshake->output_len, false);

	free(handshake->output);
	handshake->output = NULL;
	handshake->output_len = 0;
	return error;
}

/* Takes the result of a step. 0 or -errno. */
static int take_step(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);
	enum handshake_result result = ssl->handshake->result;
	int error = take_output(transport);

	if (result == HANDSHAKE_FAILED)
		handshake_failed(transport);
	if (error < 0 || ssl->stage != HANDSHAKE)
		return error;
	if (result == HANDSHAKE_NEEDS_CERTIFICATES)
		return find_certificates(transport);
	return result == HANDSHAKE_DONE ? handshake_done(transport) : 0;
}

/* The request is not complete, or its response takes long. */
static void held_for_too_long(void *data)
{
	struct transport *transport = data;

	ssl_let_tickets_go(transport_state(transport));
	transport_wake(transport);
}

/*
 * Makes a short step, in receive(). Most clients send a request right behind the handshake: if it
 * is there already, the tickets leave with the response.
 */
static int make_short_step(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);

	handshake_step(ssl->handshake);

	int error = take_step(transport);

	size_t len = ssl_bytes_left(&ssl->unsent);

	if (error == 0 && ssl->stage == OWN && len > 0 && len <= HELD_TICKETS_MAX) {
		ssl->holds_tickets = true;
		ssl->timer.expired = held_for_too_long;
		timer_start(&ssl->timer, HELD_TICKETS_MS);
	}
	return error;
}

/* Called on the event loop's thread after a thread has run a step. */
static void step_made(void *data)
{
	struct handshake *handshake = data;
	struct transport *transport = handshake->owner;

	waiting -= handshake->steps == 1;
	if (!transport) { /* the connection was closed while the step ran */
		handshake_destroy(handshake);
		return;
	}

	struct ssl_connection *ssl = transport_state(transport);

	ssl->is_running = false;
	if (take_step(transport) < 0)
		ssl->stage = BROKEN;
	transport_wake(transport);
}

/* Whether there is room for another client. If not, this is logged once a minute. */
static bool has_room(void)
{
	static int64_t said_ms;

	if (waiting < WAITING_MAX)
		return true;
	counter_add(&ssl_module, SSL_REFUSED, 1);
	if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
		log_warnx("%d TLS handshakes wait for the processor: further clients are refused "
			  "until there are fewer",
			  WAITING_MAX);
	return false;
}

/*
 * Whether to make the first step at once. If it resumes a session, it takes a quarter of a
 * millisecond, and a tenth more by a thread. A client may pretend to resume, with a ticket that has
 * the name of a key and is not valid otherwise. That makes a whole handshake, so all first steps
 * are given to threads for a second.
 */
static bool resumes_now(const struct handshake *handshake)
{
	return handshake->steps == 0 && handshake->resumes_quickly && clock_ms() >= trusts_at_ms &&
	       thread_loop_has_time();
}

static int resume(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);
	struct handshake *handshake = ssl->handshake;

	handshake->steps++;
	handshake_step(handshake);
	if (!handshake->ssl || !SSL_session_reused(handshake->ssl))
		trusts_at_ms = clock_ms() + DISTRUST_MS;
	return take_step(transport);
}

/*
 * Makes a step with further records. Returns TRANSPORT_WAITS if a thread makes it, 0 if it was
 * made, or -errno.
 */
static ssize_t go_on(struct transport *transport, struct str records)
{
	struct ssl_connection *ssl = transport_state(transport);

	ssl->handshake_bytes += (uint32_t)records.len;
	if (ssl->handshake_bytes > HANDSHAKE_BYTES_MAX)
		return -EMSGSIZE;
	if (handshake_add(ssl->handshake, records) < 0)
		return -ENOMEM;
	/* To give a short step to a thread, and to wait for it, would take as long as the step. */
	if (handshake_is_nearly_done(ssl->handshake))
		return make_short_step(transport);
	if (resumes_now(ssl->handshake))
		return resume(transport);
	return start_step(ssl) < 0 ? -ENOMEM : TRANSPORT_WAITS;
}

static ssize_t begin(struct transport *transport, struct str bytes, const struct hello *hello)
{
	struct ssl_connection *ssl = transport_state(transport);
	const struct ssl_conf *conf = transport_conf(transport, hello->name, &ssl_module);

	if (!conf->settings || conf->settings->reject)
		return ssl_fail(transport, ALERT_UNRECOGNIZED_NAME);
	if (!has_room())
		return -EBUSY;
	ssl->record_size = conf->buffer_size.bytes < RECORD_PLAIN_MAX ?
				   (uint16_t)conf->buffer_size.bytes :
				   RECORD_PLAIN_MAX;
	ssl->handshake = handshake_create(conf->settings, hello->name);
	if (!ssl->handshake)
		return -ENOMEM;
	ssl->handshake->owner = transport;
	ssl->handshake->protocols = transport_protocols(transport, hello->name);
	ssl->handshake->resumes_quickly =
		!str_empty(hello->quick_ticket) &&
		ticket_keys_open_at_once(conf->settings->context, hello->quick_ticket);
	ssl->stage = HANDSHAKE;
	ssl_bytes_free(&ssl->input);
	return go_on(transport, bytes);
}

/* Whether the bytes begin with a method in upper case: the client speaks plain HTTP. */
static bool is_plain_http(struct str bytes)
{
	return bytes.len > 0 && bytes.data[0] >= 'A' && bytes.data[0] <= 'Z';
}

ssize_t connection_hello_receive(struct transport *transport, void *buffer, size_t size)
{
	struct ssl_connection *ssl = transport_state(transport);
	size_t len = ssl_bytes_take(&ssl->input, ssl_read_buffer, sizeof(ssl_read_buffer));

	for (;;) {
		ssize_t n = transport_read_socket(transport, ssl_read_buffer + len,
						  sizeof(ssl_read_buffer) - len);

		if (n == -EAGAIN)
			return ssl_bytes_add(&ssl->input, ssl_read_buffer, len) < 0 ?
				       -ENOMEM :
				       TRANSPORT_NEEDS_BYTES;
		if (n <= 0)
			return n;
		len += (size_t)n;

		struct str bytes = { (char *)ssl_read_buffer, len };
		struct hello hello;

		if (is_plain_http(bytes)) {
			ssl->stage = PLAIN;
			timer_stop(&ssl->timer);
			if (ssl_bytes_add(&ssl->plain, ssl_read_buffer, len) < 0)
				return -ENOMEM;
			return (ssize_t)ssl_bytes_take(&ssl->plain, buffer, size);
		}
		if (hello_read(bytes, hello_scratch, &hello) != HELLO_MORE) {
			n = begin(transport, bytes, &hello);
			return n < 0 ? n : connection_handshake_receive(transport, buffer, size);
		}
		if (len == sizeof(ssl_read_buffer))
			return -EMSGSIZE;
	}
}

ssize_t connection_handshake_receive(struct transport *transport, void *buffer, size_t size)
{
	struct ssl_connection *ssl = transport_state(transport);

	while (ssl->stage == HANDSHAKE) {
		if (ssl->is_running || named_set_waits(ssl->handshake->named))
			return TRANSPORT_WAITS;

		ssize_t n =
			transport_read_socket(transport, ssl_read_buffer, sizeof(ssl_read_buffer));

		if (n == -EAGAIN)
			return TRANSPORT_NEEDS_BYTES;
		if (n <= 0)
			return n;
		n = go_on(transport, (struct str){ (char *)ssl_read_buffer, (size_t)n });
		if (n < 0)
			return n;
	}
	if (ssl->stage == OWN)
		return connection_own_receive(transport, buffer, size);
	return ssl->stage == OPENSSL ? connection_openssl_receive(transport, buffer, size) :
				       -EPROTO;
}
