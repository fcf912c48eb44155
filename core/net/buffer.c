/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/buffer.h"

#include <stdlib.h>
#include <string.h>

enum { SPARE_BUFFERS = 64 };

static struct {
	struct buffer *first;
	int count;
} spare; /* buffers of BUFFER_USUAL bytes, for the next buffer_create() */

struct buffer *buffer_create(size_t capacity)
{
	struct buffer *buffer = spare.first;

	if (capacity <= BUFFER_USUAL && buffer) {
		spare.first = buffer->next;
		spare.count--;
	} else {
		if (capacity < BUFFER_USUAL)
			capacity = BUFFER_USUAL;
		buffer = malloc(sizeof(*buffer) + capacity);
		if (!buffer)
			return NULL;
		buffer->capacity = capacity;
	}
	buffer->references = 1;
	buffer->begin = buffer->end = 0;
	return buffer;
}

struct buffer *buffer_ref(struct buffer *buffer)
{
	buffer->references++;
	return buffer;
}

void buffer_unref(struct buffer *buffer)
{
	if (!buffer || --buffer->references)
		return;
	if (buffer->capacity != BUFFER_USUAL || spare.count == SPARE_BUFFERS) {
		free(buffer);
		return;
	}
	buffer->next = spare.first;
	spare.first = buffer;
	spare.count++;
}

struct buffer *buffer_make_room(struct buffer *buffer, size_t room)
{
	size_t held = buffer->end - buffer->begin;

	if (buffer->capacity - buffer->end >= room)
		return buffer;
	if (buffer->references == 1 && buffer->capacity - held >= room) {
		memmove(buffer->bytes, buffer->bytes + buffer->begin, held);
		buffer->begin = 0;
		buffer->end = held;
		return buffer;
	}
	struct buffer *larger = buffer_create(held + room);

	if (!larger)
		return NULL;
	memcpy(larger->bytes, buffer->bytes + buffer->begin, held);
	larger->end = held;
	buffer_unref(buffer);
	return larger;
}
