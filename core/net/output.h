/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a connection is about to send: a ring of slices (body.h), in order. Memory is gathered
 * into one sendmsg(2). Ranges of files are sent by sendfile(2), or are read and written where
 * that does not work (net/sendfile.h), or the transport does not send files.
 */
#ifndef SKUA_NET_OUTPUT_H
#define SKUA_NET_OUTPUT_H

#include <body.h>

struct conn;

enum { OUTPUT_SLICES = 64, OUTPUT_NOTE = 24 };

struct output {
	struct slice ring[OUTPUT_SLICES];
	char notes[OUTPUT_SLICES][OUTPUT_NOTE]; /* of output_add_note(), by place in the ring */
	unsigned first, count;
	/*
	 * Bytes, since the connection began or was idle. `taken` by the transport and `sent`
	 * by the socket: on a plain connection that is the same.
	 */
	uint64_t queued, taken, sent;
	size_t held; /* bytes of memory that is released when they have left */
};

static inline unsigned output_room(const struct output *output)
{
	return OUTPUT_SLICES - output->count;
}

static inline uint64_t output_pending(const struct output *output)
{
	return output->queued - output->sent;
}

/* Takes over the slice. There must be room for it. */
void output_add(struct output *output, struct slice slice);

/* Adds bytes that live until they are sent. */
void output_add_bytes(struct output *output, struct str bytes);

/* Adds a copy of a few bytes, OUTPUT_NOTE at most: the framing between slices. */
void output_add_note(struct output *output, struct str bytes);

/*
 * Sends as much as the socket takes. 0: all is sent; -EAGAIN: wait for EPOLLOUT;
 * another -errno: the connection is broken (-ENODATA: a file has become shorter).
 * `more`: hold back an incomplete last segment, further bytes follow at once.
 */
int output_send(struct output *output, struct conn *conn, bool more);

/* Releases what was not sent. */
void output_finish(struct output *output);

#endif
