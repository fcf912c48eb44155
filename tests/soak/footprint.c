/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bounds follow from the limits of the configuration. A connection has its own
 * state; one that has sent something, also the state of an exchange and a buffer,
 * which is at most twice as long as what has come, and that is limited by the limits
 * of a head; one whose answer is under way, also a pool in blocks of 4 KiB for its
 * request, in which a field line, of which there are at most max_headers, has a list
 * entry, and the values that are looked at have one more copy.
 */
#include "soak/footprint.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "soak/kinds.h"
#include "soak/watch.h"

enum {
	IDLE = 2000,
	EXCHANGE = 5120,
	BUFFER = 4096, /* the smallest one */
	HEAD = 2 * FOOTPRINT_HEAD + BUFFER,
	POOL = 2 * 4096,
	LINE = 48, /* of a field, on top of its bytes */

	READING = IDLE + EXCHANGE + BUFFER,
	ANSWERING = READING + POOL,
	ANSWERING_LINE = ANSWERING + 4 * FOOTPRINT_LARGE,
	ANSWERING_LARGEST =
		IDLE + EXCHANGE + HEAD + POOL + FOOTPRINT_HEAD + FOOTPRINT_FIELDS * LINE,

	GROUP = 10, /* connections that are opened at once */
	WARM_UP = GROUP, /* connections before the measurement: what only the first ones cost */
	QUIET_MS = 40, /* in which the server has dealt with what was sent */
	HOPELESS = 10, /* so far above its bound, a kind is measured with few connections */
	TIMES = 6, /* that all are opened and closed again, at most */
	LEFT_OVER = 256 * 1024, /* that may be left of one time, of all connections together */
	FIRST_TIME = 128 * 1024, /* of a process, if the warm-up has not reached it */
};

static void add_start(struct script *script, const char *target)
{
	script_add(script, "GET %s HTTP/1.1\r\nHost: a\r\n", target);
}

/* A request whose answer is not read. */
static void end_unread(struct script *script)
{
	script_add(script, "\r\n");
	script->reading = READ_NEVER;
}

static void nothing(struct script *script)
{
	(void)script;
}

static void keep_alive(struct script *script)
{
	add_start(script, "/small.txt");
	script_add(script, "\r\n");
}

static void first_byte(struct script *script)
{
	script_add(script, "G");
}

static void empty_lines(struct script *script)
{
	script_add(script, "\r\n\r\n\r\n");
}

static void small_head(struct script *script)
{
	script_add_head(script, &(struct head_shape){ .total = FOOTPRINT_BUFFER });
}

static void largest_head(struct script *script)
{
	script_add_head(script, &(struct head_shape){ .total = FOOTPRINT_HEAD, .field = 1000 });
}

static void head_in_bytes(struct script *script)
{
	largest_head(script);
	for (size_t at = 2000; script->count < 20; at += 1600)
		script_step(script, (struct step){ .act = ACT_SEND, .to = at, .ms = 1 });
}

static void head_of_short_lines(struct script *script)
{
	script_add_head(script, &(struct head_shape){ .fields = FOOTPRINT_FIELDS - 2 });
}

static void two_heads(struct script *script)
{
	add_start(script, "/small.txt");
	script_add(script, "\r\n");
	largest_head(script);
}

static void unread_file(struct script *script)
{
	add_start(script, "/large.bin");
	end_unread(script);
}

static void unread_file_that_is_copied(struct script *script)
{
	add_start(script, "/copied");
	end_unread(script);
}

static void unread_file_half_closed(struct script *script)
{
	unread_file(script);
	script_send_all(script);
	script_step(script, (struct step){ .act = ACT_HALF_CLOSE });
}

static void unread_file_of_short_lines(struct script *script)
{
	script_add_head(script, &(struct head_shape){ .target = "/large.bin",
						      .fields = FOOTPRINT_FIELDS - 2 });
	end_unread(script);
}

static void unread_file_of_long_lines(struct script *script)
{
	script_add_head(script, &(struct head_shape){ .target = "/large.bin",
						      .field = 8000,
						      .total = FOOTPRINT_HEAD - 10 });
	script_add(script, "\r\n");
	end_unread(script);
}

/* Up to the limits of a head, a line of this field after the other. */
static void unread_list(struct script *script, const char *name, const char *value)
{
	size_t line = strlen(name) + strlen(value) + 4;

	add_start(script, "/large.bin");
	for (int i = 0; i < FOOTPRINT_FIELDS - 2 && script->len + line + 2 < FOOTPRINT_HEAD; i++)
		script_add(script, "%s: %s\r\n", name, value);
	end_unread(script);
}

static void if_none_match(struct script *script)
{
	unread_list(script, "If-None-Match", "\"abcdefghi\"");
}

