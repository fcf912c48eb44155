/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness/wire.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/memory.h"

const struct wire_type *wire_type;

static struct {
	pthread_mutex_t lock; /* harness/load.h has a thread of its own */
	struct wire *first;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

char *wire_add_room(struct wire_bytes *bytes, size_t len)
{
	if (bytes->len + len >= bytes->room) { /* never NULL, also for 0 bytes */
		bytes->room = 2 * (bytes->len + len) + 1;
		bytes->data = realloc(bytes->data, bytes->room);
		ck_assert_ptr_nonnull(bytes->data);
	}
	return bytes->data + bytes->len;
}

void wire_drop(struct wire_bytes *bytes, size_t len)
{
	bytes->len -= len;
	if (bytes->len)
		memmove(bytes->data, bytes->data + len, bytes->len);
}

char *wire_listen(const char *text, const char *parameter)
{
	static const char listen[] = "listen 127.0.0.1:";
	char *out;
	size_t size;
	const char *at;
	FILE *file = open_memstream(&out, &size);

	while ((at = strstr(text, listen)) != NULL) {
		at += strlen(listen);
		at += strcspn(at, " ;");
		fprintf(file, "%.*s %s", (int)(at - text), text, parameter);
		text = at;
	}
	fputs(text, file);
	fclose(file);
	return out;
}

const char *wire_conf(const char *text)
{
	return wire_type ? wire_type->conf(text) : text;
}

struct wire *wire_create(void)
{
	return wire_type ? wire_create_of(wire_type) : NULL;
}

struct wire *wire_create_of(const struct wire_type *type)
{
	struct wire *wire = calloc(1, type->size);

	ck_assert_ptr_nonnull(wire);
	wire->type = type;
	pthread_mutex_lock(&all.lock);
	wire->next = all.first;
	wire->link = &all.first;
	if (wire->next)
		wire->next->link = &wire->next;
	all.first = wire;
	pthread_mutex_unlock(&all.lock);
	wire->type->init(wire);
	return wire;
}

void wire_destroy(struct wire *wire)
{
	if (!wire)
		return;
	pthread_mutex_lock(&all.lock);
	*wire->link = wire->next;
	if (wire->next)
		wire->next->link = wire->link;
	pthread_mutex_unlock(&all.lock);
	wire->type->finish(wire);
	free(wire->unsent.data);
	free(wire->opened.data);
	free(wire);
}

void wire_seal(struct wire *wire, const void *bytes, size_t len)
{
	wire->type->seal(wire, bytes, len);
}

void wire_seal_end(struct wire *wire)
{
	wire->type->seal_end(wire);
}

size_t wire_unsent(const struct wire *wire, const char **bytes)
{
	*bytes = wire->unsent.data ? wire->unsent.data : "";
	return wire->unsent.len;
}

void wire_sent(struct wire *wire, size_t len)
{
	wire_drop(&wire->unsent, len);
}

bool wire_is_ready(const struct wire *wire)
{
	return !wire || !wire->type->is_ready || wire->type->is_ready(wire);
}

size_t wire_open(struct wire *wire, const void *bytes, size_t len, const char **out)
{
	wire->opened.len = 0;
	wire->type->open(wire, bytes, len);
	*out = wire->opened.data ? wire->opened.data : "";
	return wire->opened.len;
}

int wire_idle_kib(void)
{
	return wire_type && wire_type->idle_kib ? wire_type->idle_kib() : 0;
}

bool wire_is_over(const struct wire *wire)
{
	return wire && wire->is_over;
}

const char *wire_scheme(void)
{
	return wire_type ? wire_type->scheme : "http";
}

bool wire_has_ended(const struct wire *wire)
{
	return wire->has_ended;
}
