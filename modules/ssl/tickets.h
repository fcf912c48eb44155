/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of session tickets (RFC 5077, RFC 8446 section 4.6.1). All workers use the same keys, also
 * after a reload or an upgrade of the program, so that any worker can resume a session. The keys
 * come from one of three sources:
 *
 *	(none)				random keys in a zone, which are replaced by themselves
 *	ssl_session_ticket_key		files of keys, as in nginx: the first seals
 *	ssl_session_ticket_secret	keys that follow from a secret and the time, so that
 *					machines with the same file agree without talking
 *
 * If the keys change with time, there are three of them: the current key, and the previous and the
 * next key, which only open tickets. They are needed because the clocks of workers and machines
 * differ.
 */
#ifndef SKUA_SSL_TICKETS_H
#define SKUA_SSL_TICKETS_H

#include <openssl/ssl.h>

#include "settings.h"

/* As SSL_CTX_set_tlsext_ticket_key_evp_cb(3) wants it; 80 bytes, the layout of nginx's files. */
struct ticket_key {
	unsigned char name[16];
	unsigned char hmac[32];
	unsigned char aes[32];
};

/* The keys of a period, and what stands in the zone of random ones: the layout "ssl-tickets-1". */
enum { TICKETS_PREVIOUS, TICKETS_CURRENT, TICKETS_NEXT, TICKETS_PERIODS };

struct ticket_zone {
	int64_t period; /* of the current key; 0: there are none yet */
	struct ticket_key items[TICKETS_PERIODS];
};

struct ticket_keys;

/* Returns the keys, which live as long as the configuration. NULL: an error was reported. */
struct ticket_keys *ticket_keys_create(struct conf_call *call, const struct ssl_conf *conf);

/* Makes the context use the keys. Handshakes may then run on several threads. */
void ticket_keys_use(struct ticket_keys *keys, SSL_CTX *context);

/*
 * Whether a ticket may have to wait for another thread or process: the keys are looked up in the
 * zone from time to time, whose lock another process may hold.
 */
bool ticket_keys_may_wait(const SSL_CTX *context);

/*
 * Whether a key that this process knows has the name that the ticket begins with, and a ticket does
 * not have to wait as in ticket_keys_may_wait(). Does not wait itself.
 */
bool ticket_keys_open_at_once(const SSL_CTX *context, struct str ticket);

/* Derives the key for a period from a secret; public for tests. False: OpenSSL has failed. */
bool ticket_key_derive(struct str secret, uint64_t period, struct ticket_key *out);

/*
 * Replaces the random keys as needed for the period; public for tests. In the next period each key
 * takes the place before its own. False: no random bytes are available, and the keys stay.
 */
bool ticket_zone_rotate(struct ticket_zone *shared, int64_t period);

#endif
