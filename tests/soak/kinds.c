/* SPDX-License-Identifier: BSD-2-Clause */
#include "soak/kinds.h"

#include <string.h>

const struct head_limits head_limits[HEAD_LIMITS] = {
	{ "a", 256, 2, 512, 16 },
	{ "b", 512, 4, 1024, 32 },
};

size_t head_limits_sum(const struct head_limits *limits)
{
	return limits->buffer + (size_t)limits->count * limits->size;
}

/* --- heads near the limits ------------------------------------------------------- */

enum measure { TOTAL_BUFFER, TOTAL_TWO, TOTAL_SUM, LINE, FIELD, FIELDS, MEASURES };

enum { AROUND = 4 }; /* lengths from the limit - AROUND to the limit + AROUND */

/* One digit of a number in mixed radix. */
static unsigned digit(unsigned *number, unsigned radix)
{
	unsigned rest = *number % radix;

	*number /= radix;
	return rest;
}

static struct head_shape shape_near(const struct head_limits *limits, enum measure measure,
				    int delta)
{
	struct head_shape shape = { .field = limits->size / 3 };

	switch (measure) {
	case TOTAL_BUFFER:
		shape.total = limits->buffer + (size_t)delta;
		break;
	case TOTAL_TWO:
		shape.total = limits->buffer + limits->size + (size_t)delta;
		break;
	case TOTAL_SUM:
		shape.total = head_limits_sum(limits) + (size_t)delta;
		break;
	case LINE:
		shape.line = limits->size + (size_t)delta;
		break;
	case FIELD:
		shape.field = limits->size + (size_t)delta;
		break;
	default:
		/* Host and the padding are fields, too. */
		shape.fields = limits->fields - 2 + delta;
	}
	return shape;
}

/* `number` is a point in the space of lengths, limits and orders. */
static void head_near_limit(struct script *script, unsigned number)
{
	static const char *const measures[] = { "one buffer", "two buffers",  "all buffers",
						"the line",   "a field line", "the fields" };
	int delta = (int)digit(&number, 2 * AROUND + 1) - AROUND;
	enum measure measure = digit(&number, MEASURES);
	const struct head_limits *limits = &head_limits[digit(&number, HEAD_LIMITS)];
	unsigned before = digit(&number, 3);
	struct head_shape shape = shape_near(limits, measure, delta);

	shape.empty_lines = (int)digit(&number, 3);
	shape.is_complete = digit(&number, 2);
	shape.host = limits->host;
	script_note(script, "%s head, %+d at the limit of %s of %s, %d empty lines before it",
		    shape.is_complete ? "complete" : "unfinished", delta, measures[measure],
		    limits->host, shape.empty_lines);
	/* A request before it, by which the connection meets the limits of one server first. */
	if (before) {
		const char *host = head_limits[before - 1].host;

		script_add_head(script, &(struct head_shape){ .host = host, .is_complete = true });
		script_send_all(script);
		script_step(script, (struct step){ .act = ACT_PAUSE, .ms = 20 });
		script_note(script, ", after a request for %s", host);
	}
	/* What is measured is the end of what comes: the line without its end. */
	if (measure == LINE && !shape.is_complete)
		shape.total = 2 * (size_t)shape.empty_lines + shape.line;
	script_add_head(script, &shape);
	if (measure == FIELD && !shape.is_complete)
		script->len -= 2;
}

/* --- others ------------------------------------------------------------------------ */

static void any_head(struct script *script, struct rng *rng)
{
	const struct head_limits *limits = &head_limits[rng_below(rng, HEAD_LIMITS)];
	struct head_shape shape = {
		.host = limits->host,
		.empty_lines = rng_below(rng, 4) ? 0 : (int)rng_below(rng, 12),
		.fields = (int)rng_below(rng, 20),
		.field = 20 + rng_below(rng, (unsigned)limits->size),
		.total = 1 + rng_below(rng, (unsigned)head_limits_sum(limits) + 100),
		.is_complete = rng_below(rng, 2),
	};

	script_note(script, "head of %zu bytes", shape.total);
	script_add_head(script, &shape);
}

static void nothing(struct script *script, struct rng *rng)
{
	(void)rng;
	script_note(script, "nothing");
}

