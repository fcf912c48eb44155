/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One pass over the lines of a head. A name is compared only when its first
 * letter fits, which keeps the client quick enough to saturate a server.
 */
#include "answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of a line "name: value" when it has this name, else NULL. */
static const char *value_of(const char *line, const char *name, size_t name_len)
{
	if ((line[0] | 0x20) != name[0] || strncasecmp(line, name, name_len) != 0 ||
	    line[name_len] != ':')
		return NULL;
	line += name_len + 1;
	while (*line == ' ')
		line++;
	return line;
}

#define VALUE_OF(line, name) value_of(line, name, sizeof(name) - 1)

static void parse_line(const char *line, struct answer *answer)
{
	const char *value = NULL;

	if ((value = VALUE_OF(line, "content-length")) != NULL)
		answer->body_len = strtoll(value, NULL, 10);
	else if ((value = VALUE_OF(line, "connection")) != NULL)
		answer->close = strncasecmp(value, "close", 5) == 0;
	else if ((value = VALUE_OF(line, "x-worker")) != NULL)
		answer->worker = (unsigned)strtoul(value, NULL, 10);
}

int answer_parse(const char *data, size_t len, struct answer *answer)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);
	if (end == NULL)
		return 0;
	if (end - data < 12 || memcmp(data, "HTTP/1.", 7) != 0)
		return -EBADMSG;

	*answer = (struct answer){
		.head_len = (size_t)(end - data) + 4,
		.body_len = -1,
		.status = (unsigned short)strtoul(data + 9, NULL, 10),
	};
	for (const char *line = data; line < end;) {
		line = memchr(line, '\n', (size_t)(end + 2 - line));
		parse_line(++line, answer);
	}
	return answer->body_len < 0 ? -EBADMSG : 1;
}
