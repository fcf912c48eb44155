/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files for requests: which policy applies at a location, references that end
 * with the request, and what the error log says of a file that isn't served.
 *
 *     file_cache entries=20000 size=256m;
 *     http { symlinks in_root; dotfiles deny; }
 */
#include "http/request/files.h"

#include <errno.h>
#include <timer.h>

#include "config/modules.h"
#include "file/cache.h"
#include "file/permission.h"
#include "http/request/request_private.h"

struct files_conf {
	int symlinks;
	int dotfiles;
	struct file_cache_limits *cache; /* NULL: the cache's own */
};

enum dotfiles { DOTFILES_ALLOW, DOTFILES_DENY };

static size_t conf_index;

static void release(void *file)
{
	file_release(file);
}

/* Where descriptors have run out, the connection that has been idle longest gives its own. */
static struct file *look_up(const struct file_query *query)
{
	struct file *file = file_lookup(query);

	if ((file->error != EMFILE && file->error != ENFILE) || !conn_close_oldest_idle())
		return file;
	file_release(file);
	return file_lookup(query);
}

struct file *file_open(struct request *req, struct str path)
{
	const struct files_conf *conf = req->confs[conf_index];
	struct file_root root = request_file_root(req);
	struct file_query query = file_query_make(path, &root, (enum symlinks)conf->symlinks);

	if (conf->dotfiles == DOTFILES_DENY)
		file_query_deny_dotfiles(&query, &root);

	struct file *file = look_up(&query);

	pool_cleanup(req->pool, release, file);
	return file;
}

struct body *file_body(struct request *req, struct file *file)
{
	if (file->content.data)
		return body_from_memory(req, file->content);
	file_hold(file);
	return body_from_file(req, file->fd, file->size, release, file);
}

verdict respond_file(struct request *req, struct file *file)
{
	struct response *response = &req->response;
	time_t now = clock_wall_ms() / 1000;

	response->status = 200;
	response->file = file;
	response->body = file_body(req, file);
	response->etag = file->etag;
	response->last_modified = file->mtime < now ? file->mtime : now;
	response->last_modified_text = file->mtime < now ? file->last_modified : STR("");
	response->allow_ranges = true;
	return DONE;
}

static bool is_news(int error)
{
	static int64_t said_ms;
	static int said;

	if (error != said)
		said_ms = 0;
	said = error;
	return clock_is_due(&said_ms, SHORTAGE_LOG_MS);
}

/* nginx's line, and behind it who may not do what. */
static void log_failed_open(struct request *req, enum log_level level, const struct file *file)
{
	char why[1024];

	if (str_empty(file->path)) {
		request_log(req, level, 0,
			    "the URI \"%.*s\" names no file: it does not begin with a slash",
			    STR_ARG(req->uri));
		return;
	}
	why[0] = '\0';
	if (file->error == EACCES)
		permission_explain(file->path.data, why, sizeof(why));
	request_log(req, level, 0, "open() \"%.*s\" failed (%d: %s)%s%s", STR_ARG(file->path),
		    file->error, strerror(file->error), why[0] ? ": " : "", why);
}

static verdict refuse_missing(struct request *req, const struct file *file)
{
	int status = status_from_errno(file->error);

	/* 503 is for what all requests meet until it is over: a shortage, or a stale root. */
	if (status == 503 && !is_news(file->error))
		return status;
	if (!str_empty(file->refusal))
		request_log(req, LEVEL_ERROR, 0, "\"%.*s\" %s: %.*s", STR_ARG(file->path),
			    status == 403 ? "is forbidden" : "cannot be opened now",
			    STR_ARG(file->refusal));
	else if (status != 404 || req->location->core->log_not_found)
		log_failed_open(req, status < 500 ? LEVEL_ERROR : LEVEL_CRIT, file);
	return status;
}

verdict file_refuse(struct request *req, const struct file *file)
{
	switch (file->kind) {
	case FILE_MISSING:
		return refuse_missing(req, file);
	case FILE_OTHER:
		request_log(req, LEVEL_CRIT, 0, "\"%.*s\" is not a regular file",
			    STR_ARG(file->path));
		return 404;
	case FILE_DIRECTORY:
		request_log(req, LEVEL_ERROR, 0, "\"%.*s\" is a directory", STR_ARG(file->path));
		return 403;
	case FILE_REGULAR:
		break;
	}
	return 500;
}

