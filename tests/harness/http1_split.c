/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness/http1_split.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void split_add(struct split *split, const char *text, size_t len)
{
	memcpy(wire_add_room(&split->text, len + 1), text, len);
	split->text.len += len;
	split->text.data[split->text.len] = '\0'; /* numbers are read as strings */
}

/* What the last call has returned is not needed any more. */
static void drop_used(struct split *split)
{
	if (!split->used)
		return;
	wire_drop(&split->text, split->used);
	split->text.data[split->text.len] = '\0';
	split->used = 0;
}

void split_finish(struct split *split)
{
	free(split->text.data);
}

bool split_field(const char *lines, size_t len, const char *name, const char **value,
		 size_t *value_len)
{
	size_t name_len = strlen(name);

	for (const char *line = lines, *end; line < lines + len; line = end + 2) {
		end = memmem(line, (size_t)(lines + len - line), "\r\n", 2);
		if ((size_t)(end - line) <= name_len || line[name_len] != ':' ||
		    strncasecmp(line, name, name_len) != 0)
			continue;
		*value = line + name_len + 1;
		while (*value < end && strchr(" \t", **value))
			++*value;
		while (end > *value && strchr(" \t", end[-1]))
			end--;
		*value_len = (size_t)(end - *value);
		return true;
	}
	return false;
}

/* Takes what ends with this text. The length before it, or -1: it is not there yet. */
static ssize_t take_until(struct split *split, const char *end)
{
	const char *at = split->text.len ?
				 memmem(split->text.data, split->text.len, end, strlen(end)) :
				 NULL;

	if (!at)
		return -1;
	split->used = (size_t)(at - split->text.data) + strlen(end);
	return at - split->text.data;
}

static bool next_head(struct split *split, struct split_part *part)
{
	ssize_t len = take_until(split, "\r\n\r\n");
	const char *value;
	size_t value_len;

	if (len < 0)
		return false;
	*part = (struct split_part){ .type = PART_HEAD,
				     .text = split->text.data,
				     .len = (size_t)len + 2 };
	if (split_field(part->text, part->len, "Transfer-Encoding", &value, &value_len)) {
		ck_assert_msg(value_len == 7 && strncasecmp(value, "chunked", 7) == 0,
			      "only chunked can be translated: %.*s", (int)value_len, value);
		split->state = SPLIT_AT_SIZE;
	} else if (split_field(part->text, part->len, "Content-Length", &value, &value_len)) {
		split->left = strtoull(value, NULL, 10);
		split->state = split->left ? SPLIT_AT_BODY : SPLIT_AT_HEAD;
	}
	part->is_last = split->state == SPLIT_AT_HEAD;
	return true;
}

static bool next_of_body(struct split *split, struct split_part *part)
{
	size_t len = split->text.len < split->left ? split->text.len : (size_t)split->left;

	if (len == 0)
		return false;
	split->used = len;
	split->left -= len;
	*part = (struct split_part){ .type = PART_BODY, .text = split->text.data, .len = len };
	part->is_last = split->state == SPLIT_AT_BODY && split->left == 0;
	if (part->is_last)
		split->state = SPLIT_AT_HEAD;
	return true;
}

/* The line before a chunk, behind the CR LF of the last one. False: more has to come. */
static bool read_size(struct split *split)
{
	if (split->text.len >= 2 && memcmp(split->text.data, "\r\n", 2) == 0)
		split->used = 2;
	drop_used(split);

	ssize_t len = take_until(split, "\r\n");

	if (len < 0)
		return false;
	split->left = strtoull(split->text.data, NULL, 16);
	split->state = split->left ? SPLIT_AT_CHUNK : SPLIT_AT_TRAILERS;
	drop_used(split);
	return true;
}

/* What ends a chunked body: trailers, or else an empty part. */
static bool next_trailers(struct split *split, struct split_part *part)
{
	bool is_empty = split->text.len >= 2 && memcmp(split->text.data, "\r\n", 2) == 0;
	ssize_t len = is_empty ? take_until(split, "\r\n") : take_until(split, "\r\n\r\n");

	if (len < 0)
		return false;
	*part = (struct split_part){ .type = is_empty ? PART_BODY : PART_TRAILERS,
				     .text = split->text.data,
				     .len = is_empty ? 0 : (size_t)len + 2,
				     .is_last = true };
	split->state = SPLIT_AT_HEAD;
	return true;
}

bool split_next(struct split *split, struct split_part *part)
{
	drop_used(split);
	if (split->state == SPLIT_AT_CHUNK && split->left == 0)
		split->state = SPLIT_AT_SIZE;
	if (split->state == SPLIT_AT_SIZE && !read_size(split))
		return false;
	switch (split->state) {
	case SPLIT_AT_HEAD:
		return next_head(split, part);
	case SPLIT_AT_TRAILERS:
		return next_trailers(split, part);
	default:
		return next_of_body(split, part);
	}
}
