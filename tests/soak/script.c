/* SPDX-License-Identifier: BSD-2-Clause */
#include "soak/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 */
uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned rng_below(struct rng *rng, unsigned limit)
{
	return (unsigned)(rng_next(rng) % limit);
}

struct script *script_create(void)
{
	struct script *script = calloc(1, sizeof(*script));

	if (!script)
		abort();
	return script;
}

void script_destroy(struct script *script)
{
	free(script->bytes);
	free(script);
}

static char *make_room(struct script *script, size_t len)
{
	if (script->len + len > script->room) {
		script->room = 2 * (script->len + len);
		script->bytes = realloc(script->bytes, script->room);
		if (!script->bytes)
			abort();
	}
	script->len += len;
	return script->bytes + script->len - len;
}

void script_add(struct script *script, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text))
		abort();
	memcpy(make_room(script, (size_t)len), text, (size_t)len);
}

void script_fill(struct script *script, char byte, size_t count)
{
	memset(make_room(script, count), byte, count);
}

void script_step(struct script *script, struct step step)
{
	if (script->count < SCRIPT_STEPS)
		script->steps[script->count++] = step;
}

size_t script_sent(const struct script *script)
{
	size_t sent = 0;

	for (int i = 0; i < script->count; i++)
		if (script->steps[i].to > sent)
			sent = script->steps[i].to;
	return sent;
}

void script_send_all(struct script *script)
{
	script_step(script, (struct step){ .act = ACT_SEND, .to = script->len });
}

void script_send_in_pieces(struct script *script, struct rng *rng)
{
	size_t at = script_sent(script);

	for (unsigned pieces = 1 + rng_below(rng, 6); pieces > 0 && at < script->len; pieces--) {
		at += 1 + rng_below(rng, (unsigned)(script->len - at));
		script_step(script, (struct step){ .act = ACT_SEND, .to = at });
		script_step(script,
			    (struct step){ .act = ACT_PAUSE, .ms = (int)rng_below(rng, 60) });
	}
	script_send_all(script);
}

void script_note(struct script *script, const char *format, ...)
{
	size_t len = strlen(script->note);
	va_list args;

	va_start(args, format);
	vsnprintf(script->note + len, sizeof(script->note) - len, format, args);
	va_end(args);
}

static void add_field(struct script *script, size_t len, bool is_complete)
{
	size_t begin = script->len;

	script_add(script, "%.*s", (int)(len < 3 ? len : 3), "X: ");
	script_fill(script, 'y', len - (script->len - begin));
	if (is_complete)
		script_add(script, "\r\n");
}

/* Further fields, so that `rest` bytes are added. */
static void pad(struct script *script, size_t rest, size_t field, bool is_complete)
{
	enum { SHORTEST = 6 }; /* of a line, with its CRLF */

	while (rest >= field + 2 + SHORTEST) {
		add_field(script, field, true);
		rest -= field + 2;
	}
	if (rest > field + 2) {
		add_field(script, field - 2 - SHORTEST, true);
		rest -= field - SHORTEST;
	}
	if (!is_complete)
		add_field(script, rest, false);
	else if (rest >= SHORTEST)
		add_field(script, rest - 2, true);
}

void script_add_head(struct script *script, const struct head_shape *shape)
{
	const char *target = shape->target ? shape->target : "/ok";
	size_t begin = script->len, field = shape->field ? shape->field : 100;
	size_t usual = strlen("GET  HTTP/1.1") + strlen(target);

	for (int i = 0; i < shape->empty_lines; i++)
		script_add(script, "\r\n");
	script_add(script, "GET %s", target);
	if (shape->line > usual) {
		script_add(script, "?");
		script_fill(script, 'q', shape->line - usual - 1);
	}
	script_add(script, " HTTP/1.1\r\nHost: %s\r\n", shape->host ? shape->host : "a");
	for (int i = 0; i < shape->fields; i++)
		script_add(script, "a:\r\n");
	if (shape->field)
		add_field(script, shape->field, true);

	size_t len = script->len - begin, end = shape->is_complete ? 2 : 0;
	if (shape->total > len + end)
		pad(script, shape->total - len - end, field, shape->is_complete);
	if (shape->is_complete)
		script_add(script, "\r\n");
	else if (shape->total && shape->total < script->len - begin)
		script->len = begin + shape->total;
}
