/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two kinds of bodies of the core: bytes in memory, and an open file. The bytes of small
 * files are in the memory of the cache. Files that are sent from a descriptor are so large that
 * sendfile(2) is cheaper than read(2) and send(2) (from 100 KiB on, as measured).
 */
#include <module.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "file/cache.h"
#include "http/body/body_private.h"
#include "http/request/request_private.h"
#include "net/conn.h"
#include "net/sendfile.h"

enum {
	PIECE = 64 * 1024, /* bytes to read into memory at once */
	SPARE_PIECES = 8,
};

void body_close(struct body *body)
{
	if (body)
		body->ops->close(body);
}

int body_breach(const struct body *body, int result, size_t max, struct slice *out)
{
	const char *what = "has returned a number that means nothing";
	long long value = result;

	if (result == 1) {
		what = out->len == 0   ? "has given an empty slice" :
		       out->len > max ? "has given more bytes than were asked for" :
					"has given a slice without memory or file";
		value = (long long)out->len;
		slice_release(out);
	}
	log_alertx("the body that the module %s has made %s (%lld): the response breaks off",
		   body->module ? body->module->name : "(unknown)", what, value);
	return -EIO;
}

static void forward_ready(void *data)
{
	body_ready(data);
}

void body_forward_ready(struct body *inner, struct body *outer)
{
	inner->ready = forward_ready;
	inner->ready_data = outer;
}

/* --- filters --- */

void body_wrap(struct request *req, struct body_filter *filter, const struct body_ops *ops,
	       int64_t length)
{
	filter->body = (struct body){ .ops = ops, .length = length };
	filter->inner = req->response.body;
	body_forward_ready(filter->inner, &filter->body);
	req->response.body = &filter->body;
	req->response.file = NULL;
}

void body_filter_close(struct body *body)
{
	struct body_filter *filter = (struct body_filter *)body;

	body_close(filter->inner);
	filter->inner = NULL;
}

struct shared_slice {
	struct slice slice;
	size_t references;
};

struct shared_slice *slice_share(struct slice slice)
{
	struct shared_slice *shared = heap_alloc(sizeof(*shared));

	*shared = (struct shared_slice){ slice, 1 };
	return shared;
}

void slice_unshare(struct shared_slice *shared)
{
	if (!shared || --shared->references > 0)
		return;
	slice_release(&shared->slice);
	free(shared);
}

static void release_part(void *shared)
{
	slice_unshare(shared);
}

struct slice slice_part(struct shared_slice *shared, size_t offset, size_t len)
{
	struct slice part = shared->slice;

	assert(offset + len <= part.len);
	shared->references++;
	if (part.data)
		part.data += offset;
	part.offset += offset;
	part.len = len;
	part.release = release_part;
	part.owner = shared;
	return part;
}

int body_scanner_fill(struct body_scanner *scanner, size_t max)
{
	struct slice input;

	if (scanner->at < scanner->len)
		return 1;
	int result = body_read_memory(scanner->filter.inner, max, &input);

	if (result != 1)
		return result;
	slice_unshare(scanner->input);
	scanner->input = slice_share(input);
	scanner->bytes = input.data;
	scanner->len = input.len;
	scanner->at = 0;
	return 1;
}

struct slice body_scanner_part(struct body_scanner *scanner, size_t begin, size_t len)
{
	return slice_part(scanner->input, begin, len);
}

void body_scanner_close(struct body *body)
{
	struct body_scanner *scanner = (struct body_scanner *)body;

	slice_unshare(scanner->input);
	scanner->input = NULL;
	body_filter_close(body);
}

/* --- bytes in memory --- */

struct memory_body {
	struct body body;
	struct str bytes;
	size_t at;
};

static int memory_read(struct body *body, size_t max, struct slice *out)
{
	struct memory_body *memory = (struct memory_body *)body;
	struct str piece = str_head(str_skip(memory->bytes, memory->at), max);

	if (str_empty(piece))
		return 0;
	*out = (struct slice){ .data = piece.data, .len = piece.len, .fd = -1 };
	memory->at += piece.len;
	return 1;
}

static int memory_seek(struct body *body, uint64_t offset)
{
	struct memory_body *memory = (struct memory_body *)body;

	if (offset > memory->bytes.len)
		return -EINVAL;
	memory->at = offset;
	return 0;
}

static void memory_close(struct body *body)
{
	((struct memory_body *)body)->bytes.len = 0;
}

static const struct body_ops memory_ops = { memory_read, memory_seek, memory_close };

struct body *body_from_memory(struct request *req, struct str bytes)
{
	struct memory_body *memory = pool_new(req->pool, struct memory_body);

	memory->body = (struct body){ .ops = &memory_ops, .length = (int64_t)bytes.len };
	memory->bytes = bytes;
	return &memory->body;
}

/* --- pieces of memory for bytes of files, kept for the next use --- */

union piece {
	union piece *next;
	char bytes[PIECE];
};

static struct {
	union piece *first;
	int count;
} spare_pieces;

