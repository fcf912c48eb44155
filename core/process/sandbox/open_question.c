/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/sandbox/open_question.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct head {
	uint32_t location;
	uint32_t base;
	uint32_t root_len;
	uint32_t kind;
	uint64_t offset;
	struct file_stamp stamp;
};

static_assert(sizeof(struct head) <= OPEN_QUESTION_MAX - PATH_MAX, "a head is at most so long");

int open_question_put(char *to, const struct open_question *question)
{
	const struct opener_path *path = &question->path;
	struct head head;

	if (path->rest.len >= PATH_MAX)
		return -ENAMETOOLONG;
	memset(&head, 0, sizeof(head));
	head.location = question->location;
	head.base = path->base;
	head.root_len = (uint32_t)path->root_len;
	head.kind = question->kind;
	head.offset = question->offset;
	head.stamp = question->stamp;
	memcpy(to, &head, sizeof(head));
	str_put(to + sizeof(head), path->rest);
	return (int)(sizeof(head) + path->rest.len);
}

int open_question_read(struct str text, struct open_question *question)
{
	struct head head;

	if (text.len < sizeof(head) || text.len >= sizeof(head) + PATH_MAX)
		return -EBADMSG;
	memcpy(&head, text.data, sizeof(head));
	if (head.kind >= FILE_QUESTION_KINDS)
		return -EBADMSG;
	*question = (struct open_question){
		.location = head.location,
		.kind = (enum file_question_kind)head.kind,
		.offset = head.offset,
		.stamp = head.stamp,
		.path = {
			.base = head.base,
			.rest = str_skip(text, sizeof(head)),
			.root_len = head.root_len,
		},
	};
	return 0;
}
