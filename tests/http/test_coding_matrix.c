/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every form of a file against every Accept-Encoding, condition and range: files with ready-made
 * files that are missing, fresh or stale, in all combinations; and what each client gets by a rule
 * that is written here once more. No tag names two byte strings.
 */
#include "http/inproc.h"
#include "http/decode.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utime.h>

#define TEN(text) text text text text text text text text text text
#define TEXT	  TEN(TEN("Text of 15 byte"))

enum { THEN = 784111777, GZIP = 0, BR, ZSTD, CODINGS, PLAIN = CODINGS, TAGS = 7 };
enum sidecar { MISSING, FRESH, STALE, SIDECARS };
enum { FILES = SIDECARS * SIDECARS * SIDECARS };

/* From the least to the greatest preference among equal weights: gzip, zstd, br. */
static const char *const names[] = { [GZIP] = "gzip", [BR] = "br", [ZSTD] = "zstd" };
static const char *const suffixes[] = { [GZIP] = "gz", [BR] = "br", [ZSTD] = "zst" };
static const int preference[] = { [GZIP] = 0, [BR] = 2, [ZSTD] = 1 };

/* Weights in thousandths; that of the plain form is -1 if the field does not name it. */
static const struct accept {
	const char *field;
	int weights[CODINGS + 1];
} accepts[] = {
	{ NULL, { 0, 0, 0, -1 } },
	{ "gzip", { 1000, 0, 0, -1 } },
	{ "br", { 0, 1000, 0, -1 } },
	{ "zstd", { 0, 0, 1000, -1 } },
	{ "gzip, br, zstd", { 1000, 1000, 1000, -1 } },
	{ "gzip, deflate, zstd", { 1000, 0, 1000, -1 } },
	{ "gzip;q=0.9, br;q=0.5, zstd;q=0.899", { 900, 500, 899, -1 } },
	{ "br;q=0, *", { 1000, 0, 1000, -1 } },
	{ "*;q=0", { 0, 0, 0, -1 } },
	{ "identity;q=0", { 0, 0, 0, 0 } },
	{ "identity;q=0, zstd;q=0.001", { 0, 0, 1, 0 } },
	{ "gzip;q=0.5, identity", { 500, 0, 0, 1000 } },
	{ "zstd;q=0.3, gzip;q=0.3, identity;q=0.2", { 300, 0, 300, 200 } },
};
enum { ACCEPTS = sizeof(accepts) / sizeof(accepts[0]) };

/* A form that was sent: its tag, its bytes, its coding. */
struct sent {
	const char *tag;
	struct reply reply;
	int coding;
};

struct file {
	const char *target;
	enum sidecar sidecars[CODINGS];
	struct sent sent[TAGS];
	int count;
};

static struct server *start(const char *directives)
{
	return inproc_start(memory_printf("compress_cache off; http { access_log off;"
					  "server { listen 127.0.0.1:%%PORT%%; %s } }",
					  directives));
}

static void put_old(struct server *server, const char *name, struct bytes bytes, time_t time)
{
	put_bytes(server, name, bytes.data, bytes.len);
	utime(file_path(server, name), &(struct utimbuf){ time, time });
}

static struct file put_files(struct server *server, int number)
{
	const char *name = memory_printf("%d.txt", number);
	struct bytes forms[] = { make_gzip(TEXT), make_brotli(TEXT), make_zstd(TEXT) };
	struct file file = { .target = memory_printf("/%s", name) };

	put_old(server, name, (struct bytes){ (char *)TEXT, strlen(TEXT) }, THEN);
	for (int i = 0; i < CODINGS; i++, number /= SIDECARS) {
		file.sidecars[i] = number % SIDECARS;
		if (file.sidecars[i] != MISSING)
			put_old(server, memory_printf("%s.%s", name, suffixes[i]), forms[i],
				file.sidecars[i] == FRESH ? THEN : THEN - 10);
	}
	return file;
}

