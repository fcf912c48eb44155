/* SPDX-License-Identifier: BSD-2-Clause */
#include "connection_private.h"

#include <errno.h>

/*
 * The beginning of an exported connection. The facts, and the bytes of input, plain and unsent,
 * follow.
 */
struct exported {
	uint64_t in_sequence, out_sequence;
	uint32_t facts_len, input_len, plain_len, unsent_len;
	uint16_t suite; /* 0: the connection waits for a ClientHello */
	uint16_t record_size, fragment_max;
	uint8_t useless;
	uint8_t peer_ended, end_given;
	uint8_t owes_update;
	uint8_t message_len;
	uint8_t message[KEY_UPDATE_LEN];
	uint8_t in_secret[RECORD_SECRET_MAX], out_secret[RECORD_SECRET_MAX];
};

/* A peer may send more records with one key than we do; nobody can send so many in a lifetime. */
#define SEQUENCE_MAX ((uint64_t)1 << 48)

static struct str bytes_str(const struct bytes *bytes)
{
	if (!bytes->data)
		return STR("");
	return (struct str){ (char *)bytes->data + bytes->at, ssl_bytes_left(bytes) };
}

ssize_t connection_export(const struct transport *transport, char *to, size_t room)
{
	const struct ssl_connection *ssl = transport_state(transport);
	bool is_new = ssl->stage == HELLO;

	if (ssl->stage != OWN && !is_new)
		return -EAGAIN;

	const struct str parts[] = {
		is_new ? STR("") : ssl_facts_bytes(ssl->facts),
		bytes_str(&ssl->input),
		bytes_str(&ssl->plain),
		bytes_str(&ssl->unsent),
	};
	struct exported head = {
		.in_sequence = ssl->in.sequence,
		.out_sequence = ssl->out.sequence,
		.facts_len = (uint32_t)parts[0].len,
		.input_len = (uint32_t)parts[1].len,
		.plain_len = (uint32_t)parts[2].len,
		.unsent_len = (uint32_t)parts[3].len,
		.suite = is_new ? 0 : ssl->facts->cipher,
		.record_size = ssl->record_size,
		.fragment_max = ssl->fragment_max,
		.useless = ssl->useless,
		.peer_ended = ssl->peer_ended,
		.end_given = ssl->end_given,
		.owes_update = ssl->owes_update,
	};

	if (sizeof(head) + parts[0].len + parts[1].len + parts[2].len + parts[3].len > room)
		return -EMSGSIZE;
	head.message_len = ssl->message_len;
	memcpy(head.message, ssl->message, sizeof(head.message));
	memcpy(head.in_secret, ssl->in.secret, sizeof(head.in_secret));
	memcpy(head.out_secret, ssl->out.secret, sizeof(head.out_secret));
	memcpy(to, &head, sizeof(head));
	explicit_bzero(&head, sizeof(head));

	char *next = to + sizeof(head);

	for (int i = 0; i < 4; i++)
		next = str_put(next, parts[i]);
	return next - to;
}

bool connection_can_move(const struct transport *transport)
{
	const struct ssl_connection *ssl = transport_state(transport);

	return ssl->stage != OPENSSL && ssl->stage != PLAIN;
}

/*
 * Takes `len` bytes off the front of *state. False: the state has fewer bytes, or `len` is too
 * large.
 */
static bool import_bytes(struct str *state, size_t len, size_t most, struct bytes *out, int *error)
{
	if (len > most || len > state->len)
		return false;
	if (ssl_bytes_add(out, state->data, len) < 0)
		*error = -ENOMEM;
	*state = str_skip(*state, len);
	return true;
}

/* RFC 6066 section 4. 0: the client has asked for no length. */
static bool is_fragment_max(unsigned length)
{
	return length == 0 || length == 512 || length == 1024 || length == 2048 || length == 4096;
}

static int import_keys(struct ssl_connection *ssl, const struct exported *head)
{
	ssl->stage = OWN;
	ssl->suite = record_suite(head->suite);
	if (!ssl->suite || !ssl->facts || ssl->facts->cipher != head->suite)
		return -EBADMSG;

	int error = record_key_init(&ssl->in, ssl->suite, head->in_secret, head->in_sequence);

	return error < 0 ? error : record_key_init(&ssl->out, ssl->suite, head->out_secret,
						   head->out_sequence);
}

int connection_import(struct transport *transport, struct str state)
{
	struct ssl_connection *ssl = transport_state(transport);
	struct exported head;
	int error = 0;

	if (state.len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, state.data, sizeof(head));
	state = str_skip(state, sizeof(head));
	if (head.facts_len > state.len || head.useless > USELESS_MAX ||
	    head.record_size > RECORD_PLAIN_MAX || !is_fragment_max(head.fragment_max) ||
	    head.message_len >= KEY_UPDATE_LEN ||
	    head.in_sequence > SEQUENCE_MAX || head.out_sequence > RECORDS_PER_KEY_MAX)
		return -EBADMSG;
	ssl->record_size = head.record_size;
	ssl->fragment_max = head.fragment_max;
	ssl->useless = head.useless;
	ssl->peer_ended = head.peer_ended;
	ssl->end_given = head.end_given;
	ssl->owes_update = head.owes_update;
	ssl->message_len = head.message_len;
	memcpy(ssl->message, head.message, sizeof(head.message));
	if (head.suite) {
		ssl->facts = ssl_facts_import(str_head(state, head.facts_len));
		error = import_keys(ssl, &head);
	}
	state = str_skip(state, head.facts_len);
	explicit_bzero(&head.in_secret, sizeof(head.in_secret));
	explicit_bzero(&head.out_secret, sizeof(head.out_secret));
	if (error == 0 && (!import_bytes(&state, head.input_len, READ_MAX, &ssl->input, &error) ||
			   !import_bytes(&state, head.plain_len, READ_MAX, &ssl->plain, &error) ||
			   !import_bytes(&state, head.unsent_len, TRANSPORT_STATE_MAX, &ssl->unsent,
					 &error) ||
			   state.len > 0))
		error = -EBADMSG;
	send_size_keeps(&ssl->send_size, ssl->unsent.len);
	/* Before the handshake, nothing can have been decrypted or encrypted. */
	if (error == 0 && ssl->stage == HELLO &&
	    (ssl->plain.len || ssl->unsent.len || ssl->peer_ended))
		error = -EBADMSG;
	if (error < 0)
		connection_finish(transport);
	else if (ssl->stage == HELLO)
		error = connection_init(transport);
	return error;
}
