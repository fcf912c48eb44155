/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a connection with TLS as another process gives it. The input changes a good state:
 * two bytes say where it is cut, then each three bytes say where a byte is replaced (two bytes,
 * little-endian) and by what. An input that begins with 0xFF is a state itself, behind the name.
 * What is accepted gets a record and comes to its end.
 */
#include "fuzz/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t change(char *state, size_t len, const uint8_t *data, size_t size)
{
	size_t cut = (size_t)(data[0] | data[1] << 8);

	for (size_t i = 2; i + 3 <= size; i += 3)
		state[(size_t)(data[i] | data[i + 1] << 8) % len] = (char)data[i + 2];
	return cut % (len + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct listener *listener;
	static char state[TRANSPORT_EXPORTED_MAX];
	static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	uint8_t record[128];
	struct tls_peer peer = { .received = 0 };

	if (size < 2 || size > TRANSPORT_STATE_MAX)
		return 0;
	if (!listener)
		listener = serve(configuration, NULL);
	pass(1);

	size_t len = tls_peer_state(&peer, state, sizeof(state));

	if (data[0] == 0xFF) {
		const char *name = memmem(state, len, ssl_transport.name,
					  strlen(ssl_transport.name));
		size_t head = (size_t)(name - state) + strlen(ssl_transport.name);

		memcpy(state + head, data + 1, size - 1);
		len = head + size - 1;
	} else {
		len = change(state, len, data, size);
	}

	/* Exactly so many bytes: a read beyond them is found. */
	char *exact = malloc(len ? len : 1);

	memcpy(exact, state, len);
	if (tls_peer_connect(&peer, listener, (struct str){ exact, len })) {
		settle();
		len = tls_peer_seal(&peer, RECORD_DATA, request, sizeof(request) - 1, 0, record);
		(void)!send(peer.fd, record, len, MSG_NOSIGNAL);
	}
	free(exact);
	finish(&peer);
	return 0;
}