/* The rule: the greatest weight, then a ready-made file, then the preference. */
static int expected(const struct file *file, const struct accept *accept)
{
	int best = PLAIN, best_rank = -1, best_weight = 0;

	for (int i = 0; i < CODINGS; i++) {
		int rank = (file->sidecars[i] == FRESH ? 10 : 0) + preference[i];
		int weight = accept->weights[i];

		if (weight == 0 || weight < best_weight ||
		    (weight == best_weight && rank < best_rank))
			continue;
		best = i;
		best_rank = rank;
		best_weight = weight;
	}
	return accept->weights[PLAIN] > best_weight ? PLAIN : best;
}

static struct reply ask_by(struct server *server, const struct file *file, const char *method,
			   const struct accept *accept, const char *fields)
{
	const char *field = accept->field ?
				    memory_printf("Accept-Encoding: %s\r\n", accept->field) :
				    "";

	return ask(server, file->target, .method = method,
		   .fields = memory_printf("%s%s", field, fields));
}

static const char *coding_name(int coding)
{
	return coding == PLAIN ? NULL : names[coding];
}

static void check_coding(const struct file *file, const struct accept *accept,
			 const struct reply *reply, int coding)
{
	const char *got = reply_header(reply, "Content-Encoding"), *name = coding_name(coding);

	ck_assert_msg(got && name ? strcmp(got, name) == 0 : got == name, "%s for %s: %s, not %s",
		      file->target, accept->field ? accept->field : "nothing", got ? got : "plain",
		      name ? name : "plain");
	ck_assert_str_eq(reply_header(reply, "Vary"), "Accept-Encoding");
}

/* Notes the form, if its tag is new; otherwise its bytes are those of before. */
static void note(struct file *file, const struct reply *reply, int coding)
{
	const char *tag = reply_header(reply, "ETag");

	ck_assert_int_eq(tag[0], '"');
	for (int i = 0; i < file->count; i++) {
		const struct sent *sent = &file->sent[i];

		if (strcmp(sent->tag, tag) != 0)
			continue;
		ck_assert_int_eq(sent->coding, coding);
		ck_assert_uint_eq(sent->reply.body_len, reply->body_len);
		ck_assert_mem_eq(sent->reply.body, reply->body, reply->body_len);
		return;
	}
	ck_assert_int_lt(file->count, TAGS);
	file->sent[file->count++] = (struct sent){ tag, *reply, coding };
}

static void check_whole(struct server *server, struct file *file, const struct accept *accept)
{
	int coding = expected(file, accept);
	struct reply reply = ask_by(server, file, "GET", accept, ""),
		     head = ask_by(server, file, "HEAD", accept, "");
	static const char *const fields[] = { "ETag", "Content-Length", "Last-Modified",
					      "Accept-Ranges" };

	ck_assert_int_eq(reply.status, 200);
	check_coding(file, accept, &reply, coding);
	ck_assert_str_eq(decode(&reply), TEXT);
	note(file, &reply, coding);
	ck_assert_int_eq(head.status, 200);
	check_coding(file, accept, &head, coding);
	for (int i = 0; i < 4; i++)
		ck_assert_str_eq(reply_header(&head, fields[i]), reply_header(&reply, fields[i]));
	ck_assert_int_eq(atoi(reply_header(&reply, "Content-Length")), (int)reply.body_len);
}

static const struct sent *find_sent(const struct file *file, const char *tag)
{
	for (int i = 0; i < file->count; i++)
		if (strcmp(file->sent[i].tag, tag) == 0)
			return &file->sent[i];
	return NULL;
}

/* The bytes 3 to 12 of this form. */
static void check_part(const struct reply *reply, const struct sent *of)
{
	ck_assert_int_eq(reply->status, 206);
	ck_assert_str_eq(reply_header(reply, "ETag"), of->tag);
	ck_assert_str_eq(reply_header(reply, "Content-Range"),
			 memory_printf("bytes 3-12/%zu", of->reply.body_len));
	ck_assert_uint_eq(reply->body_len, 10);
	ck_assert_mem_eq(reply->body, of->reply.body + 3, 10);
}

