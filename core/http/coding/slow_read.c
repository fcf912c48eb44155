/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/coding/slow_read.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/exact.h"
#include "file/cache.h"
#include "http/files/files.h"

struct reading {
	struct file_question question; /* first; its offset is how much was read */
	void (*done)(void *data, char *bytes);
	void *data;
	char *bytes;
	size_t size;
	char path[];
};

bool slow_is(const struct file *file)
{
	return !file->content.data && file->fd < 0;
}

static void end(struct reading *reading, bool is_whole)
{
	if (!is_whole) {
		free(reading->bytes);
		reading->bytes = NULL;
	}
	reading->done(reading->data, reading->bytes);
	free(reading);
}

static void on_piece(struct file_question *question, const struct file_answer *answer)
{
	struct reading *reading = (struct reading *)question;
	size_t left = reading->size - question->offset;
	size_t len = left < FILE_PIECE ? left : FILE_PIECE;
	bool is_good = answer->error == 0 &&
		       read_exactly(answer->fd, reading->bytes + question->offset, 0, len) == 0;

	if (answer->fd >= 0)
		close(answer->fd);
	question->offset += len;
	if (is_good && question->offset < reading->size)
		file_opener()->ask(question);
	else
		end(reading, is_good);
}

void slow_read(struct request *req, const struct file *file,
	       void (*done)(void *data, char *bytes), void *data)
{
	const struct str path = file->path;
	struct reading *reading = heap_alloc(sizeof(*reading) + path.len + 1);

	*reading = (struct reading){
		.question = {
			.query = request_file_query(req, path),
			.device = file_stamp(file)->dev,
			.kind = FILE_READ,
			.stamp = *file_stamp(file),
			.answered = on_piece,
		},
		.done = done,
		.data = data,
		.bytes = heap_alloc(file->size),
		.size = file->size,
	};
	file_question_keep_path(&reading->question, reading->path);
	file_opener()->ask(&reading->question);
}
