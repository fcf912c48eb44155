/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The forms of files of lines. A version of the file has its form as an attachment. The last
 * version without an error is kept, too, for the time in which the file has one. Versions are
 * compared by their bytes before they are parsed, because the cache may forget a file that has not
 * changed.
 */
#include "config/lines.h"

#include <errno.h>
#include <stdlib.h>

#include "base/exact.h"
#include "http/files/files.h"
#include "http/request/request_private.h"

enum { BYTES_MAX = 64 << 20 };

static void unref(void *data)
{
	struct lines_version *version = data;

	if (--version->refs == 0)
		pool_destroy(version->pool);
}

/* Puts the version in the place of another one. */
static void put(struct lines_version **place, struct lines_version *version)
{
	if (version == *place)
		return;
	version->refs++;
	if (*place)
		unref(*place);
	*place = version;
}

/* The bytes of the file, in the pool. 0 or -errno. */
static int read_file(const struct file *file, struct pool *pool, struct str *out)
{
	if (file->kind != FILE_REGULAR)
		return file->kind == FILE_MISSING ? -file->error : -EISDIR;
	if (file->size > BYTES_MAX || (!file->content.data && file->fd < 0))
		return -EFBIG;

	char *bytes = pool_alloc(pool, file->size + 1);
	size_t known = file->content.len;
	int error;

	str_put(bytes, file->content);
	error = read_exactly(file->fd, bytes + known, known, file->size - known);
	bytes[file->size] = '\0';
	*out = (struct str){ bytes, file->size };
	return error;
}

/* A version of these bytes, of which the caller gets a reference. Takes over the pool. */
static struct lines_version *parse(struct request *req, struct lines *lines, struct str bytes,
				   struct pool *pool)
{
	struct lines_version *version = pool_new(pool, struct lines_version);
	char why[1024];

	*version = (struct lines_version){
		.refs = 1,
		.pool = pool,
		.bytes = bytes,
		.form = pool_zalloc(pool, lines->kind->size),
	};
	if (conf_lines_again(lines, bytes, pool, version->form, why, sizeof(why)) < 0) {
		version->is_bad = true;
		request_log(req, LEVEL_ERROR, 0,
			    "%s; the previous lines stay in use until the file is right", why);
	}
	return version;
}

/* The version that was parsed from these bytes before, or NULL. */
static struct lines_version *find(const struct lines *lines, struct str bytes)
{
	if (str_eq(bytes, lines->good->bytes))
		return lines->good;
	return lines->bad && str_eq(bytes, lines->bad->bytes) ? lines->bad : NULL;
}

static void note_error(struct request *req, struct lines *lines, int error)
{
	if (error < 0 && error != lines->error)
		request_log(req, LEVEL_ERROR, -error,
			    "\"%.*s\" cannot be read; the previous lines stay in use",
			    STR_ARG(lines->path));
	lines->error = error;
}

/* Reads a version of the file, and attaches its form to it. NULL: it cannot be read. */
static struct lines_version *read_version(struct request *req, struct lines *lines,
					  struct file *file)
{
	struct pool *pool = pool_create(0);
	struct str bytes;
	int error = read_file(file, pool, &bytes);

	note_error(req, lines, error);
	if (error < 0) {
		pool_destroy(pool);
		return NULL;
	}

	struct lines_version *version = find(lines, bytes);
	size_t memory = 3 * bytes.len;

	if (version) {
		version->refs++;
		pool_destroy(pool);
		memory = 0;
	} else {
		version = parse(req, lines, bytes, pool);
	}
	file_attach(file, &files_module, (uintptr_t)lines, version, memory, unref);
	return version;
}

verdict lines_form(struct request *req, struct lines *lines, const void **form)
{
	struct file *file;

	if (file_open_named(req, lines->path, &file) == WAIT)
		return WAIT;

	struct lines_version *version = file_attached(file, &files_module, (uintptr_t)lines);

	if (!version)
		version = read_version(req, lines, file);
	if (version)
		put(version->is_bad ? &lines->bad : &lines->good, version);
	lines->good->refs++;
	pool_cleanup(req->pool, unref, lines->good);
	*form = lines->good->form;
	return PASS;
}
