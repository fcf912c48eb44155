/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ready-made files: a.css.gz beside a.css. If a.css exists, another handler responds with it, and
 * the filter replaces it by the ready-made file. So the form is chosen in one place only, and
 * filters that change the content get the content of a.css.
 */
#include "http/coding/coding.h"

/* --- warnings ----------------------------------------------------------------- */

enum { WARNINGS = 256 };

/* Whether the log has not warned of this path yet: 2 KiB remember a few hundred paths. */
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
