/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A question to the opener may outlive the body, so it lies on the heap. So does a piece, whose
 * slices may outlive the body, too.
 */
#include "http/files/piecewise.h"

#include <errno.h>
#include <module.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/sendfile.h"

struct piecewise;

struct reading {
	struct file_question question;
	struct piecewise *body; /* NULL: it was closed, or has moved to another place */
	char path[];
};

/* Bytes of the file in memory, behind a descriptor. */
struct piece {
	unsigned references;
	int fd;
	uint64_t begin, end; /* in the file */
};

struct piecewise {
	struct body body;
	struct request *req;
	struct file_query query;
	struct file_stamp stamp;
	dev_t device;
	uint64_t at, length;
	struct reading *reading; /* NULL: nothing is being read */
	struct piece *piece; /* NULL: none */
	int error;
};

static void release(void *data)
{
	struct piece *piece = data;

	if (--piece->references)
		return;
	close(piece->fd);
	free(piece);
}

static void drop_piece(struct piecewise *file)
{
	if (file->piece)
		release(file->piece);
	file->piece = NULL;
}

static void forget_reading(struct piecewise *file)
{
	struct reading *reading = file->reading;

	file->reading = NULL;
	if (!reading)
		return;
	reading->body = NULL;
	if (file_opener()->withdraw(&reading->question))
		free(reading);
}

static void fail(struct piecewise *file, int error, const char *why)
{
	request_log(file->req, LEVEL_ERROR, -error,
		    "reading \"%.*s\" has failed, so the connection is closed: %s",
		    STR_ARG(file->query.path),
		    error == -ESTALE ? "the file has changed while it was sent" : why);
	file->error = error;
}

static void on_read(struct file_question *question, const struct file_answer *answer)
{
	struct reading *reading = (struct reading *)question;
	struct piecewise *file = reading->body;
	uint64_t left, begin = question->offset;

	free(reading);
	if (!file) {
		if (answer->fd >= 0)
			close(answer->fd);
		return;
	}
	file->reading = NULL;
	if (answer->error < 0) {
		fail(file, answer->error, answer->why);
	} else {
		left = file->length - begin;
		file->piece = heap_alloc(sizeof(*file->piece));
		*file->piece = (struct piece){
			.references = 1,
			.fd = answer->fd,
			.begin = begin,
			.end = begin + (left < FILE_PIECE ? left : FILE_PIECE),
		};
	}
	body_ready(&file->body);
}

static void begin_reading(struct piecewise *file)
{
	struct str path = file->query.path;
	struct reading *reading = heap_alloc(sizeof(*reading) + path.len + 1);

	*reading = (struct reading){
		.question = {
			.query = file->query,
			.device = file->device,
			.kind = FILE_READ,
			.stamp = file->stamp,
			.offset = file->at,
			.answered = on_read,
		},
		.body = file,
	};
	file_question_keep_path(&reading->question, reading->path);
	file->reading = reading;
	file_opener()->ask(&reading->question);
}

static int piecewise_read(struct body *body, size_t max, struct slice *out)
{
	struct piecewise *file = (struct piecewise *)body;
	struct piece *piece = file->piece;

	if (file->error)
		return file->error;
	if (file->at == file->length)
		return 0;
	if (!piece) {
		if (!file->reading)
			begin_reading(file);
		return -EAGAIN;
	}

	uint64_t left = piece->end - file->at;
	size_t len = left < max ? (size_t)left : max;

	*out = (struct slice){
		.fd = piece->fd,
		.offset = file->at - piece->begin,
		.len = len,
		.is_copied = !sendfile_works(piece->fd),
		.release = release,
		.owner = piece,
	};
	piece->references++;
	file->at += len;
	if (file->at == piece->end)
		drop_piece(file);
	return 1;
}

static int piecewise_seek(struct body *body, uint64_t offset)
{
	struct piecewise *file = (struct piecewise *)body;

	if (offset > file->length)
		return -EINVAL;
	if (file->piece && (offset < file->piece->begin || offset >= file->piece->end))
		drop_piece(file);
	if (offset != file->at)
		forget_reading(file);
	file->at = offset;
	return 0;
}

static void piecewise_close(struct body *body)
{
	struct piecewise *file = (struct piecewise *)body;

	forget_reading(file);
	drop_piece(file);
	file->at = file->length;
}

static const struct body_ops piecewise_ops = { piecewise_read, piecewise_seek, piecewise_close };

struct body *body_piecewise(struct request *req, const struct file_query *query,
			    const struct file *entry)
{
	struct piecewise *file = pool_new(req->pool, struct piecewise);

	file->body = (struct body){ .ops = &piecewise_ops, .length = (int64_t)entry->size };
	file->req = req;
	file->query = *query;
	file->query.path = pool_strdup(req->pool, query->path);
	file->stamp = *file_stamp(entry);
	file->device = file->stamp.dev;
	file->length = entry->size;
	return &file->body;
}
