/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The output queue of a connection: a ring of slices (body.h), in order. Slices of memory are
 * gathered into one sendmsg(2). Ranges of files are sent by sendfile(2). If that does not work
 * (net/sendfile.h), or the transport cannot send files, they are read and written.
 */
#ifndef SKUA_NET_OUTPUT_H
#define SKUA_NET_OUTPUT_H

#include <body.h>

struct conn;

enum { OUTPUT_SLICES = 64, OUTPUT_NOTE = 24 };

/*
 * How many bytes of files are read for one send(2) if sendfile(2) is not used. Larger sends take
 * less time: those of 128 KiB a sixth less than those of 32 KiB. But what the socket does not take
 * is read again. So the size is small at first, twice as much each time that the socket has taken
 * all, and small again when it has not. A transport says itself how much it takes.
 */
enum { OUTPUT_COPY_LEAST = 32 * 1024, OUTPUT_COPY_DOUBLINGS = 2 };

struct output {
	struct slice ring[OUTPUT_SLICES];
	char notes[OUTPUT_SLICES][OUTPUT_NOTE]; /* of output_add_note(), by place in the ring */
	unsigned first, count;
	/*
	 * In bytes, since the connection began or was idle: `taken` counts what the transport has
	 * taken, `sent` what the socket has taken. On a plain connection they are equal.
	 */
	uint64_t queued, taken, sent;
	size_t held; /* bytes of memory that are released once they are sent */
	uint8_t copy_doublings; /* of OUTPUT_COPY_LEAST, without a transport */
};

static inline unsigned output_room(const struct output *output)
{
	return OUTPUT_SLICES - output->count;
}

static inline uint64_t output_pending(const struct output *output)
{
	return output->queued - output->sent;
}

/* Adds a slice and owns it from then on. There must be room for it. */
void output_add(struct output *output, struct slice slice);

/* Adds bytes, which must stay valid until they are sent. */
void output_add_bytes(struct output *output, struct str bytes);

/* Where the bytes of the last slice end, if that is memory; NULL: it is not, or there is none. */
static inline const char *output_end(const struct output *output)
{
	const struct slice *last =
		&output->ring[(output->first + output->count - 1) % OUTPUT_SLICES];

	return output->count && last->data ? last->data + last->len : NULL;
}

/* Adds `len` bytes that stand at output_end(), in memory that output_add_bytes() was given. */
void output_extend(struct output *output, size_t len);

/* Adds a copy of at most OUTPUT_NOTE bytes, such as the framing between slices. */
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