/* Conditions and ranges with the tag of each form that was sent of this file to anybody. */
static void check_conditions(struct server *server, const struct file *file,
			     const struct accept *accept)
{
	int coding = expected(file, accept);
	struct reply whole = ask_by(server, file, "GET", accept, "");
	const char *tag = reply_header(&whole, "ETag"), *range = "Range: bytes=3-12\r\n";
	const struct sent *chosen = find_sent(file, tag);

	struct reply reply = ask_by(server, file, "GET", accept, range);
	check_coding(file, accept, &reply, coding);
	check_part(&reply, chosen);
	for (int i = 0; i < file->count; i++) {
		const struct sent *other = &file->sent[i];
		bool is_acceptable = other->coding == PLAIN || accept->weights[other->coding] > 0;
		const char *fields = memory_printf("If-None-Match: \"x\", %s\r\n", other->tag);

		for (int j = 0; j < 2; j++) {
			reply = ask_by(server, file, j ? "HEAD" : "GET", accept, fields);
			ck_assert_int_eq(reply.status, other == chosen ? 304 : 200);
			ck_assert_str_eq(reply_header(&reply, "ETag"), tag);
			check_coding(file, accept, &reply, other == chosen ? PLAIN : coding);
		}
		reply = ask_by(server, file, "GET", accept,
			       memory_printf("%sIf-Range: %s\r\n", range, other->tag));
		check_coding(file, accept, &reply, is_acceptable ? other->coding : coding);
		if (is_acceptable) {
			check_part(&reply, other);
			continue;
		}
		ck_assert_int_eq(reply.status, 200);
		ck_assert_str_eq(reply_header(&reply, "ETag"), tag);
		ck_assert_uint_eq(reply.body_len, whole.body_len);
	}
}

START_TEST(each_client_gets_its_form)
{
	struct server *server = start(
		"gzip on; brotli on; zstd on; gzip_static on; brotli_static on; zstd_static on;"
		"gzip_types text/plain; brotli_types text/plain; zstd_types text/plain;");

	for (int number = 0; number < FILES; number++) {
		struct file file = put_files(server, number);

		for (int i = 0; i < ACCEPTS; i++)
			check_whole(server, &file, &accepts[i]);
		ck_assert_int_ge(file.count, 4);
		for (int i = 0; i < ACCEPTS; i++)
			check_conditions(server, &file, &accepts[i]);
	}
	server_stop(server);
}
END_TEST

/* Other levels make other bytes, under other tags; the tag of one level is none of another. */
START_TEST(each_level_has_its_tag)
{
	enum { LEVELS = 5 };
	struct server *server = start(
		"gzip on; gzip_types text/plain; location /1/ { alias %DIR%/html/; }"
		"location /2/ { gzip_comp_level 2; alias %DIR%/html/; }"
		"location /3/ { gzip_comp_level 3; alias %DIR%/html/; }"
		"location /6/ { gzip_comp_level 6; alias %DIR%/html/; }"
		"location /9/ { gzip_comp_level 9; alias %DIR%/html/; }");
	static const int levels[LEVELS] = { 1, 2, 3, 6, 9 };
	const char *tags[LEVELS], *gzip = "Accept-Encoding: gzip\r\n";

	put_old(server, "a.txt", (struct bytes){ (char *)TEXT, strlen(TEXT) }, THEN);
	for (int i = 0; i < LEVELS; i++) {
		struct reply reply = ask(server, memory_printf("/%d/a.txt", levels[i]),
					 .fields = gzip);

		tags[i] = reply_header(&reply, "ETag");
		ck_assert_ptr_nonnull(strstr(tags[i], memory_printf("-gz%d.", levels[i])));
		ck_assert_str_eq(decode(&reply), TEXT);
	}
	for (int i = 0; i < LEVELS; i++)
		for (int j = 0; j < LEVELS; j++) {
			const char *fields = memory_printf(
				"%sRange: bytes=1-2\r\nIf-Range: %s\r\n", gzip, tags[j]);
			struct reply reply = ask(server, memory_printf("/%d/a.txt", levels[i]),
						 .fields = fields);

			ck_assert_int_eq(reply.status, i == j ? 206 : 200);
		}
	server_stop(server);
}
END_TEST

TESTS("coding_matrix", each_client_gets_its_form, each_level_has_its_tag)
