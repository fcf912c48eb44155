/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of TLS 1.3 that a peer seals with the right keys: any type, length and padding, whole or
 * damaged, in any order. The input is a list of steps, each of four bytes and what follows:
 *
 *     what      0: seal a record; 1: send bytes as they are; 2: seal and damage; 3: next key
 *     type      of the record, or where it is damaged
 *     length    of the content that follows
 *     padding   in units of 8 bytes
 *
 * What the server sends are records in order, none behind an alert, and its answers.
 */
#include "fuzz/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEP = 4 };

static void step(struct tls_peer *peer, const uint8_t *head, const uint8_t *bytes, size_t len)
{
	static uint8_t record[RECORD_MAX + 4096];
	size_t sealed;

	switch (head[0] % 4) {
	case 1:
		(void)!send(peer->fd, bytes, len, MSG_NOSIGNAL);
		return;
	case 3:
		assert(record_key_update(&peer->out, peer->suite) == 0);
		return;
	}
	sealed = tls_peer_seal(peer, head[1], bytes, len, (size_t)head[3] * 8, record);
	if (head[0] % 4 == 2)
		record[head[1] % sealed] ^= (uint8_t)(head[0] | 1);
	(void)!send(peer->fd, record, sealed, MSG_NOSIGNAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct listener *listener;
	static char state[TRANSPORT_EXPORTED_MAX], text[4096];
	struct tls_peer peer = { .received = 0 };

	if (!listener)
		listener = serve(configuration, NULL);
	pass(1);
	*text = '\0';

	size_t len = tls_peer_state(&peer, state, sizeof(state));

	assert(tls_peer_connect(&peer, listener, (struct str){ state, len }));
	for (size_t at = 0; at + STEP <= size;) {
		const uint8_t *head = data + at;
		size_t left = size - at - STEP;

		len = head[2] < left ? head[2] : left;
		step(&peer, head, head + STEP, len);
		at += STEP + len;
		settle();
	}
	tls_peer_read(&peer, text, sizeof(text));
	assert(!*text || memcmp(text, "HTTP/1.1 ", 9) == 0);
	if (size % 2)
		shutdown(peer.fd, SHUT_WR);
	finish(&peer);
	return 0;
}