static void piece_put(void *owner)
{
	union piece *piece = owner;

	if (spare_pieces.count == SPARE_PIECES) {
		free(piece);
		return;
	}
	piece->next = spare_pieces.first;
	spare_pieces.first = piece;
	spare_pieces.count++;
}

/*
 * Reads at most PIECE bytes of a file into memory. 1, or -errno; -EIO if the file has become
 * shorter. Short ranges get less memory than PIECE, because a client may ask for many of them.
 */
static int read_piece(int fd, uint64_t offset, size_t len, struct slice *out)
{
	bool is_small = len < PIECE / 8;
	void *bytes = is_small ? NULL : spare_pieces.first;

	if (bytes) {
		spare_pieces.first = spare_pieces.first->next;
		spare_pieces.count--;
	} else {
		bytes = malloc(is_small ? len : PIECE);
	}
	if (!bytes)
		return -ENOMEM;
	*out = (struct slice){ .data = bytes, .fd = -1, .owner = bytes,
			       .release = is_small ? free : piece_put };

	ssize_t n = pread(fd, bytes, len < PIECE ? len : PIECE, (off_t)offset);
	int error = n < 0 ? -errno : -EIO;

	if (n > 0) {
		out->len = (size_t)n;
		return 1;
	}
	slice_release(out);
	return error;
}

int body_read_memory(struct body *body, size_t max, struct slice *out)
{
	int result = body_read(body, max < PIECE ? max : PIECE, out);

	if (result != 1 || out->data)
		return result;

	struct slice range = *out;

	result = read_piece(range.fd, range.offset, range.len, out);
	if (result == 1 && out->len < range.len) {
		slice_release(out);
		result = -EIO;
	}
	slice_release(&range);
	return result;
}

/* --- an open file --- */

/*
 * Over TLS the bytes are needed in memory. HTTP/2 sends short ranges with heads in between, and one
 * write of many that are in memory is faster than a sendfile(2) for each.
 */
static bool prefers_memory(const struct request *req)
{
	return !conn_sends_files(req->conn) || req->version == HTTP_2_0;
}

/*
 * The descriptor is shared by the body and the slices that were read from it. Slices may
 * outlive the body, so the reference count lies on the heap.
 */
struct shared_file {
	size_t references;
	void (*end)(void *owner);
	void *owner;
};

struct file_body {
	struct body body;
	struct shared_file *handle;
	struct file *entry; /* file_kept_bytes() may have all bytes of it; NULL: none */
	int fd;
	bool is_copied;
	uint64_t at, length;
};

static void handle_release(void *owner)
{
	struct shared_file *handle = owner;

	if (--handle->references)
		return;
	if (handle->end)
		handle->end(handle->owner);
	free(handle);
}

static int file_read(struct body *body, size_t max, struct slice *out)
{
	struct file_body *file = (struct file_body *)body;
	uint64_t left = file->length - file->at;
	size_t len = left < max ? (size_t)left : max;

	if (len == 0)
		return 0;

	struct str kept = file->entry ? file_kept_bytes(file->entry, len) : (struct str){ NULL, 0 };

	if (kept.data) {
		*out = (struct slice){ .data = kept.data + file->at, .len = len, .fd = -1 };
		file->at += len;
		return 1;
	}
	*out = (struct slice){ .fd = file->fd, .is_copied = file->is_copied,
			       .offset = file->at, .len = len,
			       .release = handle_release, .owner = file->handle };
	file->handle->references++;
	file->at += len;
	return 1;
}

static int file_seek(struct body *body, uint64_t offset)
{
	struct file_body *file = (struct file_body *)body;

	if (offset > file->length)
		return -EINVAL;
	file->at = offset;
	return 0;
}

static void file_close(struct body *body)
{
	struct file_body *file = (struct file_body *)body;

	if (file->handle)
		handle_release(file->handle);
	file->handle = NULL;
	file->at = file->length;
}

static const struct body_ops file_ops = { file_read, file_seek, file_close };

struct body *body_from_file(struct request *req, int fd, uint64_t length,
			    void (*end)(void *owner), void *owner)
{
	struct file_body *file = pool_new(req->pool, struct file_body);
	struct shared_file *handle = heap_alloc(sizeof(*handle));

	*handle = (struct shared_file){ 1, end, owner };
	file->body = (struct body){ .ops = &file_ops, .length = (int64_t)length };
	file->handle = handle;
	file->fd = fd;
	file->length = length;
	file->is_copied = !req->location->core->sendfile || !sendfile_works(fd);
	return &file->body;
}

bool body_has_ended(const struct body *body)
{
	const struct memory_body *memory = (const struct memory_body *)body;
	const struct file_body *file = (const struct file_body *)body;

	return (body->ops == &memory_ops && memory->at == memory->bytes.len) ||
	       (body->ops == &file_ops && file->at == file->length);
}

static void release_entry(void *entry)
{
	file_release(entry);
}

struct body *body_of_entry(struct request *req, struct file *entry)
{
	struct body *body = body_from_file(req, entry->fd, entry->size, release_entry, entry);

	file_hold(entry);
	if (prefers_memory(req))
		((struct file_body *)body)->entry = entry;
	return body;
}