/* NAME=VALUE: a word of its own for the value, so that messages point at it. */
static bool is_option(const struct conf_word *word, struct str name, struct conf_word *value)
{
	if (!str_starts(word->text, name))
		return false;
	*value = *word;
	value->text = str_skip(word->text, name.len);
	value->place.column += (uint32_t)name.len;
	value->place.len -= (uint32_t)name.len;
	return true;
}

static int set_cache(struct conf_call *call)
{
	struct files_conf *conf = call->data;
	int64_t entries = 8192;
	struct size size = { 64 << 20 };

	for (size_t i = 0; i < call->node->nargs; i++) {
		const struct conf_word *word = &call->node->args[i];
		struct conf_word value;
		int error;

		if (is_option(word, STR("entries="), &value))
			error = conf_parse_int(call, &value, 16, 10000000, &entries);
		else if (is_option(word, STR("size="), &value))
			error = conf_parse_size(call, &value, &size);
		else
			error = conf_error(call, word,
					   "expected entries=NUMBER or size=SIZE");
		if (error)
			return error;
	}
	conf->cache = pool_new(call->pool, struct file_cache_limits);
	conf->cache->entries = (size_t)entries;
	conf->cache->bytes = (size_t)size.bytes;
	return 0;
}

static int start(const void *data)
{
	const struct files_conf *conf = data;

	conf_index = module_index(&files_module);
	if (conf->cache)
		file_cache_limit(*conf->cache);
	return 0;
}

static void stop(const void *data, enum stop_reason reason)
{
	(void)data;
	(void)reason;
	file_cache_clear();
}

const struct module files_module = {
	.name = "files",
	.summary = "opens files and keeps them at hand",
	.conf_size = sizeof(struct files_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("symlinks", IN_ANY_HTTP, struct files_conf, symlinks,
			  "follow | in_root",
			  "What happens at a symbolic link. With `follow` every link is followed, "
			  "as nginx does by default. With `in_root` a link is followed only while "
			  "it stays below the root (or alias) of the location; an absolute link "
			  "that points into the root counts as such. A link that leads out is "
			  "answered with 403, and the error log says which link it was.\n\n"
			  "The root itself may be reached through links in both cases. Where a "
			  "root or alias has variables in it, that holds for what stands in front "
			  "of the first one: the rest of the root has to stay below that.",
			  .initial = "follow",
			  .keywords = (const struct keyword[]) {
				  { "follow", SYMLINKS_FOLLOW },
				  { "in_root", SYMLINKS_IN_ROOT },
				  { 0 }
			  }),
		DIRECTIVE("dotfiles", IN_ANY_HTTP, struct files_conf, dotfiles,
			  "allow | deny",
			  "Whether files are served whose name begins with a dot, and what lies in "
			  "directories with such a name: .git, .env, .htpasswd. With `deny` they "
			  "are answered with 403, whether they are there or not, and the error log "
			  "says why. It holds for whatever leads to the file: the URI, alias, "
			  "index, try_files, an error page, a redirect inside the server. Only the "
			  "name .well-known is allowed always (RFC 8615).\n\n"
			  "What the configuration has written of root or alias may have names with "
			  "a dot in it; what a variable brings into it may not. nginx has no such "
			  "directive, and serves them.",
			  .initial = "allow",
			  .keywords = (const struct keyword[]) {
				  { "allow", DOTFILES_ALLOW },
				  { "deny", DOTFILES_DENY },
				  { 0 }
			  }),
		DIRECTIVE_SET("file_cache", IN_MAIN, set_cache,
			      "[entries=number] [size=size]",
			      "How many files a worker keeps at hand, and how much memory it uses "
			      "for them: their sizes, times, ETags and, up to 32 KiB each, their "
			      "bytes. Names that do not exist take a quarter of the entries at "
			      "most. Without it: entries=8192 size=64m.\n\n"
			      "An entry is compared with the disk before it is used, so a larger "
			      "cache is never an older one.",
			      .min_args = 1, .max_args = 2),
		{ 0 }
	},
	.start = start,
	.stop = stop,
};
