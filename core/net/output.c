/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/output.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "net/conn.h"
#include "net/sendfile.h"
#include "net/transport.h"

enum { COPY_MOST = OUTPUT_COPY_LEAST << OUTPUT_COPY_DOUBLINGS };

static struct slice *nth(struct output *output, unsigned n)
{
	return &output->ring[(output->first + n) % OUTPUT_SLICES];
}

static bool has_own_memory(const struct slice *slice)
{
	return slice->data && slice->release;
}

void output_add(struct output *output, struct slice slice)
{
	assert(output->count < OUTPUT_SLICES);
	*nth(output, output->count++) = slice;
	output->queued += slice.len;
	if (has_own_memory(&slice))
		output->held += slice.len;
}

void output_add_bytes(struct output *output, struct str bytes)
{
	output_add(output, (struct slice){ .data = bytes.data, .len = bytes.len, .fd = -1 });
}

void output_extend(struct output *output, size_t len)
{
	nth(output, output->count - 1)->len += len;
	output->queued += len;
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

/* Drops the first n bytes, which the connection has taken. */
static void consume(struct output *output, size_t n)
{
	output->taken += n;
	while (n) {
		struct slice *slice = nth(output, 0);

		if (has_own_memory(slice))
			output->held -= n < slice->len ? n : slice->len;
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

/*
 * How many bytes of a file, `most` at most, the nth slice and those behind it take without a gap.
 * Slices of memory may stand between them.
 */
static size_t run_length(struct output *output, unsigned n, size_t most)
{
	const struct slice *first = nth(output, n);
	size_t len = 0;

	for (; n < output->count && len < most; n++) {
		const struct slice *slice = nth(output, n);

		if (slice->data)
			continue;
		if (slice->fd != first->fd || slice->offset != first->offset + len ||
		    slice->is_copied != first->is_copied)
			break;
		len += slice->len;
	}
	return len < most ? len : most;
}

/* How many bytes of files to read for the next send. */
static size_t copy_size(const struct output *output, const struct conn *conn)
{
	const struct transport *transport = conn->transport;

	if (!transport)
		return (size_t)OUTPUT_COPY_LEAST << output->copy_doublings;
	if (!transport->type->send_max)
		return OUTPUT_COPY_LEAST;

	size_t max = transport->type->send_max(transport);

	return max < COPY_MOST ? max : COPY_MOST;
}

/* After a send of `total` bytes, of which n were taken: chooses the size for the next one. */
static void choose_copy_size(struct output *output, size_t n, size_t total)
{
	if (n < total)
		output->copy_doublings = 0;
	else if (n >= (size_t)OUTPUT_COPY_LEAST << output->copy_doublings &&
		 output->copy_doublings < OUTPUT_COPY_DOUBLINGS)
		output->copy_doublings++;
}

/*
 * Gathers slices of memory up to the next range of a file that can be sent by sendfile(2). Other
 * ranges are read into memory, copy_size() bytes in all, and those that continue each other at
 * once; what the socket does not take of them is read again later. Sets *more if further bytes
 * follow. Returns the number of pieces, or -errno if the output begins with a range that cannot be
 * read (-ENODATA: the file has become shorter).
 */
static int gather(struct output *output, const struct conn *conn, struct iovec *iov, size_t *total,
		  bool *more)
{
	static char copy[COPY_MOST];
	size_t size = copy_size(output, conn), used = 0; /* bytes of `copy` that pieces have */
	bool sends_files = conn_sends_files(conn);
	size_t left = 0; /* so many of them were read, for this slice and those that continue it */
	int count = 0;

	*total = 0;
	*more = false;
	for (unsigned i = 0; i < output->count; i++) {
		const struct slice *slice = nth(output, i);

		if (slice->data) {
			iov[count++] = (struct iovec){ (void *)slice->data, slice->len };
			*total += slice->len;
			continue;
		}
		*more = true;
		if (!slice->is_copied && sends_files)
			break;
		if (!left && used == size)
			break;
		if (!left) {
			size_t len = run_length(output, i, size - used);
			ssize_t got = pread(slice->fd, copy + used, len, (off_t)slice->offset);

			if (got <= 0)
				return count ? count : got < 0 ? -errno : -ENODATA;
			left = (size_t)got;
		}

		size_t len = slice->len < left ? slice->len : left;

		iov[count++] = (struct iovec){ copy + used, len };
		*total += len;
		used += len;
		left -= len;
		if (len < slice->len)
			break;
		*more = false;
	}
	return count;
}

/*
 * 1: go on; 0: the socket took only a part; or -errno. A transport may take less at a time
 * than it could.
 */
static int send_memory(struct output *output, struct conn *conn, bool more)
{
	struct iovec iov[OUTPUT_SLICES];
	size_t total;
	bool more_behind;
	int count = gather(output, conn, iov, &total, &more_behind);

	if (count < 0)
		return count;
	assert(count > 0);

	ssize_t n = conn_send(conn, iov, count, more_behind || more);

	choose_copy_size(output, n < 0 ? 0 : (size_t)n, total);
	if (n < 0)
		return (int)n;
	consume(output, (size_t)n);
	return (size_t)n == total || conn->transport;
}

static int send_file(struct output *output, struct conn *conn)
{
	struct slice *slice = nth(output, 0);
	ssize_t n = conn_send_file(conn, slice->fd, slice->offset, slice->len);

	if (n == 0)
		return -ENODATA;
	if (n < 0 && sendfile_is_refused((int)-n)) {
		sendfile_note_refusal(slice->fd, (int)-n);
		slice->is_copied = true;
		return 1;
	}
	if (n < 0)
		return (int)n;
	consume(output, (size_t)n);
	return 1;
}

static int send_slices(struct output *output, struct conn *conn, bool more)
{
	bool sends_files = conn_sends_files(conn);

	while (output->count) {
		if (!conn_can_send(conn)) /* files would be read for nothing */
			return -EAGAIN;

		const struct slice *first = nth(output, 0);
		bool is_memory = first->data || first->is_copied || !sends_files;
		int result = is_memory ? send_memory(output, conn, more) :
					 send_file(output, conn);

		if (result == -EINTR)
			continue;
		if (result < 0)
			return result;
		if (result == 0)
			return -EAGAIN;
	}
	return 0;
}

/*
 * Computes how many bytes were sent: those that the transport has taken, less those that it
 * still holds. Conversion never makes bytes fewer (transport.h), so the result is never too large.
 */
static void count_sent(struct output *output, const struct conn *conn)
{
	uint64_t unsent = conn_unsent(conn);

	if (output->taken > output->sent + unsent)
		output->sent = output->taken - unsent;
}

int output_send(struct output *output, struct conn *conn, bool more)
{
	int result = send_slices(output, conn, more);

	if (result == 0)
		result = conn_flush(conn);
	count_sent(output, conn);
	return result;
}

void output_finish(struct output *output)
{
	while (output->count)
		drop_first(output);
	output->held = 0;
}