static void if_match(struct script *script)
{
	char tag[40];

	/* All but the one of the file would be answered with 412. */
	snprintf(tag, sizeof(tag), "\"%x-%x\"", (unsigned)FILE_TIME, (unsigned)LARGE_FILE);
	unread_list(script, "If-Match", tag);
}

static void accept_encoding(struct script *script)
{
	unread_list(script, "Accept-Encoding", "gzip, br, zstd");
}

static void cookies(struct script *script)
{
	unread_list(script, "Cookie", "a=b; c=d");
}

static void ranges(struct script *script)
{
	add_start(script, "/large.bin");
	script_add(script, "Range: bytes=0-1999999");
	while (script->len < FOOTPRINT_LARGE)
		script_add(script, ",%zu-%zu", 2000000 + script->len, 2000000 + script->len);
	script_add(script, "\r\n");
	end_unread(script);
}

static void dots(struct script *script)
{
	script_add(script, "GET ");
	while (script->len < FOOTPRINT_LARGE - 100)
		script_add(script, "/%%2e/./x/..");
	script_add(script, "/large.bin HTTP/1.1\r\nHost: a\r\n");
	end_unread(script);
}

static void arguments(struct script *script)
{
	script_add_head(script, &(struct head_shape){ .target = "/large.bin",
						      .line = FOOTPRINT_LARGE - 1 });
	end_unread(script);
}

static void unread_pipeline(struct script *script)
{
	for (int i = 0; i < 600; i++) {
		add_start(script, i % 2 ? "/small.txt" : "/none");
		script_add(script, "\r\n");
	}
	script->reading = READ_NEVER;
}

static void pipeline_behind_unread_file(struct script *script)
{
	unread_file(script);
	unread_pipeline(script);
}

