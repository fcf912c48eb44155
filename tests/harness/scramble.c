/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness/scramble.h"

#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/memory.h"
#include "modules/scramble/wire.h"

bool scrambled;

struct bytes {
	char *data;
	size_t len, room;
};

struct scramble {
	struct key in, out;
	uint32_t records; /* that were sealed */
	uint32_t acknowledged;
	bool has_ended;
	struct bytes unsent, raw, opened;
	struct scramble *next, **link; /* in the list of all: memory that is known is no leak */
};

static struct {
	pthread_mutex_t lock; /* harness/load.h has a thread of its own */
	struct scramble *first;
	uint32_t seed; /* of the last one */
} all = { .lock = PTHREAD_MUTEX_INITIALIZER, .seed = 0x01020304 };

static char *add_room(struct bytes *bytes, size_t len)
{
	if (bytes->len + len > bytes->room) {
		bytes->room = 2 * (bytes->len + len);
		bytes->data = realloc(bytes->data, bytes->room);
		ck_assert_ptr_nonnull(bytes->data);
	}
	return bytes->data + bytes->len;
}

static void drop(struct bytes *bytes, size_t len)
{
	bytes->len -= len;
	if (bytes->len)
		memmove(bytes->data, bytes->data + len, bytes->len);
}

const char *scramble_listen(const char *text)
{
	static const char listen[] = "listen 127.0.0.1:";
	char *out;
	size_t size;
	const char *at;

	if (!scrambled)
		return text;
	FILE *file = open_memstream(&out, &size);
	while ((at = strstr(text, listen)) != NULL) {
		at += strlen(listen);
		at += strcspn(at, " ;");
		fprintf(file, "%.*s scrambled", (int)(at - text), text);
		text = at;
	}
	fputs(text, file);
	fclose(file);
	char *copy = memory_printf("%s", out);
	free(out);
	return copy;
}

struct scramble *scramble_create(void)
{
	if (!scrambled)
		return NULL;
	struct scramble *s = calloc(1, sizeof(*s));
	ck_assert_ptr_nonnull(s);
	pthread_mutex_lock(&all.lock);
	uint32_t seed = all.seed += 0x10001;
	s->next = all.first;
	s->link = &all.first;
	if (s->next)
		s->next->link = &s->next;
	all.first = s;
	pthread_mutex_unlock(&all.lock);
	s->in = (struct key){ .seed = seed, .direction = FROM_SERVER };
	s->out = (struct key){ .seed = seed, .direction = FROM_CLIENT };
	memcpy(add_room(&s->unsent, SEED_LEN), &seed, SEED_LEN);
	s->unsent.len = SEED_LEN;
	return s;
}

void scramble_destroy(struct scramble *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&all.lock);
	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
	pthread_mutex_unlock(&all.lock);
	free(s->unsent.data);
	free(s->raw.data);
	free(s->opened.data);
	free(s);
}

static void seal(struct scramble *s, enum record_type type, const void *bytes, size_t len)
{
	char *to = add_room(&s->unsent, RECORD_HEAD + len);

	s->unsent.len += record_put(&s->out, to, type, bytes, len);
	s->records++;
}

/* In records of many lengths. */
void scramble_seal(struct scramble *s, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		size_t some = s->records % 4 ? 1 + s->records * 97 % RECORD_MAX : RECORD_MAX;

		some = some < len ? some : len;
		seal(s, RECORD_DATA, at, some);
		at += some;
		len -= some;
	}
}

void scramble_seal_end(struct scramble *s)
{
	seal(s, RECORD_END, NULL, 0);
}

size_t scramble_unsent(const struct scramble *s, const char **bytes)
{
	*bytes = s->unsent.data ? s->unsent.data : "";
	return s->unsent.len;
}

void scramble_sent(struct scramble *s, size_t len)
{
	drop(&s->unsent, len);
}

static void take(struct scramble *s, enum record_type type, const char *bytes, size_t len)
{
	uint32_t records;

	ck_assert_msg(!s->has_ended, "a record behind the end");
	switch (type) {
	case RECORD_DATA:
		memcpy(add_room(&s->opened, len), bytes, len);
		s->opened.len += len;
		return;
	case RECORD_ACK:
		memcpy(&records, bytes, sizeof(records));
		ck_assert_uint_eq(records, s->acknowledged += ACK_EVERY);
		ck_assert_uint_le(records, s->records);
		return;
	case RECORD_ASK:
		seal(s, RECORD_GRANT, NULL, 0);
		return;
	case RECORD_END:
		s->has_ended = true;
		return;
	default:
		ck_abort_msg("the server has sent a record of type %d", type);
	}
}

size_t scramble_open(struct scramble *s, const void *bytes, size_t len, const char **out)
{
	size_t size;

	memcpy(add_room(&s->raw, len), bytes, len);
	s->raw.len += len;
	s->opened.len = 0;
	while (s->raw.len >= RECORD_HEAD) {
		enum record_type type = record_head(&s->in, s->raw.data, &size);

		ck_assert_msg(size <= RECORD_MAX, "what the server has sent is no record");
		if (s->raw.len < RECORD_HEAD + size)
			break;
		key_apply(&s->in, s->raw.data, RECORD_HEAD + size);
		take(s, type, s->raw.data + RECORD_HEAD, size);
		drop(&s->raw, RECORD_HEAD + size);
	}
	*out = s->opened.data ? s->opened.data : "";
	return s->opened.len;
}

bool scramble_has_ended(const struct scramble *s)
{
	return s->has_ended;
}