static void add_get(struct script *script, const char *target, const char *fields)
{
	script_add(script, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", target, fields);
}

static void keep_alive(struct script *script, struct rng *rng)
{
	script_note(script, "keep-alive");
	for (unsigned i = 1 + rng_below(rng, 3); i > 0; i--) {
		add_get(script, rng_below(rng, 2) ? "/ok" : "/small.txt", "");
		script_send_all(script);
		script_step(script,
			    (struct step){ .act = ACT_PAUSE, .ms = (int)rng_below(rng, 50) });
	}
}

static void pipeline(struct script *script, struct rng *rng)
{
	unsigned count = 1 + rng_below(rng, 80);
	static const char *const targets[] = { "/ok", "/small.txt", "/none", "/large.bin" };

	for (unsigned i = 0; i < count; i++)
		add_get(script, targets[rng_below(rng, i % 16 == 7 ? 4 : 3)], "");
	script_add_head(script, &(struct head_shape){ .total = rng_below(rng, 300) });
	script->reading = (enum reading)rng_below(rng, 3);
	script_note(script, "pipeline of %u, reading %d", count, script->reading);
}

static void body_of_length(struct script *script, struct rng *rng)
{
	unsigned length = rng_below(rng, 2 * BODY_LIMIT);
	unsigned sent = rng_below(rng, 3) ? length : rng_below(rng, length + 1);

	script_note(script, "body of %u bytes, %u of them sent", length, sent);
	script_add(script, "POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: %u\r\n%s\r\n", length,
		   rng_below(rng, 4) ? "" : "Expect: 100-continue\r\n");
	script_fill(script, 'b', sent);
	if (sent == length && rng_below(rng, 2))
		add_get(script, "/ok", "");
}

static void body_of_chunks(struct script *script, struct rng *rng)
{
	script_note(script, "chunked body");
	script_add(script, "POST /ok HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (unsigned i = rng_below(rng, 12); i > 0; i--) {
		unsigned len = 1 + rng_below(rng, 9000);

		script_add(script, "%x%s\r\n", len, rng_below(rng, 3) ? "" : ";a=\"b\"");
		script_fill(script, 'c', len);
		script_add(script, rng_below(rng, 20) ? "\r\n" : "xx");
	}
	switch (rng_below(rng, 5)) {
	case 0:
		script_add(script, "0\r\n\r\n");
		break;
	case 1:
		script_add(script, "0\r\nA: ");
		script_fill(script, 't', rng_below(rng, 20000));
		break;
	case 2:
		script_add(script, "5;");
		script_fill(script, 'e', rng_below(rng, 20000));
		break;
	case 3:
		script_fill(script, '0', rng_below(rng, 3000));
		break;
	}
}

static void garbage(struct script *script, struct rng *rng)
{
	script_note(script, "garbage");
	for (unsigned i = 1 + rng_below(rng, 3000); i > 0; i--)
		script_fill(script, (char)rng_next(rng), 1);
}

static void tls_hello(struct script *script, struct rng *rng)
{
	script_note(script, "TLS hello");
	script_fill(script, 0x16, 1);
	script_fill(script, 0x03, 1);
	script_fill(script, 0x01, 1);
	script_fill(script, 0x02, 1);
	script_fill(script, 0x00, 1);
	for (int i = 0; i < 512; i++)
		script_fill(script, (char)rng_next(rng), 1);
}

static void many_lines(struct script *script, struct rng *rng)
{
	static const char *const names[] = { "If-None-Match", "If-Match", "Connection", "Range",
					     "Accept-Encoding" };
	const char *name = names[rng_below(rng, 5)];
	const struct head_limits *b = &head_limits[1];

	script_note(script, "many lines of %s", name);
	script_add(script, "GET /large.bin HTTP/1.1\r\nHost: b\r\n");
	while (script->len + 60 < head_limits_sum(b) && rng_below(rng, (unsigned)b->fields))
		script_add(script, "%s: \"%u\", \"b\"\r\n", name, rng_below(rng, 100));
	script_add(script, "\r\n");
	script->reading = (enum reading)rng_below(rng, 3);
}

static void many_ranges(struct script *script, struct rng *rng)
{
	script_note(script, "many ranges");
	script_add(script, "GET /large.bin HTTP/1.1\r\nHost: b\r\nRange: bytes=0-1");
	for (unsigned i = rng_below(rng, 120); i > 0; i--)
		script_add(script, ",%u-", rng_below(rng, 2 * LARGE_FILE));
	script_add(script, "\r\n\r\n");
	script->reading = (enum reading)rng_below(rng, 3);
}

static void expects(struct script *script, struct rng *rng)
{
	script_note(script, "Expect: 100-continue");
	script_add(script, "%s /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n"
			   "Expect: 100-continue\r\n\r\n",
		   rng_below(rng, 2) ? "POST" : "GET");
}

static void slow_reader(struct script *script, struct rng *rng)
{
	script->reading = rng_below(rng, 2) ? READ_SLOWLY : READ_NEVER;
	script_note(script, "large file, reading %d", script->reading);
	add_get(script, "/large.bin", "");
}

static void slow_head(struct script *script, struct rng *rng)
{
	script_note(script, "head that drips");
	script_add_head(script, &(struct head_shape){ .total = 1200 });
	script->drips = true;
	script_step(script, (struct step){ ACT_SEND, script->len, 1 + rng_below(rng, 4),
					   5 + (int)rng_below(rng, 100) });
}

static void slow_empty_lines(struct script *script, struct rng *rng)
{
	script_note(script, "empty lines that drip");
	for (int i = 0; i < 600; i++)
		script_add(script, "\r\n");
	script->drips = true;
	script_step(script, (struct step){ ACT_SEND, script->len, 1 + rng_below(rng, 2),
					   5 + (int)rng_below(rng, 100) });
}

static void slow_body(struct script *script, struct rng *rng)
{
	bool is_chunked = rng_below(rng, 2);

	script_note(script, "%s body that drips", is_chunked ? "chunked" : "counted");
	script_add(script, "POST /ok HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n",
		   is_chunked ? "Transfer-Encoding: chunked" : "Content-Length: 60000");
	script_send_all(script);
	for (int i = 0; i < 5000; i++)
		script_add(script, is_chunked ? "1\r\nz\r\n" : "zzzzzz");
	script->drips = true;
	script_step(script, (struct step){ ACT_SEND, script->len, 1 + rng_below(rng, 9),
					   5 + (int)rng_below(rng, 100) });
}

static const struct kind {
	void (*make)(struct script *script, struct rng *rng);
	unsigned weight;
} kinds[] = {
	{ any_head, 4 },       { nothing, 1 },	 { keep_alive, 2 },  { pipeline, 4 },
	{ body_of_length, 3 }, { body_of_chunks, 3 }, { garbage, 2 }, { tls_hello, 1 },
	{ many_lines, 2 },     { many_ranges, 1 }, { expects, 1 },   { slow_reader, 3 },
	{ slow_head, 1 },      { slow_empty_lines, 1 }, { slow_body, 1 },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void any_kind(struct script *script, struct rng *rng)
{
	unsigned sum = 0;

	for (int i = 0; i < KINDS; i++)
		sum += kinds[i].weight;
	unsigned at = rng_below(rng, sum);
	for (int i = 0; i < KINDS; i++) {
		if (at < kinds[i].weight) {
			kinds[i].make(script, rng);
			return;
		}
		at -= kinds[i].weight;
	}
}

/* --- how it is sent, and what comes then -------------------------------------------- */

/* Everything, or a part of it. */
static void send(struct script *script, struct rng *rng, bool whole)
{
	size_t begin = script_sent(script);

	if (!whole && script->len > begin) {
		script->len -= rng_below(rng, (unsigned)(script->len - begin) + 1);
		script_note(script, ", cut at %zu", script->len);
	}
	switch (rng_below(rng, 4)) {
	case 0:
		script_send_in_pieces(script, rng);
		break;
	case 1: /* the last byte alone */
		script_step(script, (struct step){ .act = ACT_SEND,
						   .to = script->len - (script->len > begin) });
		script_step(script, (struct step){ .act = ACT_PAUSE, .ms = 10 });
		script_send_all(script);
		break;
	case 2:
		if (rng_below(rng, 3) == 0) {
			script_step(script, (struct step){ .act = ACT_SEND,
							   .to = (begin + script->len) / 2 });
			script_step(script, (struct step){ .act = ACT_URGENT });
			script_note(script, ", urgent data");
		}
		script_send_all(script);
		break;
	default:
		script_send_all(script);
	}
}

static void end(struct script *script, struct rng *rng, bool stays)
{
	static const struct {
		enum act act;
		const char *note;
	} ends[] = { { ACT_HALF_CLOSE, ", half-closed" }, { ACT_RESET, "" }, { ACT_CLOSE, "" } };
	unsigned choice = rng_below(rng, 8);

	/* Who reads slowly, but reads, may go on for as long as it likes. */
	if (script->reading == READ_SLOWLY && !stays) {
		script_step(script,
			    (struct step){ .act = ACT_PAUSE, .ms = (int)rng_below(rng, 1500) });
		choice = 1 + rng_below(rng, 2);
	}
	if (choice >= (stays ? 1 : 3))
		return;
	if (rng_below(rng, 2))
		script_step(script,
			    (struct step){ .act = ACT_PAUSE, .ms = (int)rng_below(rng, 100) });
	script_step(script, (struct step){ .act = ends[choice].act });
	script_note(script, "%s", ends[choice].note);
}

struct script *kinds_make(uint64_t seed, unsigned number, bool stays)
{
	struct rng rng = { .state = seed * 1000003 + number };
	struct script *script = script_create();
	bool near = number % 2 == 0;

	rng_next(&rng);
	script_note(script, "[%u] ", number);
	if (near)
		/* The step has no factor in common with the number of points. */
		head_near_limit(script, (unsigned)seed + number / 2 * 701);
	else
		any_kind(script, &rng);
	if (!script->drips)
		send(script, &rng, rng_below(&rng, 4) || near);
	end(script, &rng, stays);
	return script;
}