static void body_of_length(struct script *script)
{
	script_add(script, "POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
	script_fill(script, 'b', 40000);
}

static void chunk_extension(struct script *script)
{
	script_add(script, "POST /ok HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;");
	script_fill(script, 'e', 40000);
}

static void trailer(struct script *script)
{
	script_add(script, "POST /ok HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "0\r\nA: ");
	script_fill(script, 't', 40000);
}

static void expects(struct script *script)
{
	script_add(script, "POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n"
			   "Expect: 100-continue\r\n\r\n");
}

static void refused(struct script *script)
{
	script_add(script, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n");
	script_fill(script, 'x', 20000);
}

static const struct footprint_kind {
	const char *name;
	void (*make)(struct script *script);
	long bound; /* bytes */
	bool is_answered; /* and then idle: it leaves to the next one what it has needed */
	bool is_unread; /* its answer stays under way */
} kinds[] = {
	{ "nothing sent", nothing, IDLE },
	{ "keep-alive", keep_alive, IDLE, .is_answered = true },
	{ "first byte of a head", first_byte, READING },
	{ "empty lines", empty_lines, READING },
	{ "head of one buffer", small_head, READING },
	{ "head of all buffers", largest_head, READING + HEAD },
	{ "the same, in pieces", head_in_bytes, READING + HEAD },
	{ "head of short lines", head_of_short_lines, READING + HEAD },
	{ "request, then a head of all buffers", two_heads, READING + HEAD },
	{ "unread file", unread_file, ANSWERING, .is_unread = true },
	{ "unread file that is copied", unread_file_that_is_copied, ANSWERING,
	  .is_unread = true },
	{ "unread file, half-closed", unread_file_half_closed, ANSWERING, .is_unread = true },
	{ "unread file, short lines", unread_file_of_short_lines, ANSWERING_LARGEST,
	  .is_unread = true },
	{ "unread file, long lines", unread_file_of_long_lines, ANSWERING_LARGEST,
	  .is_unread = true },
	{ "unread file, If-None-Match", if_none_match, ANSWERING_LARGEST, .is_unread = true },
	{ "unread file, If-Match", if_match, ANSWERING_LARGEST, .is_unread = true },
	{ "unread file, Accept-Encoding", accept_encoding, ANSWERING_LARGEST, .is_unread = true },
	{ "unread file, Cookie", cookies, ANSWERING_LARGEST, .is_unread = true },
	{ "unread file, Range", ranges, ANSWERING_LINE, .is_unread = true },
	{ "unread file, dot segments", dots, ANSWERING_LINE, .is_unread = true },
	{ "unread file, arguments", arguments, ANSWERING_LINE, .is_unread = true },
	/* 16 answers at most are under way at once. */
	{ "unread answers of a pipeline", unread_pipeline, ANSWERING + HEAD + 16 * POOL,
	  .is_unread = true },
	{ "pipeline behind an unread file", pipeline_behind_unread_file, ANSWERING + HEAD,
	  .is_unread = true },
	{ "body of known length", body_of_length, ANSWERING + HEAD },
	{ "chunk extension", chunk_extension, ANSWERING + HEAD },
	{ "trailer", trailer, ANSWERING + HEAD },
	{ "Expect: 100-continue", expects, ANSWERING },
	{ "refused", refused, ANSWERING + HEAD },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static struct crowd *open_many(const struct footprint_kind *kind, int port, int count,
			       struct faults *faults)
{
	struct crowd *crowd = crowd_create(faults, 0, 0);
	struct deadline wait = { 0 };

	for (int i = 0; i < count; i++) {
		struct script *script = script_create();

		kind->make(script);
		script_note(script, "%s", kind->name);
		script_send_all(script);
		/* What is sent last stays in front of the end that a kind has set. */
		crowd_start(crowd, script, port);
		if (i % GROUP != GROUP - 1)
			continue;
		crowd_run(crowd, 1);
		while (kind->is_answered && crowd_answered(crowd) <= i &&
		       deadline_wait(&wait, "the answers"))
			crowd_run(crowd, 1);
	}

	while (crowd_acting(crowd) > 0 && deadline_wait(&wait, "all of this kind have been sent")) {
		crowd_run(crowd, 5);
		/* What the server does not read need not be sent. */
		if (kind->make == pipeline_behind_unread_file || kind->make == unread_pipeline)
			break;
	}
	crowd_run(crowd, QUIET_MS);
	return crowd;
}

/* The growth while so many are open; the connections are gone when it returns. */
static long growth(const struct server *server, const struct footprint_kind *kind, int port,
		   int count, long before, struct faults *faults)
{
	struct crowd *crowd = open_many(kind, port, count, faults);
	long under_way = 0, until = now_ms() + test_seconds() * 1000L;

	/* They have to be what they are meant to be when they are measured. */
	while (kind->is_unread && (under_way = watch_total(server, "writing")) != count &&
	       now_ms() < until)
		crowd_run(crowd, QUIET_MS);
	if (kind->is_unread && under_way != count)
		faults_add(faults, "%s: %ld answers are under way, not %d", kind->name, under_way,
			   count);
	long now = watch_memory(server);

	crowd_destroy(crowd);
	if (!watch_settle(server, 0, test_seconds() * 1000))
		faults_add(faults, "%s: connections are left after the clients have gone",
			   kind->name);
	return now - before;
}

/* What may be more of one time than of the one before: of gaps in the heap. */
static long may_be_more(long growth)
{
	return LEFT_OVER + growth / 8;
}

/*
 * Again and again, until the growth stays the same: gaps in the heap become fewer, and a
 * worker may get more of the connections than before, but what is left behind grows with
 * each time. Returns by how much at last.
 */
static long growth_of_growth(const struct server *server, const struct footprint_kind *kind,
			     int port, int count, long before, long first, struct faults *faults)
{
	long last = first, more = LONG_MAX;

	for (int i = 1; i < TIMES && more > may_be_more(first) && !server_is_sanitized; i++) {
		long again = growth(server, kind, port, count, before, faults);

		more = again - last;
		last = again;
	}
	return more;
}

static void check_kind(const struct server *server, const struct footprint_kind *kind, int port,
		       int processes, int connections, struct faults *faults)
{
	long before = watch_memory(server);
	/* A few first, since all of them might be more than the machine has. */
	long few = growth(server, kind, port, WARM_UP, before, faults);

	if (few > WARM_UP * kind->bound * HOPELESS + processes * FIRST_TIME)
		connections = 2 * WARM_UP;
	before = watch_memory(server);
	long all = growth(server, kind, port, connections, before, faults);
	long more = growth_of_growth(server, kind, port, connections, before, all, faults);

	/* The first ones take what the warm-up has left. */
	long each = all / (connections - WARM_UP);
	printf("    %-36s %7ld bytes each, at most %6ld", kind->name, each, kind->bound);
	if (server_is_sanitized) {
		printf("\n");
		return;
	}
	printf("; at last %+ld\n", more / connections);
	if (all > connections * kind->bound + processes * FIRST_TIME)
		faults_add(faults, "%s: %ld bytes of memory each, the bound is %ld", kind->name,
			   each, kind->bound);
	if (more > may_be_more(all))
		faults_add(faults, "%s: each time takes %ld bytes more than the one before",
			   kind->name, more);
}

void footprint_check(const struct server *server, int port, int processes, int connections,
		     int part, int parts, struct faults *faults)
{
	for (int i = part; i < KINDS; i += parts) {
		/* In new processes: what older ones have free would hide what is taken. */
		ck_assert(watch_reload(server));
		if (!watch_wait_for(server, processes, test_seconds() * 1000))
			faults_add(faults, "%s: old processes do not end", kinds[i].name);
		check_kind(server, &kinds[i], port, processes, connections, faults);
	}
}
