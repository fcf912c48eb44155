/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many bytes a connection seals for one send(2). Fewer system calls take less time: a response
 * of 100 KiB takes a twentieth less in one call than in four. But a connection must keep the sealed
 * bytes that its socket does not take. So the size is small at first, twice as much after each time
 * that the socket has taken all, and small again after it was full. While all connections of the
 * process together keep more than a limit, the size is small for each.
 */
#ifndef SKUA_SSL_SEND_SIZE_H
#define SKUA_SSL_SEND_SIZE_H

#include <stddef.h>
#include <stdint.h>

enum {
	SEND_LEAST = 32 * 1024,
	SEND_DOUBLINGS = 2,
	SEND_MOST = SEND_LEAST << SEND_DOUBLINGS,
	SEND_KEPT_MANY = 4 * 1024 * 1024, /* by all connections */
};

/* Of a connection; zero at first. */
struct send_size {
	uint8_t doublings; /* of SEND_LEAST */
	uint32_t kept; /* how much memory this connection keeps, in bytes */
};

/* The size for the next send(2), from SEND_LEAST to SEND_MOST. */
size_t send_size(const struct send_size *state);

/*
 * `sealed` bytes, at most send_size(), were given to send(2). The connection keeps memory of `kept`
 * bytes for what the socket has not taken; 0: it has taken all.
 */
void send_size_sent(struct send_size *state, size_t sealed, size_t kept);

/*
 * The connection keeps memory of `kept` bytes now, of which a part may be sent already. Call it
 * with 0 before the connection ends.
 */
void send_size_keeps(struct send_size *state, size_t kept);

#endif
