/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/output.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "net/conn.h"
#include "net/sendfile.h"

enum {
	PIECE = 64 * 1024
}; /* bytes of a file that are read at once where sendfile() doesn't work */

static struct slice *nth(struct output *output, unsigned n)
{
	return &output->ring[(output->first + n) % OUTPUT_SLICES];
}

void output_add(struct output *output, struct slice slice)
{
	assert(output->count < OUTPUT_SLICES);
	*nth(output, output->count++) = slice;
	output->queued += slice.len;
}

void output_add_bytes(struct output *output, struct str bytes)
{
	output_add(output, (struct slice){ .data = bytes.data, .len = bytes.len, .fd = -1 });
}

void output_add_note(struct output *output, struct str bytes)
{
	char *note = output->notes[(output->first + output->count) % OUTPUT_SLICES];

	assert(bytes.len <= OUTPUT_NOTE);
	str_put(note, bytes);
	output_add_bytes(output, (struct str){ note, bytes.len });
}

static void drop_first(struct output *output)
{
	slice_release(nth(output, 0));
	output->first = (output->first + 1) % OUTPUT_SLICES;
	output->count--;
}

/* n bytes have left. */
static void consume(struct output *output, size_t n)
{
	output->sent += n;
	while (n) {
		struct slice *slice = nth(output, 0);

		if (n < slice->len) {
			if (slice->data)
				slice->data += n;
			slice->offset += n;
			slice->len -= n;
			return;
		}
		n -= slice->len;
		drop_first(output);
	}
}

/* Gathers memory up to the next range of a file; *file tells that one follows. */
static int gather(struct output *output, struct iovec *iov, size_t *total, bool *file)
{
	int count = 0;

	*total = 0;
	*file = false;
	for (unsigned i = 0; i < output->count; i++) {
		const struct slice *slice = nth(output, i);

		if (!slice->data) {
			*file = true;
			break;
		}
		iov[count++] = (struct iovec){ (void *)slice->data, slice->len };
		*total += slice->len;
	}
	return count;
}

/* 1: goes on; 0: the socket took only a part; -errno. */
static int send_memory(struct output *output, struct conn *conn, bool more)
{
	struct iovec iov[OUTPUT_SLICES];
	size_t total;
	bool file;
	int count = gather(output, iov, &total, &file);
	ssize_t n = conn->transport->send(conn, iov, count, file || more);

	if (n < 0)
		return (int)n;
	consume(output, (size_t)n);
	return (size_t)n == total;
}

/* What the socket does not take is read once more the next time. */
static int send_copy_of_file(struct output *output, struct conn *conn, bool more)
{
	static char piece[PIECE];
	const struct slice *slice = nth(output, 0);
	size_t len = slice->len < PIECE ? slice->len : PIECE;
	ssize_t got = pread(slice->fd, piece, len, (off_t)slice->offset);

	if (got <= 0)
		return got < 0 ? -errno : -EIO;
	more = more || output->count > 1 || (size_t)got < slice->len;
	ssize_t n = conn->transport->send(conn, &(struct iovec){ piece, (size_t)got }, 1, more);

	if (n < 0)
		return (int)n;
	consume(output, (size_t)n);
	return n == got;
}

static int send_file(struct output *output, struct conn *conn, bool more)
{
	const struct slice *slice = nth(output, 0);
	size_t len = slice->len;
	ssize_t n = conn->transport->send_file(conn, slice->fd, slice->offset, len);

	if (n == 0)
		return -EIO;
	if (n < 0 && sendfile_is_refused((int)-n)) {
		sendfile_note_refusal(slice->fd, (int)-n);
		return send_copy_of_file(output, conn, more);
	}
	if (n < 0)
		return (int)n;
	consume(output, (size_t)n);
	return 1;
}

int output_send(struct output *output, struct conn *conn, bool more)
{
	while (output->count) {
		int result = nth(output, 0)->data ? send_memory(output, conn, more) :
						    send_file(output, conn, more);

		if (result == -EINTR)
			continue;
		if (result < 0)
			return result;
		if (result == 0)
			return -EAGAIN;
	}
	return 0;
}

void output_finish(struct output *output)
{
	while (output->count)
		drop_first(output);
}
