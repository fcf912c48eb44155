/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/sandbox/open_question.h"

#include <errno.h>
#include <string.h>

struct head {
	uint32_t location;
	uint32_t base;
	uint32_t root_len;
	uint32_t is_directory; /* 0 or 1 */
};

int open_question_put(char *to, const struct open_question *question)
{
	const struct file_below *below = &question->below;
	const struct head head = { question->location, below->base, (uint32_t)below->root_len,
				   question->is_directory };

	if (below->path.len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(to, &head, sizeof(head));
	str_put(to + sizeof(head), below->path);
	return (int)(sizeof(head) + below->path.len);
}

int open_question_read(struct str text, struct open_question *question)
{
	struct head head;

	if (text.len < sizeof(head) || text.len >= sizeof(head) + PATH_MAX)
		return -EBADMSG;
	memcpy(&head, text.data, sizeof(head));
	if (head.is_directory > 1)
		return -EBADMSG;
	*question = (struct open_question){
		.location = head.location,
		.is_directory = head.is_directory,
		.below = {
			.base = head.base,
			.path = str_skip(text, sizeof(head)),
			.root_len = head.root_len,
		},
	};
	return 0;
}
