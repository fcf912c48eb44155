/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ready-made files: a.css.gz beside a.css. Where a.css is there, another handler answers with
 * it, and the filter puts the other file in its place. So one place only chooses, and a filter
 * that changes the content of a.css gets that content.
 */
#include "http/coding/coding.h"

/* --- warnings ----------------------------------------------------------------- */

enum { WARNINGS = 256 };

/* Whether this is new of this path: a few hundred paths are remembered, in 2 KiB. */
static bool is_news(struct str path, time_t mtime)
{
	static uint64_t said[WARNINGS];
	uint64_t hash = hash_str(path), text = (hash ^ (uint64_t)mtime) | 1;
	uint64_t *slot = &said[hash % WARNINGS];
	bool is_new = *slot != text;

	*slot = text;
	return is_new;
}

static bool is_usable(struct request *req, const struct file *file, const struct file *plain)
{
	if (file->kind == FILE_MISSING && status_from_errno(file->error) != 404 &&
	    is_news(file->path, file->error))
		request_log(req, LEVEL_ERROR, file->error, "\"%.*s\" cannot be used in place of "
			    "\"%.*s\"", STR_ARG(file->path),
			    STR_ARG(plain ? plain->path : req->uri));
	if (file->kind != FILE_REGULAR)
		return false;
	if (!plain || file->mtime < 0 || plain->mtime < 0 || file->mtime >= plain->mtime)
		return true;
	if (is_news(file->path, plain->mtime))
		request_log(req, LEVEL_WARN, 0, "\"%.*s\" is %lld seconds older than \"%.*s\", and "
			    "is not sent in its place: make it again", STR_ARG(file->path),
			    (long long)(plain->mtime - file->mtime), STR_ARG(plain->path));
	return false;
}

verdict ready_made_find(struct request *req, const struct coding *coding, struct str path,
			const struct file *plain, struct file **out)
{
	const struct str parts[] = { path, coding->suffix };
	struct file *file;

	if (file_open(req, pool_concat(req->pool, parts, 2), &file) == WAIT)
		return WAIT;
	*out = is_usable(req, file, plain) ? file : NULL;
	return PASS;
}
