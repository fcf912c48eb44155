/* SPDX-License-Identifier: BSD-2-Clause */
#include "gunzip.h"

#include <stdlib.h>
#include <zlib.h>

enum {
	PIECE = 16 * 1024, /* the bytes that read() returns at most */
	READ = 16 * 1024, /* the bytes that are read at a time at most */
	WINDOW_AND_GZIP = 15 + 16, /* the largest window, and the head and tail of gzip */
	MEMORY = 48 * 1024 + READ + PIECE, /* of a decoder */
};

struct gunzip {
	struct body_filter filter;
	z_stream stream;
	bool has_begun; /* inflateInit2() was called */
	bool has_memory; /* coding_take_memory() has succeeded */
	bool in_member; /* a member has begun, and its end was not read yet */
	struct slice input; /* stream.next_in points into it */
};

static int read_input(struct gunzip *gunzip)
{
	slice_release(&gunzip->input);

	int result = body_read_memory(gunzip->filter.inner, READ, &gunzip->input);

	if (result == 1) {
		gunzip->stream.next_in = (Bytef *)(uintptr_t)gunzip->input.data;
		gunzip->stream.avail_in = (uInt)gunzip->input.len;
		gunzip->in_member = true;
	}
	return result;
}

/* Runs the decoder once. 0, or -EIO if the input is invalid. */
static int inflate_some(struct gunzip *gunzip)
{
	int result = inflate(&gunzip->stream, Z_NO_FLUSH);

	if (result == Z_STREAM_END) {
		gunzip->in_member = gunzip->stream.avail_in > 0;
		return inflateReset(&gunzip->stream) == Z_OK ? 0 : -EIO;
	}
	return result == Z_OK || result == Z_BUF_ERROR ? 0 : -EIO;
}

/* Writes up to `room` decoded bytes to `to`. 1: there are some; 0: the end; or -errno. */
static int decode(struct gunzip *gunzip, char *to, size_t room)
{
	z_stream *stream = &gunzip->stream;

	stream->next_out = (Bytef *)to;
	stream->avail_out = (uInt)room;
	while (stream->avail_out == room) {
		int result = 0;

		if (stream->avail_in == 0) {
			result = read_input(gunzip);
			if (result == 0)
				return gunzip->in_member ? -EIO : 0;
			if (result < 0)
				return result;
		}
		result = inflate_some(gunzip);
		if (result < 0)
			return result;
	}
	return 1;
}

static int gunzip_read(struct body *body, size_t max, struct slice *out)
{
	struct gunzip *gunzip = (struct gunzip *)body;
	size_t room = max < PIECE ? max : PIECE;

	if (!gunzip->has_begun && inflateInit2(&gunzip->stream, WINDOW_AND_GZIP) != Z_OK)
		return -ENOMEM;
	gunzip->has_begun = true;

	char *piece = malloc(room);
	int result = piece ? decode(gunzip, piece, room) : -ENOMEM;

	if (result != 1) {
		free(piece);
		return result;
	}
	*out = (struct slice){ .data = piece, .fd = -1, .release = free, .owner = piece,
			       .len = room - gunzip->stream.avail_out };
	return 1;
}

static void gunzip_close(struct body *body)
{
	struct gunzip *gunzip = (struct gunzip *)body;

	if (gunzip->has_begun)
		inflateEnd(&gunzip->stream);
	if (gunzip->has_memory)
		coding_give_memory_back(MEMORY);
	gunzip->has_begun = gunzip->has_memory = false;
	slice_release(&gunzip->input);
	body_filter_close(body);
}

verdict gunzip_response(struct request *req)
{
	static const struct body_ops ops = { .read = gunzip_read, .close = gunzip_close };
	struct gunzip *gunzip = pool_new(req->pool, struct gunzip);

	gunzip->has_memory = req->method != METHOD_HEAD;
	if (gunzip->has_memory && !coding_take_memory(MEMORY))
		return 503;
	response_remove(req, STR("Content-Encoding"));
	response_transform(req, true);
	body_wrap(req, &gunzip->filter, &ops, -1);
	return PASS;
}
